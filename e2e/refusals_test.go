package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/purrchat/purr/e2e/harness"
)

// refusal is a method that has to fail, and how.
type refusal struct {
	method string
	args   []any
	name   string
	only   harness.SDK // the SDK that has the method; none means both
}

// Whatever a user may not do is a failed result of that method, with a name
// that says why, while all of them are under way at once; and the session goes
// on as if nothing had happened.
func TestRefusals(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		const core, classic = harness.Core, harness.Classic
		alice, bob := p.start(other(sdk), "alice"), p.start(sdk, "bob")
		room := alice.CreateChannel("PUBLIC", object{"name": "room"})
		secret := alice.CreateChannel("PRIVATE", object{"name": "secret"})
		direct := bob.CreateChannel("DIRECT", object{"members": []any{ref("alice")}})
		hers := alice.SendMessage(room, "hers")
		his := bob.Enter(room.ID)
		mine := bob.SendMessage(his, "mine")
		thread := bob.Must("createThread", object{"channel": his.Ref, "name": "aside"}).Ref.Part("thread")
		seen := messageOf(t, bob, his, hers.ID)
		file := object{"url": "https://files.example/a.png", "name": "a.png", "contentType": "image/png", "size": 3}
		system := p.rest.SendMessage(room.ID, "", "system")
		systems := messageOf(t, bob, his, system.ID)
		long := strings.Repeat("x", 200_000)
		about := func(m *harness.Message, more ...any) object {
			asked := object{"message": m.Ref}
			for i := 0; i+1 < len(more); i += 2 {
				asked[more[i].(string)] = more[i+1]
			}
			return asked
		}
		in := func(c *harness.Channel, more ...any) object {
			asked := object{"channel": c.Ref}
			for i := 0; i+1 < len(more); i += 2 {
				asked[more[i].(string)] = more[i+1]
			}
			return asked
		}

		// A member who is neither the creator nor a moderator.
		refused(t, bob, sdk, []refusal{
			{"createChannel", []any{object{"type": "SECRET"}}, "InvalidRequestError", ""},
			{"createChannel", []any{object{"type": "PUBLIC", "name": "secret"}}, "ChannelNameTakenError", ""},
			{"createChannel", []any{object{"type": "DIRECT", "members": []any{ref("nobody")}}}, "UserNotFoundError", ""},
			{"updateChannel", []any{in(his)}, "NotAChannelModeratorError", ""},
			{"deleteChannel", []any{in(his)}, "NotAChannelModeratorError", ""},
			// He knows what the link of a channel that he cannot see would be.
			{"joinChannel", []any{object{"channel": secret.Ref.With(object{"_actions": object{"join": fmt.Sprintf("/application/v1/channels/%d.join", secret.ID)}})}}, "ChannelNotFoundError", ""},
			{"joinChannel", []any{in(his)}, "ChannelNotPubliclyJoinableError", ""},
			{"leaveChannel", []any{in(direct)}, "NotAChannelMemberError", ""},
			{"leaveChannel", []any{in(his, "user", ref("alice"))}, "NotAChannelModeratorError", core},
			{"addChannelModerator", []any{in(his, "user", ref("bob"))}, "NotAChannelModeratorError", ""},
			{"addChannelModerator", []any{in(direct, "user", ref("bob"))}, "CannotAddModeratorToChannel", ""},
			{"deleteChannelModerator", []any{in(his, "user", ref("alice"))}, "NotAChannelModeratorError", core},
			{"blockChannelUser", []any{in(his, "user", ref("alice"))}, "NotAChannelModeratorError", core},
			{"inviteUser", []any{in(his, "user", ref("nobody"))}, "UserNotFoundError", ""},
			{"inviteUser", []any{in(direct, "user", ref("alice"))}, "ChannelNotInvitableError", ""},
			{"hideChannel", []any{in(his)}, "ChannelNotHideableError", ""},
			{"triggerEvent", []any{in(his, "type", "")}, "InvalidRequestError", ""},
			{"createThread", []any{in(his, "name", "")}, "InvalidRequestError", ""},
			{"sendMessage", []any{in(his, "body", "")}, "InvalidRequestError", ""},
			{"sendMessage", []any{in(his, "body", long)}, "InvalidRequestError", ""},
			{"sendMessage", []any{in(his, "file", object{"url": "nonsense", "name": "a", "size": 1})}, "InvalidRequestError", ""},
			{"editMessage", []any{about(seen, "body", "bob's")}, "NotMessageAuthorError", ""},
			{"editMessage", []any{about(mine, "body", "")}, "InvalidRequestError", ""},
			{"editMessage", []any{about(systems, "body", "x")}, "NotMessageAuthorError", ""},
			{"updateMessageProperties", []any{about(seen, "properties", object{"a": 1})}, "NotMessageAuthorError", core},
			{"deleteMessage", []any{about(seen)}, "NotMessageAuthorError", ""},
			{"reactToMessage", []any{about(seen, "emoji", "no such emoji")}, "UnknownEmojiError", ""},
			{"removeReaction", []any{about(seen, "emoji", "no such emoji")}, "UnknownEmojiError", ""},
			{"reportMessage", []any{about(seen, "reason", "")}, "InvalidRequestError", core},
			{"updateCurrentUser", []any{object{"$assign": object{"displayName": long}}}, "InvalidRequestError", ""},
			{"updateCurrentUserDisplayPicture", []any{object{"file": object{}}}, "InvalidRequestError", ""},
			{"deleteUser", []any{object{"user": seen.Ref.Part("user")}}, "ForbiddenError", core},
			{"blockUser", []any{object{"user": bob.Must("retrieveCurrentUser").Ref.Part("user")}}, "InvalidRequestError", ""},
		})

		// Somebody who was a member and is none any more.
		p.rest.Must(nil, http.MethodDelete, fmt.Sprintf("/channels/%d/members/%d", room.ID, bob.CurrentUser().ID), nil)
		refused(t, bob, sdk, []refusal{
			{"updateChannel", []any{in(his)}, "NotAChannelModeratorError", ""},
			{"deleteChannel", []any{in(his)}, "NotAChannelModeratorError", ""},
			{"leaveChannel", []any{in(his)}, "NotAChannelMemberError", ""},
			{"inviteUser", []any{in(his, "user", ref("bob"))}, "NotAChannelMemberError", ""},
			{"muteChannel", []any{in(his)}, "NotAChannelMemberError", ""},
			{"unmuteChannel", []any{in(his)}, "NotAChannelMemberError", ""},
			{"readChannel", []any{in(his)}, "NotAChannelMemberError", ""},
			{"triggerEvent", []any{in(his, "type", "wave")}, "NotAChannelMemberError", ""},
			{"createThread", []any{in(his, "name", "x")}, "NotAChannelMemberError", ""},
			{"sendMessage", []any{in(his, "body", "hello")}, "NotAChannelMemberError", ""},
			{"sendMessage", []any{in(his, "file", file)}, "NotAChannelMemberError", ""},
			{"sendMessage", []any{about(seen, "body", "hello")}, "NotAChannelMemberError", ""},
			{"sendMessage", []any{object{"thread": thread, "body": "hello"}}, "NotAChannelMemberError", ""},
			{"readMessage", []any{about(seen)}, "NotAChannelMemberError", ""},
			{"unreadMessage", []any{about(seen)}, "NotAChannelMemberError", core},
			{"editMessage", []any{about(mine, "body", "x")}, "NotAChannelMemberError", ""},
			{"updateMessageProperties", []any{about(mine, "properties", object{"a": 1})}, "NotAChannelMemberError", core},
			{"deleteMessage", []any{about(mine)}, "NotAChannelMemberError", ""},
			{"reactToMessage", []any{about(seen, "emoji", "+1")}, "NotAChannelMemberError", ""},
			{"removeReaction", []any{about(seen, "emoji", "+1")}, "NotAChannelMemberError", ""},
		})

		// What is gone.
		hisDirect := bob.SendMessage(direct, "for a moment")
		bob.Must("blockUser", object{"user": direct.Ref.Part("members.0")})
		block := bob.Must("listUserBlockedRecords").Ref.Part("paginator.items.0")
		bob.Must("deleteUserBlockedRecord", object{"item": block})
		bob.Must("deleteMessage", about(hisDirect))
		refused(t, bob, sdk, []refusal{
			{"deleteUserBlockedRecord", []any{object{"item": block}}, "ResourceNotFoundError", ""},
			{"deleteMessage", []any{about(hisDirect)}, "MessageNotFoundError", ""},
			{"deleteMessageForMe", []any{about(hisDirect)}, "MessageNotFoundError", classic},
			{"readMessage", []any{about(hisDirect)}, "MessageNotFoundError", ""},
			{"unreadMessage", []any{about(hisDirect)}, "MessageNotFoundError", core},
			{"reportMessage", []any{about(hisDirect, "reason", "rude")}, "MessageNotFoundError", core},
			{"sendMessage", []any{about(hisDirect, "body", "a reply")}, "MessageNotFoundError", ""},
		})
		p.rest.Must(nil, http.MethodDelete, fmt.Sprintf("/channels/%d", room.ID), nil)
		refused(t, bob, sdk, []refusal{
			{"readChannel", []any{in(his)}, "ChannelNotFoundError", ""},
			{"joinChannel", []any{in(bob.CreateChannel("PUBLIC", object{"name": "x"}))}, "ChannelNotPubliclyJoinableError", ""},
			{"readThread", []any{object{"thread": thread}}, "ThreadNotFoundError", ""},
			{"blockChannelUser", []any{in(his, "user", ref("alice"))}, "ChannelNotFoundError", core},
		})
		if name := bob.CurrentUser().Name; name != "bob" {
			t.Errorf("the session now belongs to %q", name)
		}
		bob.SendMessage(direct, "still there")
	})
}

// refused makes all calls at once and checks how each of them failed.
func refused(t *testing.T, c *harness.Client, sdk harness.SDK, refusals []refusal) {
	t.Helper()
	promises := make([]*harness.Promise, len(refusals))
	for i, r := range refusals {
		if r.only == "" || r.only == sdk {
			promises[i] = c.Begin(r.method, r.args...)
		}
	}
	for i, r := range refusals {
		if promises[i] == nil {
			continue
		}
		if failure := harness.FailureOf(promises[i]); failure == nil || failure.Name != r.name || failure.Message == "" {
			t.Errorf("%s, number %d: %v, want %s", r.method, i, failure, r.name)
		}
	}
}
