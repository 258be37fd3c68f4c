package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/provider"
	"github.com/purrchat/purr/internal/store"
)

// station is an application's own server, which its webhook leads to.
type station struct {
	*httptest.Server
	t *testing.T
	w *apptest.World
	// answer, where it is set, answers instead of taking what comes.
	answer http.HandlerFunc

	mu  sync.Mutex
	got []string
	ids []string
}

// newStation makes the server and has the world push to it.
func newStation(t *testing.T, w *apptest.World) *station {
	t.Helper()
	s := &station{t: t, w: w}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	if _, err := w.Push.SetCredentials(t.Context(), w.Owner(), push.CredentialsInput{Kind: chat.Webhook, URL: s.URL, Secret: hookSecret}); err != nil {
		t.Fatal(err)
	}
	w.Push.Sender = hooks{provider.Webhook{Client: provider.NewClient(s.Client().Transport), Now: w.Clock.Now}}
	s.fanout() // of what there was before
	return s
}

// hooks is the part of what serve fills in that these tests need.
type hooks struct{ provider.Webhook }

func (h hooks) Send(ctx context.Context, p push.Parcel) push.Answer {
	a := h.Webhook.Send(ctx, provider.Hook{URL: p.Credentials.URL, Secret: p.Secret, ID: p.Name, Body: p.Payload})
	outcome := map[provider.Verdict]chat.PushOutcome{
		provider.Accepted: chat.PushAccepted, provider.Later: chat.PushDelayed, provider.Gone: chat.PushExpired, provider.Refused: chat.PushRefused,
	}[a.Verdict]
	return push.Answer{Outcome: outcome, Status: a.Status, Text: a.Text, RetryAfter: a.RetryAfter}
}

func (s *station) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	want, err := provider.Sign(hookSecret, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
	if err != nil || r.Header.Get("webhook-signature") != want {
		s.t.Errorf("signed %q, want %q, %v", r.Header.Get("webhook-signature"), want, err)
	}
	if s.answer != nil {
		s.answer(rw, r)
		return
	}
	var p struct {
		Token, Title, Body string
		Data               map[string]string
	}
	if err := json.Unmarshal(body, &p); err != nil || len(body) > push.MaxPayload || p.Data["createdTime"] == "" && p.Data["type"] != "TEST" {
		s.t.Errorf("%s: %v", body, err)
	}
	s.mu.Lock()
	s.got, s.ids = append(s.got, p.Token+": "+p.Title+": "+p.Body), append(s.ids, r.Header.Get("webhook-id"))
	s.mu.Unlock()
}

