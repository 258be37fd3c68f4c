package messages

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// ThreadInput is what CreateThread needs.
type ThreadInput struct {
	Channel    chat.ChannelID
	Name       string
	Properties json.RawMessage
}

// CreateThread opens a standalone thread in a channel.
func (ms *Messages) CreateThread(ctx context.Context, actor chat.Actor, in ThreadInput) (t chat.Thread, err error) {
	if err := chat.CheckText("name", in.Name, chat.MaxThreadName); err != nil {
		return t, err
	}
	own, err := chat.ParseProperties(in.Properties)
	if err != nil {
		return t, err
	}
	next := chat.ThreadID(ms.IDs.Next())
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Allowed(tx, actor, in.Channel, chat.OpPost); err != nil {
			return err
		}
		t = chat.Thread{
			ID: next, Application: actor.Application, Type: chat.StandaloneThread, Channel: in.Channel,
			Name: in.Name, Properties: own, CreatedAt: tx.Now,
		}
		if err := tx.InsertThread(t); err != nil {
			return err
		}
		told := t
		e := event(actor, chat.ThreadCreated, t.Channel, int64(t.ID))
		e.Thread = &told
		_, err := tx.Record(e)
		return err
	})
	return t, err
}

// seenThread loads a thread in a channel that the actor may read.
func seenThread(tx *store.Tx, actor chat.Actor, id chat.ThreadID) (chat.Thread, error) {
	return allowedThread(tx, actor, id, chat.OpRead)
}

// allowedThread loads a thread in a channel where the actor may do something.
func allowedThread(tx *store.Tx, actor chat.Actor, id chat.ThreadID, op chat.Operation) (chat.Thread, error) {
	t, err := tx.Thread(actor.Application, id)
	if err != nil {
		return t, store.OrRefuse(err, chat.ErrUnknownThread)
	}
	_, _, err = channels.Allowed(tx, actor, t.Channel, op)
	if errors.Is(err, chat.ErrUnknownChannel) {
		err = chat.ErrUnknownThread
	}
	return t, err
}

// CheckThread finds a thread and refuses what the actor may not do in its
// channel, for what leaves no trace in threads.
func (ms *Messages) CheckThread(ctx context.Context, actor chat.Actor, id chat.ThreadID, op chat.Operation) (t chat.Thread, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		t, err = allowedThread(tx, actor, id, op)
		return err
	})
	return t, err
}

// RetrieveThread finds a thread in a channel that the actor may see.
func (ms *Messages) RetrieveThread(ctx context.Context, actor chat.Actor, id chat.ThreadID) (t chat.Thread, err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		t, err = seenThread(tx, actor, id)
		return err
	})
	return t, err
}

// ReadThread makes the acting member read the main thread of a channel: all
// messages up to its newest one, since what is read is kept by channel. Reading
// another thread reads nothing.
func (ms *Messages) ReadThread(ctx context.Context, actor chat.Actor, id chat.ThreadID) error {
	return ms.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := allowedThread(tx, actor, id, chat.OpMarkRead)
		if err != nil || t.Type != chat.MainThread {
			return err
		}
		newest, err := tx.NewestMessageSeq(chat.MessageFilter{Channel: t.Channel, MainThread: true})
		if err != nil {
			return err
		}
		return readUpTo(tx, actor, t.Channel, newest)
	})
}

// ThreadOf finds the thread that a message is in, or was before it was deleted:
// the replies to its parent, the one it was sent into, or else the channel's
// main thread.
func (ms *Messages) ThreadOf(ctx context.Context, actor chat.Actor, m chat.Message) (chat.Thread, error) {
	switch {
	case m.Parent != 0:
		return ms.RetrieveThread(ctx, actor, chat.ThreadID(m.Parent))
	case m.Thread != 0:
		return ms.RetrieveThread(ctx, actor, m.Thread)
	default:
		return ms.RetrieveThread(ctx, actor, chat.ThreadID(m.Channel))
	}
}

// ListThreads lists the threads of a channel, newest first.
func (ms *Messages) ListThreads(ctx context.Context, actor chat.Actor, channel chat.ChannelID, f chat.ThreadFilter, r chat.PageRequest) (p chat.Page[chat.Thread], err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, err := channels.Seen(tx, actor, channel); err != nil {
			return err
		}
		p, err = tx.Threads(channel, actor.User, f, r)
		return err
	})
	return p, err
}
