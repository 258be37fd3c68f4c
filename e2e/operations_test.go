package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// Every operation about channels answers as its type promises.
func TestBackEndChannelOperations(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		users := func(item string) harness.Shape { return harness.PageShape(item, harness.UserShape) }
		alice, bob, carol := p.rest.CreateUser("alice"), p.rest.CreateUser("bob"), p.rest.CreateUser("carol")
		var room identified
		backend.Is(harness.ChannelShape, &room, "Channels", "createChannel", backend.Members(map[string]any{
			"type": "PRIVATE", "name": "room", "displayName": "Room", "creator": map[string]any{"id": alice.ID}, "properties": map[string]any{"team": "red"},
		}))
		p.rest.CreateChannel("PUBLIC", "square", "bob")
		backend.Is(harness.ChannelShape, nil, "Channels", "retrieveChannel", room.ID)
		backend.Is(harness.ChannelShape, nil, "Channels", "updateChannel", room.ID, backend.Members(map[string]any{"displayName": "The room"}))
		found := backend.Is(harness.PageShape("channels", harness.ChannelShape), nil, "Channels", "listChannels",
			0, 5, []string{"name,desc"}, "PRIVATE", []string{"alice"}, "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z", `{"team":"red"}`)
		if ids := embeddedIDs(t, found.Data, "channels"); !slices.Equal(ids, []int64{room.ID}) {
			t.Errorf("the filters find %v", ids)
		}

		backend.Is(harness.DatedShape, nil, "Channels", "sendChannelInvite", room.ID, map[string]any{"user": map[string]any{"username": "bob"}})
		if status := backend.StatusOf("Channels", "sendChannelInvite", room.ID, map[string]any{"user": map[string]any{"username": "nobody"}}); status != http.StatusNotFound {
			t.Errorf("inviting nobody is refused with %d", status)
		}
		invites := backend.Is(harness.PageShape("invites", harness.DatedShape), nil, "Channels", "listChannelInvites", room.ID, 0, 5, []string{"createdTime,desc"})
		if n := strings.Count(string(invites.Data), `"invitee"`); n != 1 {
			t.Errorf("%d invitations: %s", n, invites.Data)
		}
		backend.Is(harness.ChannelShape, nil, "Channels", "addChannelMember", room.ID, map[string]any{"id": carol.ID})
		members := backend.Is(users("users"), nil, "Channels", "listChannelMembers", room.ID, 0, 2, []string{"name,desc"})
		if ids := embeddedIDs(t, members.Data, "users"); !slices.Equal(ids, []int64{carol.ID, bob.ID}) {
			t.Errorf("the last members are %v", ids)
		}
		memberships := backend.Is(harness.PageShape("memberships", harness.DatedShape), nil, "Channels", "listChannelMemberships", room.ID, 0, 10)
		if n := strings.Count(string(memberships.Data), `"member":`); n != 3 {
			t.Errorf("%d memberships: %s", n, memberships.Data)
		}
		backend.Is(harness.ChannelShape, nil, "Channels", "removeChannelMember", room.ID, carol.ID)

		backend.Is(harness.UserShape, nil, "Channels", "addChannelModerator", room.ID, map[string]any{"username": "bob"})
		moderators := func() []int64 {
			return embeddedIDs(t, backend.Is(users("users"), nil, "Channels", "listChannelModerators", room.ID, 0, 10).Data, "users")
		}
		if ids := moderators(); !slices.Equal(ids, []int64{bob.ID}) {
			t.Errorf("moderators are %v", ids)
		}
		backend.Is(harness.ChannelShape, nil, "Channels", "removeChannelModerator", room.ID, bob.ID)
		if ids := moderators(); len(ids) != 0 {
			t.Errorf("moderators are still %v", ids)
		}

		backend.Is(harness.EventShape, nil, "Channels", "sendChannelEvent", room.ID, map[string]any{"type": "wave", "properties": map[string]any{"some_key": 1}})
		backend.Is(harness.KeystrokesShape, nil, "Channels", "sendChannelKeystrokes", room.ID, map[string]any{"keys": "hel", "user": map[string]any{"id": bob.ID}})
		backend.Is(users("users"), nil, "Channels", "listChannelParticipants", room.ID, 0, 10)
		if backend.Named(harness.PlatformNew) {
			backend.Is(harness.PageShape("messages", harness.MessageShape), nil, "Channels", "listChannelReportedMessages", room.ID, 0, 10)
		}
		backend.Is(harness.ApplicationShape, nil, "Channels", "deleteChannel", room.ID)
		for _, gone := range []string{"listChannelInvites", "listChannelMembers", "listChannelMemberships", "listChannelModerators", "listChannelParticipants", "listChannelMessages"} {
			if status := backend.StatusOf("Channels", gone, room.ID); status != http.StatusNotFound {
				t.Errorf("%s of a deleted channel answers with %d", gone, status)
			}
		}
	})
}