// fanout finds out who is to be pushed.
func (s *station) fanout() {
	s.t.Helper()
	for f, more := push.NewFanout(s.w.Push), true; more; {
		var err error
		if _, more, err = f.Step(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// send sends what is due.
func (s *station) send() {
	s.t.Helper()
	list, err := s.w.Push.Take(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range list {
		if err := s.w.Push.Deliver(s.t.Context(), p); err != nil {
			s.t.Fatal(err)
		}
	}
}

// heard is what arrives at the station, in the order of the tokens.
func (s *station) heard() string {
	s.t.Helper()
	s.fanout()
	s.send()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.got)
	got := strings.Join(s.got, "\n")
	s.got = nil
	return got
}

// attempts is what came of the pushes of a message to a user.
func (s *station) attempts(u chat.User, m chat.Message) (list []chat.PushAttempt) {
	s.t.Helper()
	err := s.w.DB.View(s.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.AttemptsFor(u.ID, m.Channel, m.ID, 100)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func outcomes(list []chat.PushAttempt) string {
	var all []string
	for _, a := range list {
		all = append(all, fmt.Sprint(a.Outcome, " ", a.Status))
	}
	return strings.Join(all, ", ")
}

func say(t *testing.T, w *apptest.World, u chat.User, c chat.Channel, body string) chat.Message {
	t.Helper()
	sent, err := w.Messages.Send(t.Context(), w.As(u), messages.SendInput{Channel: c.ID, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return sent.Message
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoIsPushed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		var all []chat.User
		for _, name := range []string{"ann", "bob", "muter", "chatter", "blocker", "silent", "picky"} {
			all = append(all, w.User(name))
		}
		ann, bob, muter, chatter, blocker, silent, picky := all[0], all[1], all[2], all[3], all[4], all[5], all[6]
		stranger, other := w.User("stranger"), w.User("other")
		room := w.Channel(chat.Public, "room", all...)
		s := newStation(t, w)
		for _, u := range append(all, stranger, other) {
			register(t, w, u, phone(u.Name))
		}
		register(t, w, bob, phone("bob2"))
		_, _, err := w.Channels.Mute(ctx, w.As(muter), room.ID, true)
		must(t, err)
		_, _, err = w.Accounts.BlockUser(ctx, w.As(blocker), ann.ID)
		must(t, err)
		session, err := w.Accounts.StartSession(ctx, accounts.StartSessionInput{Key: w.App.Key, Username: "chatter"})
		must(t, err)
		chats := chat.Attendance{Session: session.Session.ID, Application: w.App.ID, User: chatter.ID, Channels: []chat.ChannelID{room.ID}}
		must(t, w.Accounts.Attend(ctx, []chat.Attendance{chats}))
		for u, how := range map[chat.UserID]chat.PushPreference{silent.ID: chat.PushNone, picky.ID: chat.PushMentions} {
			_, err = w.Push.SetPreferences(ctx, w.Owner(), u, push.PreferencesPatch{Channels: []chat.ChannelPreference{{Channel: room.ID, Push: how}}})
			must(t, err)
		}

		say(t, w, ann, room, "hello")
		apptest.Want(t, "a message", s.heard(), "bob2: ann sent a message: hello\nbob: ann sent a message: hello")
		apptest.Want(t, "a second time", s.heard(), "")
		say(t, w, ann, room, "<@picky> <@silent> <@stranger> <@muter> <@chatter> <@blocker> <@ann>")
		want := "ann mentioned you: <@picky> <@silent> <@stranger> <@muter> <@chatter> <@blocker> <@ann>"
		sent := strings.Replace(want, "mentioned you", "sent a message", 1)
		apptest.Want(t, "mentions", s.heard(), "bob2: "+sent+"\nbob: "+sent+"\npicky: "+want+"\nstranger: "+want)

		// Who has ended his chat session hears of what comes then; of what he saw
		// he hears nothing later.
		chats.Channels = nil
		must(t, w.Accounts.Attend(ctx, []chat.Attendance{chats}))
		apptest.Want(t, "after the chat session", s.heard(), "")
		side := w.Channel(chat.Public, "side", ann, other)
		say(t, w, ann, side, "over in <#room>")
		heard := s.heard()
		for _, who := range []string{"bob", "bob2", "chatter", "muter", "picky"} {
			if !strings.Contains(heard, who+": ann mentioned room: over in <#room>") {
				t.Errorf("%s heard nothing of %q", who, heard)
			}
		}
		if strings.Contains(heard, "blocker") || strings.Contains(heard, "ann: ") || !strings.Contains(heard, "other: ann sent a message: over in <#room>") {
			t.Errorf("heard %q", heard)
		}
	})
}

func TestPushesCollapse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room, den := w.Channel(chat.Public, "room", ann, bob), w.Channel(chat.Private, "den", ann, bob)
		s := newStation(t, w)
		register(t, w, bob, phone("bob"))
		first := say(t, w, ann, room, "one")
		s.fanout()
		say(t, w, ann, room, "two")
		say(t, w, ann, den, "here")
		third := say(t, w, ann, room, "three")
		apptest.Want(t, "of two channels", s.heard(), "bob: ann sent a message: here\nbob: ann sent a message: three")
		if a := s.attempts(bob, first); len(a) != 1 || a[0].First != first.ID || a[0].Last != third.ID || outcomes(a) != "ACCEPTED 200" {
			t.Errorf("attempts: %+v", a)
		}

		// What comes while one is under way is sent after it, and not with it.
		say(t, w, ann, room, "four")
		s.fanout()
		list, err := w.Push.Take(t.Context())
		must(t, err)
		fifth := say(t, w, ann, room, "five")
		s.fanout()
		for _, p := range list {
			must(t, w.Push.Deliver(t.Context(), p))
		}
		apptest.Want(t, "while one is under way", s.heard(), "bob: ann sent a message: five\nbob: ann sent a message: four")
		if a := s.attempts(bob, fifth); len(a) != 1 || outcomes(a) != "ACCEPTED 200" {
			t.Errorf("attempts: %+v", a)
		}
	})
}

func TestPushesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		s := newStation(t, w)
		register(t, w, bob, phone("bob"))
		m := say(t, w, ann, room, "hello")
		refuse := func(status int, retryAfter, text string) {
			s.answer = func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Retry-After", retryAfter)
				http.Error(rw, text, status)
			}
		}
		refuse(http.StatusServiceUnavailable, "120", "come\x00 back "+strings.Repeat("x", 5000))
		apptest.Want(t, "at first", s.heard(), "")
		w.Clock.Advance(119 * time.Second)
		s.heard()
		a := s.attempts(bob, m)
		if len(a) != 1 || a[0].Outcome != chat.PushDelayed || !strings.HasPrefix(a[0].Answer, "come back xxx") || len(a[0].Answer) > chat.MaxPushAnswer {
			t.Fatalf("attempts: %+v", a)
		}
		w.Clock.Advance(2 * time.Second)
		refuse(http.StatusBadRequest, "", "what is this?")
		s.heard()
		w.Clock.Advance(time.Minute)
		s.answer = nil
		apptest.Want(t, "in the end", s.heard(), "bob: ann sent a message: hello")
		apptest.Want(t, "attempts", outcomes(s.attempts(bob, m)), "DELAYED 503, DELAYED 400, ACCEPTED 200")

		refuse(http.StatusInternalServerError, "", "")
		m = say(t, w, ann, room, "in vain")
		for range 30 {
			s.heard()
			w.Clock.Advance(time.Hour)
		}
		tried := s.attempts(bob, m)
		if n := len(tried); n < 10 || n > 15 || tried[n-1].Outcome != chat.PushGivenUp {
			t.Errorf("attempts: %s", outcomes(tried))
		}

		refuse(http.StatusGone, "", "unsubscribed")
		m = say(t, w, ann, room, "gone")
		s.heard()
		apptest.Want(t, "attempts", outcomes(s.attempts(bob, m)), "EXPIRED 410")
		apptest.Want(t, "devices", tokens(t, w, bob), "")
		s.answer = nil
		register(t, w, bob, phone("bob"))
		must(t, w.Push.RemoveCredentials(t.Context(), w.Owner(), chat.Webhook))
		m = say(t, w, ann, room, "without credentials")
		s.heard()
		apptest.Want(t, "attempts", outcomes(s.attempts(bob, m)), "REFUSED 0")

		w.Clock.Advance(25 * time.Hour)
		w.Push.KeepAnswers = 24 * time.Hour
		must(t, w.Push.Forget(t.Context()))
		apptest.Want(t, "attempts that are kept", outcomes(s.attempts(bob, m)), "")
	})
}

