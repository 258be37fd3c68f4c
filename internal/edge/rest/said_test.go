package rest_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/rest"
)

// typed remembers the keystrokes that were passed on.
type typed struct {
	mu   sync.Mutex
	keys []string
}

func (t *typed) Typed(_ chat.Actor, _ chat.ChannelID, _ chat.UserID, keys string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys = append(t.keys, keys)
}

func TestKeystrokes(t *testing.T) {
	t.Parallel()
	heard := &typed{}
	c := start(t, func(d *rest.Deps) { d.Channels.Typing = heard })
	alice := c.createUser("alice")
	room := c.createChannel("PRIVATE", "room")
	message := c.sendMessage(room, "hello")
	channel, main := path("/channels/%d/keystrokes", room), path("/threads/%d/keystrokes", room)
	d := c.do("POST", channel, object{"keys": "hel", "user": object{"id": alice}}).ok()
	if diff := cmp.Diff(object{"keys": "hel", "username": "alice", "_links": d.at("_links").value}, d.value); diff != "" || d.link("application") == "" {
		t.Errorf("the echo: %v %s", d.value, diff)
	}
	c.do("POST", channel, object{"keys": "", "user": object{"username": "alice"}}, "Accept", kitty).ok()
	c.do("POST", main, object{"keys": "main", "user": object{"username": "alice"}}).ok()
	// Nobody can listen to the keys of other threads.
	c.do("POST", path("/threads/%d/keystrokes", message), object{"keys": "reply", "user": object{"username": "alice"}}).ok()
	if !cmp.Equal(heard.keys, []string{"hel", "", "main"}) {
		t.Errorf("passed on were %q", heard.keys)
	}
	for _, target := range []string{channel, main} {
		for body, field := range map[string]string{
			`{}`: "keys", `{"keys":null,"user":{"id":1}}`: "keys", `{"keys":5,"user":{"id":1}}`: "keys", `{"keys":"x"}`: "user",
			`{"keys":"x","user":null}`: "user", `{"keys":"x","user":{}}`: "user.username", `{"keys":"x","user":"alice"}`: "user",
			`{"keys":"` + strings.Repeat("x", 9<<10) + `","user":{"username":"alice"}}`: "keys",
		} {
			if d := c.do("POST", target, body).refused(400); d.text("properties", "field") != field {
				t.Errorf("%.60s: %v", body, d.value)
			}
		}
		c.do("POST", target, object{"keys": "x", "user": object{"username": "nobody"}}).refused(404)
	}
	for _, nowhere := range []string{"/channels/1/keystrokes", "/threads/1/keystrokes", "/threads/x/keystrokes"} {
		c.do("POST", nowhere, object{"keys": "x", "user": object{"username": "alice"}}).refused(404)
	}
	if len(heard.keys) != 3 {
		t.Errorf("what was refused was passed on: %q", heard.keys)
	}
}

func TestChannelEvents(t *testing.T) {
	t.Parallel()
	c := start(t)
	target := path("/channels/%d/events", c.createChannel("PUBLIC", "square"))
	properties := object{"payload": "Boom!", "stuff": object{"favorite_number": 42.0, "favoriteMovie": "x"}}
	for _, media := range []string{"application/json", kitty} {
		d := c.do("POST", target, object{"type": "My Custom Event", "properties": properties}, "Content-Type", media, "Accept", media).ok()
		if diff := cmp.Diff(object{"type": "My Custom Event", "properties": properties, "_links": d.at("_links").value}, d.value); diff != "" || d.link("application") == "" {
			t.Errorf("the echo: %v %s", d.value, diff)
		}
	}
	if d := c.do("POST", target, object{"type": "x"}).ok(); !cmp.Equal(d.at("properties").value, any(object{})) {
		t.Errorf("an event without properties is %v", d.value)
	}
	for body, field := range map[string]string{
		`{}`: "type", `{"type":null}`: "type", `{"type":""}`: "type", `{"type":5}`: "type", `{"type":"x","properties":[]}`: "properties",
		`{"type":"x","properties":"y"}`: "properties", `{"type":"` + strings.Repeat("x", 2000) + `"}`: "type", `{"type":"\u0000"}`: "type",
	} {
		if d := c.do("POST", target, body).refused(400); d.text("properties", "field") != field {
			t.Errorf("%.60s: %v", body, d.value)
		}
	}
	c.do("POST", "/channels/1/events", object{"type": "x"}).refused(404)
}
