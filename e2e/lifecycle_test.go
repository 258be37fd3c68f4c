package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/purrchat/purr/e2e/harness"
)

// object is a request of an SDK, or any JSON object.
type object = map[string]any

// talk is a channel in which two users chat, each with another SDK.
type talk struct {
	place
	t          *testing.T
	alice, bob *harness.Client
	hers, his  *harness.Channel
	// heard is bob's chat session.
	heard *harness.ChatSession
}

func newTalk(t *testing.T, p place, sdk harness.SDK, handlers ...string) *talk {
	t.Helper()
	a, b := p.start(sdk, "alice"), p.start(other(sdk), "bob")
	k := &talk{place: p, t: t, alice: a, bob: b, hers: a.CreateChannel("PUBLIC", object{"name": "lobby"})}
	k.his = b.Enter(k.hers.ID)
	k.heard = b.StartChatSession(k.his, append(handlers, harness.OnMessage)...)
	return k
}

// part reads a part of a result.
func part[T any](t *testing.T, r harness.Result, name string) (v T) {
	t.Helper()
	if err := r.Part(name, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// fullMessage is a message with what the stories of this file look at.
type fullMessage struct {
	harness.Message
	LastEditedTime string            `json:"lastEditedTime"`
	RepliesCount   int               `json:"repliesCount"`
	NestedLevel    int               `json:"nestedLevel"`
	Properties     map[string]any    `json:"properties"`
	Relays         map[string]string `json:"_relays"`
	Links          []found           `json:"links"`
	Mentions       []found           `json:"mentions"`
	Reactions      []struct {
		Emoji emoji          `json:"emoji"`
		Users []harness.User `json:"users"`
		Count int            `json:"count"`
	} `json:"reactions"`
}

type found struct {
	Type, Tag, Source string
	StartPosition     int
	EndPosition       int
	User              *harness.User
	Channel           *harness.Channel
}

type emoji struct {
	Character, Description string
	Aliases, Tags          []string
}

type reaction struct {
	Emoji       emoji
	User        harness.User
	CreatedTime string
}

// page reads the items of a list.
func page[T any](t *testing.T, r harness.Result) []T {
	t.Helper()
	return part[struct{ Items []T }](t, r, "paginator").Items
}

// await waits for the nth call of one of bob's handlers and decodes an argument.
func await[T any](k *talk, handler string, n, argument int) (v T) {
	k.t.Helper()
	calls := k.heard.On(handler).Await(k.t, n)
	if err := calls[n-1].Decode(argument, &v); err != nil {
		k.t.Fatalf("%s, argument %d: %v", handler, argument, err)
	}
	return v
}

func TestEditingAMessage(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk, "onMessageUpdated")
		sent := k.alice.SendMessage(k.hers, "helo")
		edited := part[fullMessage](t, k.alice.Must("editMessage", object{"message": sent.Ref, "body": "hello <@bob>"}), "message")
		if edited.Body != "hello <@bob>" || edited.LastEditedTime == "" || edited.ID != sent.ID || len(edited.Mentions) != 1 {
			t.Errorf("edited: %+v", edited)
		}
		if heard := await[fullMessage](k, "onMessageUpdated", 1, 0); heard.Body != edited.Body || heard.LastEditedTime != edited.LastEditedTime {
			t.Errorf("bob heard %+v", heard)
		}
		his := k.bob.ListMessages(k.his).Items[0]
		if f := k.bob.FailureOf("editMessage", object{"message": his.Ref, "body": "mine"}); f.Name != "NotMessageAuthorError" {
			t.Errorf("bob's edit: %v", f)
		}
		k.rest.Must(nil, http.MethodPatch, fmt.Sprintf("/messages/%d", sent.ID), object{"body": "from outside", "properties": object{"a": 1}})
		if heard := await[fullMessage](k, "onMessageUpdated", 2, 0); heard.Body != "from outside" {
			t.Errorf("bob heard %+v", heard)
		}
		if sdk == harness.Classic {
			return // it cannot change properties
		}
		changed := part[fullMessage](t, k.alice.Must("updateMessageProperties", object{"message": sent.Ref, "properties": object{"b": 2}}), "message")
		if fmt.Sprint(changed.Properties) != "map[a:1 b:2]" || changed.Body != "from outside" {
			t.Errorf("changed: %+v", changed)
		}
		await[fullMessage](k, "onMessageUpdated", 3, 0)
	})
}

