package rest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.createUser("alice")
	room, hall := c.createChannel("PUBLIC", "room", alice), c.createChannel("PUBLIC", "hall", alice)
	first := c.startSession("alice")
	c.clock.Advance(time.Second)
	second := c.startSession("alice")
	chats := func(s started, channels ...int64) {
		ids := make([]chat.ChannelID, len(channels))
		for i, id := range channels {
			ids[i] = chat.ChannelID(id)
		}
		if err := c.accounts.Attend(t.Context(), []chat.Attendance{{Session: s.session.ID, Application: s.session.Application, User: s.session.User, Channels: ids}}); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(time.Second)
	}
	chats(first, room)
	chats(second, room)
	chats(second, hall)
	first.end()

	for query, want := range map[string][]int64{
		"": {first.ID, second.ID}, "?state=ACTIVE": {second.ID}, "?state=ENDED": {first.ID}, "?state=": {first.ID, second.ID},
		"?sort=createdTime,desc": {second.ID, first.ID}, "?size=1&page=1": {second.ID}, "?page=9": {},
	} {
		if ids := c.do("GET", "/user-sessions"+query, nil).ok().ids(); !cmp.Equal(ids, want) {
			t.Errorf("user sessions%s are %v, want %v", query, ids, want)
		}
	}
	d := c.do("GET", path("/user-sessions/%d", first.ID), nil).ok()
	if d.text("state") != "ENDED" || d.text("endTime") == "" || d.text("userAgent") != "a client" || d.number("user", "id") != alice ||
		c.follow(d.link("user")).ok().id() != alice {
		t.Errorf("an ended session is %v", d.value)
	}

	all := c.do("GET", "/chat-sessions", nil).ok()
	for i, want := range []struct {
		session, channel int64
		state            string
	}{{first.ID, room, "ENDED"}, {second.ID, room, "ENDED"}, {second.ID, hall, "ACTIVE"}} {
		s := all.at("_embedded", "sessions", i)
		if s.number("session", "id") != want.session || s.text("state") != want.state || s.has("endTime") != (want.state == "ENDED") ||
			c.follow(s.link("session")).ok().id() != want.session || c.follow(s.link("channel")).ok().id() != want.channel ||
			s.number("session", "user", "id") != alice || s.has("session", "_links") {
			t.Errorf("chat session %d is %v, want %v", i, s.value, want)
		}
	}
	for query, want := range map[string]int{"?state=ACTIVE": 1, "?state=ENDED": 2, "?sort=id,desc&size=2": 2} {
		if ids := c.do("GET", "/chat-sessions"+query, nil).ok().ids(); len(ids) != want {
			t.Errorf("chat sessions%s are %v", query, ids)
		}
	}
	for _, list := range []string{"/user-sessions", "/chat-sessions"} {
		for _, bad := range []string{"OPEN", "active", "%00", "ACTIVEACTIVEACTIVE"} {
			if d := c.do("GET", list+"?state="+bad, nil).refused(400); d.text("properties", "field") != "state" {
				t.Errorf("%s: %v", bad, d.value)
			}
		}
	}
	for _, nobody := range []string{"1", "0", "x", "9223372036854775808"} {
		c.do("GET", "/user-sessions/"+nobody, nil).refused(404)
	}
	c.do("DELETE", path("/users/%d", alice), nil).ok()
	if ids := c.do("GET", "/chat-sessions?state=ACTIVE", nil).ok().ids(); len(ids) != 0 {
		t.Errorf("a deleted user chats in %v", ids)
	}
	if d := c.do("GET", path("/user-sessions/%d", second.ID), nil).ok(); d.number("user", "id") != alice {
		t.Errorf("the session of a deleted user is %v", d.value)
	}
}
