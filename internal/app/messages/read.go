package messages

import (
	"context"
	"errors"
	"math"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Read moves the acting member's position forward to a message: it and all
// before it are read. Reading again changes nothing.
func (ms *Messages) Read(ctx context.Context, actor chat.Actor, id chat.MessageID) error {
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, err := readable(tx, actor, id)
		if err != nil {
			return err
		}
		return readUpTo(tx, actor, m.Channel, m.Seq)
	})
}

// ReadChannel makes the acting member read all messages of a channel.
func (ms *Messages) ReadChannel(ctx context.Context, actor chat.Actor, id chat.ChannelID) error {
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		if err := reader(tx, actor, id); err != nil {
			return err
		}
		newest, err := tx.NewestMessageSeq(chat.MessageFilter{Channel: id})
		if err != nil {
			return err
		}
		return readUpTo(tx, actor, id, newest)
	})
}

// ReadDelivered makes users read what has reached them. Who is no member any
// more, or gone, is left out.
func (ms *Messages) ReadDelivered(ctx context.Context, list []chat.Delivery) error {
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		for _, d := range list {
			err := readUpTo(tx, chat.Actor{Application: d.Application, User: d.User}, d.Channel, d.Message)
			if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, chat.ErrUnknownUser) {
				return err
			}
		}
		return nil
	})
}

// Unread moves the acting member's position back to just before a message: it
// and all after it are unread. What is unread already stays so.
func (ms *Messages) Unread(ctx context.Context, actor chat.Actor, id chat.MessageID) error {
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, err := readable(tx, actor, id)
		if err != nil {
			return err
		}
		before, err := tx.ReadPosition(m.Channel, actor.User)
		if err != nil || before < m.Seq {
			return err
		}
		oldest, err := tx.OldestOfOthers(m.Channel, actor.User, m.Seq-1, before)
		if err := tx.MoveReadPosition(m.Channel, actor.User, m.Seq-1); err != nil {
			return err
		}
		return recordReceipt(tx, actor, chat.MessageUnread, oldest, err)
	})
}

// readable finds a message in a channel that the actor reads as a member.
func readable(tx *store.Tx, actor chat.Actor, id chat.MessageID) (chat.Message, error) {
	m, _, _, err := allowed(tx, actor, id, chat.OpMarkRead)
	return m, err
}

// reader refuses somebody who is no member of a channel.
func reader(tx *store.Tx, actor chat.Actor, id chat.ChannelID) error {
	_, _, err := channels.Allowed(tx, actor, id, chat.OpMarkRead)
	return err
}

// readUpTo moves a position forward, never back, and tells of the newest of the
// messages that this has made read.
func readUpTo(tx *store.Tx, actor chat.Actor, channel chat.ChannelID, to chat.Seq) error {
	before, err := tx.ReadPosition(channel, actor.User)
	if err != nil || to <= before {
		return err
	}
	newest, err := tx.NewestOfOthers(channel, actor.User, before, to)
	if err := tx.MoveReadPosition(channel, actor.User, to); err != nil {
		return err
	}
	return recordReceipt(tx, actor, chat.MessageRead, newest, err)
}

// recordReceipt tells of a receipt that came or went, unless no message was
// found: who has only his own messages before him reads nothing.
func recordReceipt(tx *store.Tx, actor chat.Actor, kind chat.EventKind, m chat.Message, found error) error {
	if errors.Is(found, store.ErrNotFound) {
		return nil
	}
	if found != nil {
		return found
	}
	u, err := tx.User(actor.Application, actor.User)
	if err != nil {
		return store.OrRefuse(err, chat.ErrUnknownUser)
	}
	_, err = tx.Record(chat.Event{
		Application: actor.Application, Kind: kind, Channel: m.Channel, Actor: actor.User, Target: actor.User,
		Subject: int64(m.ID), Session: actor.Session, Message: &m, User: &u,
	})
	return err
}

// ErrNothingRead says that a user has read no message of a channel.
var ErrNothingRead = &chat.Error{Code: chat.NotFound, Reason: "NotFoundError", Message: "The user has read no message of the channel."}

// LastRead finds the newest message that a user has read in a channel that the
// actor may see, of those that the actor is shown; ErrNothingRead says that
// there is none.
func (ms *Messages) LastRead(ctx context.Context, actor chat.Actor, channel chat.ChannelID, username string) (m chat.Message, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Seen(tx, actor, channel); err != nil {
			return err
		}
		u, err := tx.UserByName(actor.Application, username)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		m, err = tx.LastRead(channel, u.ID, actor.User)
		return store.OrRefuse(err, ErrNothingRead)
	})
	return m, err
}

// ListReceipts lists who has read a message that the actor may see, oldest
// first. The author has none for what he wrote, and whom the actor blocks is left
// out.
func (ms *Messages) ListReceipts(ctx context.Context, actor chat.Actor, id chat.MessageID, r chat.PageRequest) (p chat.Page[chat.ReadReceipt], err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		m, _, _, err := seen(tx, actor, id)
		if err != nil {
			return err
		}
		p, err = tx.ReadReceipts(m, actor.User, r)
		return err
	})
	return p, err
}

// CountUnread counts the messages that a user has not read, in all his channels.
func (ms *Messages) CountUnread(ctx context.Context, actor chat.Actor, user chat.UserID) (n int64, err error) {
	if err := chat.CheckUserRight(chat.OpCountUnread, actor, user); err != nil {
		return 0, err
	}
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.User(actor.Application, user); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		n, err = tx.UnreadOf(actor.Application, user)
		return err
	})
	return n, err
}

// ListUnreadSummaries lists, for the application alone, which users have unread
// messages in which channels, and how many.
func (ms *Messages) ListUnreadSummaries(ctx context.Context, actor chat.Actor, r chat.PageRequest) (p chat.Page[chat.UnreadSummary], err error) {
	if !actor.IsApplication() {
		return p, chat.ErrForbidden
	}
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.UnreadSummaries(actor.Application, r)
		return err
	})
	return p, err
}

// Count counts the messages of a channel that the actor is shown; unread keeps
// those he has not read, which are none where he is no member.
func (ms *Messages) Count(ctx context.Context, actor chat.Actor, channel chat.ChannelID, unread bool) (n int64, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Seen(tx, actor, channel); err != nil {
			return err
		}
		if unread {
			n, err = tx.UnreadIn(channel, actor.User)
		} else {
			n, err = tx.MessageCount(channel, actor.User)
		}
		return err
	})
	return n, err
}

// maxReadBy bounds how many members one answer of ReadBy names.
const maxReadBy = 1000

// ReadBy tells which members have read up to which of the messages between two
// cursors of List, both included: from start, the newer one, back to end. Zero
// leaves that end open.
func (ms *Messages) ReadBy(ctx context.Context, actor chat.Actor, channel chat.ChannelID, start, end int64) (list []chat.ReadPosition, err error) {
	if start == 0 {
		start = math.MaxInt64
	}
	from, to := min(start, end), max(start, end)
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Seen(tx, actor, channel); err != nil {
			return err
		}
		list, err = tx.ReadPositions(channel, actor.User, chat.Seq(from), chat.Seq(to), maxReadBy)
		return err
	})
	return list, err
}
