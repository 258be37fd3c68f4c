package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// events reads the whole log.
func (f fixture) events() (list []chat.Event) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		list, err = tx.EventsAfter(0, 100_000)
		return err
	})
	return list
}

func (f fixture) head() (p chat.Position) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		p, err = tx.Head()
		return err
	})
	return p
}

func TestEventsAreReadAsTheyWereHeard(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var heard []chat.Event
		db.OnCommit(func(events []chat.Event) { heard = append(heard, events...) })
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		want(t, "head of an empty log", f.head(), 0)
		f.update(func(tx *store.Tx) error {
			for _, e := range []chat.Event{
				{Application: app, Kind: chat.ChannelUpdated, Channel: room.ID, Actor: 5, Session: 6, Request: "r", ChannelState: &room},
				{Application: app, Kind: chat.UserUpdated, Target: 7},
				{Application: app, Kind: chat.MessageCreated, Channel: room.ID, Subject: 8},
			} {
				if _, err := tx.Record(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err := db.Close(); err != nil { // and with it the writer, which calls the hearer
			t.Fatal(err)
		}
		if heard[0].ChannelState != &room {
			t.Error("what the event is about does not travel with it")
		}
		want(t, "positions", heard[2].Position, 3)
		want(t, "numbers in the channel", heard[2].Seq, 2)
		want(t, "without a channel", heard[1].Seq, 0)
	})
}

func TestTheLogIsReadInOrderAndInParts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		for range 5 {
			f.message(room, nil, "x")
		}
		want(t, "head", f.head(), 5)
		f.view(func(tx *store.Tx) error {
			list, err := tx.EventsAfter(2, 2)
			if diff := cmp.Diff([]chat.Event{
				{Position: 3, Application: app, Kind: chat.MessageCreated, Channel: room.ID, Seq: 3},
				{Position: 4, Application: app, Kind: chat.MessageCreated, Channel: room.ID, Seq: 4},
			}, list, cmpopts.IgnoreFields(chat.Event{}, "At", "Subject")); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestAnEventInAnUnknownChannelIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app, other := f.application("app").ID, f.application("other").ID
		room := f.channel(app, chat.Public, "room")
		for _, e := range []chat.Event{
			{Application: app, Channel: 1, Kind: chat.ChannelUpdated},
			{Application: other, Channel: room.ID, Kind: chat.MessageCreated},
		} {
			err := db.Update(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Record(e)
				return err
			})
			wantError(t, "channel", err, store.ErrNotFound)
		}
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Record(chat.Event{Application: app, Kind: chat.UserUpdated, Request: "\xff"})
			return err
		})
		want(t, "a request's name that cannot be kept", chat.CodeOf(err), chat.Invalid)
		want(t, "head", f.head(), 0)
	})
}

func TestAUserHearsOfHisChannelsAndOfHimself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		ann, bob := f.user(app, "ann"), f.user(app, "bob")
		hers, both, his := f.channel(app, chat.Public, "hers", ann), f.channel(app, chat.Public, "both", ann, bob), f.channel(app, chat.Public, "his", bob)
		record := func(e chat.Event) {
			e.Application = app
			f.update(func(tx *store.Tx) error {
				_, err := tx.Record(e)
				return err
			})
		}
		record(chat.Event{Kind: chat.MessageCreated, Channel: hers.ID, Subject: 1})          // 1
		record(chat.Event{Kind: chat.MessageCreated, Channel: his.ID, Subject: 2})           // 2
		record(chat.Event{Kind: chat.MessageCreated, Channel: both.ID, Subject: 3})          // 3
		record(chat.Event{Kind: chat.UserUpdated, Target: ann.ID})                           // 4
		record(chat.Event{Kind: chat.UserUpdated, Target: bob.ID})                           // 5
		record(chat.Event{Kind: chat.MemberJoined, Channel: both.ID, Target: ann.ID})        // 6: for both reasons
		record(chat.Event{Kind: chat.MemberLeft, Channel: his.ID, Target: ann.ID})           // 7: she is there no more
		record(chat.Event{Kind: chat.MemberLeft, Channel: his.ID, Target: 1, Actor: ann.ID}) // 8
		concerns := func(u chat.User, after chat.Position, limit int) (out []chat.Position) {
			f.view(func(tx *store.Tx) error {
				list, err := tx.UserEventsAfter(u.ID, after, limit)
				for _, e := range list {
					out = append(out, e.Position)
				}
				return err
			})
			return out
		}
		for _, c := range []struct {
			user  chat.User
			after chat.Position
			limit int
			want  []chat.Position
		}{
			{ann, 0, 10, []chat.Position{1, 3, 4, 6, 7}},
			{ann, 1, 2, []chat.Position{3, 4}},
			{ann, 7, 10, nil},
			{bob, 0, 10, []chat.Position{2, 3, 5, 6, 7, 8}},
		} {
			if diff := cmp.Diff(c.want, concerns(c.user, c.after, c.limit)); diff != "" {
				t.Errorf("%s after %d: %s", c.user.Name, c.after, diff)
			}
		}
	})
}

func TestOldEventsAreForgotten(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(at(0))
		f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now}))
		room := f.channel(f.application("app").ID, chat.Public, "room")
		for range 5 {
			f.message(room, nil, "x")
			clock.Advance(time.Second)
		}
		forget := func(limit int) (n int64) {
			f.update(func(tx *store.Tx) (err error) {
				n, err = tx.DeleteEventsBefore(at(3), limit)
				return err
			})
			return n
		}
		want(t, "before they are indexed", forget(2), 0)
		f.update(func(tx *store.Tx) error { return tx.Index(100) })
		want(t, "the first step", forget(2), 2)
		want(t, "the second step", forget(2), 1)
		want(t, "the third step", forget(2), 0)
		want(t, "the oldest left", f.events()[0].Position, 4)
		want(t, "the head stays", f.head(), 5)
		f.message(room, nil, "x")
		want(t, "and moves on", f.head(), 6)
	})
}
