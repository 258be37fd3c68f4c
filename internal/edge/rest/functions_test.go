package rest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
)

func (c *client) createFunction(name string) int64 {
	c.t.Helper()
	return c.do("POST", "/runtimes/nodejs/functions", object{"type": "user.attempted.start_session", "name": name}).ok().id()
}

func (c *client) deploy(function int64, script string) int64 {
	c.t.Helper()
	return c.do("POST", path("/functions/%d/versions", function), object{"handlerScript": script}).ok().id()
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	c := start(t)
	d := c.do("POST", "/runtimes/nodejs/functions", object{
		"type": "anything", "name": "First", "description": "of no use", "initialize_asynchronously": true, "id": 7, "enabled": false,
	}, "Content-Type", kitty).ok()
	if d.id() == 7 || d.text("type") != "anything" || d.text("name") != "First" || d.text("description") != "of no use" || d.at("enabled").value != true ||
		d.number("currentVersionNumber") != 0 || d.number("runtime", "id") != int64(c.app.ID) || d.text("runtime", "type") != "NODEJS" || !d.has("runtime", "version") {
		t.Errorf("created %v", d.value)
	}
	if got := c.do("GET", path("/functions/%d", d.id()), nil).ok(); !cmp.Equal(got.value, d.value) {
		t.Errorf("retrieved %v", got.value)
	}
	second := c.createFunction("Second")
	if ids := c.do("GET", "/runtimes/nodejs/functions", nil).ok().ids(); !slices.Equal(ids, []int64{d.id(), second}) {
		t.Errorf("listed are %v", ids)
	}
	page := c.do("GET", "/runtimes/nodejs/functions?size=1&sort=created_time,desc&sort=id,desc", nil, "Accept", kitty).ok()
	if !slices.Equal(page.ids(), []int64{second}) || page.number("page", "total_elements") != 2 || page.text("_embedded", "functions", 0, "name") != "Second" {
		t.Errorf("a page is %v", page.value)
	}
	if next := c.follow(page.link("next")).ok(); !slices.Equal(next.ids(), []int64{d.id()}) {
		t.Errorf("the next page is %v", next.value)
	}
	for field, body := range map[string]object{
		"type": {"name": "x"}, "name": {"type": "x", "name": ""}, "description": {"type": "x", "name": "x", "description": 5},
		"initializeAsynchronously": {"type": "x", "name": "x", "initializeAsynchronously": "yes"},
	} {
		if e := c.do("POST", "/runtimes/nodejs/functions", body).refused(400); e.text("properties", "field") != field {
			t.Errorf("refused %v with %v", body, e.value)
		}
	}
	for _, id := range []string{"0", "x", "-1", "9223372036854775808", "5"} {
		if e := c.do("GET", "/functions/"+id, nil).refused(404); e.text("error") != "FunctionNotFoundError" {
			t.Errorf("function %s: %v", id, e.value)
		}
		c.do("GET", "/function-versions/"+id, nil).refused(404)
		c.do("POST", "/functions/"+id+"/versions", object{"handlerScript": "x"}).refused(404)
	}
}

func TestFunctionVersions(t *testing.T) {
	t.Parallel()
	c := start(t)
	f := c.createFunction("f")
	of := func(rest string) string { return path("/functions/%d", f) + rest }
	if e := c.do("GET", of("/current-version"), nil).refused(404); e.text("error") != "FunctionVersionNotFoundError" {
		t.Errorf("before the first: %v", e.value)
	}
	var ids []int64
	for i, script := range []string{"one", "\r\n\t\"\\ \u2028 🙂 </script>", strings.Repeat("line\n", 100_000)} {
		name := []string{"handlerScript", "handler_script"}[i%2]
		d := c.do("POST", of("/versions"), object{name: script}).ok()
		if d.number("versionNumber") != int64(i+1) || d.text("handlerScript") != script {
			t.Errorf("version %d is %.200v", i, d.value)
		}
		for _, same := range []string{of("/current-version"), path("/function-versions/%d", d.id())} {
			if got := c.do("GET", same, nil).ok(); !cmp.Equal(got.value, d.value) {
				t.Errorf("%s is %.200v", same, got.value)
			}
		}
		if n := c.do("GET", of(""), nil, "Accept", kitty).ok().number("current_version_number"); n != int64(i+1) {
			t.Errorf("the current version is %d", n)
		}
		ids = slices.Insert(ids, 0, d.id())
	}
	if list := c.do("GET", of("/versions"), nil).ok().ids(); !slices.Equal(list, ids) {
		t.Errorf("versions are %v, want %v", list, ids)
	}
	if d := c.do("GET", of("/versions?size=1&sort=version_number"), nil, "Accept", kitty).ok(); d.number("_embedded", "versions", 0, "version_number") != 1 ||
		d.text("_embedded", "versions", 0, "handler_script") != "one" {
		t.Errorf("the first is %v", d.value)
	}
	for _, body := range []any{object{}, object{"handlerScript": nil}, object{"handlerScript": ""}, object{"handlerScript": 5}, object{"handlerScript": "\x00"}} {
		if e := c.do("POST", of("/versions"), body).refused(400); e.text("properties", "field") != "handlerScript" {
			t.Errorf("refused %v with %v", body, e.value)
		}
	}
	if e := c.do("POST", of("/versions"), object{"handlerScript": strings.Repeat("x", maxBody)}).refused(400, 413); e.text("error") == "" {
		t.Errorf("too long: %v", e.value)
	}
	if n := c.do("GET", of(""), nil).ok().number("currentVersionNumber"); n != 3 {
		t.Errorf("a refused version is number %d", n)
	}
}