func TestDeletingAMessage(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		handlers := []string{}
		if sdk == harness.Classic { // so bob's is the one that can hear of it
			handlers = append(handlers, "onMessageDeleted")
		}
		k := newTalk(t, p, sdk, handlers...)
		k.alice.SendMessage(k.hers, "one")
		two := k.alice.SendMessage(k.hers, "two")
		if gone := part[fullMessage](t, k.alice.Must("deleteMessage", object{"message": two.Ref}), "message"); gone.ID != two.ID || gone.Body != "" {
			t.Errorf("deleted: %+v", gone)
		}
		if len(handlers) > 0 {
			if heard := await[fullMessage](k, "onMessageDeleted", 1, 0); heard.ID != two.ID || heard.Body != "" {
				t.Errorf("bob heard %+v", heard)
			}
		}
		if left := bodies(k.bob.ListMessages(k.his).All()); fmt.Sprint(left) != "[one]" {
			t.Errorf("left: %q", left)
		}
		if status := k.rest.Status(http.MethodGet, fmt.Sprintf("/messages/%d", two.ID), nil); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
		last := func() (body string) {
			var c struct {
				LastReceivedMessage *harness.Message `json:"lastReceivedMessage"`
			}
			k.rest.Must(&c, http.MethodGet, fmt.Sprintf("/channels/%d", k.hers.ID), nil)
			if c.LastReceivedMessage != nil {
				body = c.LastReceivedMessage.Body
			}
			return body
		}
		if last() != "one" {
			t.Errorf("the newest is %q", last())
		}
		his := k.bob.ListMessages(k.his).Items[0]
		if f := k.bob.FailureOf("deleteMessage", object{"message": his.Ref}); f.Name != "NotMessageAuthorError" {
			t.Errorf("bob's deletion: %v", f)
		}
		mine := k.bob.SendMessage(k.his, "bob's")
		hers := k.alice.ListMessages(k.hers).Items[0]
		k.alice.Must("deleteMessage", object{"message": hers.Ref}) // the channel is hers
		if f := k.bob.FailureOf("deleteMessage", object{"message": mine.Ref}); f.Name != "MessageNotFoundError" {
			t.Errorf("deleted twice: %v", f)
		}
		var thread struct{ Type string }
		k.rest.Must(&thread, http.MethodDelete, fmt.Sprintf("/messages/%d", his.ID), nil)
		if thread.Type != "MAIN" || last() != "" {
			t.Errorf("it was in %+v; the newest is %q", thread, last())
		}
		k.rest.SendMessage(k.hers.ID, "", "system")
		k.rest.Must(nil, http.MethodDelete, "/messages", nil)
		if left := k.rest.History(k.hers.ID); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

func TestDeletingAMessageForMe(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		k := newTalk(t, newPlace(t, engine), harness.Classic) // alone has it
		k.alice.SendMessage(k.hers, "one")
		two := k.alice.SendMessage(k.hers, "two")
		for range 2 {
			if gone := part[fullMessage](t, k.alice.Must("deleteMessageForMe", object{"message": two.Ref}), "message"); gone.ID != two.ID {
				t.Errorf("deleted: %+v", gone)
			}
		}
		if hers := bodies(k.alice.ListMessages(k.hers).All()); fmt.Sprint(hers) != "[one]" {
			t.Errorf("hers: %q", hers)
		}
		if his := bodies(k.bob.ListMessages(k.his).All()); fmt.Sprint(his) != "[one two]" {
			t.Errorf("his: %q", his)
		}
	})
}

