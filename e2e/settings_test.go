package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// set changes settings of the story's application.
func (p place) set(settings object) {
	p.rest.Must(nil, http.MethodPut, "/application/settings", settings)
}

// Back ends read and change the settings of their application.
func TestBackEndSettings(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		retrieve, update := "retrieveAuthenticatedApplicationSettings", "updateAuthenticatedApplicationSettings"
		if backend.Named(harness.PlatformNew) {
			retrieve, update = "retrieveApplicationSettings", "updateApplicationSettings"
		}
		check := func(data json.RawMessage, want ...string) {
			t.Helper()
			for i, name := range []string{"guestUsers", "userCreatedChannels", "readOnDelivery", "linkPreviews"} {
				if is := backend.Text(data, name); is != want[i] {
					t.Errorf("%s is %s, want %s", name, is, want[i])
				}
			}
		}
		check(backend.Must(nil, "Application", retrieve).Data, "ENABLED", "ENABLED", "DISABLED", "DISABLED")
		changed := backend.Must(nil, "Application", update, backend.Members(object{"guestUsers": "ENABLED", "userCreatedChannels": "DISABLED"}))
		check(changed.Data, "ENABLED", "DISABLED", "DISABLED", "DISABLED")
		backend.Must(nil, "Application", update, backend.Members(object{"guestUsers": "DISABLED", "userCreatedChannels": "ENABLED", "readOnDelivery": "ENABLED"}))
		check(backend.Must(nil, "Application", retrieve).Data, "DISABLED", "ENABLED", "ENABLED", "DISABLED")
		if status := backend.StatusOf("Application", update, backend.Members(object{"guestUsers": "SOMETIMES"})); status != http.StatusBadRequest {
			t.Errorf("an unknown word is answered with %d", status)
		}
		p.Stop()
		p.Start()
		check(backend.Must(nil, "Application", retrieve).Data, "DISABLED", "ENABLED", "ENABLED", "DISABLED")
	})
}

// Where guests are disabled, nobody comes in by his name alone; whoever is
// there stays.
func TestGuestsDisabled(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		p.set(object{"guestUsers": "DISABLED"})
		for _, name := range []string{"alice", "mallory"} {
			client := p.node.NewClient(sdk, harness.WebSocket, p.Host(), p.APIKey)
			if failure := client.FailureOf("startSession", object{"username": name}); failure.Name != "AccessDeniedError" || failure.Message == "" {
				t.Errorf("%s is refused with %v", name, failure)
			}
		}
		if status := p.rest.Status(http.MethodHead, "/users?name=mallory", nil); status != http.StatusNotFound {
			t.Errorf("a user who was not let in is there: %d", status)
		}
		if name := alice.CurrentUser().Name; name != "alice" {
			t.Errorf("the session now belongs to %q", name)
		}
		p.set(object{"guestUsers": "ENABLED"})
		if user := p.start(sdk, "mallory").CurrentUser(); !user.IsGuest {
			t.Errorf("let in as %+v", user)
		}
	})
}

// Where users may not create channels, the application still may.
func TestUserCreatedChannelsDisabled(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		p.start(other(sdk), "bob")
		p.set(object{"userCreatedChannels": "DISABLED"})
		for _, request := range []object{
			{"type": "PUBLIC", "name": "hers"}, {"type": "PRIVATE"}, {"type": "DIRECT", "members": []any{object{"username": "bob"}}},
		} {
			if failure := alice.FailureOf("createChannel", request); failure.Name != "UserCreatedChannelsDisabledError" || failure.Message == "" {
				t.Errorf("%v is refused with %v", request, failure)
			}
		}
		room := p.rest.CreateChannel("PUBLIC", "room", "alice")
		alice.SendMessage(alice.RetrieveChannel(room.ID), "the session lives on")
		p.set(object{"userCreatedChannels": "ENABLED"})
		alice.CreateChannel("PUBLIC", object{"name": "hers"})
	})
}

// What reaches bob while he chats is read, what does not is not.
func TestReadOnDelivery(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		p.set(object{"readOnDelivery": "ENABLED"})
		alice, bob := p.start(harness.Core, "alice"), p.start(sdk, "bob")
		hers := alice.CreateChannel("PUBLIC", object{"name": "lobby"})
		his := bob.Enter(hers.ID)
		aside := alice.CreateChannel("PRIVATE", object{"name": "aside", "members": []any{object{"username": "bob"}}})
		receipts := alice.Observe("onReadReceiptCreated")
		missed := alice.SendMessage(hers, "before he chats")
		unread(t, bob, his, 1, 1, 1)

		session := bob.StartChatSession(his, harness.OnMessage)
		var last *harness.Message
		for i := range 30 {
			last = alice.SendMessage(hers, fmt.Sprint("news ", i))
		}
		alice.SendMessage(aside, "elsewhere")
		session.Messages().Await(t, 30)
		receipts.AwaitMatch(t, "the receipt of the last one", func(call harness.Call) bool {
			return receiptOf(t, call, 0).Relays["message"] == fmt.Sprintf("/application/v1/messages/%d.relay", last.ID)
		})
		unread(t, bob, his, 0, 1, 1)
		if readers := readersOf(alice.ListReceipts(missed).Items); len(readers) != 1 || readers[0] != "bob" {
			t.Errorf("what came before was read by %v", readers)
		}
		if n := receipts.Len(); n > 30 {
			t.Errorf("%d receipts for 30 messages", n)
		}

		session.End()
		alice.SendMessage(hers, "after he has left")
		unread(t, bob, his, 1, 2, 2)

		p.set(object{"readOnDelivery": "DISABLED"})
		again := bob.StartChatSession(his, harness.OnMessage)
		alice.SendMessage(hers, "explicitly now")
		again.Messages().Await(t, 1)
		unread(t, bob, his, 2, 3, 2)
	})
}
