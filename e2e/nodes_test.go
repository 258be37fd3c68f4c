package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// Two nodes share a database and a bus, and users of either see no difference:
// they meet, talk, type and come and go. Who loses one node goes on at the
// other, where nothing is missing; and so he does when the node is killed.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	for _, sdk := range clientSDKs {
		t.Run(string(sdk), func(t *testing.T) {
			t.Parallel()
			node := harness.StartNode(t)
			first, second := harness.StartNodes(t)
			application := first.CreateApplication("story")
			p := place{Server: first, Application: application, rest: first.NewREST(application), node: node}
			elsewhere := place{Server: second, Application: application, rest: second.NewREST(application), node: node}

			carol := elsewhere.start(harness.Core, "carol")
			presence := carol.Observe("onUserPresenceChanged")
			hers := p.rest.CreateChannel("PUBLIC", "lobby")
			alice := p.follow(t, sdk, "alice", hers.ID)
			bob := elsewhere.follow(t, other(sdk), "bob", hers.ID)
			presence.AwaitMatch(t, "alice coming online at the other node", isPresence("alice", true))
			watch := carol.StartChatSession(carol.Enter(hers.ID),
				"onKeystrokesReceived", "onTypingStarted", "onTypingStopped", "onParticipantEnteredChat", "onParticipantLeftChat")

			const each = 20
			var sent []*harness.Promise
			for _, f := range []*follower{alice, bob} {
				channel := f.client.RetrieveChannel(hers.ID)
				for i := range each {
					sent = append(sent, f.client.BeginMessage(channel, fmt.Sprintf("%s %d", f.client.Username(), i)))
				}
			}
			for i, promise := range sent {
				if i < each {
					alice.client.AwaitMessage(promise)
				} else {
					bob.client.AwaitMessage(promise)
				}
			}
			order := harness.BodiesOf(t, alice.heard.Await(t, 2*each))
			if heard := harness.BodiesOf(t, bob.heard.Await(t, 2*each)); !slices.Equal(heard, order) {
				t.Errorf("they heard differently; %s", firstDifference(heard, order))
			}
			inSendingOrder(t, order)

			channel := alice.client.RetrieveChannel(hers.ID)
			alice.client.Must("sendKeystrokes", object{"channel": channel.Ref, "keys": "hel"})
			watch.On("onKeystrokesReceived").Await(t, 1)
			watch.On("onTypingStarted").AwaitMatch(t, "alice's typing", named("alice"))
			alice.client.SendMessage(channel, "hello")
			watch.On("onTypingStopped").AwaitMatch(t, "alice's being done", named("alice"))
			dave := p.start(sdk, "dave")
			chat := dave.StartChatSession(dave.Enter(hers.ID), harness.OnMessage)
			watch.On("onParticipantEnteredChat").AwaitMatch(t, "dave's coming", named("dave"))
			chat.End()
			watch.On("onParticipantLeftChat").AwaitMatch(t, "dave's going", named("dave"))
			dave.EndSession()
			presence.AwaitMatch(t, "dave going offline at the other node", isPresence("dave", false))

			// Alice loses her node for a moment, and the network leads her to the other.
			want := append(order, "hello")
			alice.heard.Await(t, len(want))
			bob.heard.Await(t, len(want))
			alice.wire.LeadTo(second)
			if err := alice.wire.Cut(); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				want = append(want, fmt.Sprint("while alice moves ", i))
				p.rest.SendMessage(hers.ID, "", want[len(want)-1])
			}
			if err := alice.wire.AwaitConnections(2); err != nil {
				t.Fatal(err)
			}
			for _, f := range []*follower{alice, bob} {
				if err := f.heard.WaitLen(harness.ReconnectPatience, len(want)); err != nil {
					t.Error(err)
				}
				if heard := harness.BodiesOf(t, f.heard.Calls()); !slices.Equal(heard, want) {
					t.Errorf("%s heard %d messages instead of %d; %s", f.client.Username(), len(heard), len(want), firstDifference(heard, want))
				}
			}

			// Both are at the second node now, which is killed in mid-sentence.
			alice.wire.LeadTo(first)
			bob.wire.LeadTo(first)
			his := bob.client.RetrieveChannel(hers.ID)
			lost := []*harness.Log{alice.client.Observe("onCurrentUserOffline"), bob.client.Observe("onCurrentUserOffline")}
			before := []int{lost[0].Len(), lost[1].Len()}
			underWay := alice.client.BeginMessage(channel, "said to a node that dies")
			second.Kill()
			for i, log := range lost {
				log.Await(t, before[i]+1)
			}
			for i := range 3 {
				p.rest.SendMessage(hers.ID, "", fmt.Sprint("after the crash ", i))
			}
			// What was issued while offline is sent once they are back.
			alice.client.AwaitMessage(alice.client.BeginMessage(channel, "alice is here again"))
			bob.client.AwaitMessage(bob.client.BeginMessage(his, "bob is here again"))
			want = restBodies(p.rest.History(hers.ID))
			// A message that the node did not take was never sent; one that it took is
			// acknowledged by the other.
			if slices.Contains(want, "said to a node that dies") {
				alice.client.AwaitMessage(underWay)
			}
			atLeastOnce(t, "alice", alice.heard, want)
			atLeastOnce(t, "bob", bob.heard, want)
		})
	}
}