func TestReportingAMessage(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		k := newTalk(t, newPlace(t, engine), harness.Core) // alone has it
		sent := k.rest.SendMessage(k.hers.ID, "bob", "rude")
		k.rest.SendMessage(k.hers.ID, "bob", "polite")
		hers := k.alice.ListMessages(k.hers).Items[1]
		result := k.alice.Must("reportMessage", object{"message": hers.Ref, "reason": "rude", "properties": object{"a": 1}})
		if !strings.Contains(string(result.JSON), `"reason":"rude"`) || !strings.Contains(string(result.JSON), `"name":"alice"`) {
			t.Errorf("reported: %s", result.JSON)
		}
		var list struct {
			Embedded struct{ Messages []harness.Message } `json:"_embedded"`
		}
		k.rest.Must(&list, http.MethodGet, fmt.Sprintf("/channels/%d/reported-messages", k.hers.ID), nil)
		if len(list.Embedded.Messages) != 1 || list.Embedded.Messages[0].ID != sent.ID {
			t.Errorf("reported messages: %+v", list)
		}
	})
}

func TestReplies(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk)
		top := k.alice.SendMessage(k.hers, "top")
		if f := k.alice.FailureOf("retrieveMessageParent", object{"message": top.Ref}); !strings.Contains(f.Name+f.Error(), "MessageNotAReply") {
			t.Errorf("the parent of no reply: %v", f)
		}
		first := k.alice.Must("sendMessage", object{"message": top.Ref, "body": "reply 1"})
		reply := part[fullMessage](t, first, "message")
		if reply.NestedLevel != 1 || reply.Relays["parent"] == "" || reply.ChannelID != k.hers.ID {
			t.Errorf("a reply: %+v", reply)
		}
		deeper := part[fullMessage](t, k.alice.Must("sendMessage", object{"message": first.Ref.Part("message"), "body": "deeper"}), "message")
		if deeper.NestedLevel != 2 {
			t.Errorf("a reply to a reply: %+v", deeper)
		}
		if heard := await[fullMessage](k, harness.OnMessage, 2, 0); heard.ID != reply.ID {
			t.Errorf("bob heard %+v", heard)
		}
		if parent := await[fullMessage](k, harness.OnMessage, 2, 1); parent.ID != top.ID || parent.RepliesCount != 1 {
			t.Errorf("bob was given the parent %+v", parent)
		}
		k.alice.Must("sendMessage", object{"message": top.Ref, "body": "reply 2"})
		if n := part[int](t, k.alice.Must("countMessageReplies", object{"message": top.Ref}), "count"); n != 2 {
			t.Errorf("%d replies", n)
		}
		listed := page[fullMessage](t, k.alice.Must("listMessages", object{"message": top.Ref}))
		if len(listed) != 2 || listed[0].Body != "reply 2" || listed[1].ID != reply.ID {
			t.Errorf("replies: %+v", listed)
		}
		all := page[fullMessage](t, k.alice.Must("listMessages", object{"channel": k.hers.Ref}))
		main := page[fullMessage](t, k.alice.Must("listMessages", object{"channel": k.hers.Ref, "filter": object{"mainThread": true}}))
		if len(all) != 4 || len(main) != 1 || main[0].ID != top.ID || main[0].RepliesCount != 2 {
			t.Errorf("%d messages, in the main thread %+v", len(all), main)
		}
		parent := part[fullMessage](t, k.alice.Must("retrieveMessageParent", object{"message": first.Ref.Part("message")}), "message")
		channel := part[harness.Channel](t, k.alice.Must("retrieveMessageChannel", object{"message": first.Ref.Part("message")}), "channel")
		if parent.ID != top.ID || channel.ID != k.hers.ID {
			t.Errorf("parent %+v, channel %+v", parent, channel)
		}
		k.alice.Must("deleteMessage", object{"message": top.Ref})
		for _, m := range page[fullMessage](t, k.alice.Must("listMessages", object{"channel": k.hers.Ref})) {
			if m.ID == reply.ID && (m.Relays["parent"] != "" || m.NestedLevel != 1) {
				t.Errorf("the reply to what is gone: %+v", m)
			}
		}
	})
}

