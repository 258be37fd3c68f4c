package accounts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

// chats lists chat sessions as "user channel state".
func chats(t *testing.T, w *apptest.World, state chat.SessionState) string {
	t.Helper()
	p, err := w.Accounts.ListChatSessions(t.Context(), w.Owner(), state, chat.PageRequest{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range p.Items {
		out = append(out, fmt.Sprint(c.Session.Owner.Name, " ", c.Channel, " ", chat.StateSince(c.EndedAt)))
	}
	return strings.Join(out, ", ")
}

func TestChatSessionsAreKept(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		guest(t, w, "ann")
		guest(t, w, "bob")
		ann, bob := start(t, w, "ann", ""), start(t, w, "bob", "")
		five := w.Channel(chat.Public, "five", ann.User, bob.User).ID
		six := w.Channel(chat.Public, "six", ann.User, bob.User).ID
		chats := func(t *testing.T, w *apptest.World, state chat.SessionState) string {
			t.Helper()
			return strings.NewReplacer(fmt.Sprint(five), "5", fmt.Sprint(six), "6").Replace(chats(t, w, state))
		}
		keep := func(on chat.NodeID, s chat.Session, channels ...chat.ChannelID) {
			t.Helper()
			w.Clock.Advance(time.Second)
			if err := w.Node(on).Attend(ctx, []chat.Attendance{{Session: s.ID, Application: s.Application, User: s.User, Channels: channels}}); err != nil {
				t.Fatal(err)
			}
		}
		keep(1, ann.Session, five)
		keep(1, ann.Session, five, six)
		keep(1, ann.Session, six)
		keep(1, ann.Session, six)
		keep(1, bob.Session, five)
		want(t, "all", chats(t, w, ""), "ann 5 ENDED, ann 6 ACTIVE, bob 5 ACTIVE")
		want(t, "active", chats(t, w, chat.SessionActive), "ann 6 ACTIVE, bob 5 ACTIVE")
		keep(2, ann.Session) // it is not there any more
		want(t, "after another node's word", chats(t, w, chat.SessionActive), "ann 6 ACTIVE, bob 5 ACTIVE")
		// An earlier process of this node has died. Sessions that resume say anew
		// where they chat.
		if err := w.Accounts.Abandoned(ctx, 1); err != nil {
			t.Fatal(err)
		}
		want(t, "after a crash", chats(t, w, chat.SessionActive), "ann 6 ACTIVE, bob 5 ACTIVE")
		w.Clock.Advance(11 * time.Second)
		if err := w.Accounts.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		want(t, "after the grace", chats(t, w, chat.SessionActive), "")
		keep(1, bob.Session, five)
		want(t, "after resuming", chats(t, w, chat.SessionActive), "bob 5 ACTIVE")
		if err := w.Accounts.EndSession(ctx, ann.Session); err != nil {
			t.Fatal(err)
		}
		keep(1, ann.Session, six) // too late
		want(t, "after the end of a session", chats(t, w, chat.SessionActive), "bob 5 ACTIVE")
		if _, err := w.Accounts.DeleteUser(ctx, w.Owner(), bob.User.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "after the end of a user", chats(t, w, chat.SessionActive), "")
		want(t, "ended", chats(t, w, chat.SessionEnded), "ann 5 ENDED, ann 6 ENDED, bob 5 ENDED, bob 5 ENDED")

		sessions, err := w.Accounts.ListUserSessions(ctx, w.Owner(), chat.SessionEnded, chat.PageRequest{Size: 1, Sort: []chat.Sort{{Property: "id", Descending: true}}})
		if err != nil || sessions.Total != 2 || sessions.Items[0].Owner.Name != "bob" || sessions.Items[0].UserAgent != "agent" {
			t.Errorf("sessions: %+v %v", sessions, err)
		}
		w.Clock.Advance(31 * 24 * time.Hour)
		if err := w.Accounts.ForgetSessions(ctx); err != nil {
			t.Fatal(err)
		}
		want(t, "after a month", chats(t, w, ""), "")
		w.Refused("an ended session, after a month", apptest.Reason("UserSessionNotFoundError"), func() error {
			_, err := w.Accounts.RetrieveUserSession(ctx, w.Owner(), ann.Session.ID)
			return err
		})
	})
}

func TestWhoMayNotListSessions(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		ann := guest(t, w, "ann")
		s := start(t, w, "ann", "")
		foreign := chat.Actor{Application: w.Application("other").Application.ID}
		w.Refused("a user", chat.ErrForbidden, func() error {
			_, err := w.Accounts.ListChatSessions(ctx, w.As(ann), "", chat.PageRequest{})
			return err
		})
		w.Refused("a user, his own", chat.ErrForbidden, func() error {
			_, err := w.Accounts.RetrieveUserSession(ctx, w.As(ann), s.Session.ID)
			return err
		})
		w.Refused("another application", apptest.Reason("UserSessionNotFoundError"), func() error {
			_, err := w.Accounts.RetrieveUserSession(ctx, foreign, s.Session.ID)
			return err
		})
		w.Refused("an unknown state", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Accounts.ListUserSessions(ctx, w.Owner(), "OPEN", chat.PageRequest{})
			return err
		})
		if p, err := w.Accounts.ListUserSessions(ctx, foreign, "", chat.PageRequest{}); err != nil || p.Total != 0 {
			t.Errorf("another application sees %+v %v", p, err)
		}
	})
}

func TestUsersAreFoundByTheirProperties(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		for _, name := range []string{"ann", "bob", "eve"} {
			u := w.User(name)
			team := map[string]string{"ann": `"red"`, "bob": `"\u0072ed"`, "eve": `"blue\u0000"`}[name]
			setProperties(t, w, u, `{"team":`+team+`,"name":"`+name+`"}`)
		}
		for filter, names := range map[chat.Properties]string{
			`{"team":"red"}`: "2: ann bob", `{"team":"red","name":"bob"}`: "1: bob", `{"team":"blue\u0000"}`: "1: eve", `{"team":"green"}`: "0:", ``: "3: ann bob eve",
		} {
			p, err := w.Accounts.ListUsers(t.Context(), w.Owner(), chat.UserFilter{Properties: filter}, chat.PageRequest{Size: 10})
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(p.Total, ":")
			for _, u := range p.Items {
				got += " " + u.Name
			}
			want(t, string(filter), got, names)
		}
	})
}

func setProperties(t *testing.T, w *apptest.World, u chat.User, properties string) {
	t.Helper()
	if _, err := w.Accounts.UpdateUser(t.Context(), w.Owner(), u.ID, accounts.UserPatch{Properties: json.RawMessage(properties)}); err != nil {
		t.Fatal(err)
	}
}
