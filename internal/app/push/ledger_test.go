package push_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// marks is what serve fills in.
type marks struct{}

func (marks) Settled(text string, since, event chat.Position, user chat.UserID, channel chat.ChannelID) bool {
	return realtime.Settled(text, since, event, realtime.UserTopic(user, realtime.Messages), realtime.ChannelTopic(channel, realtime.Messages))
}

func TestWhatBecameOfAMessage(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		w.Push.Marks = marks{}
		ann, bob, carol := w.User("ann"), w.User("bob"), w.User("carol")
		room := w.Channel(chat.Public, "room", ann, bob)
		s := newStation(t, w)
		explain := func(m chat.Message, u chat.User) chat.DeliveryRecord {
			t.Helper()
			d, err := w.Push.Explain(ctx, w.Owner(), m.ID, u.ID)
			must(t, err)
			return d
		}
		why := func(what string, m chat.Message, u chat.User, want chat.DeliveryReason) {
			t.Helper()
			apptest.Want(t, what, explain(m, u).Reason, want)
		}
		m := say(t, w, ann, room, "hello")
		why("the author", m, ann, chat.DeliveryAuthor)
		why("no member", m, carol, chat.DeliveryNotMember)
		why("no device", m, bob, chat.DeliveryNoDevice)

		d := register(t, w, bob, phone("bob"))
		s.fanout() // it was before he had the device
		m = say(t, w, ann, room, "pushed")
		s.fanout()
		why("waiting", m, bob, chat.DeliveryPending)
		s.heard()
		if got := explain(m, bob); got.Reason != chat.DeliveryPushed || len(got.Attempts) != 1 || got.Attempts[0].Device != d.ID || got.Devices != 1 ||
			len(got.Notifications) != 1 || !got.Member || got.Chatting || !got.ReadAt.IsZero() {
			t.Errorf("pushed: %+v", got)
		}
		must(t, w.Messages.Read(ctx, w.As(bob), m.ID))
		if got := explain(m, bob); got.Reason != chat.DeliveryRead || !got.ReadAt.Equal(w.Clock.Now()) {
			t.Errorf("read: %+v", got)
		}

		s.answer = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "gone", http.StatusGone) }
		m = say(t, w, ann, room, "failed")
		s.heard()
		why("failed", m, bob, chat.DeliveryFailed)
		s.answer = nil
		register(t, w, bob, phone("bob"))

		for how, want := range map[chat.PushPreference]chat.DeliveryReason{chat.PushNone: chat.DeliveryPreference, chat.PushMentions: chat.DeliveryPreference} {
			_, err := w.Push.SetPreferences(ctx, w.As(bob), bob.ID, push.PreferencesPatch{Channels: []chat.ChannelPreference{{Channel: room.ID, Push: how}}})
			must(t, err)
			m = say(t, w, ann, room, "less")
			s.heard()
			why(string(how), m, bob, want)
		}
		_, _, err := w.Channels.Mute(ctx, w.As(bob), room.ID, true)
		must(t, err)
		m = say(t, w, ann, room, "muted")
		s.heard()
		why("muted", m, bob, chat.DeliveryMuted)
		_, _, err = w.Channels.Mute(ctx, w.As(bob), room.ID, false)
		must(t, err)

		session, err := w.Accounts.StartSession(ctx, accounts.StartSessionInput{Key: w.App.Key, Username: "bob", UserAgent: "test"})
		must(t, err)
		chats := chat.Attendance{Session: session.Session.ID, Application: w.App.ID, User: bob.ID, Channels: []chat.ChannelID{room.ID}}
		must(t, w.Accounts.Attend(ctx, []chat.Attendance{chats}))
		w.Clock.Advance(time.Second)
		m = say(t, w, ann, room, "seen")
		s.heard()
		got := explain(m, bob)
		if got.Reason != chat.DeliveryChatting || !got.Chatting || len(got.Connections) != 1 || got.Connections[0].Acknowledged || got.Connections[0].Session != session.Session.ID {
			t.Errorf("chatting: %+v", got)
		}
		head, err := w.Timeline.Head(ctx)
		must(t, err)
		must(t, w.Accounts.KeepAcknowledged(ctx, map[chat.SessionID]string{session.Session.ID: fmt.Sprintf(`{"settled":%d}`, realtime.MarkOf(head, 15))}))
		if got = explain(m, bob); !got.Connections[0].Acknowledged {
			t.Errorf("acknowledged: %+v", got)
		}
		w.Clock.Advance(time.Second)
		_, _, err = w.Channels.Join(ctx, w.As(carol), room.ID)
		must(t, err)
		why("joined later", m, carol, chat.DeliveryJoinedLater)
		_, _, err = w.Messages.DeleteForMe(ctx, w.As(carol), m.ID)
		must(t, err)
		why("hidden", m, carol, chat.DeliveryHidden)
		_, _, err = w.Accounts.BlockUser(ctx, w.As(carol), ann.ID)
		must(t, err)
		why("blocked", m, carol, chat.DeliveryBlocked)

		refused := func(what string, reason error, actor chat.Actor, m chat.MessageID, u chat.UserID) {
			t.Helper()
			w.Refused(what, reason, func() error { _, err := w.Push.Explain(ctx, actor, m, u); return err })
		}
		other := chat.Actor{Application: w.Application("other").Application.ID}
		refused("another application", chat.ErrUnknownMessage, other, m.ID, bob.ID)
		refused("nobody", chat.ErrUnknownUser, w.Owner(), m.ID, 1)
		refused("a user", chat.ErrForbidden, w.As(bob), m.ID, bob.ID)
		if strings.Contains(fmt.Sprintf("%+v", got), hookSecret) {
			t.Error("a secret is shown")
		}
	})
}
