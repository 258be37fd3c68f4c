package chat_test

import (
	"errors"
	"testing"

	"github.com/purrchat/purr/internal/chat"
)

// everyCell calls fn for each cell of the table of rights with what it refuses.
func everyCell(fn func(o chat.Operation, t chat.ChannelType, r chat.Role, refusal error)) {
	for o := range chat.Operations {
		for _, t := range []chat.ChannelType{chat.Public, chat.Private, chat.Direct} {
			for r := range chat.Roles {
				fn(o, t, r, chat.CheckRight(o, t, r))
			}
		}
	}
}

// TestTheTableOfRightsIsSound tests what must be so whatever the table says.
func TestTheTableOfRightsIsSound(t *testing.T) {
	t.Parallel()
	everyCell(func(o chat.Operation, kind chat.ChannelType, r chat.Role, refusal error) {
		outside := r == chat.RoleStranger || r == chat.RoleBlocked
		if outside && kind == chat.Private && !errors.Is(refusal, chat.ErrUnknownChannel) {
			t.Errorf("%s tells a %s of a private channel: %v", o, r, refusal)
		}
		if r == chat.RoleStranger && kind == chat.Direct && !errors.Is(refusal, chat.ErrUnknownChannel) {
			t.Errorf("%s tells a stranger of a direct channel: %v", o, refusal)
		}
		if !outside && errors.Is(refusal, chat.ErrUnknownChannel) {
			t.Errorf("%s: the %s of a %s channel does not know it", o, r, kind)
		}
		if r == chat.RoleBlocked && refusal == nil && chat.CheckRight(o, kind, chat.RoleStranger) != nil {
			t.Errorf("%s: the blocked may do it in a %s channel, a stranger may not", o, kind)
		}
		if kind == chat.Direct && (r == chat.RoleBlocked || r == chat.RoleModerator) && !errors.Is(refusal, chat.ErrForbidden) {
			t.Errorf("%s: there is a %s in a direct channel", o, r)
		}
	})
	for o := range chat.Operations {
		for _, kind := range []chat.ChannelType{chat.Public, chat.Private} {
			ranks := []chat.Role{chat.RoleMember, chat.RoleModerator, chat.RoleCreator}
			for i, r := range ranks[1:] {
				if chat.CheckRight(o, kind, ranks[i]) == nil && chat.CheckRight(o, kind, r) != nil {
					t.Errorf("%s: a %s may, the %s may not", o, ranks[i], r)
				}
			}
		}
		if o.String() == "" {
			t.Errorf("operation %d is not described", o)
		}
		if chat.CheckRight(o, "SECRET", chat.RoleApplication) == nil {
			t.Errorf("%s is allowed in a channel of no type", o)
		}
	}
}

// TestMembersAreAllTheSame in what is asked without a look at who moderates.
func TestMembersAreAllTheSame(t *testing.T) {
	t.Parallel()
	for _, kind := range []chat.ChannelType{chat.Public, chat.Private, chat.Direct} {
		for _, o := range []chat.Operation{chat.OpSee, chat.OpPost, chat.OpPostToBlocked, chat.OpListen, chat.OpType, chat.OpJoin, chat.OpLeave, chat.OpInvite} {
			if o.Distinguishes(kind, chat.RoleMember, chat.RoleCreator) || (kind != chat.Direct && o.Distinguishes(kind, chat.RoleMember, chat.RoleModerator)) {
				t.Errorf("%s is not the same to all members in %s channels", o, kind)
			}
		}
		for _, o := range []chat.Operation{chat.OpListen, chat.OpType} {
			if err := chat.CheckRight(o, kind, chat.RoleMember); err != nil {
				t.Errorf("%s, by a member in a %s channel: %v", o, kind, err)
			}
		}
	}
}

func TestRightsOverUsers(t *testing.T) {
	t.Parallel()
	application, user := chat.Actor{Application: 9}, chat.Actor{Application: 9, User: 1}
	for o := range chat.UserOperations {
		applicationOnly := o == chat.OpSetGuest || o == chat.OpDeleteAllMessages || o == chat.OpPush
		for what, c := range map[string]struct {
			err     error
			refused bool
		}{
			"the application": {chat.CheckUserRight(o, application, 2), false},
			"himself":         {chat.CheckUserRight(o, user, 1), applicationOnly},
			"another":         {chat.CheckUserRight(o, user, 2), true},
		} {
			if (c.err != nil) != c.refused || (c.refused && !errors.Is(c.err, chat.ErrForbidden)) {
				t.Errorf("%s, by %s: %v", o, what, c.err)
			}
		}
	}
}

func TestEventsThatTakeNoNumber(t *testing.T) {
	t.Parallel()
	for kind, numbered := range map[chat.EventKind]bool{
		chat.MessageCreated: true, chat.MemberJoined: true, chat.MessageRead: false, chat.MessageUnread: false,
	} {
		if kind.Numbered() != numbered {
			t.Errorf("%s takes a number: %v", kind, !numbered)
		}
	}
}
