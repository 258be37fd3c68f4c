package channels_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

var want = apptest.Want[string]

func TestWhoSeesAChannel(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		public, private, direct := w.Channel(chat.Public, "public", ann), w.Channel(chat.Private, "private", ann), w.Channel(chat.Direct, "", ann, bob)
		foreign := w.Application("other").Application.ID
		for _, c := range []struct {
			what    string
			actor   chat.Actor
			channel chat.Channel
			sees    string
		}{
			{"a member", w.As(ann), private, "member"},
			{"a stranger of a public channel", w.As(eve), public, "yes"},
			{"a stranger of a private channel", w.As(eve), private, "no"},
			{"a stranger of a direct channel", w.As(eve), direct, "no"},
			{"the application", w.Owner(), private, "yes"},
			{"another application", chat.Actor{Application: foreign}, public, "no"},
			{"another application's user", chat.Actor{Application: foreign, User: ann.ID}, private, "no"},
		} {
			v, err := w.Channels.Retrieve(t.Context(), c.actor, c.channel.ID)
			sees := "yes"
			switch {
			case err != nil:
				sees = "no"
				want(t, c.what+": code", string(chat.CodeOf(err)), string(chat.NotFound))
			case v.Member:
				sees = "member"
			}
			want(t, c.what, sees, c.sees)
		}
	})
}

func TestListsOfChannels(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		w.Channel(chat.Public, "a", ann)
		w.Channel(chat.Private, "b", ann)
		w.Channel(chat.Private, "c", bob)
		w.Channel(chat.Public, "d", bob, ann)
		w.Channel(chat.Public, "e", bob)
		create(t, w, chat.Actor{Application: w.Application("other").Application.ID}, channels.CreateInput{Type: chat.Public, Name: "z"})
		yes, no := true, false
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			filter chat.ChannelFilter
			names  string // with a star where the viewer is a member
		}{
			{"all, to the application", w.Owner(), chat.ChannelFilter{}, "a b c d e"},
			{"what she may see", w.As(ann), chat.ChannelFilter{}, "a* b* d* e"},
			{"hers, whosever she asks for", w.As(ann), chat.ChannelFilter{Viewer: bob.ID}, "a* b* d* e"},
			{"what she is in", w.As(ann), chat.ChannelFilter{Joined: &yes}, "a* b* d*"},
			{"what she may join", w.As(ann), chat.ChannelFilter{Joined: &no}, "e"},
			{"with bob", w.As(ann), chat.ChannelFilter{Members: []string{"bob"}}, "d* e"},
		} {
			p, err := w.Channels.List(t.Context(), c.actor, c.filter, chat.PageRequest{Size: 10})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range p.Items {
				star := ""
				if v.Member {
					star = "*"
				}
				names = append(names, v.Channel.Name+star)
			}
			want(t, c.what, strings.Join(names, " "), c.names)
			want(t, c.what+": total", fmt.Sprint(p.Total), fmt.Sprint(len(names)))
		}
		for what, f := range map[string]chat.ChannelFilter{"type": {Type: "SECRET"}, "name": {Name: "\x00"}, "members": {Members: []string{"\xff"}}} {
			_, err := w.Channels.List(t.Context(), w.Owner(), f, chat.PageRequest{})
			want(t, "a nonsensical "+what, string(chat.CodeOf(err)), string(chat.Invalid))
		}
	})
}

