package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	c := start(t)
	d := c.do("POST", "/users", object{
		"id": 7, "name": "jane@example.com", "displayName": "Jane Doe", "isGuest": true, "type": "BOT",
		"properties": object{"favourite_color": "red", "a": object{"bC": []any{1, nil}}}, "__proto__": object{"x": 1},
	}).ok()
	want := object{
		"id": d.at("id").value, "type": "PERSON", "name": "jane@example.com", "displayName": "Jane Doe", "isGuest": true,
		"displayPictureUrl": c.url + "/v1/picture/Jane+Doe", "callStatus": "AVAILABLE",
		"presence":   object{"online": false, "status": "UNAVAILABLE"},
		"properties": object{"favourite_color": "red", "a": object{"bC": []any{1.0, nil}}},
		"_links":     d.at("_links").value,
	}
	if diff := cmp.Diff(want, d.value); diff != "" {
		t.Error(diff)
	}
	if d.id() == 7 {
		t.Error("the caller chose the id")
	}
	if c.follow(d.link("self")).ok().id() != d.id() {
		t.Error("the self link leads to somebody else")
	}
	quiet := c.do("POST", "/users", object{"name": "q", "displayName": "Q", "isGuest": nil, "properties": nil}).ok()
	if quiet.at("isGuest").value != false || quiet.at("properties").value == nil {
		t.Errorf("what was left out: %v", quiet.value)
	}
}

func TestCreateUserRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.createUser("taken")
	for field, bodies := range map[string][]string{
		"name": {
			`{"displayName":"X"}`, `{"name":null,"displayName":"X"}`, `{"name":"","displayName":"X"}`, `{"name":{},"displayName":"X"}`,
			`{"name":1,"displayName":"X"}`, `{"name":"a\u0000b","displayName":"X"}`, `{"name":"taken","displayName":"X"}`,
			`{"name":"` + strings.Repeat("x", 2000) + `","displayName":"X"}`,
		},
		"displayName": {
			`{"name":"n"}`, `{"name":"n","displayName":""}`, `{"name":"n","displayName":[]}`, `{"name":"n","display_name":true}`,
			`{"name":"n","displayName":"a","display_name":"b"}`,
		},
		"isGuest":    {`{"name":"n","displayName":"X","isGuest":"yes"}`, `{"name":"n","displayName":"X","is_guest":1}`},
		"properties": {`{"name":"n","displayName":"X","properties":"{}"}`, `{"name":"n","displayName":"X","properties":[1]}`},
	} {
		for _, body := range bodies {
			if d := c.do("POST", "/users", body).refused(400); d.text("properties", "field") != field {
				t.Errorf("%.100s: %v", body, d.value)
			}
		}
	}
	if n := len(c.do("GET", "/users", nil).ok().ids()); n != 1 {
		t.Errorf("%d users", n)
	}
	tooMuch := object{"name": "n", "displayName": "X", "properties": object{"x": strings.Repeat("x", 70<<10)}}
	c.do("POST", "/users", tooMuch).refused(413)
}

func TestConcurrentCreationsMakeOneUser(t *testing.T) {
	t.Parallel()
	c := start(t)
	var wg sync.WaitGroup
	made := make(chan int, 10)
	for range 10 {
		wg.Go(func() { made <- c.do("POST", "/users", object{"name": "one", "displayName": "One"}).status })
	}
	wg.Wait()
	close(made)
	count := map[int]int{}
	for status := range made {
		count[status]++
	}
	if count[200] != 1 || count[400] != 9 {
		t.Errorf("statuses %v", count)
	}
}

