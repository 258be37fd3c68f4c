package rest_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/edge/rest"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                      "application/json",
		"*/*":                                   "application/json",
		"*":                                     "application/json",
		"application/*":                         "application/json",
		"application/json, text/plain, */*":     "application/json",
		kitty + ",*/*;q=0.8":                    kitty,
		kitty + ", */*":                         kitty,
		"*/*, " + kitty:                         kitty,
		kitty + ", application/json":            kitty,
		"application/json, " + kitty:            "application/json",
		kitty + ";q=0.1, application/json":      "application/json",
		"application/hal+json":                  "application/hal+json",
		"application/vnd.hal+json":              "application/vnd.hal+json",
		"application/vnd.chatkitty.v1+json":     "application/vnd.chatkitty.v1+json",
		"APPLICATION/HAL+JSON ; charset=utf-8":  "application/hal+json",
		"application/json;charset=UTF-8;q=0.5":  "application/json",
		"application/*+json":                    "application/hal+json",
		"text/html,application/json;q=0.9":      "application/json",
		"text/html, */*;q=0.1":                  "application/json",
		"*/*, application/json;q=0":             "application/hal+json",
		"text/html":                             "",
		"application/xml":                       "",
		"application/json;q=0":                  "",
		"text/*":                                "",
		"/":                                     "",
		",,, ,":                                 "application/json",
		"application/json;q=high":               "application/json",
		"application/json;q=7, text/html;;;=;q": "application/json",
		strings.Repeat("text/html,", 5000):      "",
	} {
		got, err := rest.Negotiate([]string{accept})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.80q gives %q, %v; want %q", accept, got, err, want)
		}
	}
	if got, _ := rest.Negotiate([]string{"text/html", kitty}); got != kitty {
		t.Errorf("two headers give %q", got)
	}
}

func TestAnswersAreOfTheWantedType(t *testing.T) {
	t.Parallel()
	s := stocked(start(t))
	camel, snake := regexp.MustCompile(`^[a-z]+[A-Z]`), regexp.MustCompile(`_`)
	for _, media := range rest.Offered() {
		for _, r := range rest.Routes() {
			if r.Open || r.Path == "" || r.Method == "DELETE" || r.Method == "HEAD" {
				continue
			}
			a := s.call(s.client, r, "Accept", media)
			if r.Method+r.Path == "POST/users" {
				a = s.do("POST", "/users", object{"name": media, "displayName": "X"}, "Accept", media)
			}
			if got := a.header.Get("Content-Type"); !done(a.status) || got != media {
				t.Errorf("%s %s as %s: status %d, %s", r.Method, r.Path, media, a.status, got)
			}
			wrong := snake
			if media == kitty {
				wrong = camel
			}
			for _, name := range memberNames(a.json().value) {
				if wrong.MatchString(name) && name != "isGuest" {
					t.Errorf("%s %s as %s has a member %s", r.Method, r.Path, media, name)
				}
			}
		}
	}
	s.do("GET", "/users", nil, "Accept", "text/html").refused(406)
	s.do("GET", "/nothing", nil, "Accept", "text/html").refused(404)
	s.do("GET", "/users/1", nil, "Accept", kitty).refused(404)
	s.do("GET", "/users", nil, "Accept", "text/html", "Authorization", "").refused(401)
	if d := s.do("GET", "/users", nil, "Accept", kitty).ok(); d.number("page", "total_elements") < 2 || !d.has("_embedded", "users", 0, "isGuest") {
		t.Errorf("as %s: %v", kitty, d.value)
	}
}

// memberNames are all names in a document but those that are the caller's own
// or names of relations.
func memberNames(value any) (names []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if name == "properties" || strings.HasPrefix(name, "_") && name != "_embedded" {
				continue
			}
			if name != "_embedded" {
				names = append(names, name)
			}
			if name == "environmentVariables" || name == "environment_variables" {
				continue
			}
			names = append(names, memberNames(inner)...)
		}
	case []any:
		for _, inner := range value {
			names = append(names, memberNames(inner)...)
		}
	}
	return names
}

