package rest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRuntime(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, base := range []string{"", "/v1", path("/v1/applications/%d", c.app.ID)} {
		d := c.under(base).do("GET", "/runtimes/nodejs", nil).ok()
		if d.id() != int64(c.app.ID) || d.text("type") != "NODEJS" || !d.has("version") || d.text("initializationScript", "script") != "" ||
			d.text("dependencies", 0, "name") != "axios" || d.at("dependencies", 0, "defaultDependency").value != true || d.has("dependencies", 4) {
			t.Errorf("under %q: %v", base, d.value)
		}
		if again := c.follow(d.link("self")).ok(); !cmp.Equal(again.value, d.value) {
			t.Errorf("self leads to %v", again.value)
		}
	}
	variables := c.do("GET", "/runtimes/nodejs", nil).ok().at("environmentVariables").value.(object)
	if diff := cmp.Diff(object{
		"CHATKITTY_APPLICATION_ID": fmt.Sprint(c.app.ID), "CHATKITTY_CLIENT_ID": c.app.ClientID, "CHATKITTY_CLIENT_SECRET": variables["CHATKITTY_CLIENT_SECRET"],
		"CHATKITTY_CHAT_SERVICE_BASE_URL": c.url, "CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL": c.url,
	}, variables); diff != "" {
		t.Errorf("variables: %s", diff)
	}

	// A script can do with them what they are for.
	r := c.request("POST", variables["CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL"].(string)+"/oauth/token", "grant_type=client_credentials")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	credentials := fmt.Sprint(variables["CHATKITTY_CLIENT_ID"], ":", variables["CHATKITTY_CLIENT_SECRET"])
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)))
	script := *c
	script.token = c.send(r).ok().text("access_token")
	if id := script.do("GET", "/application", nil).ok().id(); id != int64(c.app.ID) {
		t.Errorf("the runtime's token is for %d", id)
	}
}

func TestRuntimeDependencies(t *testing.T) {
	t.Parallel()
	c := start(t)
	d := c.do("PUT", "/runtimes/nodejs/dependencies", []any{
		object{"name": "firebase", "version": "^9.8.2"}, object{"name": "qs", "version": "7.0.0", "default_dependency": false}, object{"name": "a", "version": "1", "defaultDependency": true},
	}, "Accept", kitty).ok()
	item := func(name, version string, standard bool) any {
		return object{"name": name, "version": version, "default_dependency": standard}
	}
	all := []any{
		item("axios", "^0.19.2", true), item("axios-token-interceptor", "^0.2.0", true), item("chatkitty-platform-sdk", "1.0.1", true), item("qs", "7.0.0", false),
		item("firebase", "^9.8.2", false), item("a", "1", false),
	}
	if diff := cmp.Diff(any(all), d.at("dependencies").value); diff != "" {
		t.Errorf("dependencies: %s", diff)
	}
	if same := c.do("PUT", "/runtimes/nodejs/dependencies", d.at("dependencies").value, "Accept", kitty).ok(); !cmp.Equal(same.value, d.value) {
		t.Errorf("handed back: %v", same.value)
	}
	for field, body := range map[string]any{
		"":                                  object{"name": "a", "version": "1"},
		"dependencies[0]":                   []any{"a"},
		"dependencies[1].name":              []any{object{"name": "a", "version": "1"}, object{"version": "1"}},
		"dependencies[0].version":           []any{object{"name": "a", "version": "git+ssh://h/x"}},
		"dependencies[0].defaultDependency": []any{object{"name": "a", "version": "1", "defaultDependency": "no"}},
		"dependencies":                      make([]object, 51),
	} {
		if list, is := body.([]object); is {
			for i := range list {
				list[i] = object{"name": fmt.Sprint("p", i), "version": "1"}
			}
		}
		if e := c.do("PUT", "/runtimes/nodejs/dependencies", body).refused(400); e.text("properties", "field") != field {
			t.Errorf("refused %v with %v", body, e.value)
		}
	}
	for _, body := range []string{"", "null", "{}", "[", `"x"`, "[{]", "\xff", "[" + strings.Repeat(`[`, 20_000)} {
		c.do("PUT", "/runtimes/nodejs/dependencies", body).refused(400)
	}
	c.do("PUT", "/runtimes/nodejs/dependencies", "[]", "Content-Type", "text/plain").refused(415)
	c.do("PUT", "/runtimes/nodejs/dependencies", "["+strings.Repeat(" ", maxBody)+"]").refused(413)
	if after := c.do("GET", "/runtimes/nodejs", nil, "Accept", kitty).ok(); !cmp.Equal(after.value, d.value) {
		t.Errorf("a refused change has changed: %v", after.value)
	}
	if none := c.do("PUT", "/runtimes/nodejs/dependencies", "[]").ok(); none.has("dependencies", 4) || none.text("dependencies", 3, "version") != "6.9.4" {
		t.Errorf("without any: %v", none.value)
	}
}

