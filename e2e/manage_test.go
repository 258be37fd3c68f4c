package e2e

import (
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// named matches a call whose first argument is the user of that name.
func named(name string) func(harness.Call) bool {
	return func(call harness.Call) bool { return harness.UserOf(call).Name == name }
}

// recordOf matches a call whose first argument is a record about that user.
func recordOf(name string) func(harness.Call) bool {
	return func(call harness.Call) bool {
		var record struct {
			User harness.User `json:"user"`
		}
		return call.Decode(0, &record) == nil && record.User.Name == name
	}
}

func ref(name string) map[string]any { return map[string]any{"username": name} }

// A member invites, the creator appoints a moderator, and he manages.
func TestInviteAndModerate(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		core := p.start(harness.Core, "carol")
		joined := bob.Observe("onChannelJoined")
		room := alice.CreateChannel("PRIVATE", map[string]any{"name": "room", "members": []any{ref("carol")}})
		watch := core.StartChatSession(core.RetrieveChannel(room.ID), "onMemberJoined", "onMemberLeft", "onModeratorAdded", "onModeratorDeleted")

		alice.Must("inviteUser", map[string]any{"channel": room.Ref, "user": ref("bob")})
		joined.Await(t, 1)
		watch.On("onMemberJoined").AwaitMatch(t, "bob's joining", named("bob"))
		his := bob.RetrieveChannel(room.ID)

		updated := bob.Observe("onChannelUpdated")
		if failure := bob.FailureOf("deleteChannel", map[string]any{"channel": his.Ref}); failure.Name != "NotAChannelModeratorError" {
			t.Errorf("a member's deletion fails with %v", failure)
		}
		alice.Must("addChannelModerator", map[string]any{"channel": room.Ref, "user": ref("bob")})
		updated.Await(t, 1)
		watch.On("onModeratorAdded").AwaitMatch(t, "bob's appointment", named("bob"))

		hers := core.RetrieveChannel(room.ID)
		if n := len(memberNames(listOf(core, "listChannelModerators", hers).All())); n != 1 {
			t.Errorf("%d moderators", n)
		}
		bob.Must("updateChannel", map[string]any{"channel": his.Ref})
		if other(sdk) == harness.Core {
			// Only this SDK can take out somebody else, and no moderator the creator.
			if failure := bob.FailureOf("leaveChannel", map[string]any{"channel": his.Ref, "user": ref("alice")}); failure.Name != "ChannelCreatorError" {
				t.Errorf("removing the creator fails with %v", failure)
			}
			removed := core.Observe("onChannelLeft")
			bob.Must("leaveChannel", map[string]any{"channel": his.Ref, "user": ref("carol")})
			removed.Await(t, 1)
		}
		if sdk == harness.Core {
			alice.Must("deleteChannelModerator", map[string]any{"channel": room.Ref, "user": ref("bob")})
			watch.On("onModeratorDeleted").AwaitMatch(t, "bob's dismissal", named("bob"))
		}
	})
}

func listOf(c *harness.Client, method string, channel *harness.Channel) *harness.Page[harness.User, *harness.User] {
	return c.ListUsersBy(method, map[string]any{"channel": channel.Ref})
}

// Who is blocked in a channel leaves it and cannot come back until he is let
// in again.
func TestBlockInChannel(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(harness.Core, "alice"), p.start(sdk, "bob")
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		his := bob.Enter(room.ID)
		left := bob.Observe("onChannelLeft")
		watch := alice.StartChatSession(room, "onMemberBlocked", "onMemberUnblocked", "onMemberLeft")

		block := alice.Must("blockChannelUser", map[string]any{"channel": room.Ref, "user": ref("bob")})
		gone := left.Await(t, 1)[0]
		var without harness.Channel
		if err := gone.Decode(0, &without); err != nil || without.ID != room.ID || without.Actions["join"] != "" {
			t.Errorf("who is removed by a block is told %+v, %v", without, err)
		}
		watch.On("onMemberBlocked").AwaitMatch(t, "bob's block", recordOf("bob"))
		watch.On("onMemberLeft").AwaitMatch(t, "bob's leaving", named("bob"))
		if links := bob.RetrieveChannel(room.ID).Actions; links["join"] != "" {
			t.Errorf("the blocked is offered to join: %v", links)
		}
		if failure := bob.FailureOf("inviteUser", map[string]any{"channel": his.Ref, "user": ref("bob")}); failure.Name != "NotAChannelMemberError" {
			t.Errorf("inviting oneself fails with %v", failure)
		}
		alice.Must("listChannelBlockRecords", map[string]any{"channel": room.Ref})
		alice.Must("unblockChannelUser", map[string]any{"record": block.Ref.Part("record")})
		watch.On("onMemberUnblocked").AwaitMatch(t, "bob's return", recordOf("bob"))
		bob.Enter(room.ID)
	})
}

// A channel is muted; a direct one is hidden until there is something new.
func TestMuteAndHide(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		direct := alice.CreateChannel("DIRECT", map[string]any{"members": []any{ref("bob")}})
		alice.Must("muteChannel", map[string]any{"channel": direct.Ref})
		alice.Must("unmuteChannel", map[string]any{"channel": direct.Ref})
		alice.Must("unmuteChannel", map[string]any{"channel": direct.Ref})

		hidden, unhidden := alice.Observe("onChannelHidden"), alice.Observe("onChannelUnhidden")
		alice.Must("hideChannel", map[string]any{"channel": direct.Ref})
		hidden.Await(t, 1)
		if list := alice.ListChannels(nil).Items; len(list) != 0 {
			t.Errorf("a hidden channel is listed: %v", list)
		}
		bob.SendMessage(bob.RetrieveChannel(direct.ID), "are you there?")
		unhidden.Await(t, 1)
		if list := alice.ListChannels(nil).Items; len(list) != 1 {
			t.Errorf("%d channels are listed", len(list))
		}
		alice.Must("hideChannel", map[string]any{"channel": direct.Ref})
		alice.CreateChannel("DIRECT", map[string]any{"members": []any{ref("bob")}})
		unhidden.Await(t, 2)
	})
}