func TestRequestTypes(t *testing.T) {
	t.Parallel()
	c := start(t)
	body := `{"name":"n","display_name":"N","is_guest":true}`
	for _, good := range []string{"application/json", "application/json; charset=UTF-8", "Application/JSON;x", kitty, kitty + ";charset=utf-8", "application/hal+json", ""} {
		d := c.do("POST", "/users", body, "Content-Type", good).ok()
		if d.text("displayName") != "N" || d.at("isGuest").value != true {
			t.Errorf("%s: %v", good, d.value)
		}
		c.do("DELETE", path("/users/%d", d.id()), nil).ok()
	}
	for _, bad := range []string{
		"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
		"application/json+merge-patch", "json", ";;", "application/jsonx",
	} {
		c.do("POST", "/users", body, "Content-Type", bad).refused(415)
	}
	c.do("POST", "/users", "name=n&displayName=N", "Content-Type", "").refused(400)
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := stocked(start(t)).withFunction()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	bad := map[string]string{
		"list": `[]`, "null": `null`, "text": `"text"`, "number": `5`, "true": `true`, "truncated": `{"name":"x"`, "garbage": `{"name":"x"} x`,
		"two": `{} {}`, "not UTF-8": "{\"name\":\"\xff\"}", "UTF-16": "\xff\xfe{\x00}\x00", "BOM": "\ufeff{}", "single quotes": `{'name':'x'}`,
		"comment": `{/**/}`, "NaN": `{"name":NaN}`, "trailing comma": `{"name":"x",}`, "deep": deep(20000), "spaces": "   ", "NUL": "\x00",
		"control": "{\"name\":\"a\nb\"}",
	}
	before := s.snapshot()
	for _, r := range rest.Routes() {
		if r.Open || (r.Method != "POST" && r.Method != "PUT" && r.Method != "PATCH") {
			continue
		}
		if strings.HasPrefix(r.Path, "/imports") || strings.HasPrefix(r.Path, "/analytics") || strings.HasSuffix(r.Path, "/test-notification") {
			continue // they take files, or nothing
		}
		method, target := r.Method, s.fill(r.Path)
		for name, body := range bad {
			switch {
			case method == "PATCH" && name == "spaces":
				continue // an empty patch
			case r.Path == "/runtimes/nodejs/dependencies" && name == "list":
				continue // what it takes
			}
			if a := s.do(method, target, body); a.status != 400 {
				t.Errorf("%s %s with %s: status %d: %s", method, target, name, a.status, a.body)
			} else {
				a.refused(400)
			}
		}
		if method != "PATCH" {
			s.do(method, target, "").refused(400)
		}
		s.do(method, target, `{"x":"`+strings.Repeat("x", maxBody)+`"}`).refused(413)
	}
	if after := s.snapshot(); after != before {
		t.Errorf("something was changed:\n%s\n%s", before, after)
	}
	// Odd, but JSON objects.
	for _, body := range []string{
		`{"name":"first","name":"dup","displayName":"X"}`, `{"name":"lone \ud800 surrogate","displayName":"X"}`,
		`{"name":"unknown","displayName":"X","more":` + deep(5000) + `}`, " \r\n\t{\"name\":\"white\",\"displayName\":\"X\"}\n ",
		`{"__proto__":{"isGuest":true},"constructor":{},"name":"proto","displayName":"X"}`,
		`{"name":"same","displayName":"X","display_name":"X"}`,
	} {
		s.do("POST", "/users", body).ok()
	}
	properties := `{"a":{"\u0000":"\u0000\ud800","__proto__":1},"big":123456789012345678901234567890,"e":1e400}`
	a := s.do("POST", "/users", `{"name":"p","displayName":"X","properties":`+properties+`}`)
	if a.status != 200 || !strings.Contains(string(a.body), properties) || !json.Valid(a.body) {
		t.Errorf("status %d: properties came back as %s", a.status, a.body)
	}
}