func TestMentionsAndLinks(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk)
		body := "😀 <@bob>, come to <#lobby> (see https://a.example/ü?q=1). <@nobody> stays."
		k.alice.SendMessage(k.hers, body)
		m := await[fullMessage](k, harness.OnMessage, 1, 0)
		cut := func(f found) string {
			return string(utf16.Decode(utf16.Encode([]rune(m.Body))[f.StartPosition:f.EndPosition]))
		}
		if m.Body != body || len(m.Mentions) != 2 || len(m.Links) != 1 {
			t.Fatalf("%+v", m)
		}
		user, channel, link := m.Mentions[0], m.Mentions[1], m.Links[0]
		if user.Type != "USER" || user.Tag != "<@bob>" || cut(user) != user.Tag || user.User.Name != "bob" {
			t.Errorf("a user: %+v", user)
		}
		if channel.Type != "CHANNEL" || channel.Tag != "<#lobby>" || cut(channel) != channel.Tag ||
			channel.Channel.ID != k.hers.ID || channel.User.Name != "alice" {
			t.Errorf("a channel: %+v", channel)
		}
		if link.Source != "https://a.example/ü?q=1" || cut(link) != link.Source {
			t.Errorf("a link: %+v", link)
		}
	})
}

// The main thread of a channel is the channel itself: what is written, typed
// and read there is so in the channel.
func TestMainThread(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk, "onKeystrokesReceived", "onTypingStarted")
		main := k.alice.Must("listThreads", object{"channel": k.hers.Ref}).Ref.Part("paginator.items.0")
		k.alice.Must("sendKeystrokes", object{"thread": main, "keys": "hel"})
		k.heard.On("onKeystrokesReceived").AwaitMatch(t, "the keystrokes", func(call harness.Call) bool {
			var typed struct{ Username, Keys string }
			return call.Decode(0, &typed) == nil && typed.Username == "alice" && typed.Keys == "hel"
		})
		k.heard.On("onTypingStarted").AwaitMatch(t, "alice's typing", named("alice"))
		if sent := part[fullMessage](t, k.alice.Must("sendMessage", object{"thread": main, "body": "hello"}), "message"); sent.NestedLevel != 0 || sent.ChannelID != k.hers.ID {
			t.Errorf("sent: %+v", sent)
		}
		if heard := await[fullMessage](k, harness.OnMessage, 1, 0); heard.Body != "hello" {
			t.Errorf("bob heard %+v", heard)
		}
		unread(t, k.bob, k.his, 1, 1, 1)
		k.bob.Must("readThread", object{"thread": k.bob.Must("listThreads", object{"channel": k.his.Ref}).Ref.Part("paginator.items.0")})
		unread(t, k.bob, k.his, 0, 0, 0)
		if last := k.alice.LastRead(k.hers, "bob"); last == nil || last.Body != "hello" {
			t.Errorf("bob has last read %+v", last)
		}
	})
}

