package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// Two users meet in a channel, one with each SDK, and talk. Everybody hears
// every message once, the sender included, and all in the same order.
func TestConversation(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		lobby := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		converse(t, alice, lobby, bob, bob.Enter(lobby.ID))
	})
}

// trickyBodies would not survive a careless encoder on some way through.
var trickyBodies = []string{
	"hello",
	"münchen 😀 東京",
	"two\nlines and a \\n that is none",
	"a:colon, 100% of %41 and \"quotes\"",
	"a bell \x07 inside, \u2028 a separator, and 100% %41 percent",
	strings.Repeat("long ", 2000),
}

// converse lets two users exchange messages and checks what each of them heard
// against what the history says.
func converse(t *testing.T, alice *harness.Client, hers *harness.Channel, bob *harness.Client, his *harness.Channel) {
	t.Helper()
	entered := alice.StartChatSession(hers, harness.OnMessage, "onParticipantEnteredChat", "onParticipantLeftChat")
	heardByBob := bob.StartChatSession(his, harness.OnMessage)

	entered.On("onParticipantEnteredChat").AwaitMatch(t, "bob entering the chat", func(call harness.Call) bool {
		return harness.UserOf(call).Name == bob.Username()
	})

	var sent []string
	for i, body := range trickyBodies {
		from, channel := alice, hers
		if i%2 == 1 {
			from, channel = bob, his
		}
		message := from.SendMessage(channel, body)
		if message.Body != body || message.Type != "TEXT" || message.User == nil || message.User.Name != from.Username() {
			t.Errorf("%q was acknowledged as %+v", body, message)
		}
		sent = append(sent, body)
	}

	for who, log := range map[string]*harness.Log{
		alice.Username(): entered.Messages(), bob.Username(): heardByBob.Messages(),
	} {
		if heard := harness.BodiesOf(t, log.Await(t, len(sent))); !slices.Equal(heard, sent) {
			t.Errorf("%s heard %q, sent were %q", who, heard, sent)
		}
	}
	if history := bodies(bob.ListMessages(his).All()); !slices.Equal(history, sent) {
		t.Errorf("the history is %q", history)
	}

	heardByBob.End()
	entered.On("onParticipantLeftChat").AwaitMatch(t, "bob leaving the chat", func(call harness.Call) bool {
		return harness.UserOf(call).Name == bob.Username()
	})
	alice.SendMessage(hers, "anybody there?")
	entered.Messages().Await(t, len(sent)+1)
	if heard := heardByBob.Messages().Len(); heard != len(sent) {
		t.Errorf("bob heard %d messages, %d of them before he left", heard, len(sent))
	}
}

// bodies lists the bodies of a history, oldest first. Lists are newest first.
func bodies(messages []harness.Message) []string {
	var list []string
	for _, message := range slices.Backward(messages) {
		list = append(list, message.Body)
	}
	return list
}

// The classic SDK falls back to SockJS where there is no WebSocket, and within
// SockJS to whatever the network lets through. The conversation is the same.
func TestConversationOverSockJS(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		for _, transport := range []harness.SockJSTransport{
			harness.SockJSWebSocket, harness.SockJSXHRStreaming, harness.SockJSEventSource, harness.SockJSXHRPolling,
		} {
			t.Run(string(transport), func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				gate := harness.NewGate(t, p.Server, transport)
				alice := p.node.NewClient(harness.Classic, harness.SockJS, gate.Host(), p.APIKey)
				alice.StartSession("alice")
				bob := p.start(harness.Core, "bob")
				lobby := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
				converse(t, alice, lobby, bob, bob.Enter(lobby.ID))
				alice.EndSession()
				if gate.Used(transport) == 0 {
					t.Errorf("nothing went over %s", transport)
				}
			})
		}
	})
}

// Two senders write as fast as they can. Everybody, a third user included,
// hears all of it once and in the one order that the history keeps; and the
// history can be paged to its first message while more is written.
func TestManyMessages(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		const each = 250
		alice, bob, carol := p.start(sdk, "alice"), p.start(other(sdk), "bob"), p.start(sdk, "carol")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his, carols := bob.Enter(hers.ID), carol.Enter(hers.ID)
		logs := map[string]*harness.Log{
			"alice": alice.StartChatSession(hers, harness.OnMessage).Messages(),
			"bob":   bob.StartChatSession(his, harness.OnMessage).Messages(),
			"carol": carol.StartChatSession(carols, harness.OnMessage).Messages(),
		}

		var sent []*harness.Promise
		for i := range each {
			sent = append(sent, alice.BeginMessage(hers, fmt.Sprintf("alice %d", i)))
			sent = append(sent, bob.BeginMessage(his, fmt.Sprintf("bob %d", i)))
		}
		acknowledged := map[int64]bool{}
		for i, promise := range sent {
			from := alice
			if i%2 == 1 {
				from = bob
			}
			acknowledged[from.AwaitMessage(promise).ID] = true
		}
		if len(acknowledged) != 2*each {
			t.Fatalf("%d messages were acknowledged with %d ids", 2*each, len(acknowledged))
		}

		order := messageIDs(harness.MessagesOf(t, logs["carol"].Await(t, 2*each)))
		for who, log := range logs {
			if heard := messageIDs(harness.MessagesOf(t, log.Await(t, 2*each))); !slices.Equal(heard, order) {
				t.Errorf("%s heard %d messages in another order or number than carol's %d", who, len(heard), len(order))
			}
		}
		for _, id := range order {
			if !acknowledged[id] {
				t.Errorf("message %d was heard but never acknowledged", id)
			}
		}
		inSendingOrder(t, harness.BodiesOf(t, logs["carol"].Calls()))

		// Written while carol pages back, so that the pages would shift if
		// they were counted from the newest message.
		page := carol.ListMessages(carols)
		history := page.Items
		for turn := 0; page.HasNext; turn++ {
			p.rest.SendMessage(hers.ID, "", fmt.Sprintf("meanwhile %d", turn))
			page = page.Next()
			history = append(history, page.Items...)
		}
		slices.Reverse(history)
		if paged := messageIDs(history); !slices.Equal(paged, order) {
			t.Errorf("paging gave %d messages, not the %d that were heard, or another order", len(paged), len(order))
		}
	})
}

func messageIDs(messages []harness.Message) []int64 {
	var ids []int64
	for _, message := range messages {
		ids = append(ids, message.ID)
	}
	return ids
}

// inSendingOrder checks that each sender's own messages, "name number", stayed
// in the order in which they were sent.
func inSendingOrder(t *testing.T, heard []string) {
	t.Helper()
	next := map[string]int{}
	for _, body := range heard {
		var who string
		var number int
		if _, err := fmt.Sscanf(body, "%s %d", &who, &number); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if number != next[who] {
			t.Fatalf("%s's message %d came when %d was due", who, number, next[who])
		}
		next[who]++
	}
}
