package channels

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Invite makes a user a member, on the invitation of one. Inviting a member
// changes nothing.
func (cs *Channels) Invite(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (u chat.User, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		var c chat.Channel
		if c, u, err = invited(tx, actor, id, ref); err != nil {
			return err
		}
		_, changed, err = join(tx, actor, c, u)
		return err
	})
	return u, changed, err
}

// SetModerator lets a member manage the channel, or no longer. It tells whether
// that is new.
func (cs *Channels) SetModerator(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef, on bool) (v chat.View, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, acting, u, err := channelAndUser(tx, actor, id, ref)
		if err != nil {
			return err
		}
		op := chat.OpSetModerator
		if !on && c.CreatedBy(u.ID) {
			op = chat.OpDismissCreator
		}
		if err := CheckRight(tx, actor, c, acting, op); err != nil {
			return err
		}
		is, err := tx.IsMember(id, u.ID)
		if err != nil {
			return err
		}
		if !is {
			return errNoMember
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
	return v, changed, err
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
