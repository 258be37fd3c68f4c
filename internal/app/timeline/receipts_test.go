package timeline_test

import (
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

func TestTheLogTellsOfReceipts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		say(t, w, w.As(ann), room, "one")
		after := head(t, w)
		if err := w.Messages.ReadChannel(t.Context(), w.As(bob), room.ID); err != nil {
			t.Fatal(err)
		}
		for _, u := range []chat.User{ann, bob} {
			missed, err := w.Timeline.Missed(t.Context(), u.ID, after, 10)
			if err != nil {
				t.Fatal(err)
			}
			want(t, u.Name+" missed", story(missed), "message.read:one:bob")
		}
	})
}