func TestRuntimeVariables(t *testing.T) {
	t.Parallel()
	c := start(t)
	own := func(d document, name string) object {
		all := d.at(name).value.(object)
		for _, key := range []string{"CLIENT_ID", "CLIENT_SECRET", "APPLICATION_ID", "CHAT_SERVICE_BASE_URL", "AUTHORIZATION_SERVICE_BASE_URL"} {
			if _, ok := all["CHATKITTY_"+key].(string); !ok {
				t.Errorf("%s is missing in %v", key, all)
			}
			delete(all, "CHATKITTY_"+key)
		}
		return all
	}
	given := object{"CUSTOM_ENV_AWS_REGION": "us-east-1", "camelCase": "🙂 \"\\\n", "snake_case": "", "snakeCase": "another"}
	d := c.do("PUT", "/runtimes/nodejs/environment-variables", given, "Accept", kitty, "Content-Type", kitty).ok()
	if diff := cmp.Diff(given, own(d, "environment_variables")); diff != "" {
		t.Errorf("variables: %s", diff)
	}
	back := c.do("GET", "/runtimes/nodejs", nil).ok().at("environmentVariables").value
	if again := own(c.do("PUT", "/runtimes/nodejs/environment-variables", back).ok(), "environmentVariables"); !cmp.Equal(again, given) {
		t.Errorf("handed back: %v", again)
	}
	for field, body := range map[string]any{
		"environmentVariables.A": object{"A": 5}, "environmentVariables.B": object{"B": nil}, "environmentVariables.C": object{"C": object{}},
		"environmentVariables.D": object{"D": "\x00"}, "environmentVariables": object{"NODE_OPTIONS": "--inspect"},
		"environmentVariables." + strings.Repeat("x", 64): object{strings.Repeat("x", 1000): 5},
	} {
		if e := c.do("PUT", "/runtimes/nodejs/environment-variables", body).refused(400); e.text("properties", "field") != field {
			t.Errorf("refused %v with %v", body, e.value)
		}
	}
	for _, body := range []any{"", "null", "[]", "{", `"x"`, object{"": "x"}, object{"A B": "x"}, object{"CHATKITTY_X": "x"}, object{"A": strings.Repeat("x", 70_000)}} {
		c.do("PUT", "/runtimes/nodejs/environment-variables", body).refused(400)
	}
	if after := own(c.do("GET", "/runtimes/nodejs", nil).ok(), "environmentVariables"); !cmp.Equal(after, given) {
		t.Errorf("a refused change has changed: %v", after)
	}
}

func TestInitializationScript(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, script := range []string{"var foo = 8;", "import a from 'a';\r\n\t// \u2028 🙂 </script>\r\n", "", strings.Repeat("x", maxBody/2)} {
		if d := c.do("PUT", "/runtimes/nodejs/initialization-script", object{"script": script}, "Accept", kitty).ok(); d.text("initialization_script", "script") != script {
			t.Errorf("%.40q became %.200v", script, d.value)
		}
		if got := c.do("GET", "/runtimes/nodejs", nil).ok().text("initializationScript", "script"); got != script {
			t.Errorf("%.40q became %.40q", script, got)
		}
	}
	for _, body := range []any{object{}, object{"script": nil}, object{"script": 5}, object{"script": "\x00"}} {
		if e := c.do("PUT", "/runtimes/nodejs/initialization-script", body).refused(400); e.text("properties", "field") != "script" {
			t.Errorf("refused %v with %v", body, e.value)
		}
	}
	for target, allowed := range map[string]string{
		"/runtimes/nodejs": "GET, HEAD, OPTIONS", "/runtimes/nodejs/initialization-script": "OPTIONS, PUT", "/runtimes/nodejs/functions": "GET, HEAD, OPTIONS, POST",
	} {
		if a := c.do(http.MethodDelete, target, nil); a.status != 405 || a.header.Get("Allow") != allowed {
			t.Errorf("%s: status %d, allowed are %q", target, a.status, a.header.Get("Allow"))
		}
	}
	c.do("GET", "/runtimes/python", nil).refused(404)
}
