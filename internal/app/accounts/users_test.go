package accounts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
)

func TestAUserIsCreatedAndFound(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		u, err := w.Accounts.CreateUser(t.Context(), w.Owner(), accounts.CreateUserInput{
			Name: "ann@example.com", DisplayName: "Ann", Guest: true, Properties: json.RawMessage(`{"x": [1, 2]}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		wanted := chat.User{
			ID: u.ID, Application: w.App.ID, Name: "ann@example.com", DisplayName: "Ann", Guest: true, Properties: `{"x":[1,2]}`, CreatedAt: apptest.Start,
		}
		if diff := cmp.Diff(wanted, u); diff != "" {
			t.Error(diff)
		}
		want(t, "news", w.News(), "")
		found, err := w.Accounts.RetrieveUser(t.Context(), w.Owner(), u.ID)
		if diff := cmp.Diff(u, found); diff != "" || err != nil {
			t.Errorf("found: %v %s", err, diff)
		}
		p, err := w.Accounts.ListUsers(t.Context(), w.Owner(), chat.UserFilter{}, chat.PageRequest{Size: 5})
		if diff := cmp.Diff([]chat.User{u}, p.Items); diff != "" || err != nil || p.Total != 1 {
			t.Errorf("list: %v %s", err, diff)
		}
		other := chat.Actor{Application: w.Application("other").Application.ID}
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			name   string
			exists bool
		}{{"ann", w.Owner(), u.Name, true}, {"somebody", w.Owner(), "somebody", false}, {"ann elsewhere", other, u.Name, false}} {
			exists, err := w.Accounts.UserExists(t.Context(), c.actor, c.name)
			if exists != c.exists || err != nil {
				t.Errorf("%s: %v %v", c.what, exists, err)
			}
		}
		_, err = w.Accounts.RetrieveUser(t.Context(), other, u.ID)
		want(t, "elsewhere", string(chat.CodeOf(err)), string(chat.NotFound))
		p, err = w.Accounts.ListUsers(t.Context(), other, chat.UserFilter{}, chat.PageRequest{Size: 5})
		if p.Total != 0 || err != nil {
			t.Errorf("elsewhere: %v %v", p, err)
		}
		_, err = w.Accounts.UserExists(t.Context(), w.Owner(), "\x00")
		want(t, "a name that cannot be", string(chat.CodeOf(err)), string(chat.Invalid))
	})
}

func TestWhoCannotBeCreated(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.User("ann")
		for what, c := range map[string]struct {
			in     accounts.CreateUserInput
			reason string
		}{
			"a name taken":         {accounts.CreateUserInput{Name: "ann", DisplayName: "x"}, "UsernameTakenError"},
			"no name":              {accounts.CreateUserInput{DisplayName: "x"}, "InvalidRequestError"},
			"no display name":      {accounts.CreateUserInput{Name: "x"}, "InvalidRequestError"},
			"a long name":          {accounts.CreateUserInput{Name: strings.Repeat("x", 1025), DisplayName: "x"}, "InvalidRequestError"},
			"bad properties":       {accounts.CreateUserInput{Name: "x", DisplayName: "x", Properties: json.RawMessage(`"x"`)}, "InvalidRequestError"},
			"properties too large": {accounts.CreateUserInput{Name: "x", DisplayName: "x", Properties: json.RawMessage(strings.Repeat(" ", 1<<17) + "{}")}, "PropertiesTooLargeError"},
		} {
			w.Refused(what, apptest.Reason(c.reason), func() error {
				_, err := w.Accounts.CreateUser(t.Context(), w.Owner(), c.in)
				return err
			})
		}
	})
}

func TestARepeatedRequestFindsTheUserItMade(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		actor := w.Owner()
		actor.Request = "key-1"
		in := accounts.CreateUserInput{Name: "ann", DisplayName: "Ann"}
		first, err := w.Accounts.CreateUser(t.Context(), actor, in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.Accounts.CreateUser(t.Context(), actor, in)
		if diff := cmp.Diff(first, again); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		actor.Request = "key-2"
		w.Refused("another request", apptest.Reason("UsernameTakenError"), func() error {
			_, err := w.Accounts.CreateUser(t.Context(), actor, in)
			return err
		})
		in.Name = "bob" // the refused request has claimed nothing
		if _, err := w.Accounts.CreateUser(t.Context(), actor, in); err != nil {
			t.Error(err)
		}
	})
}

func TestAUserIsChanged(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		name, away, none, offline, guest, long := "Annie", "AWAY", "", chat.StatusUnavailable, true, strings.Repeat("x", chat.MaxDisplayName+1)
		for _, c := range []struct {
			what    string
			actor   chat.Actor
			patch   accounts.UserPatch
			signals bool
			change  func(u *chat.User)
		}{
			{"her name, by herself", w.As(ann), accounts.UserPatch{DisplayName: &name}, false, func(u *chat.User) { u.DisplayName = name }},
			{"her status", w.As(ann), accounts.UserPatch{Status: &away}, true, func(u *chat.User) { u.Presence.Status = away }},
			{"the same status", w.As(ann), accounts.UserPatch{Status: &away}, false, func(*chat.User) {}},
			{"her properties", w.As(ann), accounts.UserPatch{Properties: json.RawMessage(`{"a":{"b":1,"c":2}}`)}, false, func(u *chat.User) { u.Properties = `{"a":{"b":1,"c":2}}` }},
			{"merged, by the application", w.Owner(), accounts.UserPatch{Properties: json.RawMessage(`{"a":{"b":null}}`)}, false, func(u *chat.User) { u.Properties = `{"a":{"c":2}}` }},
			{"whether a guest", w.Owner(), accounts.UserPatch{Guest: &guest}, false, func(u *chat.User) { u.Guest = true }},
			{"the status that she has by herself", w.As(ann), accounts.UserPatch{Status: &offline}, true, func(u *chat.User) { u.Presence.Status = "" }},
			{"a status again", w.As(ann), accounts.UserPatch{Status: &away}, true, func(u *chat.User) { u.Presence.Status = away }},
			{"no status", w.Owner(), accounts.UserPatch{Status: &none}, true, func(u *chat.User) { u.Presence.Status = "" }},
		} {
			wanted, err := w.Accounts.RetrieveUser(t.Context(), w.Owner(), ann.ID)
			if err != nil {
				t.Fatal(err)
			}
			c.change(&wanted)
			c.actor.Session, c.actor.Request = 8, "r"
			got, err := w.Accounts.UpdateUser(t.Context(), c.actor, ann.ID, c.patch)
			if diff := cmp.Diff(wanted, got); diff != "" || err != nil {
				t.Errorf("%s: %v %s", c.what, err, diff)
			}
			found, err := w.Accounts.RetrieveUser(t.Context(), w.Owner(), ann.ID)
			if diff := cmp.Diff(wanted, found); diff != "" || err != nil {
				t.Errorf("%s: found %v %s", c.what, err, diff)
			}
			events := w.Events()
			if len(events) != 1 || events[0].Kind != chat.UserUpdated || events[0].Target != ann.ID || events[0].Actor != c.actor.User ||
				events[0].Channel != 0 || events[0].Session != 8 || events[0].Request != "r" {
				t.Errorf("%s: events %+v", c.what, events)
			} else if diff := cmp.Diff(got, *events[0].User); diff != "" {
				t.Errorf("%s: the event's user %s", c.what, diff)
			}
			if signals := w.Signals.Take(); (signals != "") != c.signals {
				t.Errorf("%s: signals %q", c.what, signals)
			}
		}
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			patch  accounts.UserPatch
			reason error
		}{
			{"by another user", w.As(bob), accounts.UserPatch{DisplayName: &name}, chat.ErrForbidden},
			{"whether a guest, by herself", w.As(ann), accounts.UserPatch{Guest: &guest}, chat.ErrForbidden},
			{"by another application", chat.Actor{Application: 1}, accounts.UserPatch{DisplayName: &name}, chat.ErrUnknownUser},
			{"no name", w.As(ann), accounts.UserPatch{DisplayName: &none}, apptest.Reason("InvalidRequestError")},
			{"a long status", w.As(ann), accounts.UserPatch{Status: &long}, apptest.Reason("InvalidRequestError")},
			{"properties that are none", w.As(ann), accounts.UserPatch{Properties: json.RawMessage(`[]`)}, apptest.Reason("InvalidRequestError")},
		} {
			w.Refused(c.what, c.reason, func() error {
				_, err := w.Accounts.UpdateUser(t.Context(), c.actor, ann.ID, c.patch)
				return err
			})
		}
		want(t, "signals of refusals", w.Signals.Take(), "")
	})
}

func TestADeletedUserLeavesATombstone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room, direct := w.Channel(chat.Private, "room", ann, bob), w.Channel(chat.Direct, "", ann, bob)
		sent, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, Body: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		w.Refused("by another user", chat.ErrForbidden, func() error {
			_, err := w.Accounts.DeleteUser(t.Context(), w.As(bob), ann.ID)
			return err
		})
		gone, err := w.Accounts.DeleteUser(t.Context(), w.As(ann), ann.ID)
		if err != nil || gone.ID != ann.ID {
			t.Fatal(gone, err)
		}
		events := w.Events()
		if len(events) != 1 || events[0].Kind != chat.UserDeleted || events[0].Target != ann.ID || events[0].User.Name != "ann" {
			t.Errorf("events: %+v", events)
		}
		for what, deed := range map[string]func() error{
			"deleting again": func() error {
				_, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), ann.ID)
				return err
			},
			"finding her": func() error {
				_, err := w.Accounts.RetrieveUser(t.Context(), w.Owner(), ann.ID)
				return err
			},
			"her writing": func() error {
				_, err := w.Messages.Send(t.Context(), w.As(ann), messages.SendInput{Channel: room.ID, Body: "hello"})
				return err
			},
		} {
			w.Refused(what, chat.ErrUnknownUser, deed)
		}
		again := w.User("ann") // the name is free
		if again.ID == ann.ID {
			t.Error("the new user is the old one")
		}
		m, err := w.Messages.Retrieve(t.Context(), w.As(bob), sent.Message.ID)
		if err != nil || m.User == nil || m.User.ID != ann.ID || !m.User.Deleted {
			t.Errorf("her message: %+v %v", m, err)
		}

		jobs := w.Due()
		if len(jobs) != 1 || jobs[0].Kind != accounts.PurgeUserJob || jobs[0].Application != w.App.ID {
			t.Fatalf("jobs: %+v", jobs)
		}
		var p accounts.PurgeUser
		if err := json.Unmarshal([]byte(jobs[0].Payload), &p); err != nil || p.User != ann.ID {
			t.Fatalf("payload: %s %v", jobs[0].Payload, err)
		}
		for range 2 { // may be repeated
			if err := w.Accounts.Purge(t.Context(), jobs[0].Application, p); err != nil {
				t.Fatal(err)
			}
		}
		left := map[chat.ChannelID]chat.UserID{}
		for _, e := range w.Events() {
			if e.Kind == chat.MemberLeft {
				left[e.Channel] = e.Target
			}
		}
		if diff := cmp.Diff(map[chat.ChannelID]chat.UserID{room.ID: ann.ID, direct.ID: ann.ID}, left); diff != "" {
			t.Errorf("left: %s", diff)
		}
		ids, err := w.Channels.Memberships(t.Context(), ann.ID)
		if len(ids) != 0 || err != nil {
			t.Errorf("memberships: %v %v", ids, err)
		}
	})
}
