package accounts_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// start starts a session on the world's node that must not be refused.
func start(t *testing.T, w *apptest.World, name, resume string) accounts.StartedSession {
	t.Helper()
	s, err := w.Accounts.StartSession(t.Context(), accounts.StartSessionInput{Key: w.App.Key, Username: name, Resume: resume, UserAgent: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// guest makes a user who needs no authentication.
func guest(t *testing.T, w *apptest.World, name string) chat.User {
	t.Helper()
	u, err := w.Accounts.CreateUser(t.Context(), w.Owner(), accounts.CreateUserInput{Name: name, DisplayName: name, Guest: true})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// withoutGuests makes an application whose setting for guest users is off.
func withoutGuests(t *testing.T, w *apptest.World) chat.Application {
	t.Helper()
	strict := chat.Application{ID: 99, Name: "strict", Key: "strict", ClientID: "strict", Settings: chat.Settings{GuestUsers: chat.Disabled}}
	if err := w.DB.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertApplication(strict, "") }); err != nil {
		t.Fatal(err)
	}
	return strict
}

func presence(u chat.User) string { return fmt.Sprintf("%s:%d", chat.PresenceChanged, u.ID) }

// TestWhoIsLetIn is the table of client-protocol 8.1 but for its fourth row:
// where guests are enabled, known users come without authentication too.
func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		strict := withoutGuests(t, w)
		for _, app := range []chat.ApplicationID{w.App.ID, strict.ID} {
			for _, in := range []accounts.CreateUserInput{{Name: "known", DisplayName: "known"}, {Name: "guest", DisplayName: "guest", Guest: true}} {
				if _, err := w.Accounts.CreateUser(t.Context(), chat.Actor{Application: app}, in); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range []struct {
			what, key, name, params string
			accepted                bool
		}{
			{"an unknown user", w.App.Key, "new", "", true},
			{"an unknown user, without guests", strict.Key, "new", "", false},
			{"a guest", w.App.Key, "guest", "", true},
			{"a guest, without guests", strict.Key, "guest", "", false},
			{"a known user", w.App.Key, "known", "", true},
			{"a known user, without guests", strict.Key, "known", "", false},
			{"an unknown user with parameters that nobody asks for", w.App.Key, "newer", `{"a":1}`, true},
			{"a known user with parameters that nobody asks for", w.App.Key, "known", `{"a":1}`, true},
			{"a wrong key", "wrong", "guest", "", false},
			{"a key that cannot be", "\x00\xff", "guest", "", false},
			{"no name", w.App.Key, "", "", false},
			{"a long name", w.App.Key, strings.Repeat("x", 1025), "", false},
			{"a name that cannot be", w.App.Key, "a\x00", "", false},
		} {
			in := accounts.StartSessionInput{Key: c.key, Username: c.name, AuthParams: []byte(c.params), UserAgent: "\xff" + strings.Repeat("ü", 1000)}
			if !c.accepted {
				w.Refused(c.what, chat.ErrAccessDenied, func() error {
					_, err := w.Accounts.StartSession(t.Context(), in)
					return err
				})
				want(t, c.what+": signals", w.Signals.Take(), "")
				continue
			}
			s, err := w.Accounts.StartSession(t.Context(), in)
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			if s.User.Name != c.name || s.User.Guest != (c.name != "known") || s.Resumed || s.Session.User != s.User.ID || s.Session.Node != 1 || !s.User.Presence.Online {
				t.Errorf("%s: %+v", c.what, s)
			}
			found, err := w.Accounts.RetrieveUser(t.Context(), chat.Actor{Application: s.User.Application}, s.User.ID)
			if diff := cmp.Diff(s.User, found); diff != "" || err != nil {
				t.Errorf("%s: %v %s", c.what, err, diff)
			}
			want(t, c.what+": display name", found.DisplayName, c.name)
			told := presence(s.User)
			if wasOnline := strings.HasSuffix(c.what, "a known user with parameters that nobody asks for"); wasOnline {
				told = ""
			}
			want(t, c.what+": signals", w.Signals.Take(), told)
		}
		want(t, "news", w.News(), "")
	})
}

func TestOneGuestComesOfManyConnections(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		var all sync.WaitGroup
		users := make([]chat.UserID, 20)
		for i := range users {
			all.Go(func() { users[i] = start(t, w, "ann", "").User.ID })
		}
		all.Wait()
		for _, id := range users {
			if id != users[0] {
				t.Fatalf("users: %v", users)
			}
		}
	})
}

