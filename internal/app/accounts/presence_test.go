package accounts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// after moves the clock on and sweeps, and gives the signals of that.
func after(t *testing.T, w *apptest.World, d time.Duration, node *accounts.Accounts) string {
	t.Helper()
	w.Clock.Advance(d)
	if err := node.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w.Signals.Take()
}

func detach(t *testing.T, w *apptest.World, s accounts.StartedSession) {
	t.Helper()
	if err := w.Accounts.Detach(t.Context(), s.Session); err != nil {
		t.Fatal(err)
	}
}

func online(t *testing.T, w *apptest.World, u chat.User) bool {
	t.Helper()
	found, err := w.Accounts.RetrieveUser(t.Context(), w.Owner(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return found.Presence.Online
}

func TestAUserGoesOfflineAfterTheGrace(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := start(t, w, "ann", "")
		want(t, "coming", w.Signals.Take(), presence(s.User))
		second := start(t, w, "ann", "")
		want(t, "coming a second time", w.Signals.Take(), "")
		detach(t, w, s)
		want(t, "one of two lost", after(t, w, 11*time.Second, w.Accounts), "")
		detach(t, w, second)
		want(t, "within the grace", after(t, w, 9*time.Second, w.Accounts), "")
		if !online(t, w, s.User) {
			t.Error("offline within the grace")
		}
		want(t, "after the grace", after(t, w, time.Second, w.Accounts), presence(s.User))
		if online(t, w, s.User) {
			t.Error("online after the grace")
		}
		want(t, "later", after(t, w, time.Second, w.Accounts), "")
		if again := start(t, w, "ann", second.Token); !again.Resumed {
			t.Error("not resumed")
		}
		want(t, "coming back", w.Signals.Take(), presence(s.User))
	})
}

func TestComingBackWithinTheGraceIsNotNoticed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := start(t, w, "ann", "")
		w.Signals.Take()
		for range 3 {
			detach(t, w, s)
			want(t, "while away", after(t, w, 9*time.Second, w.Accounts), "")
			start(t, w, "ann", s.Token)
		}
		want(t, "an hour later", after(t, w, time.Hour, w.Accounts), "")
	})
}

func TestGoingIsToldOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		one, two := start(t, w, "ann", ""), start(t, w, "ann", "")
		w.Signals.Take()
		detach(t, w, one)
		detach(t, w, two)
		want(t, "both lost together", after(t, w, time.Minute, w.Accounts), presence(one.User))

		three := start(t, w, "ann", "")
		w.Signals.Take()
		detach(t, w, three)
		if err := w.Accounts.EndSession(t.Context(), three.Session); err != nil {
			t.Fatal(err)
		}
		want(t, "ended within the grace", w.Signals.Take(), presence(one.User))
		want(t, "and after it", after(t, w, time.Minute, w.Accounts), "")
	})
}

func TestASessionEndsAtOnceAndForGood(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		one, two := start(t, w, "ann", ""), start(t, w, "ann", "")
		w.Signals.Take()
		actor := w.As(one.User)
		actor.Session, actor.Request = one.Session.ID, "r"
		if err := w.DB.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ClaimRequest(actor, store.MessageMaker, 5)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for i, signals := range []string{"", presence(one.User)} {
			s := []accounts.StartedSession{one, two}[i]
			for range 2 { // twice is no error
				if err := w.Accounts.EndSession(t.Context(), s.Session); err != nil {
					t.Fatal(err)
				}
			}
			want(t, "signals", w.Signals.Take(), signals)
			if again := start(t, w, "ann", s.Token); again.Resumed {
				t.Error("an ended session was resumed")
			} else if err := w.Accounts.EndSession(t.Context(), again.Session); err != nil {
				t.Fatal(err)
			}
			w.Signals.Take()
		}
		if err := w.DB.View(t.Context(), func(tx *store.Tx) error {
			earlier, err := tx.EarlierRequest(actor, store.MessageMaker)
			apptest.Want(t, "its requests are forgotten", earlier, 0)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhoDoesNotComeBackIsForgotten(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		var tokens []string
		for range 3 {
			s := start(t, w, "ann", "")
			detach(t, w, s)
			tokens = append(tokens, s.Token)
		}
		kept := start(t, w, "bob", "")
		after(t, w, 121*time.Second, w.Accounts)
		var living []store.SessionRecord
		if err := w.DB.View(t.Context(), func(tx *store.Tx) error {
			list, err := tx.LapsedSessions(10)
			living = list
			return err
		}); err != nil {
			t.Fatal(err)
		}
		apptest.Want(t, "lapsed sessions after the sweep", len(living), 0)
		for _, token := range tokens {
			if s := start(t, w, "ann", token); s.Resumed {
				t.Error("resumed")
			}
		}
		if s := start(t, w, "bob", kept.Token); !s.Resumed {
			t.Error("bob, who was there, has been forgotten")
		}
	})
}

func TestDeletingAUserEndsHisSessions(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		one, two := start(t, w, "ann", ""), start(t, w, "ann", "")
		detach(t, w, two)
		w.Signals.Take()
		if _, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), one.User.ID); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{one.Token, two.Token} {
			s := start(t, w, "ann", token) // another ann, a new guest
			if s.Resumed || s.User.ID == one.User.ID {
				t.Errorf("%+v", s)
			}
		}
		want(t, "signals", w.Signals.Take(), presence(chat.User{ID: newest(t, w)}))
		want(t, "signals of her who is gone", after(t, w, time.Minute, w.Accounts), "")
	})
}

