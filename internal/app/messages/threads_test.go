package messages_test

import (
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func TestReadingTheMainThreadReadsTheChannel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", ann, bob)
		hidden := w.Channel(chat.Private, "hidden", ann)
		ctx, main := t.Context(), chat.ThreadID(room.ID)
		done(t, w.Messages.ReadThread(ctx, w.As(bob), main)) // nothing is there
		top := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "top"}).Message
		send(t, w, w.As(ann), messages.SendInput{Parent: top.ID, Body: "a reply"})
		newest := send(t, w, w.As(ann), messages.SendInput{Thread: main, Body: "into the main thread"}).Message
		late := send(t, w, w.As(ann), messages.SendInput{Parent: top.ID, Body: "a late reply"}).Message
		aside, err := w.Messages.CreateThread(ctx, w.As(ann), messages.ThreadInput{Channel: room.ID, Name: "aside"})
		is(t, err)
		w.News()

		done(t, w.Messages.ReadThread(ctx, w.As(bob), aside.ID))
		done(t, w.Messages.ReadThread(ctx, w.As(bob), chat.ThreadID(top.ID)))
		want(t, "news of reading other threads", w.News(), "")
		wantUnread(t, w, bob, room, 4)

		done(t, w.Messages.ReadThread(ctx, w.As(bob), main))
		if e := w.Events(); len(e) != 1 || e[0].Kind != chat.MessageRead || e[0].Subject != int64(newest.ID) {
			t.Errorf("events: %+v", e)
		}
		wantUnread(t, w, bob, room, 1)
		done(t, w.Messages.Read(ctx, w.As(bob), late.ID))
		w.News()
		done(t, w.Messages.ReadThread(ctx, w.As(bob), main)) // never back
		wantUnread(t, w, bob, room, 0)

		w.Refused("a stranger", chat.ErrNotAMember, func() error { return w.Messages.ReadThread(ctx, w.As(eve), main) })
		w.Refused("one who may not see it", chat.ErrUnknownThread, func() error {
			return w.Messages.ReadThread(ctx, w.As(eve), chat.ThreadID(hidden.ID))
		})
	})
}
