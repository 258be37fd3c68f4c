package rest_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	at := func(user int64, name string) string { return path("/users/%d/secrets/", user) + url.PathEscape(name) }
	for i, name := range []string{"Secret Name", "a?b#c%d", "🐈", "with/slash", "...", "a+b", strings.Repeat("n", 1024)} {
		for _, value := range []string{`"My secret is..."`, `{"snake_key":{"camelKey":1}}`, `[1,2]`, `5`, `true`, `"\u0000"`} {
			d := c.do("PUT", at(alice, name), `{"secret":`+value+`}`, "Accept", kitty).ok()
			if d.id() != alice || d.has("secret") || strings.Contains(d.text("properties"), "secret") {
				t.Errorf("%.20q: setting answers with %v", name, d.value)
			}
			if a := c.do("GET", at(alice, name), nil, "Accept", kitty); a.status != 200 || string(a.body) != `{"secret":`+value+`}` || !json.Valid(a.body) {
				t.Errorf("%.20q: %s became %s", name, value, a.body)
			}
		}
		c.do("GET", at(bob, name), nil).refused(404)
		if i%2 == 0 {
			continue
		}
		if d := c.do("DELETE", at(alice, name), nil).ok(); d.id() != alice {
			t.Errorf("%.20q: removing answers with %v", name, d.value)
		}
		c.do("GET", at(alice, name), nil).refused(404)
		c.do("DELETE", at(alice, name), nil).refused(404)
	}
	for _, everywhere := range []string{"/users", path("/users/%d", alice)} {
		if a := c.do("GET", everywhere, nil); strings.Contains(string(a.body), "My secret") {
			t.Errorf("%s shows a secret: %s", everywhere, a.body)
		}
	}
	for body, field := range map[string]string{
		`{}`: "secret", `{"secret":null}`: "secret", `{"secret":"` + strings.Repeat("x", 70<<10) + `"}`: "secret", `{"Secret":"x"}`: "secret",
	} {
		if d := c.do("PUT", at(alice, "x"), body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%.40s: %v", body, d.value)
		}
	}
	for _, name := range []string{strings.Repeat("n", 1025), "a\x00b", "\xff"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			var body any
			if method == "PUT" {
				body = object{"secret": "x"}
			}
			if d := c.do(method, at(alice, name), body).refused(400); d.text("properties", "field") != "name" {
				t.Errorf("%s %.20q: %v", method, name, d.value)
			}
		}
	}
	c.do("GET", at(alice, ""), nil).refused(404)
	for _, nobody := range []int64{1, c.newClient("other").createUser("foreign")} {
		c.do("GET", at(nobody, "x"), nil).refused(404)
		c.do("PUT", at(nobody, "x"), object{"secret": "x"}).refused(404)
		c.do("DELETE", at(nobody, "x"), nil).refused(404)
	}
	// They go with the user.
	c.do("DELETE", path("/users/%d", alice), nil).ok()
	c.do("GET", at(alice, "Secret Name"), nil).refused(404)
	c.do("GET", at(c.createUser("alice"), "Secret Name"), nil).refused(404)
}
