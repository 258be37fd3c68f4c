package rest_test

import (
	"testing"
)

func TestMessagesAreChangedAndDeleted(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	channel := c.createChannel("PUBLIC", "square", alice)
	list := path("/channels/%d/messages", channel)
	m := c.do("POST", list, object{"type": "TEXT", "body": "draft", "properties": object{"a": 1, "b": 2}}).ok()
	at := path("/messages/%d", m.id())

	if d := c.do("PATCH", at, `""`).ok(); d.text("body") != "draft" || d.has("lastEditedTime") {
		t.Errorf("an empty patch made it %v", d.value)
	}
	d := c.do("PATCH", at, object{"body": "😀 <@alice> <#square> https://a.example", "properties": object{"b": nil, "c": 3}}, "Accept", kitty).ok()
	if d.number("properties", "a") != 1 || d.has("properties", "b") || d.number("properties", "c") != 3 || !d.has("last_edited_time") {
		t.Errorf("changed: %v", d.value)
	}
	if d.text("mentions", 0, "type") != "USER" || d.text("mentions", 0, "tag") != "<@alice>" || d.number("mentions", 0, "start_position") != 3 ||
		d.number("mentions", 0, "end_position") != 11 || d.number("mentions", 0, "user", "id") != alice || d.has("mentions", 0, "user", "_links") {
		t.Errorf("a mention: %v", d.at("mentions", 0).value)
	}
	if d.text("mentions", 1, "type") != "CHANNEL" || d.number("mentions", 1, "channel", "id") != channel || d.has("mentions", 1, "user") {
		t.Errorf("a mention: %v", d.at("mentions", 1).value)
	}
	if d.text("links", 0, "source") != "https://a.example" {
		t.Errorf("a link: %v", d.at("links").value)
	}
	for _, bad := range []any{object{"body": ""}, object{"body": nil}, object{"body": 1}, object{"properties": 1}, `[]`} {
		c.do("PATCH", at, bad).refused(400)
	}

	thread := c.do("DELETE", at, nil).ok()
	if thread.text("type") != "MAIN" || thread.id() != channel || thread.link("channel") == "" {
		t.Errorf("it was in the thread %v", thread.value)
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		var body any
		if method == "PATCH" {
			body = object{"body": "x"}
		}
		c.do(method, at, body).refused(404)
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	c.sendMessage(channel, "one")
	c.sendMessage(channel, "two")
	if d := c.do("DELETE", "/messages", nil).ok(); !d.has("key") {
		t.Errorf("the answer is no application: %v", d.value)
	}
	if n := len(c.do("GET", list, nil).ok().ids()); n != 0 {
		t.Errorf("%d messages are left of all", n)
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	c := start(t)
	channel := c.createChannel("PUBLIC", "square")
	top := c.sendMessage(channel, "top")
	replies := path("/threads/%d/messages", top)
	if d := c.do("GET", path("/threads/%d", top), nil).ok(); d.text("type") != "MESSAGE" || d.id() != top {
		t.Errorf("a message's thread: %v", d.value)
	}
	first := c.do("POST", replies, object{"type": "TEXT", "body": "first"}).ok()
	second := c.do("POST", replies, object{"type": "TEXT", "body": "second"}).ok()
	if first.number("nestedLevel") != 1 || first.number("channelId") != channel {
		t.Errorf("a reply: %v", first.value)
	}
	page := c.do("GET", replies+"?size=1", nil).ok()
	if ids := page.ids(); len(ids) != 1 || ids[0] != second.id() {
		t.Errorf("the first page: %v", page.value)
	}
	if ids := c.follow(page.link("next")).ok().ids(); len(ids) != 1 || ids[0] != first.id() {
		t.Errorf("the second page: %v", ids)
	}
	if n := c.do("GET", path("/messages/%d", top), nil).ok().number("repliesCount"); n != 2 {
		t.Errorf("%d replies", n)
	}
	if d := c.do("DELETE", path("/messages/%d", first.id()), nil).ok(); d.text("type") != "MESSAGE" || d.id() != top {
		t.Errorf("the reply was in %v", d.value)
	}
	if ids := c.do("GET", path("/threads/%d/messages", channel), nil).ok().ids(); len(ids) != 1 || ids[0] != top {
		t.Errorf("the main thread holds %v", ids)
	}
	c.do("GET", "/threads/1", nil).refused(404)
	c.do("GET", "/threads/x", nil).refused(404)
	if ids := c.do("GET", path("/channels/%d/reported-messages", channel), nil).ok().ids(); len(ids) != 0 {
		t.Errorf("reported are %v", ids)
	}
}
