package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// reading is the object that the methods about one message take.
func reading(m *harness.Message) map[string]any { return map[string]any{"message": m.Ref} }

// Bob finds what he has not read, reads it bit by bit, and Alice, who wrote it,
// sees how far he is.
func TestReading(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(other(sdk), "alice"), p.start(sdk, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "news"})
		alice.SendMessage(hers, "before bob came")
		his := bob.Enter(hers.ID)
		direct := alice.CreateChannel("DIRECT", map[string]any{"members": []any{map[string]any{"username": "bob"}}})
		unread(t, bob, his, 0, 0, 0)

		var sent []*harness.Message
		for i := range 3 {
			sent = append(sent, alice.SendMessage(hers, fmt.Sprint("news ", i)))
		}
		alice.SendMessage(direct, "psst")
		unread(t, bob, his, 3, 4, 2)
		unread(t, alice, hers, 0, 0, 0)
		if n := bob.CountUnreadChannels("DIRECT"); n != 1 {
			t.Errorf("%d unread direct channels", n)
		}
		if n := bob.CountUnreadChannels("PRIVATE"); n != 0 {
			t.Errorf("%d unread private channels", n)
		}
		if names := channelNames(bob.ListChannels(map[string]any{"unread": true}).Items); !slices.Equal(names, []string{direct.Name, "news"}) {
			t.Errorf("unread are %v", names)
		}

		bob.Must("readMessage", reading(messageOf(t, bob, his, sent[1].ID)))
		unread(t, bob, his, 1, 2, 2)
		if last := alice.LastRead(hers, "bob"); last == nil || last.ID != sent[1].ID {
			t.Errorf("bob has last read %+v", last)
		}
		for i, readers := range [][]string{{"bob"}, {"bob"}, {}} {
			if found := readersOf(alice.ListReceipts(sent[i]).Items); !slices.Equal(found, readers) {
				t.Errorf("message %d was read by %v, want %v", i, found, readers)
			}
		}
		// Reading what was read before changes nothing.
		bob.Must("readMessage", reading(messageOf(t, bob, his, sent[0].ID)))
		unread(t, bob, his, 1, 2, 2)

		bob.SendMessage(his, "an answer is no reading")
		unread(t, bob, his, 1, 2, 2)
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		unread(t, bob, his, 0, 1, 1)
		unread(t, alice, hers, 1, 1, 1)
		alice.Must("readChannel", map[string]any{"channel": hers.Ref})
		unread(t, alice, hers, 0, 0, 0)
		if names := channelNames(bob.ListChannels(map[string]any{"unread": true}).Items); !slices.Equal(names, []string{direct.Name}) {
			t.Errorf("unread are %v", names)
		}
	})
}

// unread checks all counts that a user can ask for.
func unread(t *testing.T, c *harness.Client, channel *harness.Channel, here, everywhere, channels int) {
	t.Helper()
	if n := c.CountUnread(channel); n != here {
		t.Errorf("%s has %d unread messages in the channel, want %d", c.Username(), n, here)
	}
	if is := c.IsUnread(channel); is != (here > 0) {
		t.Errorf("the channel is unread for %s: %v", c.Username(), is)
	}
	if n := c.CountUnread(nil); n != everywhere {
		t.Errorf("%s has %d unread messages, want %d", c.Username(), n, everywhere)
	}
	if n := c.CountUnreadChannels(""); n != channels {
		t.Errorf("%s has %d unread channels, want %d", c.Username(), n, channels)
	}
}

func channelNames(channels []harness.Channel) []string {
	var names []string
	for _, channel := range channels {
		names = append(names, channel.Name)
	}
	return names
}

func readersOf(receipts []harness.Receipt) []string {
	names := []string{}
	for _, receipt := range receipts {
		names = append(names, receipt.User.Name)
	}
	return names
}

// messageOf finds a message as a client sees it.
func messageOf(t *testing.T, c *harness.Client, channel *harness.Channel, id int64) *harness.Message {
	t.Helper()
	page := c.ListMessages(channel)
	at := slices.IndexFunc(page.Items, func(m harness.Message) bool { return m.ID == id })
	if at < 0 {
		t.Fatalf("%s does not see message %d", c.Username(), id)
	}
	return &page.Items[at]
}

