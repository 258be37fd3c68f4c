package messages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func TestListsAcrossChannels(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room, hall, pair := w.Channel(chat.Private, "room", ann, bob), w.Channel(chat.Public, "hall", bob), w.Channel(chat.Direct, "", ann, bob)
		say := func(actor chat.Actor, c chat.Channel, body string) chat.Message {
			w.Clock.Advance(1_000_000)
			m := send(t, w, actor, messages.SendInput{Channel: c.ID, Body: body}).Message
			w.News()
			return m
		}
		say(w.As(ann), room, "0")
		say(w.As(bob), hall, "1")
		say(w.Owner(), room, "2")
		read := say(w.As(bob), pair, "3")
		deleted := say(w.As(ann), pair, "4")
		say(w.As(ann), pair, "5")
		if _, err := w.Messages.Delete(ctx, w.As(ann), deleted.ID); err != nil {
			t.Fatal(err)
		}
		done(t, w.Messages.Read(ctx, w.As(ann), read.ID))
		for _, c := range []struct {
			what   string
			filter chat.MessageFilter
			bodies string
		}{
			{"all", chat.MessageFilter{}, "5 3 2 1 0"},
			{"by a name", chat.MessageFilter{Username: "ann"}, "5 0"},
			{"by a name that nobody has", chat.MessageFilter{Username: "eve"}, ""},
			{"by a name, in a channel", chat.MessageFilter{Channel: room.ID, Username: "ann"}, "0"},
			{"by a user", chat.MessageFilter{Author: bob.ID}, "3 1"},
			{"unread by ann", chat.MessageFilter{UnreadBy: ann.ID}, "2"},
			{"unread by bob", chat.MessageFilter{UnreadBy: bob.ID}, "5 2 0"},
		} {
			p, err := w.Messages.List(ctx, w.Owner(), c.filter, chat.Cursor{Size: 10, Total: true})
			done(t, err)
			var bodies []string
			for _, m := range p.Items {
				bodies = append(bodies, m.Body)
			}
			want(t, c.what, strings.Join(bodies, " "), c.bodies)
			want(t, c.what+": total", fmt.Sprint(*p.Total), fmt.Sprint(len(bodies)))
			if len(bodies) < 2 {
				continue
			}
			first, err := w.Messages.List(ctx, w.Owner(), c.filter, chat.Cursor{Size: 1})
			done(t, err)
			second, err := w.Messages.List(ctx, w.Owner(), c.filter, chat.Cursor{Size: 1, From: first.Next})
			done(t, err)
			back, err := w.Messages.List(ctx, w.Owner(), c.filter, chat.Cursor{Size: 1, Before: second.First})
			done(t, err)
			want(t, c.what+": there and back", second.Items[0].Body+back.Items[0].Body, bodies[1]+bodies[0])
			if first.Newer || !second.Newer || first.Total != nil {
				t.Errorf("%s: %+v %+v", c.what, first, second)
			}
		}
		w.Refused("by a user", chat.ErrForbidden, func() error {
			_, err := w.Messages.List(ctx, w.As(ann), chat.MessageFilter{}, chat.Cursor{})
			return err
		})
		stranger := w.UserOf(w.Application("other").Application.ID, "stranger")
		for what, f := range map[string]chat.MessageFilter{"another application's author": {Author: stranger.ID}, "another application's reader": {UnreadBy: stranger.ID}} {
			w.Refused(what, chat.ErrUnknownUser, func() error {
				_, err := w.Messages.List(ctx, w.Owner(), f, chat.Cursor{})
				return err
			})
		}
		p, err := w.Messages.List(ctx, chat.Actor{Application: stranger.Application}, chat.MessageFilter{}, chat.Cursor{Total: true})
		if err != nil || len(p.Items) != 0 || *p.Total != 0 {
			t.Errorf("another application sees %+v %v", p, err)
		}
	})
}

func TestUnreadSummaries(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		room, hall := w.Channel(chat.Private, "room", ann, bob), w.Channel(chat.Public, "hall", bob)
		send(t, w, w.As(ann), messages.SendInput{Channel: room.ID, Body: "1"})
		send(t, w, w.Owner(), messages.SendInput{Channel: room.ID, Body: "2"})
		send(t, w, w.Owner(), messages.SendInput{Channel: hall.ID, Body: "3"})
		list := func(actor chat.Actor, r chat.PageRequest) string {
			p, err := w.Messages.ListUnreadSummaries(ctx, actor, r)
			done(t, err)
			var out []string
			for _, s := range p.Items {
				out = append(out, fmt.Sprint(s.User.Name, " ", s.Channel.Name, " ", s.Count))
			}
			return fmt.Sprint(p.Total, ": ", strings.Join(out, ", "))
		}
		want(t, "all", list(w.Owner(), chat.PageRequest{Size: 10}), "3: ann room 1, bob room 2, bob hall 1")
		want(t, "the most", list(w.Owner(), chat.PageRequest{Size: 1, Sort: []chat.Sort{{Property: "count", Descending: true}}}), "3: bob room 2")
		done(t, w.Messages.ReadChannel(ctx, w.As(bob), room.ID))
		want(t, "after reading", list(w.Owner(), chat.PageRequest{Size: 10}), "2: ann room 1, bob hall 1")
		want(t, "another application's", list(chat.Actor{Application: w.Application("other").Application.ID}, chat.PageRequest{}), "0: ")
		w.Refused("by a user", chat.ErrForbidden, func() error {
			_, err := w.Messages.ListUnreadSummaries(ctx, w.As(ann), chat.PageRequest{})
			return err
		})
	})
}
