package rest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSendMessages(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	channel := c.createChannel("PUBLIC", "square")
	list := path("/channels/%d/messages", channel)

	system := c.do("POST", list, object{"type": "TEXT", "body": "🌞", "user": nil, "id": 5}).ok()
	want := object{
		"id": system.at("id").value, "type": "SYSTEM_TEXT", "channelId": float64(channel), "body": "🌞",
		"properties": object{}, "nestedLevel": 0.0, "repliesCount": 0.0, "links": []any{}, "mentions": []any{}, "reactions": []any{},
		"createdTime": "2026-05-04T12:30:15.123456Z", "_links": system.at("_links").value,
	}
	if diff := cmp.Diff(want, system.value); diff != "" {
		t.Error(diff)
	}
	if system.id() == 5 || system.link("user") != "" || system.link("channel") == "" {
		t.Errorf("a system message is %v", system.value)
	}
	for _, from := range []object{{"id": alice}, {"username": "alice"}, {"id": alice, "name": "x", "_links": object{}}} {
		d := c.do("POST", list, object{
			"type": "TEXT", "body": "hello", "user": from, "groupTag": "g", "properties": object{"some_key": object{"otherKey": 1}},
		}, "Content-Type", kitty).ok()
		if d.text("type") != "TEXT" || d.number("user", "id") != alice || d.has("user", "_links") || d.text("groupTag") != "g" ||
			!cmp.Equal(d.at("properties").value, any(object{"some_key": object{"otherKey": 1.0}})) {
			t.Errorf("a message is %v", d.value)
		}
		if again := c.follow(d.link("self")).ok(); !cmp.Equal(again.value, d.value) {
			t.Errorf("read again: %s", cmp.Diff(d.value, again.value))
		}
		if c.follow(d.link("user")).ok().id() != alice || c.follow(d.link("channel")).ok().id() != channel {
			t.Errorf("links lead astray: %v", d.value)
		}
	}
	if d := c.do("POST", list, object{"type": "TEXT", "body": "x", "group_tag": "snake"}).ok(); d.text("groupTag") != "snake" {
		t.Errorf("snake_case under application/json: %v", d.value)
	}
}

func TestBodiesComeBackUnchanged(t *testing.T) {
	t.Parallel()
	c := start(t)
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square"))
	for _, body := range []string{
		"e\u0301 ñ", "مرحبا \u202e abc", "<script>alert('x')</script>", `"quotes" \ and / `, "lines\r\nand\ttabs\n\n", "  spaces  ", " ",
		"\u2028\u2029", "👩‍👩‍👧‍👦🏳️‍🌈", "\x01\x1f\x7f", "' OR 1=1; --", "{{x}} ${y} %s %d", strings.Repeat("long ", 20000), "\ufeff",
	} {
		d := c.do("POST", list, object{"type": "TEXT", "body": body, "properties": object{"text": body[:min(len(body), 1000)]}}).ok()
		d = c.follow(d.link("self")).ok()
		if d.text("body") != body || !strings.HasPrefix(body, d.text("properties", "text")) {
			t.Errorf("%.40q became %.40q and %.40q", body, d.text("body"), d.text("properties", "text"))
		}
	}
}

func TestSendMessageRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	stranger := c.newClient("other")
	foreign := stranger.createUser("foreign")
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square"))
	for body, field := range map[string]string{
		`{}`:                                           "type",
		`{"body":"x"}`:                                 "type",
		`{"type":"SYSTEM_TEXT","body":"x"}`:            "type",
		`{"type":5,"body":"x"}`:                        "type",
		`{"type":"TEXT"}`:                              "body",
		`{"type":"TEXT","body":null}`:                  "body",
		`{"type":"TEXT","body":""}`:                    "body",
		`{"type":"TEXT","body":{}}`:                    "body",
		`{"type":"TEXT","body":"\u0000"}`:              "body",
		`{"type":"FILE"}`:                              "file",
		`{"type":"FILE","file":7}`:                     "file",
		`{"type":"FILE","file":{"url":"http://"}}`:     "file.name",
		`{"type":"FILE","file":{"name":"x","size":1}}`: "file.url",
		`{"type":"FILE","file":{"url":"http://","name":"x","size":1}}`:             "file.url",
		`{"type":"FILE","file":{"url":"javascript:alert(1)","name":"x","size":1}}`: "file.url",
		`{"type":"FILE","file":{"url":"/file/v1/abc/x","name":"x","size":1}}`:      "file.url",
		`{"type":"FILE","file":{"url":"http://h/x","name":"x"}}`:                   "file.size",
		`{"type":"FILE","file":{"url":"http://h/x","name":"x","size":"1"}}`:        "file.size",
		`{"type":"FILE","file":{"url":"http://h/x","name":"x","size":-1}}`:         "file.size",
		`{"type":"FILE","file":{"url":"http://h/x","name":"x","size":1.5}}`:        "file.size",
		`{"type":"TEXT","body":"x","user":"me"}`:                                   "user",
		`{"type":"TEXT","body":"x","user":{}}`:                                     "user.username",
		`{"type":"TEXT","body":"x","user":[]}`:                                     "user",
		`{"type":"TEXT","body":"x","user":1}`:                                      "user",
		`{"type":"TEXT","body":"x","groupTag":1}`:                                  "groupTag",
		`{"type":"TEXT","body":"x","groupTag":"a","group_tag":"b"}`:                "groupTag",
		`{"type":"TEXT","body":"x","properties":1}`:                                "properties",
		`{"type":"TEXT","body":"` + strings.Repeat("x", 200<<10):                   "",
	} {
		if d := c.do("POST", list, body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%.80s: %v", body, d.value)
		}
	}
	c.do("POST", list, object{"type": "TEXT", "body": strings.Repeat("x", 200<<10)}).refused(400, 413)
	for _, user := range []object{{"username": "nobody"}, {"id": 1}, {"id": foreign}, {"username": "foreign"}} {
		c.do("POST", list, object{"type": "TEXT", "body": "x", "user": user}).refused(404)
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 0 {
		t.Errorf("%d messages came of it", n)
	}
	c.do("POST", "/channels/1/messages", object{"type": "TEXT", "body": "x"}).refused(404)
	c.do("GET", "/messages/1", nil).refused(404)
	c.do("GET", "/messages/x", nil).refused(404)
}