// newest is the user made last.
func newest(t *testing.T, w *apptest.World) chat.UserID {
	t.Helper()
	p, err := w.Accounts.ListUsers(t.Context(), w.Owner(), chat.UserFilter{}, chat.PageRequest{Size: 1, Sort: []chat.Sort{{Property: "id", Descending: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Items[0].ID
}

func TestANodeThatStartsFindsItsSessionsAbandoned(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := start(t, w, "ann", ""), start(t, w, "bob", "")
		elsewhere, err := w.Node(2).StartSession(t.Context(), accounts.StartSessionInput{Key: w.App.Key, Username: "eve"})
		if err != nil {
			t.Fatal(err)
		}
		w.Signals.Take()
		reborn := w.Node(1)
		if err := reborn.Abandoned(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		start(t, w, "ann", ann.Token)
		signals := strings.Fields(after(t, w, 30*time.Second, reborn))
		if !slices.Equal(signals, []string{presence(bob.User)}) {
			t.Errorf("signals: %v", signals)
		}
		if !online(t, w, elsewhere.User) {
			t.Error("eve, on another node, is offline")
		}
		after(t, w, 2*time.Minute, reborn)
		if s := start(t, w, "bob", bob.Token); s.Resumed {
			t.Error("bob's session outlived its time")
		}
		if s := start(t, w, "ann", ann.Token); !s.Resumed {
			t.Error("ann's session did not outlive the crash")
		}
	})
}

func TestSessionsOfADeadNodeAreTakenOver(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		lease := func(id chat.NodeID) {
			if err := w.DB.Update(t.Context(), func(tx *store.Tx) error { return tx.SeizeNode(id, 1, tx.Now.Add(15*time.Second)) }); err != nil {
				t.Fatal(err)
			}
		}
		lease(1)
		lease(2)
		lease(3)
		there, err := w.Node(2).StartSession(t.Context(), accounts.StartSessionInput{Key: w.App.Key, Username: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		w.Signals.Take()
		want(t, "while it lives", after(t, w, 14*time.Second, w.Accounts), "")
		if err := w.Accounts.Abandoned(t.Context(), 2); err != nil { // mistaken: it lives
			t.Fatal(err)
		}
		want(t, "a mistake", after(t, w, 0, w.Accounts), "")
		lease(3)
		w.Clock.Advance(2 * time.Second)
		// Two nodes notice.
		watchers := []*accounts.Accounts{w.Accounts, w.Node(3)}
		for _, n := range watchers {
			if err := n.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !online(t, w, there.User) {
			t.Error("offline within the grace")
		}
		signals := after(t, w, 10*time.Second, watchers[0]) + after(t, w, 0, watchers[1])
		want(t, "after the grace, from one of them", signals, presence(there.User))
		if s := start(t, w, "ann", there.Token); !s.Resumed || s.Session.Node != 1 {
			t.Errorf("%+v", s)
		}
	})
}
