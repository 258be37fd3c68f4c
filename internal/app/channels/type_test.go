package channels_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

// typing remembers what was passed on.
type typing []string

func (ty *typing) Typed(_ chat.Actor, channel chat.ChannelID, user chat.UserID, keys string) {
	*ty = append(*ty, fmt.Sprint(channel, " ", user, " ", keys))
}

func TestTyping(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, eve := t.Context(), w.User("ann"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann)
		m, err := w.Messages.Send(ctx, w.As(ann), messages.SendInput{Channel: room.ID, Body: "x"})
		if err != nil {
			t.Fatal(err)
		}
		heard := &typing{}
		w.Channels.Typing = heard
		main, replies := chat.ThreadID(room.ID), chat.ThreadID(m.Message.ID)
		for _, c := range []struct {
			what  string
			actor chat.Actor
			in    channels.TypeInput
			told  bool
		}{
			{"a member", w.As(ann), channels.TypeInput{Channel: room.ID}, true},
			{"a member, in the main thread", w.As(ann), channels.TypeInput{Thread: main}, true},
			{"a member, in a reply", w.As(ann), channels.TypeInput{Thread: replies}, false},
			{"the application, for a stranger", w.Owner(), channels.TypeInput{Channel: room.ID, User: chat.UserRef{Name: "eve"}}, true},
		} {
			*heard = nil
			c.in.Keys = "hi"
			u, err := w.Channels.Type(ctx, c.actor, c.in)
			if err != nil {
				t.Fatal(c.what, err)
			}
			told := ""
			if c.told {
				told = fmt.Sprint(room.ID, " ", u.ID, " hi")
			}
			want(t, c.what, strings.Join(*heard, ", "), told)
		}
		*heard = nil
		if err := w.Channels.TypeAsMember(w.As(ann), room.ID, ""); err != nil {
			t.Fatal(err)
		}
		want(t, "nothing more", strings.Join(*heard, ", "), fmt.Sprint(room.ID, " ", ann.ID, " "))
		*heard = nil
		foreign := chat.Actor{Application: w.Application("other").Application.ID}
		public := w.Channel(chat.Public, "public")
		for what, c := range map[string]struct {
			actor  chat.Actor
			in     channels.TypeInput
			reason error
		}{
			"a stranger":                      {w.As(eve), channels.TypeInput{Channel: room.ID}, chat.ErrUnknownChannel},
			"a stranger, in a thread":         {w.As(eve), channels.TypeInput{Thread: replies}, chat.ErrUnknownThread},
			"a stranger of a public channel":  {w.As(eve), channels.TypeInput{Channel: public.ID}, chat.ErrNotAMember},
			"another application":             {foreign, channels.TypeInput{Channel: room.ID, User: chat.UserRef{Name: "ann"}}, chat.ErrUnknownChannel},
			"for nobody":                      {w.Owner(), channels.TypeInput{Channel: room.ID, User: chat.UserRef{Name: "nobody"}}, chat.ErrUnknownUser},
			"for nobody in particular":        {w.Owner(), channels.TypeInput{Channel: room.ID}, apptest.Reason("InvalidRequestError")},
			"more than anybody writes at all": {w.As(ann), channels.TypeInput{Channel: room.ID, Keys: strings.Repeat("x", 9<<10)}, apptest.Reason("InvalidRequestError")},
		} {
			w.Refused(what, c.reason, func() error {
				_, err := w.Channels.Type(ctx, c.actor, c.in)
				return err
			})
		}
		want(t, "of what was refused", strings.Join(*heard, ", "), "")
	})
}

func TestWhoIsThere(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob, eve := t.Context(), w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", bob, ann)
		for _, name := range []string{"bob", "eve"} {
			if _, err := w.Accounts.StartSession(ctx, sessionOf(w, name)); err != nil {
				t.Fatal(err)
			}
		}
		p, err := w.Channels.ListParticipants(ctx, w.As(ann), room.ID, chat.PageRequest{Size: 5})
		if err != nil || p.Total != 1 || p.Items[0].ID != bob.ID || !p.Items[0].Presence.Online {
			t.Errorf("participants: %+v %v", p, err)
		}
		m, err := w.Channels.ListMemberships(ctx, w.Owner(), room.ID, chat.PageRequest{Size: 5, Sort: []chat.Sort{{Property: "createdTime", Descending: true}}})
		if err != nil || m.Total != 2 || m.Items[0].User != ann.ID || !m.Items[0].JoinedAt.Equal(apptest.Start) {
			t.Errorf("memberships: %+v %v", m, err)
		}
		if u, err := w.Channels.RetrieveMember(ctx, w.As(ann), room.ID, bob.ID); err != nil || u.Name != "bob" {
			t.Errorf("a member: %+v %v", u, err)
		}
		w.Refused("no member", chat.ErrUnknownUser, func() error {
			_, err := w.Channels.RetrieveMember(ctx, w.As(ann), room.ID, eve.ID)
			return err
		})
		for what, list := range map[string]func() error{
			"participants": func() error {
				_, err := w.Channels.ListParticipants(ctx, w.As(eve), room.ID, chat.PageRequest{})
				return err
			},
			"memberships": func() error {
				_, err := w.Channels.ListMemberships(ctx, w.As(eve), room.ID, chat.PageRequest{})
				return err
			},
			"a member": func() error { _, err := w.Channels.RetrieveMember(ctx, w.As(eve), room.ID, bob.ID); return err },
		} {
			w.Refused(what+", for a stranger", chat.ErrUnknownChannel, list)
		}
	})
}

func sessionOf(w *apptest.World, name string) accounts.StartSessionInput {
	return accounts.StartSessionInput{Key: w.App.Key, Username: name}
}
