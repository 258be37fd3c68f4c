package messages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// index has everything indexed.
func index(t *testing.T, w *apptest.World) {
	t.Helper()
	for {
		worked, err := w.Messages.Index(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

// search gives the bodies that a query finds, newest first, over all pages.
func search(t *testing.T, w *apptest.World, a chat.Actor, f chat.MessageFilter) string {
	t.Helper()
	var bodies []string
	for c := (chat.Cursor{Size: 2}); ; {
		p, err := w.Messages.List(t.Context(), a, f, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Items {
			bodies = append(bodies, m.Body)
		}
		if c.From = p.Next; p.Next == 0 {
			return strings.Join(bodies, "|")
		}
	}
}

// What is found is the same before it is indexed and after, on each engine.
func TestSearch(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room, other := w.Channel(chat.Private, "room", ann, bob), w.Channel(chat.Public, "other", ann)
		send := func(c chat.Channel, body string) chat.Message {
			t.Helper()
			sent, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: c.ID, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			return sent.Message
		}
		long := "needle " + strings.Repeat("0123456789abcdef", 10)
		for k := range 9000 {
			if len(long) > 120_000 {
				break
			}
			long += fmt.Sprintf(" %x", k*7919)
		}
		for _, body := range []string{
			"Hello, World!", "hello again", "Grüße aus MÜNCHEN", "我爱北京天安门", "東京タワーに行きました", "สวัสดีชาวโลก", "party 🎉 tonight ❤️",
			"100%_sure", "a1 AND (b2 OR c3) NOT near", "o'clock \"quoted\" \\ * : ! & |", "İstanbul", long,
		} {
			send(room, body)
		}
		send(other, "hello elsewhere")
		foreign := w.Application("other").Application.ID
		theirs, err := w.Channels.Create(t.Context(), chat.Actor{Application: foreign}, channels.CreateInput{Type: chat.Public, Name: "theirs"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Messages.Send(t.Context(), chat.Actor{Application: foreign}, messages.SendInput{Channel: theirs.Channel.ID, Body: "hello there"}); err != nil {
			t.Fatal(err)
		}
		found := map[string]string{
			"hello": "hello elsewhere|hello again|Hello, World!", "HELLO,": "Hello, World!", "lo, wo": "Hello, World!", "hell": "hello elsewhere|hello again|Hello, World!",
			"münchen": "Grüße aus MÜNCHEN", "mu\u0308nchen": "Grüße aus MÜNCHEN", "üß": "Grüße aus MÜNCHEN", "munchen": "",
			"北京": "我爱北京天安门", "京": "東京タワーに行きました|我爱北京天安门", "タワー": "東京タワーに行きました", "ชาวโลก": "สวัสดีชาวโลก",
			"🎉": "party 🎉 tonight ❤️", "❤": "party 🎉 tonight ❤️", "🎉 ton": "party 🎉 tonight ❤️",
			"%": "100%_sure", "0%_s": "100%_sure", "_": "100%_sure", "and (b2 or": "a1 AND (b2 OR c3) NOT near", "NOT": "a1 AND (b2 OR c3) NOT near",
			"\"quoted\"": "o'clock \"quoted\" \\ * : ! & |", "o'c": "o'clock \"quoted\" \\ * : ! & |", "*": "o'clock \"quoted\" \\ * : ! & |", "\\": "o'clock \"quoted\" \\ * : ! & |", "& |": "o'clock \"quoted\" \\ * : ! & |",
			"needle": long, "istan": "İstanbul", "nothing like it": "", "hello  again": "hello again", "again hello": "",
		}
		check := func(when string) {
			t.Helper()
			for query, wanted := range found {
				want(t, when+": "+query, search(t, w, w.Owner(), chat.MessageFilter{Query: query}), wanted)
			}
			want(t, when+": in a channel", search(t, w, w.Owner(), chat.MessageFilter{Query: "hello", Channel: room.ID}), "hello again|Hello, World!")
			want(t, when+": as a member", search(t, w, w.As(bob), chat.MessageFilter{Query: "hello", Channel: room.ID}), "hello again|Hello, World!")
		}
		check("before it is indexed")
		index(t, w)
		check("once it is indexed")

		// What consists of nothing to search for finds what no query would.
		for _, nothing := range []string{" ", "\ufe0f", "\ufe0e \ufe0f"} {
			p, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Query: nothing}, chat.Cursor{Size: 1})
			if err != nil || len(p.Items) != 1 {
				t.Errorf("%q finds %d messages, %v", nothing, len(p.Items), err)
			}
		}

		// Who may not read a channel finds nothing in it.
		eve := w.User("eve")
		w.Refused("a stranger", chat.ErrUnknownChannel, func() error {
			_, err := w.Messages.List(t.Context(), w.As(eve), chat.MessageFilter{Query: "hello", Channel: room.ID}, chat.Cursor{})
			return err
		})
		w.Refused("a user everywhere", chat.ErrForbidden, func() error {
			_, err := w.Messages.List(t.Context(), w.As(ann), chat.MessageFilter{Query: "hello"}, chat.Cursor{})
			return err
		})
		w.Refused("too long a query", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Query: strings.Repeat("x", chat.MaxQuery+1)}, chat.Cursor{})
			return err
		})
	})
}

