package rest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModerators(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob, carol := c.createUser("alice"), c.createUser("bob"), c.createUser("carol")
	square := c.createChannel("PUBLIC", "square", alice, bob)
	list := path("/channels/%d/moderators", square)
	if d := c.do("POST", list, object{"username": "bob"}, "Content-Type", kitty).ok(); d.id() != bob || d.text("name") != "bob" {
		t.Errorf("adding answers with %v", d.value)
	}
	c.do("POST", list, object{"id": bob}).ok()
	// The application appoints whom it likes: he becomes a member with it.
	c.do("POST", list, object{"id": carol}).ok()
	if ids := c.do("GET", list, nil).ok().ids(); !cmp.Equal(ids, []int64{bob, carol}) {
		t.Errorf("moderators are %v", ids)
	}
	if ids := c.do("GET", list+"?sort=name,desc&size=1", nil).ok().ids(); !cmp.Equal(ids, []int64{carol}) {
		t.Errorf("the last one by name is %v", ids)
	}
	if ids := c.do("GET", path("/channels/%d/members", square), nil).ok().ids(); !cmp.Equal(ids, []int64{alice, bob, carol}) {
		t.Errorf("members are %v", ids)
	}
	for _, u := range []int64{bob, carol, carol} {
		if d := c.do("DELETE", list+path("/%d", u), nil).ok(); d.id() != square {
			t.Errorf("removing answers with %v", d.value)
		}
	}
	if ids := c.do("GET", list, nil).ok().ids(); len(ids) != 0 {
		t.Errorf("moderators are still %v", ids)
	}

	stranger := c.createUser("stranger")
	foreign := c.newClient("other").createUser("foreign")
	c.do("DELETE", list+path("/%d", stranger), nil).refused(404)
	for _, who := range []string{"0", "-1", "x", "9223372036854775808"} {
		c.do("DELETE", list+"/"+who, nil).refused(404)
	}
	for _, ref := range []object{{"id": 1}, {"id": foreign}, {"username": "nobody"}} {
		c.do("POST", list, ref).refused(404)
	}
	for _, bad := range []object{{}, {"id": "x"}, {"id": 1.5}, {"username": 5}, {"username": ""}} {
		if d := c.do("POST", list, bad).refused(400); d.text("properties", "field") == "" {
			t.Errorf("%v: %v", bad, d.value)
		}
	}
	pair := c.createChannel("DIRECT", "", alice, bob)
	c.do("POST", path("/channels/%d/moderators", pair), object{"id": bob}).refused(400)
	if ids := c.do("GET", path("/channels/%d/moderators", pair), nil).ok().ids(); len(ids) != 0 {
		t.Errorf("a direct channel has the moderators %v", ids)
	}
}

func TestInvites(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	room := c.createChannel("PRIVATE", "room", alice)
	list := path("/channels/%d/invites", room)
	d := c.do("POST", list, object{"user": object{"username": "bob"}}).ok()
	if d.text("createdTime") == "" || c.follow(d.link("invitee")).ok().id() != bob || c.follow(d.link("channel")).ok().id() != room {
		t.Errorf("an invitation is %v", d.value)
	}
	if again := c.do("POST", list, object{"user": object{"id": bob}}).ok(); !cmp.Equal(again.value, d.value) {
		t.Errorf("inviting again: %s", cmp.Diff(d.value, again.value))
	}
	c.do("POST", list, object{"user": object{"id": alice}}, "Content-Type", kitty).ok()
	page := c.do("GET", list+"?sort=createdTime,desc&size=1", nil).ok()
	if page.number("page", "totalElements") != 2 || page.link("next") == "" {
		t.Errorf("the list is %v", page.value)
	}
	if ids := c.do("GET", path("/channels/%d/members", room), nil).ok().ids(); !cmp.Equal(ids, []int64{alice, bob}) {
		t.Errorf("members are %v", ids)
	}
	for _, bad := range []object{{}, {"user": nil}, {"user": "bob"}, {"user": object{}}, {"user": []any{}}, {"user": object{"id": 0}}, {"id": bob}} {
		if d := c.do("POST", list, bad).refused(400); !strings.HasPrefix(d.text("properties", "field"), "user") {
			t.Errorf("%v: %v", bad, d.value)
		}
	}
	c.do("POST", list, object{"user": object{"username": "nobody"}}).refused(404)
	c.do("POST", path("/channels/%d/invites", c.createChannel("DIRECT", "", alice, bob)), object{"user": object{"username": "bob"}}).refused(400)

	c.do("DELETE", path("/users/%d", bob), nil).ok()
	if d := c.do("GET", list, nil).ok(); d.number("page", "totalElements") != 1 {
		t.Errorf("a deleted user is still invited: %v", d.value)
	}
}

func TestMemberships(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.createUser("alice"), c.createUser("bob")
	room := c.createChannel("PRIVATE", "room", bob, alice)
	d := c.do("GET", path("/channels/%d/memberships?size=1", room), nil).ok()
	first := d.at("_embedded", "memberships", 0)
	if d.number("page", "totalElements") != 2 || first.text("createdTime") != "2026-05-04T12:30:15.123456Z" ||
		c.follow(first.link("user")).ok().id() != alice || c.follow(first.link("channel")).ok().id() != room || c.follow(first.link("member")).ok().id() != alice {
		t.Errorf("the first membership is %v", first.value)
	}
	if second := c.follow(d.link("next")).ok(); c.follow(second.at("_embedded", "memberships", 0).link("user")).ok().id() != bob {
		t.Errorf("the second membership is %v", second.value)
	}
	c.do("GET", path("/channels/%d/members/%d", room, c.createUser("carol")), nil).refused(404)

	if ids := c.do("GET", path("/channels/%d/participants", room), nil).ok().ids(); len(ids) != 0 {
		t.Errorf("participants are %v", ids)
	}
	here := c.startSession("bob")
	c.startSession("carol")
	participants := c.do("GET", path("/channels/%d/participants", room), nil).ok()
	if ids := participants.ids(); !cmp.Equal(ids, []int64{bob}) || participants.at("_embedded", "users", 0, "presence", "online").value != true {
		t.Errorf("participants are %v", participants.value)
	}
	here.end()
	if ids := c.do("GET", path("/channels/%d/participants", room), nil).ok().ids(); len(ids) != 0 {
		t.Errorf("participants are %v", ids)
	}
}
