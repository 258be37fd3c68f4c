package messages_test

import (
	"context"
	"errors"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

// wantUnread checks how many messages of a channel a user has not read.
func wantUnread(t *testing.T, w *apptest.World, u chat.User, room chat.Channel, wanted int64) {
	t.Helper()
	n, err := w.Messages.Count(t.Context(), w.As(u), room.ID, true)
	if n != wanted || err != nil {
		t.Errorf("%s has %d unread messages, want %d: %v", u.Name, n, wanted, err)
	}
}

// done fails the test where a deed was refused.
func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadingAndUnreading(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann)
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "before bob"})
		if _, _, err := w.Channels.Join(t.Context(), w.As(bob), room.ID); err != nil {
			t.Fatal(err)
		}
		wantUnread(t, w, bob, room, 0)
		one := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "1"}).Message
		own := send(t, w, w.As(bob), messages.SendInput{Channel: room.ID, Body: "2"}).Message
		system := send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, Body: "3"}).Message
		wantUnread(t, w, bob, room, 2)
		wantUnread(t, w, ann, room, 2)
		w.News()

		// Reading his own message reads the one before it, and tells of that.
		ctx := t.Context()
		actor := w.As(bob)
		actor.Session, actor.Request = 7, "receipt-1"
		done(t, w.Messages.Read(ctx, actor, own.ID))
		wantUnread(t, w, bob, room, 1)
		e := w.Events()
		if len(e) != 1 || e[0].Kind != chat.MessageRead || e[0].Subject != int64(one.ID) || e[0].Seq != 0 || e[0].Channel != room.ID ||
			e[0].Target != bob.ID || e[0].Request != "" {
			t.Errorf("events: %+v", e)
		}
		done(t, w.Messages.Read(ctx, actor, one.ID))
		want(t, "news of reading again", w.News(), "")
		done(t, w.Messages.ReadChannel(ctx, actor, room.ID))
		done(t, w.Messages.ReadChannel(ctx, actor, room.ID))
		if e = w.Events(); len(e) != 1 || e[0].Subject != int64(system.ID) {
			t.Errorf("events: %+v", e)
		}
		wantUnread(t, w, bob, room, 0)
		last, err := w.Messages.LastRead(ctx, w.As(ann), room.ID, "bob")
		if err != nil || last.ID != system.ID {
			t.Errorf("last read: %+v %v", last, err)
		}

		// Making his own message unread does so with the one after it.
		done(t, w.Messages.Unread(ctx, actor, own.ID))
		wantUnread(t, w, bob, room, 1)
		if e = w.Events(); len(e) != 1 || e[0].Kind != chat.MessageUnread || e[0].Subject != int64(system.ID) {
			t.Errorf("events: %+v", e)
		}
		done(t, w.Messages.Unread(ctx, actor, system.ID))
		want(t, "news of what is unread", w.News(), "")
		done(t, w.Messages.Unread(ctx, actor, one.ID))
		want(t, "news of an older one", w.News(), "message.unread")
		wantUnread(t, w, bob, room, 2)

		// Reading takes no number of the channel.
		v, err := w.Channels.Retrieve(ctx, w.Owner(), room.ID)
		if err != nil || v.Channel.Seq != system.Seq {
			t.Errorf("the channel is at %d, its newest message at %d: %v", v.Channel.Seq, system.Seq, err)
		}
	})
}

func TestWhoHasReadAMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann, bob)
		m := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "1"}).Message
		readers := func() (names string) {
			p, err := w.Messages.ListReceipts(t.Context(), w.As(bob), m.ID, chat.PageRequest{})
			done(t, err)
			for _, r := range p.Items {
				names += r.User.Name + " "
				if r.ReadAt != apptest.Start || r.Message != m.ID {
					t.Errorf("receipt: %+v", r)
				}
			}
			return names
		}
		want(t, "nobody", readers(), "")
		if _, err := w.Messages.LastRead(t.Context(), w.As(ann), room.ID, "bob"); !errors.Is(err, messages.ErrNothingRead) {
			t.Errorf("nothing read: %v", err)
		}
		done(t, w.Messages.Read(t.Context(), w.As(ann), m.ID))
		done(t, w.Messages.Read(t.Context(), w.As(bob), m.ID))
		want(t, "not the author", readers(), "bob ")
		list, err := w.Messages.ReadBy(t.Context(), w.As(ann), room.ID, 0, int64(m.Seq))
		if err != nil || len(list) != 2 || list[0].Message != m.ID {
			t.Errorf("positions: %+v %v", list, err)
		}
		if _, err := w.Messages.ListReceipts(t.Context(), w.As(eve), m.ID, chat.PageRequest{}); !errors.Is(err, chat.ErrUnknownMessage) {
			t.Errorf("eve asks: %v", err)
		}
	})
}

func TestWhoMayNotRead(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, eve := w.User("ann"), w.User("eve")
		open, closed := w.Channel(chat.Public, "open", ann), w.Channel(chat.Private, "closed", ann)
		seen := send(t, w, w.As(ann), messages.SendInput{Channel: open.ID, Body: "x"}).Message
		hidden := send(t, w, w.As(ann), messages.SendInput{Channel: closed.ID, Body: "x"}).Message
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		for what, c := range map[string]struct {
			actor   chat.Actor
			channel chat.Channel
			message chat.Message
			reason  error
			unknown error
		}{
			"in a public channel":    {w.As(eve), open, seen, chat.ErrNotAMember, chat.ErrNotAMember},
			"in a private channel":   {w.As(eve), closed, hidden, chat.ErrUnknownChannel, chat.ErrUnknownMessage},
			"in another application": {w.As(stranger), open, seen, chat.ErrUnknownChannel, chat.ErrUnknownMessage},
			"as the application":     {w.Owner(), open, seen, chat.ErrForbidden, chat.ErrForbidden},
			"where there is nothing": {w.As(ann), chat.Channel{ID: 5}, chat.Message{ID: 5}, chat.ErrUnknownChannel, chat.ErrUnknownMessage},
		} {
			w.Refused("read a channel "+what, c.reason, func() error { return w.Messages.ReadChannel(t.Context(), c.actor, c.channel.ID) })
			for name, deed := range map[string]func(context.Context, chat.Actor, chat.MessageID) error{
				"read": w.Messages.Read, "unread": w.Messages.Unread,
			} {
				w.Refused(name+" a message "+what, c.unknown, func() error { return deed(t.Context(), c.actor, c.message.ID) })
			}
		}
		w.Refused("count for somebody else", chat.ErrForbidden, func() error {
			_, err := w.Messages.CountUnread(t.Context(), w.As(eve), ann.ID)
			return err
		})
		w.Refused("the last of an unknown user", chat.ErrUnknownUser, func() error {
			_, err := w.Messages.LastRead(t.Context(), w.As(ann), open.ID, "nobody")
			return err
		})
	})
}
