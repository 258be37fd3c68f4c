package timeline_test

import (
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

// told is the story of the events that are not left out.
func told(events []chat.Event) string {
	var kept []chat.Event
	for _, e := range events {
		if !e.LeftOut {
			kept = append(kept, e)
		}
	}
	return story(kept)
}

func TestWhatWasMissedLeavesOutWhoIsBlocked(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Public, "room", ann, bob, eve)
		after := head(t, w)
		say(t, w, w.As(eve), room, "hers")
		say(t, w, w.As(bob), room, "his")
		list, err := w.Messages.List(ctx, w.Owner(), chat.MessageFilter{Channel: room.ID}, chat.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list.Items {
			if _, _, err := w.Messages.React(ctx, w.As(bob), m.ID, "👍"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Messages.ReadChannel(ctx, w.As(eve), room.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Messages.Delete(ctx, w.Owner(), list.Items[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Accounts.BlockUser(ctx, w.As(ann), eve.ID); err != nil {
			t.Fatal(err)
		}
		missed := func(u chat.User) string {
			events, err := w.Timeline.Missed(ctx, u.ID, after, 100)
			if err != nil {
				t.Fatal(err)
			}
			return told(events)
		}
		want(t, "ann is told", missed(ann), "message.created:his reaction.created: user.blocked:eve")
		want(t, "bob is told", missed(bob), "message.created: message.created:his reaction.created: reaction.created: message.read:his:eve message.deleted:")
		if _, err := w.Accounts.UnblockUser(ctx, w.As(ann), eve.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "ann is told again", strings.TrimSuffix(missed(ann), " user.blocked:eve user.unblocked:eve"), missed(bob))
	})
}

func TestWhatWasMissedLeavesOutWhatWasCleared(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		after := head(t, w)
		say(t, w, w.As(bob), room, "one")
		if _, _, err := w.Channels.ClearHistory(ctx, w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		say(t, w, w.As(bob), room, "two")
		for _, u := range []chat.User{ann, bob} {
			events, err := w.Timeline.Missed(ctx, u.ID, after, 100)
			if err != nil {
				t.Fatal(err)
			}
			text := map[string]string{"ann": "history.cleared:room:ann message.created:two", "bob": "message.created:one message.created:two"}[u.Name]
			want(t, u.Name+" is told", told(events), text)
		}
		// Another node tells her of the channel as she sees it, too.
		if _, _, err := w.Channels.ClearHistory(ctx, w.As(ann), room.ID); err != nil {
			t.Fatal(err)
		}
		all, err := w.Timeline.After(ctx, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.Kind == chat.HistoryCleared && e.ChannelState.LastMessage != nil {
				t.Errorf("the channel shows %+v", e.ChannelState.LastMessage)
			}
		}
	})
}
