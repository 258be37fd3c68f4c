package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// hold keeps the writer busy until release is called, so that a test can line
// up the updates that will form the next group.
func (f fixture) hold() (release func()) {
	f.t.Helper()
	begun, gate, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- f.db.Update(context.Background(), func(*store.Tx) error {
			close(begun)
			<-gate
			return nil
		})
	}()
	<-begun
	return func() {
		f.t.Helper()
		close(gate)
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	}
}

// line puts updates into one group and gives their outcomes. They run in the
// order given.
func (f fixture) line(fns ...func(tx *store.Tx) error) []error {
	f.t.Helper()
	release := f.hold()
	outcomes := make([]error, len(fns))
	var all sync.WaitGroup
	for i, fn := range fns {
		all.Go(func() { outcomes[i] = f.db.Update(context.Background(), fn) })
		store.AwaitWaiting(f.db, i+1)
	}
	release()
	all.Wait()
	return outcomes
}

// commits counts the commits that brought events, and checks that positions
// are heard in order and without a gap.
type commits struct {
	t     testing.TB
	sizes []int
	last  chat.Position
}

func (c *commits) hear(events []chat.Event) {
	c.sizes = append(c.sizes, len(events))
	for _, e := range events {
		if e.Position != c.last+1 {
			c.t.Errorf("position %d follows %d", e.Position, c.last)
		}
		c.last = e.Position
	}
}

// bodies gives the bodies of a channel's messages, oldest first.
func (f fixture) bodies(c chat.Channel) string {
	f.t.Helper()
	var out []string
	f.view(func(tx *store.Tx) error {
		list, err := tx.ListMessages(chat.MessageFilter{Channel: c.ID}, 0, 0, 100_000)
		for _, m := range list {
			out = append([]string{m.Body}, out...)
		}
		return err
	})
	return strings.Join(out, " ")
}

// say is an update that writes a message.
func (f fixture) say(c chat.Channel, body string) func(tx *store.Tx) error {
	m := chat.Message{ID: chat.MessageID(f.id()), Application: c.Application, Channel: c.ID, Type: chat.TextMessage, Body: body}
	return func(tx *store.Tx) error {
		_, err := writeMessage(tx, m)
		return err
	}
}

func TestUpdatesThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		heard := &commits{t: t}
		db.OnCommit(heard.hear)
		f := newFixture(t, db)
		room := f.channel(f.application("app").ID, chat.Public, "room")
		var fns []func(*store.Tx) error
		for i := range 100 {
			fns = append(fns, f.say(room, fmt.Sprint(i)))
		}
		if err := errors.Join(f.line(fns...)...); err != nil {
			t.Fatal(err)
		}
		want(t, "log", len(f.events()), 100)
		_ = db.Close()
		want(t, "commits", fmt.Sprint(heard.sizes), "[100]")
	})
}

func TestOneThatFailsDoesNotSpoilTheOthers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		heard := &commits{t: t}
		db.OnCommit(heard.hear)
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		f.user(app, "taken")
		refusal := &chat.Error{Code: chat.Conflict, Reason: "Test"}
		plain := errors.New("plain")
		spoilt := f.say(room, "spoilt")
		outcomes := f.line(
			f.say(room, "a"),
			func(tx *store.Tx) error { // refuses after it wrote
				return errors.Join(spoilt(tx), refusal)
			},
			f.say(room, "b"),
			func(tx *store.Tx) error { // refuses after it only read
				_, err := tx.Channel(app, 1)
				_, recorded := tx.Record(chat.Event{Application: app, Kind: chat.UserUpdated})
				return errors.Join(err, recorded)
			},
			func(*store.Tx) error { return plain },
			func(tx *store.Tx) error { // a statement fails
				job := store.Job{ID: 1}
				return errors.Join(tx.InsertJob(job), tx.InsertJob(job))
			},
			f.say(room, "c"),
			func(tx *store.Tx) error { // a statement fails and nobody minds
				job := store.Job{ID: 2}
				_, _ = tx.InsertJob(job), tx.InsertJob(job)
				return nil
			},
			func(*store.Tx) error { panic("oh") },
			func(tx *store.Tx) error {
				_ = spoilt(tx)
				panic("dear")
			},
			func(tx *store.Tx) error { return tx.InsertUser(chat.User{ID: 1, Application: app, Name: "taken"}) },
			f.say(room, "d"),
		)
		for i, wanted := range map[int]error{
			0: nil, 1: refusal, 2: nil, 3: store.ErrNotFound, 4: plain, 5: store.ErrDuplicate, 6: nil, 7: store.ErrDuplicate,
			10: store.ErrDuplicate, 11: nil,
		} {
			wantError(t, fmt.Sprint("update ", i), outcomes[i], wanted)
		}
		for i, text := range map[int]string{8: "panic in an update: oh", 9: "panic in an update: dear"} {
			if outcomes[i] == nil || !strings.Contains(outcomes[i].Error(), text) {
				t.Errorf("update %d: %v, want %q", i, outcomes[i], text)
			}
		}
		want(t, "messages", f.bodies(room), "a b c d")
		events := f.events()
		want(t, "events", len(events), 4)
		for i, e := range events {
			want(t, "position", e.Position, chat.Position(i+1))
			want(t, "number", e.Seq, chat.Seq(i+1))
		}
		f.view(func(tx *store.Tx) error {
			next, err := tx.NextJob("")
			want(t, "no job is left behind", next.IsZero(), true)
			return err
		})
		_ = db.Close()
		want(t, "commits", fmt.Sprint(heard.sizes), "[4]")
	})
}

