package rest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/rest"
)

func TestReadState(t *testing.T) {
	t.Parallel()
	var deeds *messages.Messages
	c := start(t, func(d *rest.Deps) { deeds = d.Messages })
	alice, bob := c.createUser("alice"), c.createUser("bob")
	square := c.createChannel("PUBLIC", "square", alice, bob)
	first, second := c.sendMessage(square, "one"), c.sendMessage(square, "two")
	unread := path("/users/%d/messages/unread/count", bob)
	if d := c.do("GET", unread, nil).ok(); !cmp.Equal(d.value, object{"count": 2.0}) {
		t.Errorf("unread: %v", d.value)
	}
	reader := chat.Actor{Application: c.app.ID, User: chat.UserID(bob)}
	if err := deeds.Read(t.Context(), reader, chat.MessageID(first)); err != nil {
		t.Fatal(err)
	}
	if n := c.do("GET", unread, nil).ok().number("count"); n != 1 {
		t.Errorf("unread: %d", n)
	}
	list := path("/messages/%d/read-receipts", first)
	d := c.do("GET", list, nil).ok()
	receipt := d.at("_embedded", "receipts", 0)
	if d.number("page", "totalElements") != 1 || receipt.number("user", "id") != bob || receipt.has("user", "_links") ||
		receipt.text("createdTime") != "2026-05-04T12:30:15.123456Z" {
		t.Errorf("receipts: %v", d.value)
	}
	if c.follow(receipt.link("user")).ok().id() != bob || c.follow(receipt.link("message")).ok().id() != first ||
		c.follow(receipt.link("application")).ok().id() != int64(c.app.ID) || c.follow(d.link("self")).ok().number("page", "totalElements") != 1 {
		t.Errorf("links lead astray: %v", d.value)
	}
	if d := c.do("GET", path("/messages/%d/read-receipts", second), nil, "Accept", kitty).ok(); d.number("page", "total_elements") != 0 {
		t.Errorf("nobody has read the second one: %v", d.value)
	}
	if ids := c.do("GET", "/users?unread=true", nil).ok().ids(); !cmp.Equal(ids, []int64{alice, bob}) {
		t.Errorf("unread messages have %v", ids)
	}
	if err := deeds.ReadChannel(t.Context(), reader, chat.ChannelID(square)); err != nil {
		t.Fatal(err)
	}
	if ids := c.do("GET", "/users?unread=true", nil).ok().ids(); !cmp.Equal(ids, []int64{alice}) {
		t.Errorf("unread messages have %v", ids)
	}
	if ids := c.do("GET", "/users?unread=false", nil).ok().ids(); len(ids) != 2 {
		t.Errorf("without the filter: %v", ids)
	}
	c.do("GET", "/users/5/messages/unread/count", nil).refused(404)
	c.do("GET", "/messages/5/read-receipts", nil).refused(404)
}