func TestAChannelIsChangedByItsCreatorAndTheApplication(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob, eve := w.User("ann"), w.User("bob"), w.User("eve")
		room := w.Channel(chat.Private, "room", ann, bob)
		name := "New"
		v, err := w.Channels.Update(t.Context(), w.As(ann), room.ID, channels.Patch{DisplayName: &name, Properties: json.RawMessage(`{"a":{"b":1,"c":2}}`)})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "display name", v.Channel.DisplayName, "New")
		events := w.Events()
		if len(events) != 1 || events[0].Kind != chat.ChannelUpdated || events[0].ChannelState.DisplayName != "New" || events[0].Actor != ann.ID {
			t.Errorf("events: %+v", events)
		}
		v, err = w.Channels.Update(t.Context(), w.Owner(), room.ID, channels.Patch{Properties: json.RawMessage(`{"a":{"b":null,"d":"<&>"}}`)})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "merged", string(v.Channel.Properties), `{"a":{"c":2,"d":"<&>"}}`)
		want(t, "display name", v.Channel.DisplayName, "New")
		want(t, "name", v.Channel.Name, "room")
		found, err := w.Channels.Retrieve(t.Context(), w.Owner(), room.ID)
		if err != nil || found.Channel.Properties != v.Channel.Properties || found.Channel.Seq != v.Channel.Seq {
			t.Errorf("found: %+v %v", found, err)
		}
		want(t, "news", w.News(), "channel.updated")

		empty, long := "", strings.Repeat("x", chat.MaxDisplayName+1)
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			patch  channels.Patch
			reason error
		}{
			{"a mere member", w.As(bob), channels.Patch{DisplayName: &name}, apptest.Reason("NotAChannelModeratorError")},
			{"a stranger", w.As(eve), channels.Patch{DisplayName: &name}, chat.ErrUnknownChannel},
			{"another application", chat.Actor{Application: 1}, channels.Patch{DisplayName: &name}, chat.ErrUnknownChannel},
			{"an empty name", w.As(ann), channels.Patch{DisplayName: &empty}, apptest.Reason("InvalidRequestError")},
			{"a long name", w.As(ann), channels.Patch{DisplayName: &long}, apptest.Reason("InvalidRequestError")},
			{"properties that are none", w.As(ann), channels.Patch{Properties: json.RawMessage(`7`)}, apptest.Reason("InvalidRequestError")},
			{"properties too large", w.As(ann), channels.Patch{Properties: json.RawMessage(`{"x":"` + strings.Repeat("x", chat.MaxProperties-20) + `"}`)}, apptest.Reason("PropertiesTooLargeError")},
		} {
			w.Refused(c.what, c.reason, func() error {
				_, err := w.Channels.Update(t.Context(), c.actor, room.ID, c.patch)
				return err
			})
		}
	})
}

func TestADeletedChannelIsGoneAtOnceAndPurgedLater(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		sent, err := w.Messages.Send(t.Context(), w.As(bob), messages.SendInput{Channel: room.ID, Body: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		for what, actor := range map[string]chat.Actor{"a mere member": w.As(bob)} {
			w.Refused(what, apptest.Reason("NotAChannelModeratorError"), func() error {
				_, err := w.Channels.Delete(t.Context(), actor, room.ID)
				return err
			})
		}
		before := w.Clock.Now()
		v, err := w.Channels.Delete(t.Context(), w.As(ann), room.ID)
		if err != nil || v.Channel.ID != room.ID || v.Channel.LastMessage == nil {
			t.Errorf("deleted: %+v %v", v, err)
		}
		events := w.Events()
		if len(events) != 1 || events[0].Kind != chat.ChannelDeleted || events[0].ChannelState.Name != "room" {
			t.Errorf("events: %+v", events)
		}
		w.Refused("deleting again", chat.ErrUnknownChannel, func() error {
			_, err := w.Channels.Delete(t.Context(), w.As(ann), room.ID)
			return err
		})
		_, err = w.Messages.Retrieve(t.Context(), w.As(bob), sent.Message.ID)
		want(t, "its message", string(chat.CodeOf(err)), string(chat.NotFound))
		again := w.Channel(chat.Public, "room", bob)
		if again.ID == room.ID {
			t.Error("the name is not free")
		}

		missed, err := w.Timeline.Missed(t.Context(), bob.ID, events[0].Position-1, 10)
		if err != nil || len(missed) == 0 || missed[0].Kind != chat.ChannelDeleted {
			t.Errorf("a member who was away missed %v, %v", missed, err)
		}
		if jobs := w.Due(); len(jobs) != 0 {
			t.Errorf("purged before sessions that were away came back: %v", jobs)
		}
		w.Clock.Advance(time.Hour)
		jobs := w.Due()
		if len(jobs) != 1 || jobs[0].Kind != channels.PurgeJob || jobs[0].Application != w.App.ID || jobs[0].RunAt.Before(before) {
			t.Fatalf("jobs: %+v", jobs)
		}
		var p channels.Purge
		if err := json.Unmarshal([]byte(jobs[0].Payload), &p); err != nil || p.Channel != room.ID {
			t.Fatalf("payload: %s %v", jobs[0].Payload, err)
		}
		for range 2 { // may be repeated
			if err := w.Channels.Purge(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "news", w.News(), "")
		want(t, "members of the new room", members(t, w, again.ID), "bob")
		ids, err := w.Channels.Memberships(t.Context(), ann.ID)
		want(t, "memberships", fmt.Sprint(ids, err), "[] <nil>")
	})
}
