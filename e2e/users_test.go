package e2e

import (
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// Users are retrieved, counted by the filters that list them, and known as
// members of a channel or not.
func TestKnowingUsers(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		p.start(other(sdk), "bob")
		p.rest.CreateUser("carol")
		room := alice.CreateChannel("PUBLIC", object{"name": "room", "members": []any{ref("bob")}})

		for _, known := range []struct {
			filter object
			want   int
		}{
			{nil, 3},
			{object{"online": true}, 2},
			{object{"name": "BO"}, 1},
			{object{"displayName": "arol", "online": false}, 1},
			{object{"name": "nobody"}, 0},
		} {
			args := []any{}
			if known.filter != nil {
				args = append(args, object{"filter": known.filter})
			}
			if n := part[int](t, alice.Must("listUsersCount", args...), "count"); n != known.want {
				t.Errorf("%v: %d users, want %d", known.filter, n, known.want)
			}
			if listed := len(alice.ListUsersBy("listUsers", args...).All()); listed != known.want {
				t.Errorf("%v: %d users are listed, want %d", known.filter, listed, known.want)
			}
		}

		for _, user := range alice.ListUsers().All() {
			retrieved := alice.Must("retrieveUser", user.ID)
			if got := part[harness.User](t, retrieved, "user"); got.Name != user.Name {
				t.Errorf("user %d is %+v, listed as %s", user.ID, got, user.Name)
			}
			asked := object{"user": retrieved.Ref.Part("user"), "channel": room.Ref}
			answered := alice.Must("checkUserIsChannelMember", asked)
			name := "isChannelMember"
			if sdk == harness.Classic {
				name = "isMember"
			}
			if is := part[bool](t, answered, name); is != (user.Name != "carol") {
				t.Errorf("%s is a member: %v", user.Name, is)
			}
		}
	})
}

// What a user says about himself is seen by himself on all devices, and by
// everybody else.
func TestProfilesAreSeen(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		bob := p.start(sdk, "bob")
		alice, phone := p.start(harness.Core, "alice"), p.start(harness.Core, "bob")
		room := alice.CreateChannel("PUBLIC", object{"name": "room", "members": []any{ref("bob")}})
		seen := alice.Observe("onUserUpdated")
		own, device := bob.Observe("onCurrentUserChanged"), phone.Observe("onCurrentUserChanged")
		watch := p.start(other(sdk), "alice").StartChatSession(room, "onParticipantPresenceChanged")

		changed := part[harness.User](t, bob.Must("updateCurrentUser", object{"$assign": object{
			"displayName": "Bobby", "properties": object{"team": "red"}, "presence": object{"status": "in a meeting"},
		}}), "user")
		if changed.DisplayName != "Bobby" || changed.Presence.Status != "in a meeting" {
			t.Errorf("bob became %+v", changed)
		}
		isBobby := func(call harness.Call) bool { return harness.UserOf(call).DisplayName == "Bobby" }
		seen.AwaitMatch(t, "bob's new name", isBobby)
		own.AwaitMatch(t, "his own new name", isBobby)
		device.AwaitMatch(t, "the new name on his other device", isBobby)
		watch.On("onParticipantPresenceChanged").AwaitMatch(t, "bob's status", func(call harness.Call) bool {
			user := harness.UserOf(call)
			return user.Name == "bob" && user.Presence.Status == "in a meeting"
		})

		// The newer SDK goes on with the answer, which therefore has all links. The
		// classic one sends its user as he was at the start of the session; that he
		// was available then is not taken for a wish.
		bob.Must("updateCurrentUser", object{"$assign": object{"displayName": "Bob"}})
		status := "in a meeting"
		if sdk == harness.Classic {
			status = "AVAILABLE"
		}
		if me := bob.CurrentUser(); me.DisplayName != "Bob" || me.Presence.Status != status {
			t.Errorf("bob is %+v", me)
		}
		bob.CreateChannel("PUBLIC", object{"name": "another"})
		left := alice.Observe("onUserPresenceChanged")
		bob.EndSession()
		phone.EndSession()
		if sdk == harness.Classic {
			status = "UNAVAILABLE"
		}
		left.AwaitMatch(t, "bob's leaving with the status "+status, func(call harness.Call) bool {
			user := harness.UserOf(call)
			return user.Name == "bob" && !user.Presence.Online && user.Presence.Status == status
		})
	})
}

// Somebody removes himself: his session ends, and he is nowhere any more.
func TestDeletingOneself(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		alice, bob := p.start(harness.Core, "alice"), p.start(harness.Core, "bob")
		room := alice.CreateChannel("PUBLIC", object{"name": "room", "members": []any{ref("bob")}})
		watch := alice.StartChatSession(room, "onMemberLeft")

		hers := alice.Must("retrieveUser", bob.CurrentUser().ID)
		if f := alice.FailureOf("deleteUser", object{"user": hers.Ref.Part("user")}); f.Name == "" {
			t.Errorf("somebody else: %v", f)
		}
		me := bob.Must("retrieveCurrentUser")
		bob.Must("deleteUser", object{"user": me.Ref.Part("user")})
		watch.On("onMemberLeft").AwaitMatch(t, "bob's going", named("bob"))
		if names := memberNames(alice.ListUsers().All()); len(names) != 1 || names[0] != "alice" {
			t.Errorf("there are still %v", names)
		}
	})
}