func TestFindUserByName(t *testing.T) {
	t.Parallel()
	c := start(t)
	names := []string{
		"plain", "plain2", "jane@example.com", "a b", "a+b", "100%", "a%20b", "it's", `"quoted"`, "Robert'); DROP TABLE users;--",
		"_", "%", "🌞", "👩‍👩‍👧", "مرحبا", "{{7*7}}", "${x}", "<b>bold</b>", "a/b", "../../x", `back\slash`, "line\nbreak", "tab\t", "a&b=c#d;e",
		"..", ".", strings.Repeat("n", 1024),
	}
	ids := map[string]int64{}
	for _, name := range names {
		ids[name] = c.createUser(name)
	}
	for name, id := range ids {
		d := c.do("GET", path("/users/%d", id), nil).ok()
		if d.text("name") != name {
			t.Errorf("%q became %q", name, d.text("name"))
		}
		if found := c.do("GET", "/users"+query("name", name), nil).ok().ids(); !cmp.Equal(found, []int64{id}) {
			t.Errorf("%q finds %v, not %d", name, found, id)
		}
		if a := c.do("HEAD", "/users"+query("name", name), nil); a.status != 200 || len(a.body) != 0 {
			t.Errorf("HEAD %q: %d %q", name, a.status, a.body)
		}
		c.fetchPicture(d.text("displayPictureUrl"))
	}
	if a := c.do("HEAD", "/users?name=nobody", nil); a.status != 404 || len(a.body) != 0 {
		t.Errorf("nobody: %d %q", a.status, a.body)
	}
	for _, bad := range []string{"/users", "/users?name=", "/users?name=%00", "/users?name=%ff"} {
		if a := c.do("HEAD", bad, nil); a.status != 400 {
			t.Errorf("HEAD %s: %d", bad, a.status)
		}
	}
	c.do("GET", "/users?name=%ff", nil).refused(400)
	if found := c.do("GET", "/users?page=0&size=0&name=plain", nil).ok().ids(); !cmp.Equal(found, []int64{ids["plain"]}) {
		t.Errorf("a size of zero finds %v", found)
	}
}

// fetchPicture wants an image at an address that needs no token.
func (c *client) fetchPicture(address string) string {
	c.t.Helper()
	if _, err := url.Parse(address); err != nil || !strings.HasPrefix(address, c.url+"/v1/picture/") {
		c.t.Fatalf("the picture is at %q", address)
	}
	a := c.send(c.request("GET", address, nil))
	if a.status != 200 || a.header.Get("Content-Type") != "image/svg+xml" || a.header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") ||
		!strings.HasPrefix(a.header.Get("Cache-Control"), "public") {
		c.t.Errorf("the picture %s: status %d, %v", address, a.status, a.header)
	}
	return string(a.body)
}

