package rest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/purrchat/purr/internal/edge/openapi"
	"github.com/purrchat/purr/internal/edge/rest"
)

// reference is the OpenAPI document as tests use it: no object may have a
// member that it does not know.
type reference struct {
	document *openapi3.T
	routes   *http.ServeMux
}

// theReference is made once for all tests.
func theReference(t *testing.T) *reference {
	t.Helper()
	r, err := loadReference()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var loadReference = sync.OnceValues(func() (*reference, error) {
	text, err := openapi.Document()
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	r := &reference{document: document, routes: http.NewServeMux()}
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			r.routes.HandleFunc(method+" "+path, func(http.ResponseWriter, *http.Request) {})
			for _, response := range o.Responses.Map() {
				for _, content := range response.Value.Content {
					closeObjects(content.Schema)
				}
			}
		}
	}
	for _, s := range document.Components.Schemas {
		closeObjects(s)
	}
	return r, nil
})

// closeObjects makes objects that list their members have no others.
func closeObjects(s *openapi3.SchemaRef) {
	if s == nil || s.Value == nil || s.Ref != "" {
		return
	}
	v := s.Value
	if len(v.Properties) > 0 && v.AdditionalProperties.Has == nil && v.AdditionalProperties.Schema == nil {
		no := false
		v.AdditionalProperties.Has = &no
		// Which links there are besides the named ones is no secret, but no
		// promise either.
		if links, ok := v.Properties["_links"]; ok && links.Value != nil {
			yes := true
			links.Value.AdditionalProperties.Has = &yes
		}
	}
	for _, p := range v.Properties {
		closeObjects(p)
	}
	closeObjects(v.Items)
}

var base = regexp.MustCompile(`^/v1(/applications/\d+)?`)

// check holds an answer against what is said of its operation. Answers of paths
// and methods that do not exist are not its subject.
func (d *reference) check(request *http.Request, a answer) error {
	plain := httptest.NewRequest(request.Method, "/", http.NoBody)
	plain.URL.Path = base.ReplaceAllString(request.URL.Path, "")
	_, pattern := d.routes.Handler(plain)
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || method != request.Method {
		return nil
	}
	response := d.document.Paths.Find(path).GetOperation(method).Responses.Status(a.status)
	if response == nil {
		return fmt.Errorf("no status %d", a.status)
	}
	if len(a.body) == 0 {
		if response.Value.Content != nil {
			return errors.New("no body")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return err
	}
	content := response.Value.Content[media]
	if content == nil {
		return fmt.Errorf("no %s for status %d", media, a.status)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber() // of which there are some that fit no type
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return content.Schema.Value.VisitJSON(value, openapi3.MultiErrors())
}

// The document is one, and says of every operation that there is, and of no
// other, what it is.
func TestReferenceIsComplete(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, base := range []string{"", "/v1"} {
		document, err := openapi3.NewLoader().LoadFromData(c.under(base).do("GET", "/openapi.json", nil, "Authorization", "").body)
		if err != nil {
			t.Fatal(err)
		}
		if err := document.Validate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	var routes, described []string
	for _, r := range rest.Routes() {
		switch r.Path {
		case "", "/picture/{name}", "/openapi.json", "/docs": // an alias, and what is no operation
		default:
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	for _, o := range openapi.Operations() {
		described = append(described, o.Method+" "+o.Path)
	}
	slices.Sort(routes)
	slices.Sort(described)
	for _, r := range routes {
		if !slices.Contains(described, r) {
			t.Errorf("%s is not described", r)
		}
	}
	for _, o := range described {
		if !slices.Contains(routes, o) {
			t.Errorf("%s does not exist", o)
		}
	}
	page := c.under("").do("GET", "/docs", nil, "Authorization", "")
	for _, o := range openapi.Operations() {
		if !strings.Contains(string(page.body), `id="`+o.ID+`"`) {
			t.Errorf("the page lacks %s", o.ID)
		}
	}
}

// Anybody may ask for the description, so it is made once and not each time.
func TestReferenceIsMadeOnce(t *testing.T) {
	t.Parallel()
	for _, describe := range rest.Descriptions() {
		first, err := describe()
		again, againErr := describe()
		if err := errors.Join(err, againErr); err != nil {
			t.Fatal(err)
		}
		if &first[0] != &again[0] {
			t.Errorf("%.20q… is made again for each who asks", again)
		}
	}
}

// Every operation of the published contract is there, under its path and
// method, and has its parameters. The contract does not come with the project.
func TestReferenceKeepsTheContract(t *testing.T) {
	t.Parallel()
	path := os.Getenv("PURR_TEST_CONTRACT")
	if path == "" {
		path = "../../../../shared/reference/openapi-2.41.9.json"
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published contract is not at %s; PURR_TEST_CONTRACT may lead to it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	contract, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	own := theReference(t).document
	for path, item := range contract.Paths.Map() {
		path = strings.TrimPrefix(path, "/v1")
		for method, theirs := range item.Operations() {
			what := method + " " + path
			found := own.Paths.Find(path)
			if found == nil || found.GetOperation(method) == nil {
				t.Errorf("%s is missing", what)
				continue
			}
			ours := found.GetOperation(method)
			for _, p := range theirs.Parameters {
				if p.Value.In == "query" && ours.Parameters.GetByInAndName("query", p.Value.Name) == nil && p.Value.Name != "pageable" {
					t.Errorf("%s lacks the parameter %s", what, p.Value.Name)
				}
			}
			for status, answer := range theirs.Responses.Map() {
				if code, _ := strconv.Atoi(status); code < 200 || code > 299 {
					continue
				}
				if ours.Responses.Value(status) == nil {
					t.Errorf("%s does not answer %s", what, status)
					continue
				}
				if method == http.MethodHead {
					continue
				}
				mine := membersOf(ours.Responses.Value(status))
				for name := range membersOf(answer) {
					if !mine[name] {
						t.Errorf("%s: the answer lacks %s", what, name)
					}
				}
			}
		}
	}
}

// membersOf are the members of what an answer holds, the items of a page, in
// whichever kind there are.
func membersOf(r *openapi3.ResponseRef) map[string]bool {
	members := map[string]bool{}
	if content := r.Value.Content["application/json"]; content != nil {
		addMembers(members, content.Schema)
	}
	return members
}

func addMembers(members map[string]bool, s *openapi3.SchemaRef) {
	if s == nil {
		return
	}
	for name := range s.Value.Properties {
		members[name] = true
	}
	if embedded := s.Value.Properties["_embedded"]; embedded != nil {
		for _, items := range embedded.Value.Properties {
			addMembers(members, items.Value.Items)
		}
	}
	for _, kinds := range []openapi3.SchemaRefs{s.Value.OneOf, s.Value.AnyOf, s.Value.AllOf} {
		for _, kind := range kinds {
			addMembers(members, kind)
		}
	}
}