// Every operation about messages and threads does.
func TestBackEndMessageOperations(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		alice, bob := p.rest.CreateUser("alice"), p.rest.CreateUser("bob")
		room := p.rest.CreateChannel("PRIVATE", "room", "alice", "bob")
		hall := p.rest.CreateChannel("PUBLIC", "hall", "bob")
		var text, file, system, reply identified
		backend.Is(harness.MessageShape, &text, "Channels", "sendChannelMessage", room.ID, map[string]any{"type": "TEXT", "body": "0", "user": map[string]any{"id": alice.ID}})
		backend.Is(harness.MessageShape, &file, "Channels", "sendChannelMessage", hall.ID, backend.Members(map[string]any{
			"type": "FILE", "user": map[string]any{"username": "bob"}, "groupTag": "album",
			"file": backend.Members(map[string]any{"url": "https://files.example/a.png", "name": "a.png", "contentType": "image/png", "size": 5}),
		}))
		backend.Is(harness.MessageShape, &system, "Channels", "sendChannelMessage", room.ID, map[string]any{"type": "TEXT", "body": "2"})
		backend.Is(harness.MessageShape, &reply, "Threads", "sendThreadMessage", text.ID, map[string]any{"type": "TEXT", "body": "3", "user": map[string]any{"id": bob.ID}})

		list := func(want []int64, group, method string, args ...any) {
			t.Helper()
			answer := backend.Is(backend.CursorShape("messages", harness.MessageShape), nil, group, method, args...)
			if ids := embeddedIDs(t, answer.Data, "messages"); !slices.Equal(ids, want) {
				t.Errorf("%s%v: %v, want %v", method, args, ids, want)
			}
		}
		list([]int64{reply.ID, system.ID, file.ID, text.ID}, "Messages", "listMessages")
		list([]int64{reply.ID, file.ID}, "Messages", "listMessages", 10, 0, 0, "SELF", "bob")
		list([]int64{text.ID}, "Channels", "listChannelMessages", room.ID, 10, 0, 0, "SELF", "alice")
		list([]int64{reply.ID}, "Threads", "listThreadMessages", text.ID, 10)
		list([]int64{reply.ID, file.ID}, "Users", "listUserMessages", bob.ID, 10)
		list([]int64{reply.ID, system.ID}, "Users", "listUserMessages", alice.ID, 10, 0, 0, "SELF", true)
		first := backend.Is(backend.CursorShape("messages", harness.MessageShape), nil, "Messages", "listMessages", 3)
		var page struct {
			Links map[string]struct{ Href string } `json:"_links"`
		}
		if err := json.Unmarshal(first.Data, &page); err != nil {
			t.Fatal(err)
		}
		next := page.Links["next"].Href
		list([]int64{text.ID}, "Messages", "listMessages", 3, cursor(t, next, "start"), cursor(t, next, "next"), "NEXT")
		if status := backend.StatusOf("Users", "listUserMessages", 1); status != http.StatusNotFound {
			t.Errorf("the messages of nobody answer with %d", status)
		}

		backend.Is(harness.MessageShape, nil, "Messages", "retrieveMessage", file.ID)
		backend.Is(harness.MessageShape, nil, "Messages", "updateMessage", text.ID, map[string]any{"body": "changed"})
		backend.Is(harness.PageShape("receipts", harness.ReceiptShape), nil, "Messages", "listMessageReadReceipts", text.ID, 0, 10)
		backend.Is(harness.ThreadShape, nil, "Threads", "retrieveThread", text.ID)
		backend.Is(harness.KeystrokesShape, nil, "Threads", "sendThreadKeystrokes", room.ID, map[string]any{"keys": "x", "user": map[string]any{"username": "bob"}})
		if backend.Named(harness.PlatformNew) {
			var count struct{ Count int64 }
			backend.Is(harness.CountShape, &count, "Users", "countUserUnreadMessages", alice.ID)
			if count.Count != 2 {
				t.Errorf("alice has %d unread messages", count.Count)
			}
			summaries := backend.Is(harness.PageShape("summaries", harness.SummaryShape), nil, "Application", "retrieveApplicationMessageReadReceiptSummaries",
				map[string]any{"page": 0, "size": 10, "sort": []string{"count,desc"}})
			if n := strings.Count(string(summaries.Data), `"count":2`); n != 2 {
				t.Errorf("the summaries are %s", summaries.Data)
			}
		}
		backend.Is(harness.ThreadShape, nil, "Messages", "deleteMessage", reply.ID)
		backend.Is(harness.ApplicationShape, nil, "Messages", "deleteMessages")
		list(nil, "Messages", "listMessages")
	})
}

