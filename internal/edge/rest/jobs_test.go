package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// accepted wants a job that has been started, of a type.
func (a answer) accepted(kind string) document {
	a.t.Helper()
	if a.status != http.StatusAccepted {
		a.t.Fatalf("%s: status %d: %s", a.what, a.status, a.body)
	}
	d := a.json()
	if d.text("type") != kind || d.link("self") == "" || d.link("application") == "" {
		a.t.Errorf("%s: %v", a.what, d.value)
	}
	return d
}

// load imports a text and gives the job once it has ended.
func (c *client) load(path, kind, text string, headers ...string) document {
	c.t.Helper()
	body, form := form(c.t, "import.json", "application/json", text)
	return c.ended(c.upload(path, body, form, headers...).accepted(kind))
}

func (c *client) ended(j document) document {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		now := c.do("GET", path("/jobs/%d", j.id()), nil).ok()
		if state := now.text("state"); state == "FINISHED" || state == "FAILED" {
			if !now.has("endedTime") {
				c.t.Errorf("no end: %v", now.value)
			}
			return now
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the job does not end: %v", now.value)
		}
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	c := start(t)
	users := c.load("/imports/users", "USER_IMPORT", `[{"name":"ann","displayName":"Ann","isGuest":true,"properties":{}},{"name":"bob"},{"name":"cem","display_name":"Cem"}]`)
	if users.text("state") != "FAILED" || users.number("progress", "processed") != 3 || users.number("progress", "failed") != 1 ||
		users.number("error", "index") != 1 || users.text("error", "error") != "InvalidRequestError" || users.text("failures", 0, "field") != "displayName" {
		t.Errorf("users: %v", users.value)
	}
	channels := c.load("/imports/channels", "CHANNEL_IMPORT", `[{"type":"PRIVATE","name":"room","members":["ann"]}]`)
	if channels.text("state") != "FINISHED" || channels.has("error") || channels.has("file") {
		t.Errorf("channels: %v", channels.value)
	}
	room := c.do("GET", "/channels", nil).ok().ids()[0]
	c.load(path("/imports/channels/%d/members", room), "CHANNEL_MEMBERS_IMPORT", `[{"username":"cem"}]`)
	if members := c.do("GET", path("/channels/%d/members", room), nil).ok().ids(); len(members) != 2 {
		t.Errorf("members: %v", members)
	}
	c.load("/imports/messages", "MESSAGE_IMPORT", fmt.Sprintf(`[{"type":"TEXT","channelId":%d,"body":"hello","user":"ann"}]`, room))
	if messages := c.do("GET", path("/channels/%d/messages", room), nil).ok(); messages.text("_embedded", "messages", 0, "body") != "hello" {
		t.Errorf("messages: %v", messages.value)
	}
	list := c.do("GET", "/jobs?size=3", nil).ok()
	if len(list.ids()) != 3 || list.number("page", "totalElements") != 4 || list.ids()[0] != users.id() {
		t.Errorf("jobs: %v", list.value)
	}
	if n := len(c.do("GET", "/jobs?running=true", nil).ok().ids()); n != 0 {
		t.Errorf("%d jobs are running", n)
	}
	if d := c.do("GET", "/jobs?running=maybe", nil).refused(400); d.text("properties", "field") != "running" {
		t.Errorf("running: %v", d.value)
	}
	snake := c.do("GET", path("/jobs/%d", users.id()), nil, "Accept", kitty).ok()
	if !snake.has("created_time") || !snake.has("ended_time") || snake.has("createdTime") {
		t.Errorf("in snake_case: %v", snake.value)
	}
	for _, link := range []string{"self", "application"} {
		c.follow(users.link(link)).ok()
	}
	other := c.newClient("other")
	other.do("GET", path("/jobs/%d", users.id()), nil).refused(404)
	if n := len(other.do("GET", "/jobs", nil).ok().ids()); n != 0 {
		t.Errorf("another application sees %d jobs", n)
	}
	for _, id := range []string{"1", "0", "x", "99999999999999999999"} {
		c.do("GET", "/jobs/"+id, nil).refused(404)
	}
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	direct := c.do("POST", "/channels", object{"type": "DIRECT", "members": []object{{"id": c.createUser("ann")}, {"id": c.createUser("bob")}}}).ok().id()
	body, kind := form(t, "x.json", "application/json", `[]`)
	refused := func(what string, status int, field, path, body, kind string) {
		t.Helper()
		if d := c.upload(path, body, kind).refused(status); field != "" && d.text("properties", "field") != field {
			t.Errorf("%s: %v", what, d.value)
		}
	}
	for _, import_ := range []string{"/imports/users", "/imports/channels", "/imports/messages"} {
		refused("no form", 415, "", import_, `[]`, "application/json")
		refused("no form inside", 400, "", import_, `[]`, "multipart/form-data")
		refused("half a form", 400, "", import_, body[:len(body)-10], kind)
		empty, emptyKind := form(t, "", "", "", "other", "x")
		refused("no file", 400, "file", import_, empty, emptyKind)
		two, twoKind := form(t, "x", "", "[]", "file", "[]")
		refused("two files", 400, "file", import_, two, twoKind)
		for _, text := range []string{``, `{}`, `null`, `oh`, "\x00", `[{"name"`} {
			none, noneKind := form(t, "x", "", text)
			refused("no array", 400, "file", import_, none, noneKind)
		}
		huge, hugeKind := form(t, "x", "", "["+strings.Repeat(" ", maxFile)+"]")
		refused("too large", 413, "file", import_, huge, hugeKind)
		// Forms as careless clients make them.
		c.upload(import_, body, "multipart/form-data").accepted(map[string]string{
			"/imports/users": "USER_IMPORT", "/imports/channels": "CHANNEL_IMPORT", "/imports/messages": "MESSAGE_IMPORT",
		}[import_])
	}
	refused("an unknown channel", 404, "", "/imports/channels/1/members", body, kind)
	refused("a direct channel", 400, "", path("/imports/channels/%d/members", direct), body, kind)
	c.do("GET", "/imports/users", nil).refused(405)

	deep := strings.Repeat(`{"a":[`, 50_000)
	j := c.load("/imports/users", "USER_IMPORT", `[`+deep+strings.Repeat("]}", 50_000)+`,{"name":"`+strings.Repeat("x", 3<<20)+`"},{"name":"zoe","displayName":"Zoe"}]`)
	if j.number("progress", "failed") != 2 || j.number("progress", "processed") != 3 || j.text("failures", 1, "error") != "ElementTooLargeError" {
		t.Errorf("deep and large: %v", j.value)
	}
	first := c.upload("/imports/users", body, kind, "Idempotency-Key", "k").accepted("USER_IMPORT").id()
	if again := c.upload("/imports/users", body, kind, "Idempotency-Key", "k").accepted("USER_IMPORT").id(); again != first {
		t.Errorf("one request started the jobs %d and %d", first, again)
	}
}

func TestAnalytics(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.createUser("ann")
	for path, name := range map[string]string{"/analytics/messages": "/messages.json?grant=", "/analytics/users": "/users.json?grant="} {
		for _, kind := range []string{"application/x-www-form-urlencoded", "", "application/json"} {
			j := c.ended(c.do("POST", path, "", "Content-Type", kind).accepted("MESSAGE_ANALYTICS_EXPORT"))
			if address := j.text("file"); j.text("state") != "FINISHED" || !strings.HasPrefix(address, c.url+"/file/v1/") || !strings.Contains(address, name) {
				t.Errorf("%s: %v", path, j.value)
			}
		}
	}
}