func TestASessionIsResumedByWhoHasItsToken(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := guest(t, w, "ann")
		first := start(t, w, "ann", "")
		if err := w.Accounts.KeepAcknowledged(t.Context(), map[chat.SessionID]string{first.Session.ID: "a 7"}); err != nil {
			t.Fatal(err)
		}
		known := false
		// From now on she would have to be authenticated, but for the token.
		if _, err := w.Accounts.UpdateUser(t.Context(), w.Owner(), ann.ID, accounts.UserPatch{Guest: &known}); err != nil {
			t.Fatal(err)
		}
		w.Signals.Take()
		if err := w.Accounts.Detach(t.Context(), first.Session); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(119 * time.Second)
		other := w.Node(2)
		again, err := other.StartSession(t.Context(), accounts.StartSessionInput{Key: w.App.Key, Username: "ann", Resume: first.Token})
		if err != nil {
			t.Fatal(err)
		}
		if !again.Resumed || again.Session.ID != first.Session.ID || again.Token != first.Token || again.Acknowledged != "a 7" ||
			again.Session.Node != 2 || again.User.ID != ann.ID || again.Session.UserAgent != "agent" || !again.Session.DetachedAt.IsZero() {
			t.Errorf("%+v", again)
		}
		// The old node has to let go, and the grace had run out.
		moved := fmt.Sprintf("%s:%d", chat.SessionMoved, ann.ID)
		want(t, "signals", w.Signals.Take(), moved+" "+presence(ann))
		// A second socket takes over from the first, on any node.
		if s := start(t, w, "ann", first.Token); !s.Resumed || s.Session.Node != 1 {
			t.Errorf("%+v", s)
		}
		// The first node hears of its loss too late.
		if err := other.Detach(t.Context(), again.Session); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Hour)
		if err := errors.Join(w.Accounts.Sweep(t.Context()), other.Sweep(t.Context())); err != nil {
			t.Fatal(err)
		}
		want(t, "signals after the takeover", w.Signals.Take(), moved)
		if s := start(t, w, "ann", first.Token); !s.Resumed {
			t.Error("the session has ended")
		}
	})
}

func TestWithoutTheRightTokenASessionBeginsAnew(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := guest(t, w, "ann"), guest(t, w, "bob")
		foreign := w.Application("other").Application
		strangers, err := w.Accounts.StartSession(t.Context(), accounts.StartSessionInput{Key: foreign.Key, Username: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		bobs := start(t, w, "bob", "")
		ended := start(t, w, "ann", "")
		if err := w.Accounts.EndSession(t.Context(), ended.Session); err != nil {
			t.Fatal(err)
		}
		expired := start(t, w, "ann", "")
		if err := w.Accounts.Detach(t.Context(), expired.Session); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(120 * time.Second) // but the sweep has not come yet
		good := start(t, w, "ann", "")
		for what, token := range map[string]string{
			"none":                       "",
			"what JavaScript says of it": "undefined",
			"nonsense":                   strings.Repeat("z", 60),
			"long nonsense":              strings.Repeat("1", 10_000),
			"bytes":                      "0000000001\x00\xff secret",
			"a negative number":          "-0000000001secret",
			"a wrong secret":             good.Token[:11] + strings.Repeat("x", len(good.Token)-11),
			"half a secret":              good.Token[:20],
			"a secret too much":          good.Token + "x",
			"another session's secret":   good.Token[:11] + bobs.Token[11:],
			"another user's":             bobs.Token,
			"another application's":      strangers.Token,
			"an ended session's":         ended.Token,
			"an expired session's":       expired.Token,
		} {
			s := start(t, w, "ann", token)
			if s.Resumed || s.Session.ID == good.Session.ID || s.Token == token || s.User.ID != ann.ID || s.Acknowledged != "" {
				t.Errorf("%s: %+v", what, s)
			}
		}
		if s := start(t, w, "bob", bobs.Token); !s.Resumed || s.User.ID != bob.ID {
			t.Errorf("bob's: %+v", s)
		}
	})
}

func TestWhoMustBeAuthenticatedIsNotHelpedByAWrongToken(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		strict := withoutGuests(t, w)
		w.UserOf(strict.ID, "known")
		w.Refused("a wrong token", chat.ErrAccessDenied, func() error {
			_, err := w.Accounts.StartSession(t.Context(), accounts.StartSessionInput{Key: strict.Key, Username: "known", Resume: strings.Repeat("1", 50)})
			return err
		})
		want(t, "signals", w.Signals.Take(), "")
	})
}
