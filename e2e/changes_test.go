package e2e

import (
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// A channel's name and properties change before everybody's eyes, whether they
// have it open or not, and so does its end.
func TestAChannelChangesAndGoes(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob, carol := p.start(sdk, "alice"), p.start(other(sdk), "bob"), p.start(harness.Core, "carol")
		room := alice.CreateChannel("PRIVATE", object{"name": "room", "members": []any{ref("bob"), ref("carol")}})
		watchers := map[string]*harness.Client{"alice": alice, "bob": bob, "carol": carol}
		var inList, inChat []*harness.Log
		for _, c := range watchers {
			inList = append(inList, c.Observe("onChannelUpdated"))
			inChat = append(inChat, c.StartChatSession(c.RetrieveChannel(room.ID), "onChannelUpdated").On("onChannelUpdated"))
		}

		// The SDKs send the whole channel back, with what the application changed.
		with := room.Ref.With(object{"displayName": "Our room", "properties": object{"color": "red"}})
		changed := part[harness.Channel](t, alice.Must("updateChannel", object{"channel": with}), "channel")
		if changed.DisplayName != "Our room" || changed.Name != "room" || string(changed.Properties["color"]) != `"red"` {
			t.Errorf("changed: %+v", changed)
		}
		isNew := func(call harness.Call) bool {
			var heard harness.Channel
			return call.Decode(0, &heard) == nil && heard.ID == room.ID && heard.DisplayName == "Our room"
		}
		for _, log := range append(inList, inChat...) {
			log.AwaitMatch(t, "the new name", isNew)
		}
		if f := bob.FailureOf("updateChannel", object{"channel": bob.RetrieveChannel(room.ID).Ref}); f.Name != "NotAChannelModeratorError" {
			t.Errorf("a member's change: %v", f)
		}

		gone := carol.Observe("onChannelDeleted")
		closed := carol.StartChatSession(carol.RetrieveChannel(room.ID), "onChannelDeleted").On("onChannelDeleted")
		alice.Must("deleteChannel", object{"channel": room.Ref})
		isGone := func(call harness.Call) bool {
			var heard harness.Channel
			return call.Decode(0, &heard) == nil && heard.ID == room.ID
		}
		gone.AwaitMatch(t, "the end", isGone)
		closed.AwaitMatch(t, "the end", isGone)
		for who, c := range watchers {
			if f := c.FailureOf("retrieveChannel", room.ID); f.Name != "ChannelNotFoundError" {
				t.Errorf("%s retrieves it: %v", who, f)
			}
		}
	})
}