// Two users one of whom has blocked the other do not get through directly.
func TestBlockUser(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		direct := alice.CreateChannel("DIRECT", map[string]any{"members": []any{ref("bob")}})
		second := p.start(harness.Core, "alice")
		blocked, unblocked := second.Observe("onUserBlocked"), second.Observe("onUserUnblocked")

		alice.Must("blockUser", map[string]any{"user": direct.Ref.Part("members.1")})
		blocked.AwaitMatch(t, "the block", recordOf("bob"))
		for _, c := range []*harness.Client{alice, bob} {
			channel := c.RetrieveChannel(direct.ID)
			if failure := c.FailureOf("sendMessage", map[string]any{"channel": channel.Ref, "body": "hi"}); failure.Name != "UserBlockedError" {
				t.Errorf("a message fails with %v", failure)
			}
		}
		page := alice.Must("listUserBlockedRecords")
		alice.Must("deleteUserBlockedRecord", map[string]any{"item": page.Ref.Part("paginator.items.0")})
		unblocked.AwaitMatch(t, "the end of the block", named("bob"))
		bob.SendMessage(bob.RetrieveChannel(direct.ID), "hi again")
	})
}

// What somebody types is seen as he types it, and that he types until he is
// done.
func TestTyping(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		his := bob.Enter(room.ID)
		started, stopped := bob.Observe("onParticipantStartedTyping"), bob.Observe("onParticipantStoppedTyping")
		watch := bob.StartChatSession(his, "onKeystrokesReceived", "onTypingStarted", "onTypingStopped")
		alice.StartChatSession(room)

		keys := func(text string) {
			alice.Must("sendKeystrokes", map[string]any{"channel": room.Ref, "keys": text})
		}
		keys("hel")
		watch.On("onKeystrokesReceived").AwaitMatch(t, "the keystrokes", func(call harness.Call) bool {
			var typed struct{ Username, Keys string }
			return call.Decode(0, &typed) == nil && typed.Username == "alice" && typed.Keys == "hel"
		})
		watch.On("onTypingStarted").AwaitMatch(t, "alice's typing", named("alice"))
		started.AwaitMatch(t, "alice's typing", named("alice"))
		alice.SendMessage(room, "hello")
		watch.On("onTypingStopped").Await(t, 1)
		stopped.AwaitMatch(t, "alice's being done", named("alice"))

		keys("more")
		watch.On("onTypingStarted").Await(t, 2)
		watch.On("onTypingStopped").AwaitMatch(t, "the end of a pause", func(harness.Call) bool { return watch.On("onTypingStopped").Len() == 2 })
		keys("yet more")
		watch.On("onTypingStarted").Await(t, 3)
		alice.EndSession()
		watch.On("onTypingStopped").Await(t, 3)
	})
}

// Who is in a chat session hears of what others trigger there.
func TestTriggerEvent(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(sdk, "alice"), p.start(other(sdk), "bob")
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		watch := bob.StartChatSession(bob.Enter(room.ID), "onEventTriggered")
		alice.Must("triggerEvent", map[string]any{"channel": room.Ref, "type": "wave", "properties": map[string]any{"hand": "left"}})
		watch.On("onEventTriggered").AwaitMatch(t, "the event", func(call harness.Call) bool {
			var event struct {
				Type       string
				User       harness.User
				Properties struct{ Hand string }
			}
			return call.Decode(0, &event) == nil && event.Type == "wave" && event.User.Name == "alice" && event.Properties.Hand == "left"
		})
	})
}

// Users are found, counted and recognised as members; their creator removes
// them; and everybody sees the status that one of them sets.
func TestUsersAndRemoval(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice, bob := p.start(harness.Core, "alice"), p.start(sdk, "bob")
		seen := alice.Observe("onUserPresenceChanged")
		bob.Must("updateCurrentUser", map[string]any{"$assign": map[string]any{"presence": map[string]any{"status": "away"}}})
		seen.AwaitMatch(t, "bob's status", func(call harness.Call) bool {
			user := harness.UserOf(call)
			return user.Name == "bob" && user.Presence.Status == "away"
		})

		found := bob.ListUsersBy("listUsers", map[string]any{"filter": map[string]any{"displayName": "LIC", "online": true}})
		if names := memberNames(found.All()); len(names) != 1 || names[0] != "alice" {
			t.Errorf("found %v", names)
		}
		room := alice.CreateChannel("PUBLIC", map[string]any{"name": "room"})
		his := bob.Enter(room.ID)
		if members := memberNames(bob.ListMembers(his).All()); len(members) != 2 {
			t.Errorf("members are %v", members)
		}
		left := bob.Observe("onChannelLeft")
		watch := alice.StartChatSession(room, "onMemberLeft")
		alice.Must("leaveChannel", map[string]any{"channel": room.Ref, "user": ref("bob")})
		left.Await(t, 1)
		watch.On("onMemberLeft").AwaitMatch(t, "bob's removal", named("bob"))
		if links := alice.RetrieveChannel(room.ID).Actions; links["leave"] == "" {
			t.Error("alice has left with him")
		}
	})
}