// What is not to be told any more when its turn comes is not told.
func TestPushesThatComeTooLate(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		ann, bob, carol := w.User("ann"), w.User("bob"), w.User("carol")
		room := w.Channel(chat.Public, "room", ann, bob)
		s := newStation(t, w)
		d := register(t, w, bob, phone("bob"))
		after := func(what string, do func(chat.Message)) {
			t.Helper()
			m := say(t, w, ann, room, what)
			s.fanout()
			do(m)
			apptest.Want(t, what, s.heard(), "")
		}
		after("read", func(m chat.Message) { must(t, w.Messages.Read(ctx, w.As(bob), m.ID)) })
		after("muted", func(chat.Message) {
			_, _, err := w.Channels.Mute(ctx, w.As(bob), room.ID, true)
			must(t, err)
		})
		_, _, err := w.Channels.Mute(ctx, w.As(bob), room.ID, false)
		must(t, err)
		after("removed", func(chat.Message) { must(t, w.Push.Remove(ctx, w.As(bob), bob.ID, d.ID)) })
		register(t, w, bob, phone("bob"))
		after("moved", func(chat.Message) { register(t, w, carol, phone("bob")) })
		register(t, w, bob, phone("bob"))
		apptest.Want(t, "back again", s.heard(), "")

		// Quiet hours hold it back; the clock shows noon.
		quiet := &chat.QuietHours{Start: 11 * 60, End: 13 * 60, TimeZone: "UTC"}
		_, err = w.Push.SetPreferences(ctx, w.As(bob), bob.ID, push.PreferencesPatch{SetQuiet: true, Quiet: quiet})
		must(t, err)
		after("quiet", func(chat.Message) {})
		w.Clock.Advance(59 * time.Minute)
		apptest.Want(t, "still quiet", s.heard(), "")
		say(t, w, ann, room, "newer")
		w.Clock.Advance(time.Minute)
		apptest.Want(t, "after the quiet hours", s.heard(), "bob: ann sent a message: newer")
	})
}

