package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// sessions runs fn on both engines with a clock that stands at at(0) and users
// ann and bob.
func sessions(t *testing.T, fn func(t *testing.T, f fixture, clock *clocktest.Manual, ann, bob chat.User)) {
	t.Helper()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now}))
		app := f.application("app").ID
		fn(t, f, clock, f.user(app, "ann"), f.user(app, "bob"))
	})
}

func (f fixture) session(u chat.User, node chat.NodeID) chat.Session {
	f.t.Helper()
	s := chat.Session{ID: chat.SessionID(f.id()), Application: u.Application, User: u.ID, Node: node, UserAgent: "agent"}
	f.update(func(tx *store.Tx) error {
		s.CreatedAt = tx.Now
		return tx.InsertSession(s, "secret of session")
	})
	return s
}

func (f fixture) record(s chat.Session) (r store.SessionRecord) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		r, _, err = tx.Session(s.Application, s.ID)
		return err
	})
	return r
}

// online tells a user's presence, which must be the same wherever it is read.
func (f fixture) online(u chat.User) (online bool) {
	f.t.Helper()
	f.view(func(tx *store.Tx) error {
		var err error
		if online, err = tx.Online(u.ID); err != nil {
			return err
		}
		found, err := tx.User(u.Application, u.ID)
		want(f.t, "presence with the user", found.Presence.Online, online)
		return err
	})
	return online
}

func TestASessionIsFoundAsItWasWritten(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, _ *clocktest.Manual, ann, _ chat.User) {
		s := f.session(ann, 3)
		f.view(func(tx *store.Tx) error {
			got, hash, err := tx.Session(ann.Application, s.ID)
			if diff := cmp.Diff(store.SessionRecord{Session: s}, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			want(t, "secret", hash, "secret of session")
			_, _, err = tx.Session(1, s.ID)
			wantError(t, "of another application", err, store.ErrNotFound)
			return nil
		})
	})
}

func TestPresenceFollowsSessions(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, clock *clocktest.Manual, ann, bob chat.User) {
		want(t, "before any session", f.online(ann), false)
		s := f.session(ann, 3)
		want(t, "with a socket", f.online(ann), true)
		want(t, "bob meanwhile", f.online(bob), false)

		detach := func(node chat.NodeID) {
			f.update(func(tx *store.Tx) error {
				return tx.DetachSession(s.ID, node, tx.Now.Add(10*time.Second), tx.Now.Add(20*time.Second))
			})
		}
		detach(4) // where it is not
		want(t, "still attached", f.record(s).OnlineUntil, time.Time{})
		detach(3)
		want(t, "online until", f.record(s).OnlineUntil, at(10))
		want(t, "resumable until", f.record(s).ResumableUntil, at(20))
		clock.Advance(9 * time.Second)
		want(t, "within the grace", f.online(ann), true)
		clock.Advance(time.Second)
		want(t, "after the grace", f.online(ann), false)

		f.update(func(tx *store.Tx) error { return tx.AttachSession(s.ID, 5) })
		want(t, "attached again", f.online(ann), true)
		want(t, "on another node", f.record(s).Node, 5)
		want(t, "for good", f.record(s).ResumableUntil, time.Time{})

		second := f.session(ann, 3)
		f.update(func(tx *store.Tx) error { return tx.EndSession(s.ID) })
		want(t, "one of two ended", f.online(ann), true)
		f.update(func(tx *store.Tx) error { return tx.EndSession(second.ID) })
		want(t, "both ended", f.online(ann), false)
		want(t, "ended at", f.record(s).EndedAt, at(10))
		f.update(func(tx *store.Tx) error {
			wantError(t, "ending twice", tx.EndSession(s.ID), store.ErrNotFound)
			wantError(t, "attaching what has ended", tx.AttachSession(s.ID, 5), store.ErrNotFound)
			return nil
		})
	})
}

func TestLapsedSessions(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, clock *clocktest.Manual, ann, bob chat.User) {
		f.session(ann, 1) // attached: never lapses
		late, early, ended := f.session(ann, 1), f.session(bob, 1), f.session(bob, 1)
		f.update(func(tx *store.Tx) error {
			return errors.Join(
				tx.DetachSession(late.ID, 1, at(1), at(6)),
				tx.DetachSession(early.ID, 1, at(1), at(5)),
				tx.DetachSession(ended.ID, 1, at(1), at(5)),
				tx.EndSession(ended.ID))
		})
		lapsed := func(limit int) (ids []chat.SessionID) {
			f.view(func(tx *store.Tx) error {
				list, err := tx.LapsedSessions(limit)
				for _, s := range list {
					ids = append(ids, s.ID)
				}
				return err
			})
			return ids
		}
		want(t, "none yet", len(lapsed(10)), 0)
		clock.Advance(10 * time.Second)
		if diff := cmp.Diff([]chat.SessionID{early.ID, late.ID}, lapsed(10)); diff != "" {
			t.Error(diff)
		}
		want(t, "at most one", len(lapsed(1)), 1)
	})
}

func TestSessionsOfANodeAreDetachedTogether(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, _ *clocktest.Manual, ann, bob chat.User) {
		here, alsoHere, there := f.session(ann, 1), f.session(bob, 1), f.session(bob, 2)
		detached, ended := f.session(ann, 1), f.session(ann, 1)
		f.update(func(tx *store.Tx) error {
			return errors.Join(tx.DetachSession(detached.ID, 1, at(1), at(2)), tx.EndSession(ended.ID))
		})
		var ids []chat.SessionID
		f.update(func(tx *store.Tx) error {
			ids = nil
			list, err := tx.DetachNode(1, at(3), at(4))
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			return err
		})
		slices.Sort(ids)
		if diff := cmp.Diff([]chat.SessionID{here.ID, alsoHere.ID}, ids); diff != "" {
			t.Error(diff)
		}
		want(t, "here", f.record(here).ResumableUntil, at(4))
		want(t, "there", f.record(there).ResumableUntil, time.Time{})
		want(t, "detached before", f.record(detached).ResumableUntil, at(2))
	})
}

func TestAllSessionsOfAUserEnd(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, _ *clocktest.Manual, ann, bob chat.User) {
		one, two, other := f.session(ann, 1), f.session(ann, 2), f.session(bob, 1)
		f.update(func(tx *store.Tx) error {
			list, err := tx.EndUserSessions(ann.ID)
			want(t, "ended", len(list), 2)
			return err
		})
		want(t, "the first", f.record(one).EndedAt, at(0))
		want(t, "the second", f.record(two).EndedAt, at(0))
		want(t, "bob's", f.record(other).EndedAt, time.Time{})
		want(t, "ann", f.online(ann), false)
	})
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	sessions(t, func(t *testing.T, f fixture, _ *clocktest.Manual, ann, _ chat.User) {
		f.message(f.channel(ann.Application, chat.Public, "room"), nil, "before the session")
		s := f.session(ann, 1)
		f.message(f.channel(ann.Application, chat.Public, "another"), nil, "after its begin")
		read := func() (text string) {
			f.view(func(tx *store.Tx) (err error) {
				var since chat.Position
				text, since, err = tx.Acknowledged(s.ID)
				want(t, "since", since, 1)
				return err
			})
			return text
		}
		want(t, "at first", read(), "")
		f.update(func(tx *store.Tx) error { return tx.SetAcknowledged(s.ID, s.Node, "a 1 b 2") })
		want(t, "then", read(), "a 1 b 2")
	})
}