func TestPatchUser(t *testing.T) {
	t.Parallel()
	c := start(t)
	d := c.do("POST", "/users", object{
		"name": "jane", "displayName": "Jane", "isGuest": true,
		"properties": object{"keep": 1, "drop": 2, "deep": object{"a": 1, "b": 2}, "list": []any{1, 2}},
	}).ok()
	self := path("/users/%d", d.id())
	steps := []struct {
		name, contentType, body string
		want                    object
	}{
		{"nothing", "application/json+merge-patch", `{}`, object{}},
		{"an empty text", "application/json+merge-patch", `""`, object{}},
		{"an empty body", "", ``, object{}},
		{"an empty body of a type", "application/x-www-form-urlencoded", ``, object{}},
		{"the name", "application/json", `{"displayName":"Janet"}`, object{"displayName": "Janet"}},
		{"snake_case", kitty, `{"display_name":"Jan","is_guest":false}`, object{"displayName": "Jan", "isGuest": false}},
		{"the status", "application/json+merge-patch; charset=utf-8", `{"presence":{"status":"BUSY","online":true}}`, object{"presence": object{"status": "BUSY", "online": false}}},
		{"fixed members", "application/merge-patch+json", `{"id":1,"name":"other","type":"BOT"}`, object{}},
		{"properties", "application/json+merge-patch", `{"properties":{"drop":null,"deep":{"b":3},"list":[3]}}`,
			object{"properties": object{"keep": 1.0, "deep": object{"a": 1.0, "b": 3.0}, "list": []any{3.0}}}},
	}
	want := d.value.(object)
	for _, step := range steps {
		got := c.do("PATCH", self, step.body, "Content-Type", step.contentType).ok()
		for member, value := range step.want {
			want[member] = value
		}
		want["displayPictureUrl"] = got.at("displayPictureUrl").value
		if diff := cmp.Diff(want, got.value); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
		if diff := cmp.Diff(want, c.do("GET", self, nil).ok().value); diff != "" {
			t.Errorf("%s, read again: %s", step.name, diff)
		}
	}
	for field, body := range map[string]string{
		"":                `[]`,
		"displayName":     `{"displayName":{}}`,
		"isGuest":         `{"isGuest":null}`,
		"presence":        `{"presence":"BUSY"}`,
		"presence.status": `{"presence":{"status":5}}`,
		"properties":      `{"properties":"{}"}`,
	} {
		if d := c.do("PATCH", self, body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%s: %v", body, d.value)
		}
	}
	c.do("PATCH", self, `{}`, "Content-Type", "text/plain").refused(415)
	c.do("PATCH", "/users/1", `{}`).refused(404)
	if diff := cmp.Diff(want, c.do("GET", self, nil).ok().value); diff != "" {
		t.Errorf("a refused patch changed something: %s", diff)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	c := start(t)
	id := c.createUser("jane")
	message := c.createChannel("PUBLIC", "square", id)
	said := c.do("POST", path("/channels/%d/messages", message), object{"type": "TEXT", "body": "bye", "user": object{"id": id}}).ok().id()
	if app := c.do("DELETE", path("/users/%d", id), nil).ok(); app.id() != int64(c.app.ID) {
		t.Errorf("deleting answers with %v", app.value)
	}
	for _, gone := range []string{path("/users/%d", id), path("/users/%d/channels", id)} {
		c.do("GET", gone, nil).refused(404)
	}
	c.do("DELETE", path("/users/%d", id), nil).refused(404)
	if a := c.do("HEAD", "/users?name=jane", nil); a.status != 404 {
		t.Errorf("the name is still there: %d", a.status)
	}
	if name := c.do("GET", path("/messages/%d", said), nil).ok().text("user", "name"); name != "jane" {
		t.Errorf("what she said is now by %q", name)
	}
	if again := c.createUser("jane"); again == id {
		t.Error("the id was used again")
	}
}

func TestUsersChannels(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	square, secret := c.createChannel("PUBLIC", "square", alice), c.createChannel("PRIVATE", "secret", alice, bob)
	c.createChannel("PUBLIC", "other")
	pair := c.createChannel("DIRECT", "", alice, bob)
	d := c.do("GET", path("/users/%d/channels", alice), nil).ok()
	if !cmp.Equal(d.ids(), []int64{square, secret, pair}) {
		t.Errorf("alice is in %v", d.ids())
	}
	if href := d.link("self"); href != fmt.Sprintf("%s/v1/applications/%d/users/%d/channels?page=0&size=25", c.url, c.app.ID, alice) {
		t.Errorf("the list is at %s", href)
	}
	c.do("GET", "/users/1/channels", nil).refused(404)
}

// Pictures show initials and nothing that a name might smuggle in.
func TestPictures(t *testing.T) {
	t.Parallel()
	c := start(t)
	for name, want := range map[string]string{
		"Jane Doe": ">JD<", "jane": ">J<", "Ana María de la Cruz": ">AC<", "(old) jane": ">OJ<", "🌞": ">🌞<", "  ": ">?<",
		"\x01\x02": ">?<", "<script>alert(1)</script>": ">S<", "& <": ">&amp;&lt;<", "école": ">É<", "a/b": ">A<", "100%": ">1<",
	} {
		body := c.fetchPicture(c.url + "/v1/picture/" + url.QueryEscape(name))
		if !strings.Contains(body, want) || strings.Contains(body, "script") {
			t.Errorf("%q: %s", name, body)
		}
	}
	for _, bad := range []string{"/v1/picture/", "/v1/picture/%ff", "/v1/picture/%00", "/v1/picture/" + strings.Repeat("x", 2000)} {
		c.send(c.request("GET", c.url+bad, nil)).refused(404)
	}
	response, err := http.Head(c.url + "/picture/x")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || len(text) > 0 || response.StatusCode != 200 {
		t.Errorf("HEAD: %d %q %v", response.StatusCode, text, err)
	}
}