// A crowd is walked in parts, and each device is found once, whatever dies in
// between and whichever list is the shorter one.
func TestFanoutIntoACrowd(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		const extra = 7
		ann := w.User("ann")
		last := w.User("last")
		crowd := []chat.User{ann}
		must(t, w.DB.Update(t.Context(), func(tx *store.Tx) error { // at once, since there are many
			crowd = crowd[:1]
			for i := range push.FanoutUsers + extra {
				u := chat.User{ID: chat.UserID(w.IDs.Next()), Application: w.App.ID, Name: fmt.Sprint("user", i), DisplayName: "x", CreatedAt: tx.Now}
				if err := tx.InsertUser(u); err != nil {
					return err
				}
				d := phone(u.Name)
				d.ID, d.Application, d.User = chat.DeviceID(w.IDs.Next()), w.App.ID, u.ID
				if _, err := tx.PutDevice(d); err != nil {
					return err
				}
				crowd = append(crowd, u)
			}
			return nil
		}))
		room, small := w.Channel(chat.Public, "room", crowd...), w.Channel(chat.Public, "small", ann, last)
		newStation(t, w)
		register(t, w, last, phone("last"))
		var err error
		say(t, w, ann, room, "to many")
		say(t, w, ann, small, "to one")
		// Two nodes do it, and each dies whenever it has written something.
		nodes := [2]push.Fanout{push.NewFanout(w.Push), push.NewFanout(w.Push)}
		for more := [2]bool{true, true}; more[0] || more[1]; {
			for i := range nodes {
				var wrote bool
				if wrote, more[i], err = nodes[i].Step(t.Context()); err != nil {
					t.Fatal(err)
				}
				if wrote {
					nodes[i], more[i] = push.NewFanout(w.Push), true
				}
			}
		}
		list, err := w.Push.Take(t.Context())
		must(t, err)
		seen := map[chat.DeviceID]int{}
		for _, p := range list {
			seen[p.Device]++
		}
		if len(list) != push.FanoutUsers+extra+1 || len(seen) != len(list) {
			t.Errorf("%d pushes to %d devices", len(list), len(seen))
		}
	})
}

// What a node was sending when it died is sent by its next process, under the
// same name.
func TestPushesSurviveTheirNode(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		room := w.Channel(chat.Public, "room", ann, bob)
		s := newStation(t, w)
		register(t, w, bob, phone("bob"))
		say(t, w, ann, room, "hello")
		s.fanout()
		taken, err := w.Push.Take(t.Context())
		must(t, err)
		if len(taken) != 1 {
			t.Fatalf("took %v", taken)
		}
		apptest.Want(t, "while it is held", s.heard(), "")
		must(t, w.Push.Recover(t.Context()))
		apptest.Want(t, "by the next process", s.heard(), "bob: ann sent a message: hello")
		// The dead one, were it alive after all, changes nothing.
		say(t, w, ann, room, "newer")
		s.fanout()
		must(t, w.Push.Deliver(t.Context(), taken[0]))
		if len(s.ids) != 2 || s.ids[0] != s.ids[1] {
			t.Errorf("sent as %v", s.ids)
		}
		if heard := s.heard(); !strings.Contains(heard, "newer") {
			t.Errorf("heard %q", heard)
		}
	})
}

func TestTestNotifications(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		bob := w.User("bob")
		s := newStation(t, w)
		register(t, w, bob, phone("one"))
		register(t, w, bob, chat.Device{Kind: chat.FCM, Address: strings.Repeat("t", 40)})
		trials, err := w.Push.Test(t.Context(), w.Owner(), bob.ID)
		must(t, err)
		said := map[chat.DeviceKind]string{}
		for _, one := range trials {
			said[one.Device.Kind] = outcomes([]chat.PushAttempt{one.Attempt})
		}
		if len(trials) != 2 || said[chat.Webhook] != "ACCEPTED 200" || said[chat.FCM] != "REFUSED 0" {
			t.Errorf("said: %v", said)
		}
		apptest.Want(t, "heard", s.heard(), "one: Test: This is a test notification.")
		s.answer = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no such token", http.StatusGone) }
		if trials, err = w.Push.Test(t.Context(), w.Owner(), bob.ID); err != nil || len(trials) != 2 {
			t.Fatal(trials, err)
		}
		if left := tokens(t, w, bob); strings.Contains(left, "one") {
			t.Errorf("left are %s", left)
		}
		w.Refused("by a user", chat.ErrForbidden, func() error {
			_, err := w.Push.Test(t.Context(), w.As(bob), bob.ID)
			return err
		})
	})
}
