package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/purrchat/purr/internal/edge/rest"
)

// hostile are values that a member may turn out to have.
var hostile = map[string]any{
	"null": nil, "true": true, "a number": 17, "a fraction": 1.5, "a great number": 1e300, "minus": -1, "a list": []any{1}, "an object": object{"a": 1},
	"nothing": "", "a blank": " ", "NUL": "\x00", "an escape": "\x1b[2J", "no name": "%00../'\"<script>", "too long": strings.Repeat("long ", 1<<17),
	"a list of nulls": []any{nil}, "an empty list": []any{}, "an empty object": object{},
}

// Whatever a member of a body is, the answer is a success or a refusal that says
// which member is wrong; and what the contract wants is refused in its absence.
func TestHostileMembers(t *testing.T) {
	t.Parallel()
	s := stocked(start(t)).withFunction()
	attempts := 0 // each with a name of its own, where names are taken
	for _, r := range rest.Routes() {
		valid, ok := s.body(r).(object)
		if !ok || r.Path == "/runtimes/nodejs/environment-variables" { // whose members are the caller's own
			continue
		}
		schema := theReference(t).body(r)
		target := s.fill(r.Path)
		for name := range valid {
			for what, value := range hostile {
				body := maps.Clone(valid)
				if _, named := body["name"]; named && r.Path != "/users/{id}/display-picture" {
					attempts++
					body["name"] = fmt.Sprint("attempt ", attempts)
				}
				body[name] = value
				a := s.do(r.Method, target, body)
				switch {
				case a.status == http.StatusRequestEntityTooLarge, a.status == http.StatusNotFound && strings.Contains("user creator id members", name):
				case a.status == http.StatusBadRequest:
					if !strings.Contains(string(a.refused(400).text("message")), name) && !strings.Contains(string(a.body), `"`+name) {
						t.Errorf("%s %s with %s as %s: the refusal does not name it: %s", r.Method, r.Path, what, name, a.body)
					}
				case !done(a.status):
					t.Errorf("%s %s with %s as %s: status %d: %.300s", r.Method, r.Path, what, name, a.status, a.body)
				}
			}
			if slices.Contains(schema.Required, name) && name != "isGuest" {
				body := maps.Clone(valid)
				delete(body, name)
				if a := s.do(r.Method, target, body); a.status != 400 {
					t.Errorf("%s %s without %s: status %d: %.300s", r.Method, r.Path, name, a.status, a.body)
				}
			}
		}
	}
}

// body is the schema of what an operation takes as JSON.
func (d *reference) body(r rest.Route) *openapi3.Schema {
	request := d.document.Paths.Find(r.Path).GetOperation(r.Method).RequestBody
	for _, media := range []string{"application/json", "application/json+merge-patch"} {
		if content := request.Value.Content[media]; content != nil {
			return content.Schema.Value
		}
	}
	return &openapi3.Schema{}
}

// Whatever a parameter is, the answer is a page or a refusal.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	s := stocked(start(t)).withFunction()
	s.job = s.startJob()
	values := []string{
		"", "0", "-1", "1", "2147483648", "99999999999999999999", "1.5", "1e9", "abc", "true", "null", "undefined", " ", "\x00", "%", "_", "'", "\\", "*", "\"",
		"name,desc", "name;DROP TABLE users", "({[", "😀", "\xff", `{"a":`, `{"a":1}`, `[]`, "2026-01-01T00:00:00Z", "yesterday", strings.Repeat("x", 5000),
		"AND OR NOT NEAR", "a:b", "x*", "-x",
	}
	for _, r := range rest.Routes() {
		if r.Open || r.Path == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			continue
		}
		names := []string{"unknown"}
		for _, p := range theReference(t).document.Paths.Find(r.Path).GetOperation(r.Method).Parameters {
			if p.Value.In == "query" {
				names = append(names, p.Value.Name)
			}
		}
		for _, name := range names {
			for _, value := range values {
				a := s.do(r.Method, s.fill(r.Path)+"?"+name+"="+url.QueryEscape(value), nil)
				if a.status != 200 && a.status != 400 && a.status != 414 && !(r.Method == http.MethodHead && a.status == 404) {
					t.Errorf("%s with %s=%.40q: status %d: %.300s", r.Path, name, value, a.status, a.body)
				}
			}
		}
	}
	// Identifiers of nothing are nothing.
	for _, r := range rest.Routes() {
		if !strings.Contains(r.Path, "{id}") || r.Open {
			continue
		}
		for _, id := range []string{"0", "-1", "1", "abc", "1.5", "9223372036854775808", "%00", "%2e%2e", "'", "%F0%9F%98%80", fmt.Sprint(s.pair + 1<<40)} {
			target := strings.NewReplacer("{id}", id, "{user}", id, "{device}", id, "{name}", "name").Replace(r.Path)
			if a := s.do(r.Method, target, s.body(r)); a.status != 404 && a.status != 400 && a.status != 415 {
				t.Errorf("%s %s: status %d: %.300s", r.Method, target, a.status, a.body)
			}
		}
	}
}
