package channels

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Mute notes that the acting member wants, or no longer wants, his
// notifications from a channel marked as muted. It tells whether that is new.
func (cs *Channels) Mute(ctx context.Context, actor chat.Actor, id chat.ChannelID, on bool) (v chat.View, changed bool, err error) {
	kind := chat.ChannelUnmuted
	if on {
		kind = chat.ChannelMuted
	}
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, _, err := Allowed(tx, actor, id, chat.OpMute)
		if err != nil {
			return err
		}
		if v, err = view(tx, actor, c, true); err != nil {
			return err
		}
		if changed, err = tx.SetMuted(id, actor.User, on); err != nil || !changed {
			return err
		}
		return recordOwn(tx, actor, kind, v.Channel, actor.User)
	})
	return v, changed, err
}

// Hide leaves a direct channel out of the acting member's lists until a new
// message, or until he creates it again. It tells whether that is new.
func (cs *Channels) Hide(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, _, err := Allowed(tx, actor, id, chat.OpHide)
		if err != nil {
			return err
		}
		if v, err = view(tx, actor, c, true); err != nil {
			return err
		}
		if changed, err = tx.SetHidden(id, actor.User, true); err != nil || !changed {
			return err
		}
		return recordOwn(tx, actor, chat.ChannelHidden, v.Channel, actor.User)
	})
	return v, changed, err
}

// ClearHistory makes all messages of a channel up to now disappear for the
// acting member: from his lists, counts and what the channel shows as its newest
// message. None of them is unread for him any more, but to others he has not
// read them. It tells whether that is new. The clearing ends with the
// membership.
func (cs *Channels) ClearHistory(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, changed bool, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, _, err := Allowed(tx, actor, id, chat.OpClearHistory)
		if err != nil {
			return err
		}
		if changed, err = tx.ClearHistory(id, actor.User); err != nil {
			return err
		}
		if v, err = view(tx, actor, c, true); err != nil || !changed {
			return err
		}
		return recordOwn(tx, actor, chat.HistoryCleared, v.Channel, actor.User)
	})
	return v, changed, err
}

// unhide shows a channel to one member again.
func unhide(tx *store.Tx, actor chat.Actor, c chat.Channel, user chat.UserID) error {
	changed, err := tx.SetHidden(c.ID, user, false)
	if err != nil || !changed {
		return err
	}
	return recordOwn(tx, actor, chat.ChannelUnhidden, c, user)
}

// Resurface shows a channel again to the few who hid it, as a new message does.
func Resurface(tx *store.Tx, actor chat.Actor, id chat.ChannelID) error {
	hiders, err := tx.Unhide(id)
	if err != nil || len(hiders) == 0 {
		return err
	}
	c, err := tx.Channel(actor.Application, id)
	if err != nil {
		return err
	}
	actor.Request = ""
	for _, user := range hiders {
		v, err := view(tx, chat.Actor{Application: actor.Application, User: user}, c, true)
		if err != nil {
			return err
		}
		if err := recordOwn(tx, actor, chat.ChannelUnhidden, v.Channel, user); err != nil {
			return err
		}
	}
	return nil
}

// recordOwn writes an event about what a channel is to one member.
func recordOwn(tx *store.Tx, actor chat.Actor, kind chat.EventKind, c chat.Channel, user chat.UserID) error {
	u, err := tx.User(actor.Application, user)
	if err != nil {
		return store.OrRefuse(err, chat.ErrUnknownUser)
	}
	_, err = tx.Record(chat.Event{
		Application: actor.Application, Kind: kind, Actor: actor.User, Target: user, Subject: int64(c.ID),
		Session: actor.Session, Request: actor.Request, ChannelState: &c, User: &u,
	})
	return err
}