func TestFunctionInvocations(t *testing.T) {
	t.Parallel()
	c := start(t)
	f := c.createFunction("f")
	list := path("/functions/%d/invocations", f)
	if ids := c.do("GET", list, nil).ok().ids(); len(ids) != 0 {
		t.Errorf("before the first run there are %v", ids)
	}
	run := func(id int64, status chat.InvocationStatus) chat.Invocation {
		return chat.Invocation{
			ID: chat.InvocationID(id), Application: c.app.ID, Function: chat.FunctionID(f), Version: 34, Status: status,
			Args: json.RawMessage(`{"authParams":{"displayName":"Niyati"},"username":"a@b.c"}`), CreatedAt: c.clock.Now(),
		}
	}
	succeeded, failed := run(1, chat.InvocationSucceeded), run(2, chat.InvocationFailed)
	succeeded.Payload, succeeded.Duration = json.RawMessage(`["Hello"]`), 2500*time.Microsecond
	succeeded.Lines = []chat.ConsoleLine{{Level: "log", Time: c.clock.Now(), Message: "\x00\x1b"}}
	failed.Failure = &chat.InvocationFailure{Reason: "thrown", Name: "Error", Message: "wrong password", Stack: "at handler.ts:5:7"}
	silent := run(4, chat.InvocationSucceeded)
	if err := c.functions.Log(t.Context(), []chat.Invocation{succeeded, failed, run(3, chat.InvocationRunning), silent}); err != nil {
		t.Fatal(err)
	}
	at := "2026-05-04T12:30:15.123456Z"
	for media, names := range map[string][2]string{"application/json": {"versionNumber", "createdTime"}, kitty: {"version_number", "created_time"}} {
		d := c.do("GET", list, nil, "Accept", media).ok()
		if !slices.Equal(d.ids(), []int64{4, 3, 2, 1}) {
			t.Fatalf("listed are %v", d.value)
		}
		for i, wanted := range []struct {
			status string
			result object
		}{
			{"SUCCEEDED", object{"payload": nil, "logs": []any{}, "durationMs": 0.0}},
			{"RUNNING", object{}},
			{"FAILED", object{"reason": "thrown", "logs": []any{}, "durationMs": 0.0, "error": object{"name": "Error", "message": "wrong password", "stack": "at handler.ts:5:7"}}},
			{"SUCCEEDED", object{"payload": []any{"Hello"}, "durationMs": 2.5, "logs": []any{object{"level": "log", "time": at, "message": "\x00\x1b"}}}},
		} {
			got := d.at("_embedded", "invocations", i)
			if diff := cmp.Diff(any(object{
				"id": float64(4 - i), names[0]: 34.0, names[1]: at, "status": wanted.status, "result": wanted.result,
				"args":   object{"authParams": object{"displayName": "Niyati"}, "username": "a@b.c"},
				"_links": object{"application": object{"href": fmt.Sprintf("%s/v1/applications/%d", c.url, c.app.ID)}},
			}), got.value); diff != "" {
				t.Errorf("%s: %s", media, diff)
			}
		}
	}
	if ids := c.do("GET", list+"?size=2&page=1&sort=id", nil).ok().ids(); !slices.Equal(ids, []int64{3, 4}) {
		t.Errorf("the second page has %v", ids)
	}
}
