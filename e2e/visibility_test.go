package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// wantBodies compares a list with what it should say, oldest first.
func wantBodies(t *testing.T, what string, messages []harness.Message, wanted ...string) {
	t.Helper()
	if got := bodies(messages); !slices.Equal(got, wanted) {
		t.Errorf("%s: %q, want %q", what, got, wanted)
	}
}

// lastReceived is the body of the message that a channel shows.
func lastReceived(t *testing.T, c *harness.Client, channel *harness.Channel) string {
	t.Helper()
	found := part[struct {
		Last *harness.Message `json:"lastReceivedMessage"`
	}](t, c.Must("retrieveChannel", channel.ID), "channel")
	if found.Last == nil {
		return ""
	}
	return found.Last.Body
}

// A user clears a channel's history for himself: nothing of it is left to him,
// and nobody else notices.
func TestClearHistory(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		his := bob.Enter(room.ID)
		for i := range 3 {
			bob.SendMessage(his, fmt.Sprint("old ", i))
		}
		unread(t, alice, room, 3, 3, 1)
		receipts := bob.StartChatSession(his, "onMessageRead")

		alice.Must("clearChannelHistory", map[string]any{"channel": room.Ref})
		alice.Must("clearChannelHistory", map[string]any{"channel": room.Ref}) // there is nothing left to clear
		wantBodies(t, "hers", alice.ListMessages(room).Items)
		wantBodies(t, "his", bob.ListMessages(his).Items, "old 0", "old 1", "old 2")
		if last := lastReceived(t, alice, room); last != "" {
			t.Errorf("her channel shows %q", last)
		}
		unread(t, alice, room, 0, 0, 0)

		sent := bob.SendMessage(his, "new")
		unread(t, alice, room, 1, 1, 1)
		wantBodies(t, "hers", alice.ListMessages(room).Items, "new")
		if last := lastReceived(t, alice, room); last != "new" {
			t.Errorf("her channel shows %q", last)
		}
		if n := receipts.On("onMessageRead").Len(); n != 0 {
			t.Errorf("clearing was seen as reading: %d receipts", n)
		}
		alice.Must("readChannel", map[string]any{"channel": room.Ref})
		receipts.On("onMessageRead").Await(t, 1)
		if last := alice.LastRead(room, "alice"); last == nil || last.ID != sent.ID {
			t.Errorf("alice has last read %+v", last)
		}
	})
}

// What somebody writes whom one has blocked is left out of a group channel, of
// lists and counts and as it happens, until he is unblocked.
func TestBlockedAuthorInAGroup(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob, carol := p.start(sdk, "alice"), p.start(other(sdk), "bob"), p.start(harness.Core, "carol")
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		his, hers := bob.Enter(room.ID), carol.Enter(room.ID)
		bob.SendMessage(his, "bob 1")
		carol.SendMessage(hers, "carol 1")
		heard := alice.StartChatSession(room, harness.OnMessage, "onMessageReactionAdded", "onTypingStarted", "onMessageUpdated")
		witness := carol.StartChatSession(hers, harness.OnMessage, "onTypingStarted")

		alice.Must("blockUser", map[string]any{"user": alice.ListMessages(room).Items[1].Ref.Part("user")})
		wantBodies(t, "alice", alice.ListMessages(room).Items, "carol 1")
		wantBodies(t, "carol", carol.ListMessages(hers).Items, "bob 1", "carol 1")
		unread(t, alice, room, 1, 1, 1)
		alice.Must("readChannel", map[string]any{"channel": room.Ref})

		mine := bob.SendMessage(his, "bob 2")
		bob.Must("editMessage", map[string]any{"message": mine.Ref, "body": "bob 2, edited"})
		bob.Must("reactToMessage", map[string]any{"message": mine.Ref, "emoji": "👍"})
		bob.Must("sendKeystrokes", map[string]any{"channel": his.Ref, "keys": "b"})
		witness.On("onTypingStarted").AwaitMatch(t, "bob's typing", named("bob"))
		unread(t, alice, room, 0, 0, 0)
		if last := lastReceived(t, alice, room); last != "carol 1" {
			t.Errorf("her channel shows %q", last)
		}
		later := carol.SendMessage(hers, "carol 2")
		carol.Must("reactToMessage", map[string]any{"message": later.Ref, "emoji": "🎉"})
		heard.On("onMessageReactionAdded").Await(t, 1)
		unread(t, alice, room, 1, 1, 1)
		if got := harness.BodiesOf(t, heard.Messages().Await(t, 1)); !slices.Equal(got, []string{"carol 2"}) {
			t.Errorf("alice heard %q", got)
		}
		for _, event := range []string{"onTypingStarted", "onMessageUpdated"} {
			if n := heard.On(event).Len(); n != 0 {
				t.Errorf("alice heard %s %d times", event, n)
			}
		}
		if n := heard.On("onMessageReactionAdded").Len(); n != 1 {
			t.Errorf("alice heard of %d reactions", n)
		}

		method, undo := "listUserBlockedRecords", "deleteUserBlockedRecord"
		if sdk == harness.Classic {
			method, undo = "getUserBlockList", "deleteUserBlockListItem"
		}
		alice.Must(undo, map[string]any{"item": alice.Must(method).Ref.Part("paginator.items.0")})
		wantBodies(t, "alice again", alice.ListMessages(room).Items, "bob 1", "carol 1", "bob 2, edited", "carol 2")
		unread(t, alice, room, 2, 2, 1)
		bob.SendMessage(his, "bob 3")
		if got := harness.BodiesOf(t, heard.Messages().Await(t, 2)); !slices.Equal(got, []string{"carol 2", "bob 3"}) {
			t.Errorf("alice heard %q", got)
		}
	})
}

// A user lists the messages of all channels that she is in, page by page. The
// classic SDK asks for those of one channel only.
func TestMessagesOfAllChannels(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(harness.Core, "alice"), p.start(sdk, "bob")
		var wanted []string
		var rooms []*harness.Channel
		for i := range 3 {
			rooms = append(rooms, bob.CreateChannel("PUBLIC", map[string]any{"name": fmt.Sprint("room ", i)}))
		}
		joined := alice.Enter(rooms[0].ID)
		alice.Enter(rooms[1].ID)
		for i := range 60 {
			text := fmt.Sprint("message ", i)
			bob.SendMessage(rooms[i%3], text)
			if i%3 < 2 {
				wanted = append(wanted, text)
			}
		}
		first := alice.ListAllMessages(nil)
		alice.SendMessage(joined, "while she pages")
		wantBodies(t, "all", first.All(), wanted...)

		alice.Must("sendMessage", map[string]any{"channel": joined.Ref, "file": map[string]any{
			"url": "https://files.example/cat.png", "name": "cat.png", "contentType": "image/png", "size": 7,
		}})
		if files := alice.ListAllMessages(map[string]any{"type": "FILE"}).Items; len(files) != 1 || files[0].Type != "FILE" {
			t.Errorf("files: %+v", files)
		}
	})
}
