package channels

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// Block removes a user from a group channel and keeps him out. Blocking again
// changes nothing.
func (cs *Channels) Block(ctx context.Context, actor chat.Actor, id chat.ChannelID, ref chat.UserRef) (b chat.ChannelBlock, changed bool, err error) {
	record := cs.IDs.Next() // and the time of the block
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, member, u, err := channelAndUser(tx, actor, id, ref)
		if err != nil {
			return err
		}
		op := chat.OpBlock
		if c.CreatedBy(u.ID) {
			op = chat.OpBlockCreator
		}
		if err := CheckRight(tx, actor, c, member, op); err != nil {
			return err
		}
		err = tx.InsertChannelBlock(actor.Application, record, id, u.ID)
		if errors.Is(err, store.ErrDuplicate) {
			b, err = tx.ChannelBlockOf(id, u.ID)
			return err
		}
		if err != nil {
			return err
		}
		changed = true
		b = chat.ChannelBlock{ID: record, Channel: id, User: u, CreatedAt: ident.Time(record)}
		if err := recordBlock(tx, actor, chat.ChannelBlocked, c, b); err != nil {
			return err
		}
		is, err := tx.IsMember(id, u.ID)
		if err != nil || !is {
			return err
		}
		// The block completes the request, not the leaving.
		quiet := actor
		quiet.Request = ""
		_, err = leave(tx, quiet, c, u, chat.LeftBlocked)
		return err
	})
	return b, changed, err
}

// Unblock lets a user join again.
func (cs *Channels) Unblock(ctx context.Context, actor chat.Actor, record int64) (b chat.ChannelBlock, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		if b, err = tx.ChannelBlock(actor.Application, record); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownResource)
		}
		c, _, err := Allowed(tx, actor, b.Channel, chat.OpBlock)
		if errors.Is(err, chat.ErrUnknownChannel) {
			err = chat.ErrUnknownResource // what the actor may not see has no blocks either
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteChannelBlock(record); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownResource)
		}
		return recordBlock(tx, actor, chat.ChannelUnblocked, c, b)
	})
	return b, err
}

func recordBlock(tx *store.Tx, actor chat.Actor, kind chat.EventKind, c chat.Channel, b chat.ChannelBlock) error {
	v, err := view(tx, actor, c, true)
	if err != nil {
		return err
	}
	_, err = tx.Record(chat.Event{
		Application: actor.Application, Kind: kind, Channel: c.ID, Actor: actor.User, Target: b.User.ID, Subject: b.ID,
		Session: actor.Session, Request: actor.Request, ChannelState: &v.Channel, User: &b.User,
	})
	return err
}

// ListBlocks lists who is blocked in a channel.
func (cs *Channels) ListBlocks(ctx context.Context, actor chat.Actor, id chat.ChannelID, f chat.UserFilter, r chat.PageRequest) (p chat.Page[chat.ChannelBlock], err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := Allowed(tx, actor, id, chat.OpReadBlocks); err != nil {
			return err
		}
		p, err = tx.ChannelBlocks(id, f, r)
		return err
	})
	return p, err
}

// BlockedUsers lists whom a user blocks.
func (cs *Channels) BlockedUsers(ctx context.Context, user chat.UserID) (ids []chat.UserID, err error) {
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		ids, err = tx.BlockedUsers(user)
		return err
	})
	return ids, err
}

// checkNobodyBlocks refuses a direct channel with somebody who blocked the
// user, or whom he blocked.
func checkNobodyBlocks(tx *store.Tx, user chat.UserID, members []chat.UserID) error {
	blocked, err := tx.AnyUserBlock(user, members)
	if err == nil && blocked {
		err = chat.ErrUserBlocked
	}
	return err
}

// CheckNoBlock refuses a member's message to a channel in which somebody blocked
// the author, or whom he blocked, where that is not allowed.
func CheckNoBlock(tx *store.Tx, actor chat.Actor, c chat.Channel, author chat.UserID) error {
	blocked, err := tx.AnyUserBlockIn(c.ID, author)
	if err != nil || !blocked {
		return err
	}
	return CheckRight(tx, actor, c, true, chat.OpPostToBlocked)
}
