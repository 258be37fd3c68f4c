package channels

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Typing is how keystrokes reach those who are there. Nothing of them is kept.
type Typing interface {
	// Typed hears all of the text that a user is typing in a channel.
	Typed(actor chat.Actor, channel chat.ChannelID, user chat.UserID, keys string)
}

// TypeInput is what Type needs.
type TypeInput struct {
	// Channel is where somebody types, or Thread. Only one of them is set.
	Channel chat.ChannelID
	Thread  chat.ThreadID
	// User is for the application, which types for users. A user types for
	// himself.
	User chat.UserRef
	// Keys is all of the text so far; empty says that he has given it up.
	Keys string
}

// Type tells those who chat in a channel what a user is typing, and gives the
// user. Those in a thread other than the channel's main one are told to nobody:
// no client can listen to them.
func (cs *Channels) Type(ctx context.Context, actor chat.Actor, in TypeInput) (u chat.User, err error) {
	if err := checkKeys(in.Keys); err != nil {
		return u, err
	}
	heard := true
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		if in.Thread != 0 {
			t, err := tx.Thread(actor.Application, in.Thread)
			if err != nil {
				return store.OrRefuse(err, chat.ErrUnknownThread)
			}
			in.Channel, heard = t.Channel, t.Type == chat.MainThread
		}
		_, _, err := Allowed(tx, actor, in.Channel, chat.OpType)
		if in.Thread != 0 && errors.Is(err, chat.ErrUnknownChannel) {
			err = chat.ErrUnknownThread
		}
		if err != nil {
			return err
		}
		if !actor.IsApplication() {
			in.User = chat.UserRef{ID: actor.User}
		}
		u, err = resolve(tx, actor.Application, in.User)
		return err
	})
	if err == nil && heard {
		cs.typed(actor, in.Channel, u.ID, in.Keys)
	}
	return u, err
}

// TypeAsMember is Type for a user of whom the caller knows that he is a member,
// so that the many keystrokes ask nothing of the store.
func (cs *Channels) TypeAsMember(actor chat.Actor, id chat.ChannelID, keys string) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	cs.typed(actor, id, actor.User, keys)
	return nil
}

func checkKeys(keys string) error { return chat.CheckOptionalText("keys", keys, chat.MaxKeys) }

func (cs *Channels) typed(actor chat.Actor, id chat.ChannelID, user chat.UserID, keys string) {
	if cs.Typing != nil {
		cs.Typing.Typed(actor, id, user, keys)
	}
}