func TestThreadsOfAChannel(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk)
		created := k.alice.Must("createThread", object{"channel": k.hers.Ref, "name": "aside", "properties": object{"a": 1}})
		type thread struct {
			ID         int64
			Type, Name string
		}
		made := part[thread](t, created, "thread")
		if made.Type != "STANDALONE" || made.Name != "aside" {
			t.Errorf("created: %+v", made)
		}
		ref := created.Ref.Part("thread")
		k.heard.SetThread(ref)
		if sent := part[fullMessage](t, k.alice.Must("sendMessage", object{"thread": ref, "body": "into it"}), "message"); sent.ChannelID != k.hers.ID {
			t.Errorf("sent: %+v", sent)
		}
		if heard := await[fullMessage](k, harness.OnMessage, 1, 0); heard.Body != "into it" {
			t.Errorf("bob heard %+v", heard)
		}
		top := k.alice.SendMessage(k.hers, "top")
		k.alice.Must("sendMessage", object{"message": top.Ref, "body": "reply"})
		all := k.alice.Must("listThreads", object{"channel": k.hers.Ref})
		if list := page[thread](t, all); len(list) != 3 || list[0].Type != "MESSAGE" || list[1].ID != made.ID || list[2].Type != "MAIN" {
			t.Errorf("threads: %+v", list)
		}
		filter := object{"includeMainThread": false, "standalone": true}
		if list := page[thread](t, k.alice.Must("listThreads", object{"channel": k.hers.Ref, "filter": filter})); len(list) != 1 || list[0].ID != made.ID {
			t.Errorf("standalone threads: %+v", list)
		}
		if c := part[harness.Channel](t, k.alice.Must("listThreadChannel", object{"thread": ref}), "channel"); c.ID != k.hers.ID {
			t.Errorf("channel: %+v", c)
		}
		of := all.Ref.Part("paginator.items.0")
		if m := part[fullMessage](t, k.alice.Must("listThreadMessage", object{"thread": of}), "message"); m.ID != top.ID {
			t.Errorf("message: %+v", m)
		}
		if sdk == harness.Core {
			if f := k.alice.FailureOf("listThreadMessage", object{"thread": ref}); f.Name != "MessageNotFoundError" {
				t.Errorf("the message of a standalone thread: %v", f)
			}
		} else {
			k.alice.Must("listThreadMessage", object{"thread": ref})
		}
		k.alice.Must("readThread", object{"thread": ref})

		var shown thread
		k.rest.Must(&shown, http.MethodGet, fmt.Sprintf("/threads/%d", made.ID), nil)
		if shown != made {
			t.Errorf("on the Platform API: %+v", shown)
		}
		path := fmt.Sprintf("/threads/%d/messages", top.ID)
		k.rest.Must(nil, http.MethodPost, path, object{"type": "TEXT", "body": "from outside", "user": object{"username": "bob"}})
		var replies struct {
			Embedded struct{ Messages []fullMessage } `json:"_embedded"`
		}
		k.rest.Must(&replies, http.MethodGet, path, nil)
		if list := replies.Embedded.Messages; len(list) != 2 || list[0].Body != "from outside" || list[0].NestedLevel != 1 {
			t.Errorf("replies: %+v", list)
		}
	})
}

func TestReactions(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		k := newTalk(t, p, sdk, "onMessageReactionAdded", "onMessageReactionRemoved")
		sent := k.alice.SendMessage(k.hers, "like it?")
		on := func(emoji string) object { return object{"message": sent.Ref, "emoji": emoji} }
		for _, spelling := range []string{"👍", ":+1:", "+1"} { // the last two are there already
			r := part[reaction](t, k.alice.Must("reactToMessage", on(spelling)), "reaction")
			if r.Emoji.Character != "👍" || r.Emoji.Aliases[0] != "+1" || r.User.Name != "alice" || r.CreatedTime == "" {
				t.Errorf("%s: %+v", spelling, r)
			}
		}
		k.alice.Must("reactToMessage", on("tada"))
		if f := k.alice.FailureOf("reactToMessage", on("no such emoji")); f.Name != "UnknownEmojiError" {
			t.Errorf("no emoji: %v", f)
		}
		if second := await[reaction](k, "onMessageReactionAdded", 2, 1); second.Emoji.Character != "🎉" {
			t.Errorf("bob heard %+v", second)
		}
		with := await[fullMessage](k, "onMessageReactionAdded", 1, 0)
		if with.ID != sent.ID || len(with.Reactions) == 0 || with.Reactions[0].Count != 1 || with.Reactions[0].Users[0].Name != "alice" {
			t.Errorf("bob was given the message %+v", with)
		}
		his := k.bob.ListMessages(k.his).Items[0]
		k.bob.Must("reactToMessage", object{"message": his.Ref, "emoji": "👍🏿"})
		list := page[reaction](t, k.alice.Must("listReactions", object{"message": sent.Ref}))
		if len(list) != 3 || list[0].User.Name != "alice" || list[2].User.Name != "bob" || list[2].Emoji.Character != "👍" {
			t.Errorf("reactions: %+v", list)
		}
		for range 2 { // the second time there is nothing left to remove
			r := part[reaction](t, k.alice.Must("removeReaction", on("tada")), "reaction")
			if r.Emoji.Character != "🎉" {
				t.Errorf("removed: %+v", r)
			}
		}
		if r := await[reaction](k, "onMessageReactionRemoved", 1, 1); r.Emoji.Character != "🎉" {
			t.Errorf("bob heard %+v removed", r)
		}
		without := await[fullMessage](k, "onMessageReactionRemoved", 1, 0)
		if len(without.Reactions) != 1 || without.Reactions[0].Count != 2 {
			t.Errorf("bob was given the message %+v", without)
		}
		if n := k.heard.On("onMessageReactionAdded").Len(); n != 3 {
			t.Errorf("bob heard of %d reactions", n)
		}
	})
}

