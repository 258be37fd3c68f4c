package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/kit/clock"
	"github.com/purrchat/purr/internal/store"
)

// Worker does one job. Its context ends when the Runner can wait no longer, or
// when another node may have taken the job over. An error makes the job due
// again later.
type Worker func(ctx context.Context, job store.Job) error

// Options are what a Runner needs. DB, Workers and Log must be set; zero values
// of the others stand for the standard.
type Options struct {
	DB *store.DB
	// Workers has the worker for each kind of job.
	Workers map[string]Worker
	Log     *slog.Logger
	// Lane is where the jobs are taken from that it does.
	Lane string
	// Interrupt is for work that carries on where it left off: Stop ends the
	// contexts of its jobs at once and gives them back.
	Interrupt bool
	// Clock is that of DB; the machine's by standard.
	Clock clock.Clock
	// Concurrency bounds the jobs that run at a time; 4 by standard.
	Concurrency int
	// Lease is for how long a job stays with a node that has died; a minute
	// by standard.
	Lease time.Duration
	// Poll bounds how late it is noticed that another node's job, or one of a
	// node that died, has become due; 5 seconds by standard.
	Poll time.Duration
	// Backoff is by standard 1 second, doubling up to 10 minutes, 20 attempts:
	// about two hours.
	Backoff Backoff
}

// Runner does the jobs of the store.
type Runner struct {
	Options

	chores []chore
	// wake is full while there may be something new to do.
	wake chan struct{}
	// slots is filled by the jobs that run.
	slots chan struct{}

	// quit ends the looking for jobs, abandon the jobs themselves.
	quit, abandon context.CancelFunc
	ended         chan struct{}
}

// New makes a Runner that has yet to be started.
func New(o Options) *Runner {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Concurrency == 0 {
		o.Concurrency = 4
	}
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	if o.Backoff == (Backoff{}) {
		o.Backoff = Backoff{First: time.Second, Max: 10 * time.Minute, Attempts: 20}
	}
	return &Runner{
		Options: o, wake: make(chan struct{}, 1), slots: make(chan struct{}, o.Concurrency), ended: make(chan struct{}),
	}
}

// Start begins to do jobs and chores. They outlive ctx, until Stop.
func (r *Runner) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	looking, quit := context.WithCancel(ctx)
	working, abandon := context.WithCancel(ctx)
	r.quit, r.abandon = quit, abandon
	var all sync.WaitGroup
	all.Go(func() { r.look(looking, working, &all) })
	for _, c := range r.chores {
		all.Go(func() { r.repeat(looking, c) })
	}
	go func() {
		all.Wait()
		close(r.ended)
	}()
	return nil
}

// Stop begins no more jobs and waits for those that run, or interrupts them
// where Options say so. Where ctx ends first
// it ends their contexts, gives them back, and returns the context's error.
func (r *Runner) Stop(ctx context.Context) error {
	r.quit()
	defer r.abandon()
	if r.Interrupt {
		r.abandon()
	}
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("jobs still run: %w", ctx.Err())
	}
}

// Wake says that there may be a new job, which is then found at once.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// look finds due jobs and has them done, until looking ends.
func (r *Runner) look(looking, working context.Context, all *sync.WaitGroup) {
	for looking.Err() == nil {
		free := cap(r.slots) - len(r.slots) // only this goroutine fills slots
		jobs, next, err := r.take(looking, free)
		if err != nil && looking.Err() == nil {
			r.Log.WarnContext(looking, "jobs: cannot look for work", "error", err)
		}
		for _, j := range jobs {
			r.slots <- struct{}{}
			all.Go(func() {
				r.do(working, j)
				<-r.slots
				r.Wake() // there is a free slot, and perhaps a retry
			})
		}
		if len(jobs) == 0 || len(jobs) == free {
			r.sleep(looking, next)
		}
	}
}

// sleep waits until a moment, or for Wake, or for the end, and no longer than
// Poll.
func (r *Runner) sleep(ctx context.Context, until time.Time) {
	wait := r.Poll
	if !until.IsZero() {
		wait = min(wait, until.Sub(r.Clock.Now()))
	}
	if wait <= 0 {
		return // it has come meanwhile
	}
	timer := r.Clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-timer.C():
	}
}

