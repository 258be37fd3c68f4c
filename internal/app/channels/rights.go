package channels

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Allowed loads a channel in which the actor may do something, and whether he is
// a member.
func Allowed(tx *store.Tx, actor chat.Actor, id chat.ChannelID, op chat.Operation) (c chat.Channel, member bool, err error) {
	if c, err = tx.Channel(actor.Application, id); err != nil {
		return c, false, store.OrRefuse(err, chat.ErrUnknownChannel)
	}
	if !actor.IsApplication() {
		if member, err = tx.IsMember(id, actor.User); err != nil {
			return c, false, err
		}
	}
	return c, member, CheckRight(tx, actor, c, member, op)
}

// Seen loads a channel that the actor may read, and whether he is a member.
func Seen(tx *store.Tx, actor chat.Actor, id chat.ChannelID) (c chat.Channel, member bool, err error) {
	return Allowed(tx, actor, id, chat.OpRead)
}

// CheckRight asks chat.CheckRight, with the role that the actor has in a
// channel.
func CheckRight(tx *store.Tx, actor chat.Actor, c chat.Channel, member bool, op chat.Operation) error {
	r, err := role(tx, actor, c, member, op)
	if err != nil {
		return err
	}
	return chat.CheckRight(op, c.Type, r)
}

// role finds out what the actor is to a channel, as far as it matters to the
// operation.
func role(tx *store.Tx, actor chat.Actor, c chat.Channel, member bool, op chat.Operation) (chat.Role, error) {
	switch {
	case actor.IsApplication():
		return chat.RoleApplication, nil
	case member && c.CreatedBy(actor.User):
		return chat.RoleCreator, nil
	case member && op.Distinguishes(c.Type, chat.RoleMember, chat.RoleModerator):
		moderates, err := tx.IsModerator(c.ID, actor.User)
		if moderates {
			return chat.RoleModerator, err
		}
		return chat.RoleMember, err
	case member:
		return chat.RoleMember, nil
	case op.Distinguishes(c.Type, chat.RoleStranger, chat.RoleBlocked):
		blocked, err := tx.IsBlockedIn(c.ID, actor.User)
		if blocked {
			return chat.RoleBlocked, err
		}
		return chat.RoleStranger, err
	}
	return chat.RoleStranger, nil
}

// Check refuses what the actor may not do in a channel, for a door that keeps
// what is done for itself.
func (cs *Channels) Check(ctx context.Context, actor chat.Actor, id chat.ChannelID, op chat.Operation) error {
	return cs.DB.View(ctx, func(tx *store.Tx) error {
		_, _, err := Allowed(tx, actor, id, op)
		return err
	})
}
