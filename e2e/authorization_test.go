package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// watched is how long a refusal by silence is watched after the fence.
const watched = 200 * time.Millisecond

// Links are public knowledge. Who subscribes a topic that is not his to hear
// gets no receipt and no event.
func TestForbiddenTopics(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		application := server.CreateApplication("ours")
		rest := server.NewREST(application)
		alice := harness.StartGuest(t, server, application.APIKey, "alice")
		mallory := harness.StartGuest(t, server, application.APIKey, "mallory")
		stranger := harness.StartGuest(t, server, server.CreateApplication("theirs").APIKey, "mallory")

		secret := rest.CreateChannel("PRIVATE", "secret", "alice")
		public := rest.CreateChannel("PUBLIC", "public", "alice")
		both := rest.CreateChannel("PUBLIC", "both", "alice", "mallory")

		// What can be known from alice's links.
		var forbidden []string
		for _, id := range []int64{secret.ID, public.ID} {
			channel, err := alice.Channel(id)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"self", "messages", "participants", "typing"} {
				forbidden = append(forbidden, channel.Topics[name])
			}
		}
		for _, name := range []string{"self", "channels", "notifications"} {
			forbidden = append(forbidden, alice.Self().Topics[name])
		}
		forbidden = append(forbidden, "/topic/v1/channels/1.messages", "/topic/v1/nonsense", "/topic/", "undefined")

		shared, err := mallory.Channel(both.ID)
		if err != nil {
			t.Fatal(err)
		}
		allowed := shared.Topics["messages"]
		for _, intruder := range []*harness.Guest{mallory, stranger} {
			var logs []*harness.Log
			var receipts []func(time.Duration) error
			for _, destination := range forbidden {
				log, receipt, err := intruder.BeginListen(destination)
				if err != nil {
					t.Fatalf("the connection broke at %s: %v", destination, err)
				}
				logs, receipts = append(logs, log), append(receipts, receipt)
			}
			// Frames are answered in order. Once this is answered, a receipt
			// for one of the others would have come.
			if _, err := intruder.Relay("/application/v1/user.relay", nil); err != nil {
				t.Fatal(err)
			}
			var heard *harness.Log
			if intruder == mallory {
				if heard, err = mallory.Listen(allowed); err != nil {
					t.Fatal(err)
				}
			}
			for _, id := range []int64{secret.ID, public.ID, both.ID} {
				rest.SendMessage(id, "alice", "for members only")
			}
			if heard != nil {
				heard.Await(t, 1)
			}
			for i, destination := range forbidden {
				if err := receipts[i](watched / time.Duration(len(forbidden))); err == nil {
					t.Errorf("a receipt for %s", destination)
				}
				if logs[i].Len() != 0 {
					t.Errorf("events on %s", destination)
				}
			}
		}
	})
}

// Who is removed hears nothing from the next message on, in a chat session
// that was open before as well as in one that is opened afterwards; and who is
// taken in again is back.
func TestRemovedMemberHearsNothing(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(other(sdk), "alice"), p.start(sdk, "bob")
		team := p.rest.CreateChannel("PRIVATE", "team", "alice", "bob")
		lobby := p.rest.CreateChannel("PUBLIC", "lobby", "alice", "bob")
		hers, his := alice.RetrieveChannel(team.ID), bob.RetrieveChannel(team.ID)
		inTeam := bob.StartChatSession(his, harness.OnMessage).Messages()
		inLobby := bob.StartChatSession(bob.RetrieveChannel(lobby.ID), harness.OnMessage).Messages()
		left := bob.Observe("onChannelLeft")

		alice.SendMessage(hers, "with bob")
		inTeam.Await(t, 1)
		bobID := fmt.Sprint(bob.CurrentUser().ID)
		p.rest.Must(nil, http.MethodDelete, fmt.Sprintf("/channels/%d/members/%s", team.ID, bobID), nil)
		left.Await(t, 1)

		alice.SendMessage(hers, "without bob")
		// Heard on the same connection, after whatever came of the message above.
		alice.SendMessage(alice.RetrieveChannel(lobby.ID), "fence")
		inLobby.Await(t, 1)
		if heard := harness.BodiesOf(t, inTeam.Calls()); !slices.Equal(heard, []string{"with bob"}) {
			t.Errorf("bob heard %q", heard)
		}
		if failure := bob.FailureOf("sendMessage", map[string]any{"channel": his.Ref, "body": "let me in"}); failure.Name == "" {
			t.Errorf("bob could still write, or it failed without a name: %v", failure)
		}
		if failure := bob.FailureOf("listMessages", map[string]any{"channel": his.Ref}); failure.Name == "" {
			t.Errorf("bob could still read, or it failed without a name: %v", failure)
		}

		p.rest.Must(nil, http.MethodPost, fmt.Sprintf("/channels/%d/members", team.ID), map[string]string{"username": "bob"})
		back := bob.StartChatSession(bob.RetrieveChannel(team.ID), harness.OnMessage).Messages()
		alice.SendMessage(hers, "welcome back")
		back.Await(t, 1)
	})
}

// For one application, what belongs to another does not exist.
func TestOtherApplicationsDoNotExist(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		theirs, ours := server.CreateApplication("theirs"), server.CreateApplication("ours")
		them, us := server.NewREST(theirs), server.NewREST(ours)
		user := them.CreateUser("alice")
		channel := them.CreateChannel("PUBLIC", "lobby", "alice")
		message := them.SendMessage(channel.ID, "alice", "between us")

		for _, request := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, fmt.Sprintf("/channels/%d", channel.ID), nil},
			{http.MethodPatch, fmt.Sprintf("/channels/%d", channel.ID), map[string]string{"displayName": "ours"}},
			{http.MethodDelete, fmt.Sprintf("/channels/%d", channel.ID), nil},
			{http.MethodGet, fmt.Sprintf("/channels/%d/members", channel.ID), nil},
			{http.MethodPost, fmt.Sprintf("/channels/%d/members", channel.ID), map[string]string{"username": "alice"}},
			{http.MethodGet, fmt.Sprintf("/channels/%d/messages", channel.ID), nil},
			{http.MethodPost, fmt.Sprintf("/channels/%d/messages", channel.ID), map[string]string{"type": "TEXT", "body": "x"}},
			{http.MethodGet, fmt.Sprintf("/messages/%d", message.ID), nil},
			{http.MethodGet, fmt.Sprintf("/users/%d", user.ID), nil},
			{http.MethodDelete, fmt.Sprintf("/users/%d", user.ID), nil},
			{http.MethodGet, fmt.Sprintf("/users/%d/channels", user.ID), nil},
		} {
			if status := us.Status(request.method, request.path, request.body); status != http.StatusNotFound {
				t.Errorf("%s %s: status %d", request.method, request.path, status)
			}
		}

		guest := harness.StartGuest(t, server, ours.APIKey, "mallory")
		if _, err := guest.Channel(channel.ID); err == nil {
			t.Error("a client of one application read a channel of another")
		}
		if _, err := guest.Act(fmt.Sprintf("/application/v1/channels/%d.message", channel.ID), map[string]string{"type": "TEXT", "body": "x"}); err == nil {
			t.Error("a client of one application wrote into a channel of another")
		}
		if history := them.History(channel.ID); len(history) != 1 || history[0].Body != "between us" {
			t.Errorf("after all this the channel holds %+v", history)
		}
	})
}