// A request with a key is carried out once.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	c := start(t)
	list := path("/channels/%d/messages", c.createChannel("PUBLIC", "square"))
	send := func(key, body string) answer {
		return c.do("POST", list, object{"type": "TEXT", "body": body}, "Idempotency-Key", key)
	}
	first := send("one", "hello").ok()
	if again := send("one", "hello").ok(); !cmp.Equal(again.value, first.value) {
		t.Errorf("again: %s", cmp.Diff(first.value, again.value))
	}
	if other := send("two", "hello").ok(); other.id() == first.id() {
		t.Error("another key gave the same message")
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 2 {
		t.Errorf("%d messages", n)
	}
	create := func() answer {
		return c.do("POST", "/users", object{"name": "jane", "displayName": "Jane"}, "Idempotency-Key", "three")
	}
	if id := create().ok().id(); create().ok().id() != id {
		t.Error("the user was created twice")
	}
	send(strings.Repeat("k", 255), "x").ok()
	for _, bad := range []string{strings.Repeat("k", 256), "\xff"} {
		if d := send(bad, "x").refused(400); d.text("properties", "field") != "Idempotency-Key" {
			t.Errorf("%.20q: %v", bad, d.value)
		}
	}
}

// A query is text, never syntax, and finds any part of a body.
func TestSearch(t *testing.T) {
	t.Parallel()
	c := start(t)
	room, other := c.createChannel("PUBLIC", "room"), c.createChannel("PUBLIC", "other")
	for _, body := range []string{"Grüße, World", "100%_sure \"AND\" x", "北京 🎉"} {
		c.sendMessage(room, body)
	}
	c.sendMessage(other, "another WORLD")
	for query, want := range map[string]string{
		"world": "another WORLD|Grüße, World", "GRÜSSE": "", "grüße": "Grüße, World", "%": `100%_sure "AND" x`, "\"AND\"": `100%_sure "AND" x`, "京": "北京 🎉", "🎉": "北京 🎉",
		"* OR 1": "", " ": `another WORLD|北京 🎉|100%_sure "AND" x|Grüße, World`,
	} {
		var found []string
		for link := "/messages?size=1&query=" + url.QueryEscape(query); link != ""; {
			page := c.do("GET", link, nil).ok()
			if body := page.text("_embedded", "messages", 0, "body"); body != "" {
				found = append(found, body)
			}
			if link = strings.TrimPrefix(page.link("next"), c.url+"/v1"); link != "" && strings.TrimSpace(query) != "" && !strings.Contains(link, "query=") {
				t.Errorf("the next page of %q is %s", query, link)
			}
		}
		if strings.Join(found, "|") != want {
			t.Errorf("%q finds %q, want %q", query, found, want)
		}
	}
	in := c.do("GET", path("/channels/%d/messages?query=world", room), nil).ok()
	if len(in.ids()) != 1 {
		t.Errorf("in a channel: %v", in.value)
	}
	if d := c.do("GET", "/messages?query="+strings.Repeat("x", 1025), nil).refused(400); d.text("properties", "field") != "query" {
		t.Errorf("too long: %v", d.value)
	}
	c.do("GET", "/messages?query=%00", nil).refused(400)
	c.do("GET", "/messages?query=%ff", nil).refused(400)
}
