package messages

import (
	"errors"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// placed finds where a new message belongs, and who it is from.
func (in SendInput) placed(tx *store.Tx, actor chat.Actor, m *chat.Message) (store.Post, error) {
	unknown := chat.ErrUnknownChannel
	if in.Thread != 0 {
		unknown = chat.ErrUnknownThread
		t, err := tx.Thread(actor.Application, in.Thread)
		if err != nil {
			return store.Post{}, store.OrRefuse(err, unknown)
		}
		in.Channel = t.Channel
		switch t.Type {
		case chat.MessageThread:
			in.Parent = chat.MessageID(t.ID)
		case chat.StandaloneThread:
			m.Thread = t.ID
		case chat.MainThread:
		}
	}
	var parentAuthor chat.UserID
	if in.Parent != 0 {
		unknown = chat.ErrUnknownMessage
		parent, err := tx.Message(actor.Application, in.Parent)
		if err != nil {
			return store.Post{}, store.OrRefuse(err, unknown)
		}
		in.Channel, m.Parent, m.Level, m.Thread = parent.Channel, parent.ID, parent.Level+1, parent.Thread
		if parent.User != nil {
			parentAuthor = parent.User.ID
		}
	}
	m.Channel = in.Channel
	post, err := in.post(tx, actor)
	post.ParentAuthor = parentAuthor
	if errors.Is(err, chat.ErrUnknownChannel) {
		err = unknown // what the actor may not see has no messages either
	}
	return post, err
}

// resolve turns a filter into one by channel, parent or standalone thread, or
// of an application, and refuses what the actor may not see.
func resolve(tx *store.Tx, actor chat.Actor, f *chat.MessageFilter) error {
	channel := f.Channel
	switch {
	case f.OfApplication():
		if !actor.IsApplication() {
			return chat.ErrForbidden
		}
		for _, id := range []chat.UserID{f.Author, f.UnreadBy} {
			if id == 0 {
				continue
			}
			if _, err := tx.User(actor.Application, id); err != nil {
				return store.OrRefuse(err, chat.ErrUnknownUser)
			}
		}
		return nil
	case f.Thread != 0:
		t, err := seenThread(tx, actor, f.Thread)
		if err != nil {
			return err
		}
		switch t.Type {
		case chat.MainThread:
			f.Channel, f.Thread, f.MainThread = t.Channel, 0, true
		case chat.MessageThread:
			f.Parent, f.Thread = chat.MessageID(t.ID), 0
		case chat.StandaloneThread:
		}
		return nil
	case f.Parent != 0:
		_, _, _, err := seen(tx, actor, f.Parent)
		return err
	}
	_, _, err := channels.Seen(tx, actor, channel)
	return err
}

// seen loads a message in a channel that the actor may read, the channel, and
// whether he is a member of it.
func seen(tx *store.Tx, actor chat.Actor, id chat.MessageID) (m chat.Message, c chat.Channel, member bool, err error) {
	return allowed(tx, actor, id, chat.OpRead)
}

// allowed is seen for a message with which the actor may do something.
func allowed(tx *store.Tx, actor chat.Actor, id chat.MessageID, op chat.Operation) (m chat.Message, c chat.Channel, member bool, err error) {
	if m, err = tx.Message(actor.Application, id); err != nil {
		return m, c, false, store.OrRefuse(err, chat.ErrUnknownMessage)
	}
	c, member, err = channels.Allowed(tx, actor, m.Channel, op)
	if errors.Is(err, chat.ErrUnknownChannel) {
		err = chat.ErrUnknownMessage
	}
	return m, c, member, err
}

// checkRight refuses an operation on a message that is not the actor's own.
func checkRight(tx *store.Tx, actor chat.Actor, m chat.Message, c chat.Channel, member bool, op chat.Operation) error {
	if m.WrittenBy(actor.User) {
		op = chat.OpChangeOwnMessage
	}
	return channels.CheckRight(tx, actor, c, member, op)
}

// event is what an actor does to something in a channel.
func event(actor chat.Actor, kind chat.EventKind, channel chat.ChannelID, subject int64) chat.Event {
	return chat.Event{
		Application: actor.Application, Kind: kind, Channel: channel, Actor: actor.User, Subject: subject,
		Session: actor.Session, Request: actor.Request,
	}
}

// private is what an actor does that concerns nobody else.
func private(actor chat.Actor, kind chat.EventKind, subject int64) chat.Event {
	e := event(actor, kind, 0, subject)
	e.Target = actor.User
	return e
}
