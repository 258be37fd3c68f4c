package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/jobs"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// shop is a database with a clock that stands still and workers to try.
type shop struct {
	t     *testing.T
	dsn   string
	db    *store.DB
	clock *clocktest.Manual
}

func each(t *testing.T, fn func(t *testing.T, s shop)) {
	t.Helper()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		clock := clocktest.New(noon)
		fn(t, shop{t: t, dsn: dsn, clock: clock, db: storetest.Open(t, store.Options{DSN: dsn, Now: clock.Now})})
	})
}

// runner starts a Runner with one worker for jobs of kind "work".
func (s shop) runner(o jobs.Options, work jobs.Worker) *jobs.Runner {
	s.t.Helper()
	o.DB, o.Clock, o.Log = s.db, s.clock, slog.New(slog.DiscardHandler)
	o.Workers = map[string]jobs.Worker{"work": work}
	o.Lease = 30 * time.Second
	r := jobs.New(o)
	s.start(r)
	return r
}

func (s shop) start(r *jobs.Runner) {
	s.t.Helper()
	if err := r.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = r.Stop(context.Background()) })
}

func (s shop) stop(r *jobs.Runner) {
	s.t.Helper()
	if err := r.Stop(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// insert adds due jobs with the ids.
func (s shop) insert(ids ...chat.JobID) {
	s.t.Helper()
	err := s.db.Update(s.t.Context(), func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.InsertJob(store.Job{ID: id, Application: 9, Kind: "work", Payload: fmt.Sprint(id), RunAt: tx.Now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// due returns once the next job is due at a moment that will do, and tells it.
func (s shop) due(what string, will func(time.Time) bool) time.Time {
	s.t.Helper()
	for {
		var next time.Time
		err := s.db.View(s.t.Context(), func(tx *store.Tx) (err error) {
			next, err = tx.NextJob("")
			return err
		})
		if err != nil {
			s.t.Fatal(what, err)
		}
		if will(next) {
			return next
		}
		runtime.Gosched()
	}
}

// idle returns once n timers wait: one of each Runner that sleeps and one of
// each job that runs.
func (s shop) idle(n int) {
	s.t.Helper()
	if err := s.clock.AwaitTimers(s.t.Context(), n); err != nil {
		s.t.Fatal(err)
	}
}

// outcome gives a job's state and error.
func (s shop) outcome(id chat.JobID) string {
	s.t.Helper()
	driver, dsn := "pgx", s.dsn
	if !strings.Contains(dsn, "://") {
		driver, dsn = "sqlite", (&url.URL{Scheme: "file", Path: dsn}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var state, text string
	if err := db.QueryRowContext(s.t.Context(), "SELECT state, last_error FROM jobs WHERE id = $1", int64(id)).Scan(&state, &text); err != nil {
		s.t.Fatal(err)
	}
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(state + " " + first)
}

func (s shop) want(what, got, wanted string) {
	s.t.Helper()
	if got != wanted {
		s.t.Errorf("%s: %q, want %q", what, got, wanted)
	}
}

func TestAJobIsDone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		done := make(chan store.Job, 1)
		r := s.runner(jobs.Options{}, func(_ context.Context, j store.Job) error {
			done <- j
			return nil
		})
		j := <-done
		if j.ID != 1 || j.Application != 9 || j.Payload != "1" || j.Attempts != 1 {
			t.Errorf("job: %+v", j)
		}
		s.idle(1)
		s.insert(2)
		r.Wake() // or else nobody would know: the clock stands still
		if j := <-done; j.ID != 2 {
			t.Errorf("job: %+v", j)
		}
		s.stop(r)
		s.want("the first", s.outcome(1), "FINISHED")
		s.want("the second", s.outcome(2), "FINISHED")
	})
}

func TestAJobOfAnotherNodeIsFoundSoon(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		done := make(chan struct{})
		s.runner(jobs.Options{Poll: 5 * time.Second}, func(context.Context, store.Job) error {
			close(done)
			return nil
		})
		s.idle(1)
		s.insert(1)
		s.clock.Advance(5 * time.Second)
		<-done
	})
}

func TestAJobThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		attempts := make(chan int)
		failure := errors.New("no \x00 luck")
		r := s.runner(jobs.Options{Backoff: jobs.Backoff{First: 4 * time.Second, Max: 10 * time.Second, Attempts: 5}}, func(_ context.Context, j store.Job) error {
			attempts <- j.Attempts
			return failure
		})
		for i, longest := range []time.Duration{4, 8, 10, 10} {
			longest *= time.Second
			if n := <-attempts; n != i+1 {
				t.Errorf("attempt %d, want %d", n, i+1)
			}
			now := s.clock.Now()
			next := s.due("the retry", func(at time.Time) bool { return !at.After(now.Add(longest)) })
			if next.Before(now.Add(longest / 2)) {
				t.Errorf("after attempt %d it is due in %s", i+1, next.Sub(now))
			}
			s.clock.Advance(next.Sub(now))
		}
		<-attempts
		s.due("the end", time.Time.IsZero)
		s.stop(r)
		s.want("outcome", s.outcome(1), "FAILED no  luck")
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1, 2)
		r := s.runner(jobs.Options{Backoff: jobs.Backoff{Attempts: 1}}, func(_ context.Context, j store.Job) error {
			if j.ID == 1 {
				panic("oh")
			}
			return nil
		})
		s.due("the end", time.Time.IsZero)
		s.stop(r)
		s.want("the one that panicked", s.outcome(1), "FAILED panic: oh")
		s.want("the other", s.outcome(2), "FINISHED")
	})
}

func TestAJobWithoutAWorkerFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		r := jobs.New(jobs.Options{DB: s.db, Clock: s.clock, Log: slog.New(slog.DiscardHandler), Backoff: jobs.Backoff{Attempts: 1}})
		s.start(r)
		s.due("the end", time.Time.IsZero)
		s.stop(r)
		s.want("outcome", s.outcome(1), `FAILED no worker for jobs of kind "work"`)
	})
}

func TestWhatADeadNodeHadLeasedIsDoneAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		if err := s.db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.LeaseJobs("", tx.Now.Add(30*time.Second), 1) // and dies
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var ran atomic.Bool
		done := make(chan int)
		r := s.runner(jobs.Options{Poll: 5 * time.Second}, func(_ context.Context, j store.Job) error {
			ran.Store(true)
			done <- j.Attempts
			return nil
		})
		for range 5 { // 25 seconds
			s.idle(1)
			s.clock.Advance(5 * time.Second)
		}
		s.idle(1)
		if ran.Load() {
			t.Error("done while it was leased")
		}
		s.clock.Advance(5 * time.Second)
		if n := <-done; n != 2 {
			t.Errorf("attempt %d", n)
		}
		s.stop(r)
		s.want("outcome", s.outcome(1), "FINISHED")
	})
}

func TestAJobThatKillsItsNodesIsGivenUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		for range 3 {
			if err := s.db.Update(t.Context(), func(tx *store.Tx) error {
				_, err := tx.LeaseJobs("", tx.Now, 1) // and dies
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		r := s.runner(jobs.Options{Backoff: jobs.Backoff{Attempts: 3}}, func(context.Context, store.Job) error {
			t.Error("it was tried once more")
			return nil
		})
		s.due("the end", time.Time.IsZero)
		s.stop(r)
		s.want("outcome", s.outcome(1), "FAILED given up: the last attempt did not end")
	})
}

func TestTheLeaseOfALongJobIsProlonged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		var runs atomic.Int64
		begun, end := make(chan struct{}, 10), make(chan struct{})
		r := s.runner(jobs.Options{Poll: time.Hour}, func(context.Context, store.Job) error {
			runs.Add(1)
			begun <- struct{}{}
			<-end
			return nil
		})
		<-begun
		for range 6 { // twice its lease of 30 seconds
			s.idle(2)
			s.clock.Advance(10 * time.Second)
			until := s.clock.Now().Add(30 * time.Second)
			s.due("the prolonged lease", until.Equal)
		}
		close(end)
		s.stop(r)
		if runs.Load() != 1 {
			t.Errorf("%d runs", runs.Load())
		}
		s.want("outcome", s.outcome(1), "FINISHED")
	})
}

func TestAWorkerThatLostItsLeaseIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		begun := make(chan struct{}, 1)
		r := s.runner(jobs.Options{Concurrency: 1, Poll: time.Hour}, func(ctx context.Context, _ store.Job) error {
			begun <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		<-begun
		s.idle(2)
		// Another node thinks that this one is dead, and does the job.
		if err := s.db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.FinishJob(store.Job{ID: 1, Attempts: 1}, store.JobFinished, "by another")
		}); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(10 * time.Second)
		s.stop(r) // which waits for the worker
		s.want("outcome", s.outcome(1), "FINISHED by another")
	})
}