// What became of messages while a client was away reaches it when it comes back,
// even after a restart of the server: a deleted message as its remains.
func TestWhatBecameOfMessagesMeanwhile(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		lobby := p.rest.CreateChannel("PUBLIC", "lobby")
		wire := harness.NewWire(t, p.Server)
		bob := p.node.StartClient(harness.Core, wire.Host(), p.APIKey, "bob")
		heard := bob.StartChatSession(bob.Enter(lobby.ID), "onMessageUpdated", "onMessageDeleted", "onMessageReactionAdded", "onMessageReactionRemoved")
		offline := bob.Observe("onCurrentUserOffline")
		alice := p.start(harness.Classic, "alice")
		hers := alice.Enter(lobby.ID)
		edited, gone := alice.SendMessage(hers, "helo"), alice.SendMessage(hers, "oops")
		if err := wire.Freeze(); err != nil {
			t.Fatal(err)
		}
		alice.Must("editMessage", object{"message": edited.Ref, "body": "hello"})
		alice.Must("deleteMessage", object{"message": gone.Ref})
		alice.Must("reactToMessage", object{"message": edited.Ref, "emoji": "+1"})
		alice.Must("removeReaction", object{"message": edited.Ref, "emoji": "+1"})
		p.Stop()
		offline.Await(t, 1)
		p.Start()
		k := &talk{t: t, heard: heard}
		if m := await[fullMessage](k, "onMessageUpdated", 1, 0); m.ID != edited.ID || m.Body != "hello" {
			t.Errorf("updated: %+v", m)
		}
		if m := await[fullMessage](k, "onMessageDeleted", 1, 0); m.ID != gone.ID || m.Body != "" {
			t.Errorf("deleted: %+v", m)
		}
		if r := await[reaction](k, "onMessageReactionAdded", 1, 1); r.Emoji.Aliases[0] != "+1" {
			t.Errorf("added: %+v", r)
		}
		if m := await[fullMessage](k, "onMessageReactionRemoved", 1, 0); m.ID != edited.ID || len(m.Reactions) != 0 {
			t.Errorf("removed from: %+v", m)
		}
	})
}

// Back ends change and remove messages and answer in threads.
func TestBackEndMessages(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, _ place, backend *harness.PlatformClient) {
		var created identified
		backend.Must(&created, "Channels", "createChannel", map[string]any{"type": "PUBLIC", "name": "square"})
		square := created.ID
		backend.Must(&created, "Channels", "sendChannelMessage", square, map[string]any{"type": "TEXT", "body": "draft"})
		top := created.ID
		answer := backend.Must(nil, "Messages", "updateMessage", top, map[string]any{"body": "final"})
		if backend.Text(answer.Data, "body") != "final" || backend.Text(answer.Data, "lastEditedTime") == "" {
			t.Errorf("changed: %s", answer.Data)
		}
		backend.Must(&created, "Threads", "sendThreadMessage", top, map[string]any{"type": "TEXT", "body": "reply"})
		if ids := embeddedIDs(t, backend.Must(nil, "Threads", "listThreadMessages", top).Data, "messages"); !slices.Equal(ids, []int64{created.ID}) {
			t.Errorf("replies: %v", ids)
		}
		var thread identified
		backend.Must(&thread, "Messages", "deleteMessage", created.ID)
		if answer := backend.Must(nil, "Threads", "retrieveThread", thread.ID); thread.ID != top || backend.Text(answer.Data, "type") != "MESSAGE" {
			t.Errorf("the reply was in %s", answer.Data)
		}
		backend.Must(nil, "Messages", "deleteMessages")
		if status := backend.StatusOf("Messages", "retrieveMessage", top); status != http.StatusNotFound {
			t.Errorf("a deleted message answers with %d", status)
		}
	})
}
