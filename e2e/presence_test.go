package e2e

import (
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

func isPresence(username string, online bool) func(harness.Call) bool {
	return func(call harness.Call) bool {
		user := harness.UserOf(call)
		return user.Name == username && user.Presence.Online == online
	}
}

// Others see a user come and go. Somebody who says goodbye is gone at once.
func TestPresence(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		bob := p.start(sdk, "bob")
		seen := bob.Observe("onUserPresenceChanged")
		alice := p.start(other(sdk), "alice")
		seen.AwaitMatch(t, "alice coming online", isPresence("alice", true))
		if !online(bob, "alice") {
			t.Error("the list of users shows alice offline")
		}

		began := time.Now()
		alice.EndSession()
		seen.AwaitMatch(t, "alice going offline", isPresence("alice", false))
		// Who says no goodbye is gone after presence.grace, fifteen seconds.
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("a goodbye took %s to be seen", took)
		}
		if online(bob, "alice") {
			t.Error("the list of users shows alice online")
		}
	})
}

func online(client *harness.Client, username string) bool {
	for _, user := range client.ListUsers().All() {
		if user.Name == username {
			return user.Presence.Online
		}
	}
	return false
}

// A connection that breaks and comes back, which takes an SDK five seconds, is
// not seen by anybody.
func TestPresenceDoesNotFlicker(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		bob := p.start(sdk, "bob")
		wire := harness.NewWire(t, p.Server)
		alice := p.node.StartClient(other(sdk), wire.Host(), p.APIKey, "alice")
		lobby := bob.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		session := bob.StartChatSession(lobby, harness.OnMessage, "onParticipantLeftChat", "onParticipantEnteredChat")
		alice.StartChatSession(alice.Enter(lobby.ID), harness.OnMessage)
		session.On("onParticipantEnteredChat").AwaitMatch(t, "alice entering", func(call harness.Call) bool {
			return harness.UserOf(call).Name == "alice"
		})
		seen := bob.Observe("onUserPresenceChanged")
		back := alice.Observe("onCurrentUserOnline")
		times := back.Len()

		if err := wire.Cut(); err != nil {
			t.Fatal(err)
		}
		if err := back.WaitLen(harness.ReconnectPatience, times+1); err != nil {
			t.Fatal(err)
		}
		// Alice's message comes after anything that her return has caused.
		alice.SendMessage(alice.RetrieveChannel(lobby.ID), "back again")
		session.Messages().Await(t, 1)
		for _, call := range seen.Calls() {
			if user := harness.UserOf(call); user.Name == "alice" {
				t.Errorf("bob saw alice with online=%t while she reconnected", user.Presence.Online)
			}
		}
		if gone := session.On("onParticipantLeftChat").Len(); gone != 0 {
			t.Error("bob saw alice leave the chat while she reconnected")
		}
	})
}

// A connection that never comes back is taken for gone only after a while.
func TestPresenceGrace(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		bob := p.start(harness.Core, "bob")
		seen := bob.Observe("onUserPresenceChanged")
		alice := harness.StartGuest(t, p.Server, p.APIKey, "alice")
		seen.AwaitMatch(t, "alice coming online", isPresence("alice", true))

		lost := time.Now()
		alice.HangUp()
		seen.AwaitMatch(t, "alice going offline", isPresence("alice", false))
		// An SDK needs five seconds and a little to come back.
		if took := time.Since(lost); took < 7*time.Second {
			t.Errorf("alice was taken for gone after %s", took)
		}
	})
}