// Who has read nothing has no last message: the SDKs are told so each in the
// way that it can digest.
func TestNothingRead(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		p.start(other(sdk), "bob")
		channel := alice.CreateChannel("PRIVATE", map[string]any{"name": "empty", "members": []any{map[string]any{"username": "bob"}}})
		asked := map[string]any{"channel": channel.Ref, "username": "bob"}
		alice.SendMessage(channel, "unread")
		if sdk == harness.Core {
			if failure := alice.FailureOf("retrieveLastReadMessage", asked); failure.Name != "NotFoundError" {
				t.Errorf("nothing was read: %v", failure)
			}
		} else if m := alice.LastRead(channel, "bob"); m != nil {
			t.Errorf("bob has read %+v", m)
		}
		asked["username"] = "nobody"
		if failure := alice.FailureOf("retrieveLastReadMessage", asked); failure.Name != "UserNotFoundError" {
			t.Errorf("a user who is not there has read: %v", failure)
		}
	})
}

// Receipts are heard by everybody in the chat, by the reader on his other
// devices, and by the author wherever he is.
func TestReceiptsAreHeard(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob, carol := p.start(harness.Core, "alice"), p.start(sdk, "bob"), p.start(other(sdk), "carol")
		phone := p.start(harness.Core, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his, carols := bob.Enter(hers.ID), carol.Enter(hers.ID)
		author, device := alice.Observe("onReadReceiptCreated"), phone.Observe("onReadReceiptCreated")
		bystander := carol.StartChatSession(carols, "onMessageRead")
		var last *harness.Message
		for i := range 3 {
			last = alice.SendMessage(hers, fmt.Sprint(i))
		}
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		bob.Must("readChannel", map[string]any{"channel": his.Ref})

		// One receipt for the newest message stands for all of them.
		var message harness.Message
		call := bystander.On("onMessageRead").Await(t, 1)[0]
		if err := call.Decode(0, &message); err != nil || message.ID != last.ID {
			t.Errorf("carol heard of message %+v %v, want %d", message, err, last.ID)
		}
		if receipt := receiptOf(t, call, 1); receipt.User.Name != "bob" || receipt.CreatedTime == "" {
			t.Errorf("carol heard of %+v", receipt)
		}
		for who, log := range map[string]*harness.Log{"alice": author, "bob's phone": device} {
			receipt := receiptOf(t, log.Await(t, 1)[0], 0)
			if want := fmt.Sprintf("/application/v1/messages/%d.relay", last.ID); receipt.User.Name != "bob" || receipt.Relays["message"] != want {
				t.Errorf("%s heard of %+v", who, receipt)
			}
		}
		carol.Must("readMessage", reading(messageOf(t, carol, carols, last.ID)))
		author.Await(t, 2)
		bystander.On("onMessageRead").Await(t, 2)
		if n := device.Len(); n != 1 {
			t.Errorf("bob's phone heard of %d receipts", n)
		}
	})
}

func receiptOf(t *testing.T, call harness.Call, index int) (receipt harness.Receipt) {
	t.Helper()
	if err := call.Decode(index, &receipt); err != nil {
		t.Fatal(err)
	}
	return receipt
}

// A message can be made unread again, which takes its receipt back.
func TestUnreading(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Core, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		session := alice.StartChatSession(hers, "onMessageRead", "onMessageUnread")
		deleted, own := alice.Observe("onReadReceiptDeleted"), bob.Observe("onReadReceiptDeleted")
		first, second := alice.SendMessage(hers, "one"), alice.SendMessage(hers, "two")
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		session.On("onMessageRead").Await(t, 1)

		bob.Must("unreadMessage", reading(messageOf(t, bob, his, second.ID)))
		unread(t, bob, his, 1, 1, 1)
		var message harness.Message
		if err := session.On("onMessageUnread").Await(t, 1)[0].Decode(0, &message); err != nil || message.ID != second.ID {
			t.Errorf("alice heard of %+v, want %d", message, second.ID)
		}
		for _, log := range []*harness.Log{deleted, own} {
			if receipt := receiptOf(t, log.Await(t, 1)[0], 0); receipt.User.Name != "bob" {
				t.Errorf("heard of %+v", receipt)
			}
		}
		if found := readersOf(alice.ListReceipts(second).Items); len(found) != 0 {
			t.Errorf("read by %v", found)
		}
		if last := alice.LastRead(hers, "bob"); last == nil || last.ID != first.ID {
			t.Errorf("bob has last read %+v", last)
		}
		bob.Must("unreadMessage", reading(messageOf(t, bob, his, first.ID)))
		unread(t, bob, his, 2, 2, 1)
		_ = alice.FailureOf("retrieveLastReadMessage", map[string]any{"channel": hers.Ref, "username": "bob"})
	})
}

// The members who have read up to a message are listed with it.
func TestChannelContext(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Core, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		first := alice.SendMessage(hers, "one")
		alice.SendMessage(hers, "two")
		bob.Must("readMessage", reading(messageOf(t, bob, his, first.ID)))
		var context struct {
			ReadBy map[string][]int64 `json:"readBy"`
		}
		if err := json.Unmarshal(alice.Must("retrieveChannelContext", map[string]any{"channel": hers.Ref}).JSON, &struct {
			Context any `json:"context"`
		}{&context}); err != nil {
			t.Fatal(err)
		}
		if readers := context.ReadBy[fmt.Sprint(first.ID)]; len(context.ReadBy) != 1 || !slices.Equal(readers, []int64{bob.CurrentUser().ID}) {
			t.Errorf("read by %v", context.ReadBy)
		}
	})
}