// Every operation about users, their sessions and secrets does.
func TestBackEndUserOperations(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p place, backend *harness.PlatformClient) {
		var alice identified
		backend.Is(harness.UserShape, &alice, "Users", "createUser", backend.Members(map[string]any{
			"name": "alice", "displayName": "Alice", "isGuest": true, "properties": map[string]any{"team": "red", "snake_key": 1},
		}))
		bob := p.rest.CreateUser("bob")
		backend.Is(harness.UserShape, nil, "Users", "retrieveUser", alice.ID)
		backend.Is(harness.UserShape, nil, "Users", "updateUser", alice.ID, map[string]any{"presence": map[string]any{"status": "away"}})
		backend.Is(harness.UserShape, nil, "Users", "updateUserDisplayPicture", alice.ID, backend.Members(map[string]any{
			"url": "https://files.example/a.png", "name": "a.png", "contentType": "image/png", "size": 5,
		}))
		backend.Is(harness.PageShape("users", harness.UserShape), nil, "Users", "listUsers", 0, 10, []string{"displayName"}, "alice")
		p.rest.CreateChannel("DIRECT", "", "alice", "bob")
		backend.Is(harness.PageShape("channels", harness.ChannelShape), nil, "Users", "listUserChannels", alice.ID, 0, 10)
		if backend.Named(harness.PlatformNew) {
			found := backend.Is(harness.PageShape("users", harness.UserShape), nil, "Users", "listUsers", 0, 10, []string{"id"}, "alice", false, `{"team":"red"}`)
			if ids := embeddedIDs(t, found.Data, "users"); !slices.Equal(ids, []int64{alice.ID}) {
				t.Errorf("the red team is %v", ids)
			}
		}

		const name = "Card / Number?"
		for _, secret := range []any{"My secret is...", map[string]any{"snake_key": map[string]any{"camelKey": 1}}} {
			answer := backend.Is(harness.UserShape, nil, "Users", "setUserSecret", alice.ID, name, map[string]any{"secret": secret})
			if strings.Contains(string(answer.Data), "secret") {
				t.Errorf("setting a secret answers with it: %s", answer.Data)
			}
			want, err := json.Marshal(map[string]any{"secret": secret})
			if err != nil {
				t.Fatal(err)
			}
			if got := backend.Must(nil, "Users", "retrieveUserSecret", alice.ID, name).Data; string(got) != string(want) {
				t.Errorf("the secret is %s, want %s", got, want)
			}
		}
		for _, secret := range []string{"My secret is...", "camelKey"} {
			p.hides(t, secret)
		}
		backend.Is(harness.UserShape, nil, "Users", "removeUserSecret", alice.ID, name)
		if status := backend.StatusOf("Users", "retrieveUserSecret", alice.ID, name); status != http.StatusNotFound {
			t.Errorf("a removed secret answers with %d", status)
		}
		if !backend.Named(harness.PlatformNew) {
			backend.Is(harness.ApplicationShape, nil, "Users", "deleteUser", alice.ID)
			return // the older SDK has the sessions' classes, but makes none of them
		}

		client := p.start(harness.Core, "alice")
		room := client.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		chat := client.StartChatSession(room, harness.OnMessage)
		sessions := func(group, method, state string) (ids []int64) {
			shape := harness.UserSessionShape
			if group == "ChatSessions" {
				shape = harness.ChatSessionShape
			}
			return embeddedIDs(t, backend.Is(harness.PageShape("sessions", shape), nil, group, method, 0, 10, []string{"createdTime,desc"}, state).Data, "sessions")
		}
		if ids := sessions("UserSessions", "listUserSessions", "ACTIVE"); len(ids) != 1 {
			t.Errorf("active user sessions are %v", ids)
		}
		eventually(t, "the chat session", func() bool { return len(sessions("ChatSessions", "listChatSessions", "ACTIVE")) == 1 })
		participants := embeddedIDs(t, backend.Must(nil, "Channels", "listChannelParticipants", room.ID).Data, "users")
		if !slices.Equal(participants, []int64{alice.ID}) {
			t.Errorf("participants are %v", participants)
		}
		chat.End()
		eventually(t, "the end of the chat session", func() bool { return len(sessions("ChatSessions", "listChatSessions", "ENDED")) == 1 })
		client.EndSession()
		eventually(t, "the end of the session", func() bool { return len(sessions("UserSessions", "listUserSessions", "ENDED")) == 1 })
		if status := backend.StatusOf("ChatSessions", "listChatSessions", 0, 10, nil, "OPEN"); status != http.StatusBadRequest {
			t.Errorf("an unknown state is refused with %d", status)
		}
		backend.Is(harness.ApplicationShape, nil, "Users", "deleteUser", bob.ID)
	})
}

