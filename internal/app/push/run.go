package push

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/kit/clock"
	"github.com/purrchat/purr/internal/store"
)

// The bounds of what is sent at a time by a node.
const (
	// MaxSending is how many pushes are under way.
	MaxSending = 64
	// MaxSendingInLane is how many of them by one carrier, so that one which
	// hangs leaves room for the others.
	MaxSendingInLane = 8
	// lanesAtOnce is how many carriers are looked at in one go.
	lanesAtOnce = 100
	// pollEvery bounds how late it is noticed what another node has left.
	pollEvery = 5 * time.Second
	// pauseAfterFault is how long to wait after a fault of ours.
	pauseAfterFault = time.Second
)

// Runner finds out who is to be pushed and sends it, in two loops that one owner
// starts and waits for. Wake may be called by anybody.
type Runner struct {
	*Push
	Clock clock.Clock
	Log   *slog.Logger

	events, pushes chan struct{}

	mu   sync.Mutex
	busy map[string]int
	all  int
}

// NewRunner makes a Runner that has yet to be run.
func NewRunner(p *Push, c clock.Clock, log *slog.Logger) *Runner {
	return &Runner{Push: p, Clock: c, Log: log, events: make(chan struct{}, 1), pushes: make(chan struct{}, 1), busy: map[string]int{}}
}

// Wake says that there are new events.
func (r *Runner) Wake() { wake(r.events) }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake
	}
}

// Run works until ctx ends. What is being sent then is broken off, and sent
// another time.
func (r *Runner) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { r.follow(ctx) })
	loops.Go(func() { r.carry(ctx) })
	loops.Wait()
}

// follow finds out who is to be pushed.
func (r *Runner) follow(ctx context.Context) {
	f := &fanout{Push: r.Push}
	for ctx.Err() == nil {
		wrote, more, err := f.step(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "push: cannot find out who is to be pushed", "error", err)
			r.sleep(ctx, nil, pauseAfterFault)
			continue
		}
		if wrote {
			wake(r.pushes)
		}
		if !more {
			r.sleep(ctx, r.events, pollEvery)
		}
	}
}

func (r *Runner) sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := r.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C():
	}
}

// carry sends what is due.
func (r *Runner) carry(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	lane := ""
	for ctx.Err() == nil {
		lanes, next, err := r.due(ctx, lane)
		if err == nil {
			lane = ""
			for _, lane = range lanes {
				if err = r.begin(ctx, lane, &under); err != nil {
					break
				}
			}
		}
		switch {
		case err != nil:
			if ctx.Err() == nil {
				r.Log.WarnContext(ctx, "push: cannot look for what is due", "error", err)
			}
			r.sleep(ctx, nil, pauseAfterFault)
		case len(lanes) < lanesAtOnce:
			lane = ""
			r.sleep(ctx, r.pushes, r.until(next))
		}
	}
}

// until is how long there is nothing to do. Where what is due finds no room, that
// is until something has ended, which wakes.
func (r *Runner) until(next time.Time) time.Duration {
	wait := pollEvery
	if left := next.Sub(r.Clock.Now()); !next.IsZero() && left > 0 {
		wait = min(wait, left)
	}
	return wait
}

// due lists carriers behind one for which something is due, and tells when the
// next push is due at all.
func (r *Runner) due(ctx context.Context, after string) (lanes []string, next time.Time, err error) {
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		if next, err = tx.NextPush(); err != nil || next.IsZero() || next.After(tx.Now) {
			return err
		}
		lanes, err = tx.DueLanes(after, lanesAtOnce)
		return err
	})
	return lanes, next, err
}

// begin takes what is due by a carrier, as far as there is room, and begins to
// send it.
func (r *Runner) begin(ctx context.Context, lane string, under *sync.WaitGroup) error {
	r.mu.Lock()
	room := min(MaxSending-r.all, MaxSendingInLane-r.busy[lane])
	r.mu.Unlock()
	if room <= 0 {
		return nil // the end of one of them wakes us
	}
	list, err := r.take(ctx, lane, room)
	if err != nil {
		return err // what was taken comes back when its lease runs out
	}
	r.count(lane, len(list))
	for _, push := range list {
		under.Go(func() {
			if err := r.deliver(ctx, push); err != nil {
				r.Log.WarnContext(ctx, "push: cannot push", "device", push.Device, "error", err)
			}
			r.count(lane, -1)
			wake(r.pushes)
		})
	}
	return nil
}

func (r *Runner) count(lane string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all += n
	if r.busy[lane] += n; r.busy[lane] == 0 {
		delete(r.busy, lane)
	}
}