func TestARefusalThatWroteNothingDoesNotRunTheOthersAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		f.user(app, "taken")
		runs := 0
		outcomes := f.line(
			func(*store.Tx) error {
				runs++
				return nil
			},
			func(tx *store.Tx) error { return tx.InsertUser(chat.User{ID: 1, Application: app, Name: "taken"}) },
			func(tx *store.Tx) error { return tx.DeleteMember(1, 2) },
			func(tx *store.Tx) error {
				_, err := tx.User(app, 1)
				return err
			},
		)
		for i, wanted := range []error{nil, store.ErrDuplicate, store.ErrNotFound, store.ErrNotFound} {
			wantError(t, fmt.Sprint("update ", i), outcomes[i], wanted)
		}
		want(t, "runs of the first", runs, 1)
	})
}

func TestUpdatesKeepTheOrderInWhichTheyBegan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		room := f.channel(f.application("app").ID, chat.Public, "room")
		spoilt := f.say(room, "spoilt")
		var waits []func() error
		for i := range 9 {
			say := f.say(room, fmt.Sprint(i))
			if i%3 == 1 {
				say = func(tx *store.Tx) error { return errors.Join(spoilt(tx), errors.New("no")) }
			}
			waits = append(waits, db.Begin(t.Context(), say))
		}
		for i, wait := range waits {
			if err := wait(); (err != nil) != (i%3 == 1) {
				t.Errorf("update %d: %v", i, err)
			}
		}
		want(t, "messages", f.bodies(room), "0 2 3 5 6 8")
	})
}

func TestAnUpdateWhoseCallerHasGoneDoesNotBegin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		release := f.hold()
		ctx, cancel := context.WithCancel(t.Context())
		outcome := make(chan error)
		go func() {
			outcome <- db.Update(ctx, func(*store.Tx) error {
				t.Error("the update ran")
				return nil
			})
		}()
		store.AwaitWaiting(db, 1)
		cancel()
		release()
		wantError(t, "outcome", <-outcome, context.Canceled)
		err := db.Update(ctx, func(*store.Tx) error { return nil })
		wantError(t, "one that comes when it is over", err, context.Canceled)
	})
}

func TestCloseCarriesOutWhatWaits(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := storetest.Open(t, store.Options{DSN: dsn})
		f := newFixture(t, db)
		room := f.channel(f.application("app").ID, chat.Public, "room")
		release := f.hold()
		outcomes := make(chan error, 10)
		for i := range cap(outcomes) {
			go func() { outcomes <- db.Update(context.Background(), f.say(room, fmt.Sprint(i))) }()
		}
		store.AwaitWaiting(db, cap(outcomes))
		closed := make(chan error)
		go func() { closed <- db.Close() }()
		store.AwaitClosing(db)
		err := db.Update(t.Context(), func(*store.Tx) error { return nil })
		want(t, "an update that comes too late", chat.CodeOf(err), chat.Unavailable)
		release()
		for range cap(outcomes) {
			wantError(t, "one that waited", <-outcomes, nil)
		}
		wantError(t, "close", <-closed, nil)
		err = db.View(t.Context(), func(*store.Tx) error { return nil })
		want(t, "a view that comes too late", chat.CodeOf(err), chat.Unavailable)

		again := newFixture(t, storetest.Open(t, store.Options{DSN: dsn}))
		want(t, "events", len(again.events()), cap(outcomes))
	})
}