func TestAFewJobsRunAtATime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
		var running, most atomic.Int64
		begun, end := make(chan struct{}, 10), make(chan struct{})
		r := s.runner(jobs.Options{Concurrency: 3}, func(context.Context, store.Job) error {
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			begun <- struct{}{}
			<-end
			running.Add(-1)
			return nil
		})
		for range 3 { // they do run side by side
			<-begun
		}
		s.idle(4) // three that run, and the Runner itself
		close(end)
		for range 7 {
			<-begun
		}
		s.stop(r)
		if most.Load() != 3 {
			t.Errorf("%d at a time", most.Load())
		}
		for id := range chat.JobID(10) {
			s.want("outcome", s.outcome(id+1), "FINISHED")
		}
	})
}

func TestTwoNodesShareTheWork(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		const n = 60
		for id := range chat.JobID(n) {
			s.insert(id + 1)
		}
		var mu sync.Mutex
		runs := map[chat.JobID]int{}
		var all sync.WaitGroup
		all.Add(n)
		work := func(_ context.Context, j store.Job) error {
			mu.Lock()
			runs[j.ID]++
			mu.Unlock()
			all.Done()
			return nil
		}
		one, two := s.runner(jobs.Options{}, work), s.runner(jobs.Options{}, work)
		all.Wait()
		s.stop(one)
		s.stop(two)
		if len(runs) != n {
			t.Errorf("%d jobs ran", len(runs))
		}
		for id, times := range runs {
			if times != 1 {
				t.Errorf("job %d ran %d times", id, times)
			}
		}
	})
}

func TestStopWaitsForWhatRuns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1, 2)
		begun, end := make(chan struct{}), make(chan struct{})
		var finished atomic.Bool
		r := s.runner(jobs.Options{Concurrency: 1}, func(ctx context.Context, _ store.Job) error {
			close(begun) // a second job would panic here
			<-end
			if ctx.Err() != nil {
				t.Error("the worker was interrupted")
			}
			finished.Store(true)
			return nil
		})
		<-begun
		stopped := make(chan error)
		go func() { stopped <- r.Stop(context.Background()) }()
		close(end)
		if err := <-stopped; err != nil || !finished.Load() {
			t.Errorf("stopped: %v, finished: %v", err, finished.Load())
		}
		s.want("what ran", s.outcome(1), "FINISHED")
	})
}

func TestWhatDoesNotEndInTimeIsInterruptedAndGivenBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		begun := make(chan struct{})
		r := s.runner(jobs.Options{Backoff: jobs.Backoff{Attempts: 1}}, func(ctx context.Context, _ store.Job) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		<-begun
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Stop(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("stop: %v", err)
		}
		s.stop(r) // and now it has been concluded
		s.due("the job", s.clock.Now().Equal)
		s.want("outcome", s.outcome(1), "PENDING context canceled")
	})
}

func TestLanesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		begun, end := make(chan struct{}), make(chan struct{})
		long := s.runner(jobs.Options{Lane: "long", Concurrency: 1}, func(context.Context, store.Job) error {
			close(begun)
			<-end
			return nil
		})
		done := make(chan chat.JobID)
		quick := s.runner(jobs.Options{Concurrency: 1}, func(_ context.Context, j store.Job) error {
			done <- j.ID
			return nil
		})
		err := s.db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertJob(store.Job{ID: 1, Application: 9, Lane: "long", Kind: "work", RunAt: tx.Now})
		})
		if err != nil {
			t.Fatal(err)
		}
		long.Wake()
		<-begun
		s.insert(2)
		quick.Wake()
		if id := <-done; id != 2 {
			t.Errorf("the quick lane did %d", id)
		}
		close(end)
		s.stop(long)
		s.stop(quick)
		s.want("the long one", s.outcome(1), "FINISHED")
	})
}

func TestWhatMayBeInterruptedIsGivenBackAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s shop) {
		s.insert(1)
		begun := make(chan struct{})
		r := s.runner(jobs.Options{Interrupt: true}, func(ctx context.Context, _ store.Job) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		<-begun
		s.stop(r)
		s.due("the job", s.clock.Now().Equal)
		s.want("outcome", s.outcome(1), "PENDING context canceled")
	})
}
