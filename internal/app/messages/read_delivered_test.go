package messages_test

import (
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func TestWhatIsDeliveredIsRead(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve, dan := w.User("ann"), w.User("bob"), w.User("eve"), w.User("dan")
		room := w.Channel(chat.Private, "room", ann, bob, dan)
		hall := w.Channel(chat.Private, "hall", ann, bob)
		one := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "1"}).Message
		two := send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "2"}).Message
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "3"})
		there := send(t, w, w.As(ann), messages.SendInput{Channel: hall.ID, Body: "4"}).Message
		if _, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), dan.ID); err != nil {
			t.Fatal(err)
		}
		w.News()
		delivered := func(u chat.User, m chat.Message) chat.Delivery {
			return chat.Delivery{Application: w.App.ID, User: u.ID, Channel: m.Channel, Message: m.Seq}
		}
		// Those who are gone, or were never there, keep nobody else from reading.
		done(t, w.Messages.ReadDelivered(t.Context(), []chat.Delivery{
			delivered(eve, two), delivered(dan, two), delivered(bob, two), delivered(ann, two), delivered(bob, there),
			{Application: w.App.ID, User: bob.ID, Channel: 5, Message: 1},
		}))
		wantUnread(t, w, bob, room, 1)
		wantUnread(t, w, bob, hall, 0)
		e := w.Events()
		if len(e) != 2 || e[0].Kind != chat.MessageRead || e[0].Target != bob.ID || e[0].Subject != int64(two.ID) || e[0].Session != 0 ||
			e[1].Subject != int64(there.ID) {
			t.Errorf("events: %+v", e)
		}
		done(t, w.Messages.ReadDelivered(t.Context(), []chat.Delivery{delivered(bob, one), delivered(bob, two)}))
		want(t, "news of what was read before", w.News(), "")
		wantUnread(t, w, bob, room, 1)
	})
}