func TestSearchFollowsChanges(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Private, "room", ann, bob)
		var sent []chat.Message
		for _, body := range []string{"one fish", "two fish", "red fish", "blue fish"} {
			s, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, s.Message)
		}
		finds := func(when, query, wanted string) {
			t.Helper()
			want(t, when+": "+query, search(t, w, w.Owner(), chat.MessageFilter{Query: query}), wanted)
		}
		w.News() // as they are now
		index(t, w)
		if _, err := w.Messages.Update(t.Context(), w.As(ann), sent[0].ID, messages.Patch{Body: new("one bird")}); err != nil {
			t.Fatal(err)
		}
		w.News()
		if _, err := w.Messages.Delete(t.Context(), w.As(ann), sent[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Messages.DeleteForMe(t.Context(), w.As(bob), sent[2].ID); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"at once", "once it is indexed"} {
			finds(when, "fish", "blue fish|red fish")
			finds(when, "bird", "one bird")
			want(t, when+": for who has hidden one", search(t, w, w.As(bob), chat.MessageFilter{Query: "fish", Channel: room.ID}), "blue fish")
			index(t, w)
		}

		// History is found too, and what the log has forgotten is indexed before.
		err := w.DB.Update(t.Context(), func(tx *store.Tx) error {
			actor := chat.Actor{Application: w.App.ID, Importer: true}
			var list []messages.History
			for k := range 3 * messages.IndexBatch {
				h, err := messages.CheckHistory(actor, messages.SendInput{Channel: room.ID, Body: fmt.Sprintf("old fish %d", k)})
				if err != nil {
					return err
				}
				list = append(list, h)
			}
			_, err := w.Messages.Import(tx, actor, list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"at once", "once it is indexed"} {
			finds(when, "old fish 123", "old fish 123")
			finds(when, "red", "red fish")
			if n := strings.Count(search(t, w, w.Owner(), chat.MessageFilter{Query: "old fish"}), "|"); n != 3*messages.IndexBatch-1 {
				t.Errorf("%s: %d old fish", when, n+1)
			}
			index(t, w)
		}
		s, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, Body: "new fish"})
		if err != nil {
			t.Fatal(err)
		}
		w.News()
		w.Clock.Advance(48 * time.Hour)
		if err := w.Timeline.Forget(t.Context(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		finds("after a long time", "new fish", s.Message.Body)
		index(t, w)
		finds("indexed after a long time", "new fish", s.Message.Body)

		// A page leads back to the one before it.
		first, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Query: "fish"}, chat.Cursor{Size: 2})
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Query: "fish"}, chat.Cursor{Size: 2, From: first.Next})
		if err != nil {
			t.Fatal(err)
		}
		back, err := w.Messages.List(t.Context(), w.Owner(), chat.MessageFilter{Query: "fish"}, chat.Cursor{Size: 2, Before: second.First})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "back", fmt.Sprint(back.Items[0].ID, back.Items[1].ID, back.Newer), fmt.Sprint(first.Items[0].ID, first.Items[1].ID, false))
		if !second.Newer {
			t.Error("the second page has no newer one")
		}

		if _, err := w.Channels.Delete(t.Context(), w.Owner(), room.ID); err != nil {
			t.Fatal(err)
		}
		finds("a deleted channel", "fish", "")
		if err := w.Channels.Purge(t.Context(), channels.Purge{Channel: room.ID}); err != nil {
			t.Fatal(err)
		}
		index(t, w)
		finds("a purged channel", "fish", "")
	})
}