// eventually asks again and again until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(harness.Patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not there", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// What a back end does is heard by those who chat.
func TestBackEndIsHeard(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		for i, sdk := range clientSDKs {
			t.Run(string(sdk), func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				backend := p.node.NewPlatform(platformSDKs[i%len(platformSDKs)], p.Server, p.Application)
				alice := p.rest.CreateUser("alice")
				room := p.rest.CreateChannel("PRIVATE", "room", "alice")
				bob := p.start(sdk, "bob")
				joined := bob.Observe("onChannelJoined")
				backend.Must(nil, "Channels", "sendChannelInvite", room.ID, map[string]any{"user": map[string]any{"username": "bob"}})
				joined.Await(t, 1)

				started, stopped := bob.Observe("onParticipantStartedTyping"), bob.Observe("onParticipantStoppedTyping")
				updated := bob.Observe("onChannelUpdated")
				watch := bob.StartChatSession(bob.RetrieveChannel(room.ID),
					harness.OnMessage, "onKeystrokesReceived", "onTypingStarted", "onTypingStopped", "onEventTriggered", "onModeratorAdded", "onMemberJoined")
				keys := func(group string) {
					backend.Must(nil, group, map[string]string{"Channels": "sendChannelKeystrokes", "Threads": "sendThreadKeystrokes"}[group], room.ID,
						map[string]any{"keys": "via " + group, "user": map[string]any{"id": alice.ID}})
					watch.On("onKeystrokesReceived").AwaitMatch(t, "the keystrokes", func(call harness.Call) bool {
						var typed struct{ Username, Keys string }
						return call.Decode(0, &typed) == nil && typed.Username == "alice" && typed.Keys == "via "+group
					})
				}
				keys("Channels")
				keys("Threads")
				watch.On("onTypingStarted").AwaitMatch(t, "alice's typing", named("alice"))
				started.AwaitMatch(t, "alice's typing", named("alice"))
				backend.Must(nil, "Channels", "sendChannelMessage", room.ID, map[string]any{"type": "TEXT", "body": "done", "user": map[string]any{"id": alice.ID}})
				watch.On("onTypingStopped").AwaitMatch(t, "alice's being done", named("alice"))
				stopped.AwaitMatch(t, "alice's being done", named("alice"))

				backend.Must(nil, "Channels", "sendChannelEvent", room.ID, map[string]any{"type": "wave", "properties": map[string]any{"hand": "left"}})
				watch.On("onEventTriggered").AwaitMatch(t, "the event", func(call harness.Call) bool {
					var event struct {
						Type       string
						User       *harness.User
						Properties struct{ Hand string }
					}
					return call.Decode(0, &event) == nil && event.Type == "wave" && event.User == nil && event.Properties.Hand == "left"
				})
				backend.Must(nil, "Channels", "addChannelModerator", room.ID, map[string]any{"username": "bob"})
				updated.Await(t, 1)
				p.rest.CreateUser("carol")
				backend.Must(nil, "Channels", "sendChannelInvite", room.ID, map[string]any{"user": map[string]any{"username": "carol"}})
				if sdk == harness.Core { // the other has no such handlers
					watch.On("onModeratorAdded").AwaitMatch(t, "bob's appointment", named("bob"))
					watch.On("onMemberJoined").AwaitMatch(t, "carol's joining", named("carol"))
				}
				if n := watch.Messages().Len(); n != 1 {
					t.Errorf("%d messages", n)
				}
			})
		}
	})
}
