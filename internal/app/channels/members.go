package channels

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Join makes the acting user a member of a public channel. Joining again
// changes nothing.
func (cs *Channels) Join(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, _, err := Allowed(tx, actor, id, chat.OpJoin)
		if err != nil {
			return err
		}
		u, err := tx.User(actor.Application, actor.User)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		v, changed, err = join(tx, actor, c, u)
		v.Member = true
		return err
	})
	return v, changed, err
}

// join writes a membership unless it is there, and gives the complete channel.
func join(tx *store.Tx, actor chat.Actor, c chat.Channel, u chat.User) (v chat.View, changed bool, err error) {
	if v, err = view(tx, actor, c, false); err != nil {
		return v, false, err
	}
	err = tx.InsertMember(chat.Member{Channel: c.ID, User: u.ID, JoinedAt: tx.Now})
	if errors.Is(err, store.ErrDuplicate) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	err = record(tx, actor, chat.MemberJoined, &v.Channel, &u)
	return v, true, err
}

// Leave ends the acting user's membership.
func (cs *Channels) Leave(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, _, err := Allowed(tx, actor, id, chat.OpLeave)
		if err != nil {
			return err
		}
		u, err := tx.User(actor.Application, actor.User)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		v, err = leave(tx, actor, c, u, "")
		return err
	})
	return v, err
}

// leave ends a membership; why is the data of its event.
func leave(tx *store.Tx, actor chat.Actor, c chat.Channel, u chat.User, why string) (chat.View, error) {
	v, err := view(tx, actor, c, false)
	if err != nil {
		return v, err
	}
	if err := tx.DeleteMember(c.ID, u.ID); err != nil {
		return v, store.OrRefuse(err, chat.ErrNotAMember)
	}
	err = recordWith(tx, actor, chat.MemberLeft, &v.Channel, &u, why)
	return v, err
}

// AddMember makes a user a member. Adding again changes nothing.
func (cs *Channels) AddMember(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (v chat.View, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		v, _, err = cs.AddMemberIn(tx, actor, id, ref)
		return err
	})
	return v, err
}

// AddMemberIn is AddMember as part of an update that does more. changed is
// false where the user was a member already.
func (cs *Channels) AddMemberIn(tx *store.Tx, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (v chat.View, changed bool, err error) {
	c, u, err := invited(tx, actor, id, ref)
	if err != nil {
		return v, false, err
	}
	return join(tx, actor, c, u)
}

// CheckAddMembers refuses a channel to which the actor can add nobody.
func (cs *Channels) CheckAddMembers(ctx context.Context, actor chat.Actor, id chat.ChannelID) error {
	return cs.DB.View(ctx, func(tx *store.Tx) error {
		c, member, err := Allowed(tx, actor, id, chat.OpSee)
		if err != nil {
			return err
		}
		return CheckRight(tx, actor, c, member, chat.OpInvite)
	})
}

// invited loads a channel and the user whom the actor may make a member of it.
func invited(tx *store.Tx, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (c chat.Channel, u chat.User, err error) {
	c, member, u, err := channelAndUser(tx, actor, id, ref)
	if err != nil {
		return c, u, err
	}
	blocked, err := tx.IsBlockedIn(id, u.ID)
	if err != nil {
		return c, u, err
	}
	op := chat.OpInvite
	if blocked {
		op = chat.OpInviteBlocked
	}
	return c, u, CheckRight(tx, actor, c, member, op)
}

// RemoveMember ends a user's membership in a group channel. Who removes himself
// leaves.
func (cs *Channels) RemoveMember(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (v chat.View, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, member, u, err := channelAndUser(tx, actor, id, ref)
		if err != nil {
			return err
		}
		op := chat.OpRemoveMember
		switch {
		case u.ID == actor.User:
			op = chat.OpLeave
		case c.CreatedBy(u.ID):
			op = chat.OpRemoveCreator
		}
		if err := CheckRight(tx, actor, c, member, op); err != nil {
			return err
		}
		v, err = leave(tx, actor, c, u, "")
		if errors.Is(err, chat.ErrNotAMember) {
			return chat.ErrUnknownUser // it is not the actor who lacks a membership
		}
		return err
	})
	return v, err
}

// channelAndUser loads a channel that the actor may see, whether he is a member,
// and a user to whom he means to do something there.
func channelAndUser(tx *store.Tx, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (c chat.Channel, member bool, u chat.User, err error) {
	if c, member, err = Allowed(tx, actor, id, chat.OpSee); err != nil {
		return c, false, u, err
	}
	u, err = resolve(tx, actor.Application, ref)
	return c, member, u, err
}

// ListMembers lists the members of a channel that the actor may see.
func (cs *Channels) ListMembers(ctx context.Context, actor chat.Actor, id chat.ChannelID, r chat.PageRequest) (p chat.Page[chat.User], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Members(id, r)
		return err
	})
	return p, err
}

// RetrieveMember finds a member of a channel that the actor may see.
func (cs *Channels) RetrieveMember(ctx context.Context, actor chat.Actor, id chat.ChannelID, user chat.UserID) (u chat.User, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		u, err = tx.Member(id, user)
		return store.OrRefuse(err, chat.ErrUnknownUser)
	})
	return u, err
}

// ListParticipants lists the members of a channel who are online.
func (cs *Channels) ListParticipants(ctx context.Context, actor chat.Actor, id chat.ChannelID, r chat.PageRequest) (p chat.Page[chat.User], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Participants(actor.Application, id, r)
		return err
	})
	return p, err
}

// ListMemberships lists who is a member of a channel since when.
func (cs *Channels) ListMemberships(ctx context.Context, actor chat.Actor, id chat.ChannelID, r chat.PageRequest) (p chat.Page[chat.Member], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Memberships(id, r)
		return err
	})
	return p, err
}

// CheckMember tells whether a user is a member of a channel that the actor may
// see.
func (cs *Channels) CheckMember(ctx context.Context, actor chat.Actor, id chat.ChannelID, user chat.UserID) (is bool, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Seen(tx, actor, id); err != nil {
			return err
		}
		is, err = tx.IsMember(id, user)
		return err
	})
	return is, err
}

// Memberships lists the channels that a user is a member of.
func (cs *Channels) Memberships(ctx context.Context, user chat.UserID) (ids []chat.ChannelID, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		ids, err = tx.ChannelsOf(user)
		return err
	})
	return ids, err
}

// Standings lists the memberships of a user with what they mean for what he is
// told.
func (cs *Channels) Standings(ctx context.Context, user chat.UserID) (list []chat.Standing, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Standings(user)
		return err
	})
	return list, err
}
