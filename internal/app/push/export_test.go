package push

import (
	"context"

	"github.com/purrchat/purr/internal/store"
)

// FanoutUsers is how many users are asked about at a time.
const FanoutUsers = fanoutUsers

// Fanout is a fan-out that has just been started.
type Fanout struct{ f *fanout }

// NewFanout starts one.
func NewFanout(p *Push) Fanout { return Fanout{&fanout{Push: p}} }

// Step goes on for a bit, and tells whether it has written pushes and whether
// there is more.
func (f Fanout) Step(ctx context.Context) (wrote, more bool, err error) { return f.f.step(ctx) }

// Take leases what is due, whatever lane it is in.
func (p *Push) Take(ctx context.Context) (all []store.Push, err error) {
	var lanes []string
	if err := p.DB.View(ctx, func(tx *store.Tx) error {
		lanes, err = tx.DueLanes("", 1000)
		return err
	}); err != nil {
		return nil, err
	}
	for _, lane := range lanes {
		list, err := p.take(ctx, lane, 1000)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// Deliver tries a leased push.
func (p *Push) Deliver(ctx context.Context, row store.Push) error { return p.deliver(ctx, row) }
