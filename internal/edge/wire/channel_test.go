package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

// TestOptionalLinks is the table of client-protocol 5.3: which links of a
// channel are there for whom, and that the others are not there at all.
func TestOptionalLinks(t *testing.T) {
	t.Parallel()
	optional := []string{"join", "leave", "invite", "addModerator", "deleteModerator"}
	for _, c := range []struct {
		kind            chat.ChannelType
		member, blocked bool
		links           string
	}{
		{chat.Public, false, false, "join addModerator deleteModerator"},
		{chat.Public, false, true, "addModerator deleteModerator"},
		{chat.Public, true, false, "leave invite addModerator deleteModerator"},
		{chat.Private, false, false, "addModerator deleteModerator"},
		{chat.Private, true, false, "leave invite addModerator deleteModerator"},
		{chat.Direct, false, false, ""},
		{chat.Direct, true, false, ""},
	} {
		v := chat.View{Channel: chat.Channel{ID: 7, Type: c.kind}, Member: c.member, Blocked: c.blocked}
		var body struct {
			Actions map[string]*string `json:"_actions"`
		}
		if err := json.Unmarshal(wire.Style{Links: wire.Client}.Channel(nil, &v), &body); err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, name := range optional {
			if link, is := body.Actions[name]; is {
				there = append(there, name)
				if link == nil {
					t.Errorf("%s is null", name)
				}
			}
		}
		if got := strings.Join(there, " "); got != c.links {
			t.Errorf("%s, member %v, blocked %v: %q, want %q", c.kind, c.member, c.blocked, got, c.links)
		}
		// What is never absent is there even where it would be refused.
		for _, name := range []string{"message", "keystrokes", "read", "mute", "update", "delete", "hide", "block", "triggerEvent", "createThread"} {
			if body.Actions[name] == nil {
				t.Errorf("%s, member %v: no link %s", c.kind, c.member, name)
			}
		}
	}
}
