package channels

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Invite makes a user a member, on the invitation of one. Inviting a member
// gives his earlier invitation, if there was one, and changes nothing else.
func (cs *Channels) Invite(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (i chat.ChannelInvite, changed bool, err error) {
	record := cs.IDs.Next()
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, u, err := invited(tx, actor, id, ref)
		if err != nil {
			return err
		}
		if _, changed, err = join(tx, actor, c, u); err != nil {
			return err
		}
		if !changed {
			i, err = tx.Invite(id, u.ID)
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		i = chat.ChannelInvite{Channel: id, User: u, CreatedAt: tx.Now}
		return tx.KeepInvite(actor.Application, record, id, u.ID)
	})
	return i, changed, err
}

// ListInvites lists the invitations into a channel that the actor may read.
func (cs *Channels) ListInvites(ctx context.Context, actor chat.Actor, id chat.ChannelID, r chat.PageRequest) (p chat.Page[chat.ChannelInvite], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Invites(id, r)
		return err
	})
	return p, err
}

// SetModerator lets a member manage the channel, or no longer. It tells whether
// that is new. Whom the application appoints becomes a member where he is none.
func (cs *Channels) SetModerator(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef, on bool) (v chat.View, u chat.User, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, acting, found, err := channelAndUser(tx, actor, id, ref)
		if err != nil {
			return err
		}
		u = found
		op := chat.OpSetModerator
		if !on && c.CreatedBy(u.ID) {
			op = chat.OpDismissCreator
		}
		if err := CheckRight(tx, actor, c, acting, op); err != nil {
			return err
		}
		if err := ensureMember(tx, actor, c, u, on); err != nil {
			return err
		}
		if v, err = view(tx, actor, c, acting); err != nil {
			return err
		}
		if changed, err = tx.SetModerator(id, u.ID, on); err != nil || !changed {
			return err
		}
		kind := chat.ModeratorDeleted
		if on {
			kind = chat.ModeratorAdded
		}
		return record(tx, actor, kind, &v.Channel, &u)
	})
	return v, u, changed, err
}

// ensureMember refuses a user who is no member, or makes him one for the
// application, which appoints (on) whom it likes.
func ensureMember(tx *store.Tx, actor chat.Actor, c chat.Channel, u chat.User, on bool) error {
	is, err := tx.IsMember(c.ID, u.ID)
	switch {
	case err != nil || is:
		return err
	case !on && actor.IsApplication():
		return chat.ErrUnknownUser
	case !actor.IsApplication():
		return errNoMember
	}
	blocked, err := tx.IsBlockedIn(c.ID, u.ID)
	if err != nil {
		return err
	}
	if blocked {
		return CheckRight(tx, actor, c, false, chat.OpInviteBlocked)
	}
	_, _, err = join(tx, actor, c, u)
	return err
}

// errNoMember refuses a user who is not in the channel.
var errNoMember = &chat.Error{Code: chat.Invalid, Reason: "UserNotAMemberError", Message: "The user is not a member of the channel.", Field: "user"}

// ListModerators lists the moderators of a channel that the actor may see.
func (cs *Channels) ListModerators(ctx context.Context, actor chat.Actor, id chat.ChannelID, f chat.UserFilter, r chat.PageRequest) (p chat.Page[chat.User], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Moderators(id, f, r)
		return err
	})
	return p, err
}