func TestCloseWaitsForWhoReads(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := storetest.Open(t, store.Options{DSN: dsn})
		begun, closing, read := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			read <- db.View(context.Background(), func(tx *store.Tx) error {
				close(begun)
				<-closing
				_, err := tx.Head()
				return err
			})
		}()
		<-begun
		closed := make(chan error)
		go func() { closed <- db.Close() }()
		store.AwaitClosing(db)
		close(closing)
		wantError(t, "the view", <-read, nil)
		wantError(t, "close", <-closed, nil)
	})
}

func TestNumbersHaveNoGapUnderConcurrency(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		// Two nodes with one database.
		one := storetest.Open(t, store.Options{DSN: dsn})
		two := storetest.Open(t, store.Options{DSN: dsn})
		f := newFixture(t, one)
		app := f.application("app").ID
		rooms := []chat.Channel{f.channel(app, chat.Public, "a"), f.channel(app, chat.Public, "b"), f.channel(app, chat.Public, "c")}
		var log sync.Mutex
		byPosition := map[chat.Position]int{}
		hear := func(events []chat.Event) {
			log.Lock()
			defer log.Unlock()
			for i, e := range events {
				byPosition[e.Position]++
				if i > 0 && e.Position != events[i-1].Position+1 {
					t.Errorf("position %d follows %d in one commit", e.Position, events[i-1].Position)
				}
			}
		}
		one.OnCommit(hear)
		two.OnCommit(hear)
		const writers, each = 12, 25
		var failures atomic.Int64
		var all sync.WaitGroup
		for w := range writers {
			db := []*store.DB{one, two}[w%2]
			all.Go(func() {
				for i := range each {
					say := f.say(rooms[(w+i)%len(rooms)], "x")
					err := db.Update(context.Background(), func(tx *store.Tx) error {
						if err := say(tx); err != nil || i%5 != 0 {
							return err
						}
						return errors.New("changed my mind")
					})
					if err != nil {
						failures.Add(1)
					}
				}
			})
		}
		all.Wait()
		const wanted = writers * each * 4 / 5
		want(t, "failures", failures.Load(), writers*each-wanted)
		events := f.events()
		want(t, "events", len(events), wanted)
		last := map[chat.ChannelID]chat.Seq{}
		for i, e := range events {
			want(t, "position", e.Position, chat.Position(i+1))
			want(t, "number", e.Seq, last[e.Channel]+1)
			last[e.Channel] = e.Seq
		}
		_, _ = one.Close(), two.Close()
		want(t, "heard", len(byPosition), wanted)
	})
}

func TestEventsOfManyUpdatesAreHeardInOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		heard := &commits{t: t}
		db.OnCommit(heard.hear)
		f := newFixture(t, db)
		room := f.channel(f.application("app").ID, chat.Public, "room")
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 20 {
					if err := db.Update(context.Background(), f.say(room, "x")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		_ = db.Close()
		want(t, "the last position", heard.last, 200)
	})
}

func TestAViewWritesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		app := f.application("app").ID
		room := f.channel(app, chat.Public, "room")
		for what, write := range map[string]func(tx *store.Tx) error{
			"a row": func(tx *store.Tx) error { return tx.InsertUser(chat.User{ID: 5, Application: app, Name: "x"}) },
			"an event": func(tx *store.Tx) error {
				_, err := tx.Record(chat.Event{Application: app, Channel: room.ID, Kind: chat.ChannelUpdated})
				return err
			},
			"rows that come back": func(tx *store.Tx) error {
				_, err := tx.LeaseJobs("", tx.Now, 1)
				return err
			},
		} {
			if err := db.View(t.Context(), write); err == nil {
				t.Errorf("a view wrote %s", what)
			}
		}
	})
}

func TestAViewThatPanicsGivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for range 20 {
			func() {
				defer func() { _ = recover() }()
				_ = db.View(t.Context(), func(*store.Tx) error { panic("oh") })
			}()
		}
		wantError(t, "a view", db.View(t.Context(), func(*store.Tx) error { return nil }), nil)
	})
}

func TestAViewWaitsForAConnectionAsLongAsItsCaller(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := storetest.Open(t, store.Options{DSN: dsn, Readers: 1})
		err := db.View(t.Context(), func(*store.Tx) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return db.View(ctx, func(*store.Tx) error { return nil })
		})
		wantError(t, "the second", err, context.Canceled)
	})
}