// take leases up to limit due jobs, and tells when the next one will be due
// where it took none. Looking costs a read; only what is there costs a write.
func (r *Runner) take(ctx context.Context, limit int) (jobs []store.Job, next time.Time, err error) {
	if limit == 0 {
		return nil, time.Time{}, nil // whoever frees a slot wakes us
	}
	due := false
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		next, err = tx.NextJob(r.Lane)
		due = !next.IsZero() && !next.After(tx.Now)
		return err
	})
	if err != nil || !due {
		return nil, next, err
	}
	err = r.DB.Update(ctx, func(tx *store.Tx) error {
		jobs, err = tx.LeaseJobs(r.Lane, tx.Now.Add(r.Lease), limit)
		return err
	})
	if err != nil {
		jobs = nil // they come back when their lease runs out
	}
	return jobs, time.Time{}, err
}

// do has a leased job done and writes down what came of it.
func (r *Runner) do(ctx context.Context, j store.Job) {
	working, cancel := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.keep(working, cancel, j)
	}()
	err := r.attempt(working, j)
	lost := working.Err() != nil && ctx.Err() == nil
	cancel()
	<-kept
	if lost {
		r.Log.WarnContext(ctx, "jobs: lost the lease of a job", "job", j.ID, "kind", j.Kind)
		return
	}
	if err := r.conclude(ctx, j, err); err != nil {
		// It stays leased, falls due again and is repeated.
		r.Log.WarnContext(ctx, "jobs: cannot conclude a job", "job", j.ID, "kind", j.Kind, "error", err)
	}
}

// keep prolongs a job's lease until ctx ends, and ends it where that is no
// longer possible.
func (r *Runner) keep(ctx context.Context, lose context.CancelFunc, j store.Job) {
	until := j.RunAt
	for {
		timer := r.Clock.NewTimer(r.Lease / 3)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		var prolonged time.Time
		err := r.DB.Update(ctx, func(tx *store.Tx) error {
			prolonged = tx.Now.Add(r.Lease)
			return tx.ProlongJob(j, prolonged)
		})
		switch {
		case err == nil:
			until = prolonged
		case errors.Is(err, store.ErrNotFound) || !r.Clock.Now().Before(until):
			lose()
			return
		}
	}
}

// attempt runs the worker; it contains its panics.
func (r *Runner) attempt(ctx context.Context, j store.Job) (err error) {
	if j.Attempts > r.Backoff.Attempts {
		return errors.New("given up: the last attempt did not end") // it may have killed its node
	}
	work, ok := r.Workers[j.Kind]
	if !ok {
		return fmt.Errorf("no worker for jobs of kind %q", j.Kind)
	}
	defer contain(&err)
	return work(ctx, j)
}

// contain turns a panic into an error.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// conclude writes down what came of a job.
func (r *Runner) conclude(ctx context.Context, j store.Job, failure error) error {
	log := r.Log.With("job", j.ID, "kind", j.Kind, "attempt", j.Attempts, "error", failure)
	change := func(tx *store.Tx) error { return tx.FinishJob(j, store.JobFinished, "") }
	switch {
	case failure == nil:
	case ctx.Err() != nil: // interrupted, which is nobody's fault
		change = func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now, text(failure)) }
	case j.Attempts >= r.Backoff.Attempts:
		log.ErrorContext(ctx, "jobs: a job has failed for good")
		change = func(tx *store.Tx) error { return tx.FinishJob(j, store.JobFailed, text(failure)) }
	default:
		wait := r.Backoff.after(j.Attempts)
		log.WarnContext(ctx, "jobs: a job has failed and will be tried again", "wait", wait)
		change = func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now.Add(wait), text(failure)) }
	}
	return r.DB.Update(context.WithoutCancel(ctx), change)
}

// maxError bounds what is kept of an error.
const maxError = 4096

// text is an error as the store can keep it.
func text(err error) string {
	s := strings.ReplaceAll(err.Error(), "\x00", "")
	return strings.ToValidUTF8(s[:min(len(s), maxError)], "")
}
