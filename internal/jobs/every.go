package jobs

import (
	"context"
	"time"
)

// chore is housekeeping that every node does now and then.
type chore struct {
	name     string
	interval time.Duration
	do       func(context.Context) error
}

// Every has do called once the Runner has started and then again an interval
// after each end. Its context ends with Stop. An error or a panic is logged and
// changes nothing. Several nodes may do the same at the same time. It must be
// called before Start.
func (r *Runner) Every(name string, interval time.Duration, do func(context.Context) error) {
	r.chores = append(r.chores, chore{name: name, interval: interval, do: do})
}

// repeat does a chore until ctx ends.
func (r *Runner) repeat(ctx context.Context, c chore) {
	for ctx.Err() == nil {
		if err := once(ctx, c); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "jobs: housekeeping failed", "chore", c.name, "error", err)
		}
		timer := r.Clock.NewTimer(c.interval)
		select {
		case <-ctx.Done():
		case <-timer.C():
		}
		timer.Stop()
	}
}

func once(ctx context.Context, c chore) (err error) {
	defer contain(&err)
	return c.do(ctx)
}