// Who is no member cannot read; who may not see the channel does not learn of
// it.
func TestStrangersDoNotRead(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, eve := p.start(other(sdk), "alice"), p.start(sdk, "eve")
		public := alice.CreateChannel("PUBLIC", map[string]any{"name": "public"})
		alice.SendMessage(public, "hello")
		hers := eve.RetrieveChannel(public.ID)
		if failure := eve.FailureOf("readChannel", map[string]any{"channel": hers.Ref}); failure.Name != "NotAChannelMemberError" {
			t.Errorf("eve reads: %v", failure)
		}
		if failure := eve.FailureOf("readMessage", reading(&eve.ListMessages(hers).Items[0])); failure.Name != "NotAChannelMemberError" {
			t.Errorf("eve reads: %v", failure)
		}
		unread(t, eve, hers, 0, 0, 0)
	})
}

// The counters of connectApi start with what is unread and follow what is read.
func TestConnectAPICounters(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Classic, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		alice.SendMessage(hers, "one")
		alice.SendMessage(hers, "two")

		connection := p.node.ConnectAPI(p.Host(), p.APIKey, "bob")
		messages, channels := connection.Watch("unreadMessagesCount"), connection.Watch("unreadChannelsCount")
		messages.AwaitMatch(t, "two unread messages", shows("2"))
		channels.AwaitMatch(t, "one unread channel", shows("1"))
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		messages.AwaitMatch(t, "no unread messages", shows("0"))
		channels.AwaitMatch(t, "no unread channels", shows("0"))
		connection.Dispose()
	})
}

func shows(value string) func(harness.Call) bool {
	return func(call harness.Call) bool { return len(call) > 0 && string(call[0]) == value }
}

// A back end asks for the same.
func TestBackEndCountsUnread(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Classic, "bob")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		sent := alice.SendMessage(hers, "one")
		alice.SendMessage(hers, "two")
		user := bob.CurrentUser().ID
		var counted struct {
			Count int `json:"count"`
		}
		p.rest.Must(&counted, "GET", fmt.Sprintf("/users/%d/messages/unread/count", user), nil)
		if counted.Count != 2 {
			t.Errorf("%d unread messages", counted.Count)
		}
		var users struct {
			Embedded struct {
				Users []harness.User `json:"users"`
			} `json:"_embedded"`
		}
		p.rest.Must(&users, "GET", "/users?unread=true", nil)
		if len(users.Embedded.Users) != 1 || users.Embedded.Users[0].ID != user {
			t.Errorf("unread messages have %+v", users)
		}
		bob.Must("readMessage", reading(messageOf(t, bob, his, sent.ID)))
		var page struct {
			Embedded struct {
				Receipts []harness.Receipt `json:"receipts"`
			} `json:"_embedded"`
		}
		backend.Must(&page, "Messages", "listMessageReadReceipts", sent.ID)
		if found := readersOf(page.Embedded.Receipts); !slices.Equal(found, []string{"bob"}) {
			t.Errorf("read by %v", found)
		}
	})
}

// A receipt that came while a client was away, and the server was restarted, is
// heard when both are back, once.
func TestReceiptsSurviveARestart(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		wire := harness.NewWire(t, p.Server)
		alice := p.node.StartClient(sdk, wire.Host(), p.APIKey, "alice")
		session := alice.StartChatSession(alice.Enter(lobby.ID), "onMessageRead")
		bob := p.start(other(sdk), "bob")
		his := bob.Enter(lobby.ID)
		sent := p.rest.SendMessage(lobby.ID, "", "hello")
		offline := alice.Observe("onCurrentUserOffline")
		times := offline.Len()
		if err := wire.Cut(); err != nil {
			t.Fatal(err)
		}
		offline.Await(t, times+1)
		bob.Must("readChannel", map[string]any{"channel": his.Ref})
		p.Stop()
		p.Start()
		read := session.On("onMessageRead")
		read.AwaitMatch(t, "the receipt", func(call harness.Call) bool {
			var message harness.Message
			return call.Decode(0, &message) == nil && message.ID == sent.ID
		})
		if receipt := receiptOf(t, read.Calls()[0], 1); read.Len() != 1 || receipt.User.Name != "bob" {
			t.Errorf("heard %d receipts, the first of %s", read.Len(), receipt.User.Name)
		}
	})
}
