// Package lifecycle keeps what was started until it has been stopped.
//
// A [Group] is an owner: parts are started one after another and stopped in the
// reverse order, so that nothing outlives what it stands on. Stopping waits: a
// part has stopped when everything it started has ended. All methods may be
// called by many goroutines. A Group starts nothing anew and restarts nothing;
// a part that fails makes itself heard through [Group.Failed], and the owner
// decides.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrStopped is what Start answers once the group has been told to stop.
var ErrStopped = errors.New("lifecycle: the group has been stopped")

// Group is a set of running parts.
type Group struct {
	mu       sync.Mutex
	parts    []part
	stopping bool

	failed chan error // of capacity one: the first failure is the one to act on
	once   sync.Once
	result error // what Stop came to; written within once
}

// New makes a group with nothing in it.
func New() *Group { return &Group{failed: make(chan error, 1)} }

type part struct {
	name string
	stop func(context.Context) error
}

// Start runs start, which returns once the part is usable, and remembers stop
// for later. When start fails there is nothing to stop and its error comes back
// with the part's name. A part that was started while the group was being
// stopped is stopped at once, and the answer is ErrStopped.
func (g *Group) Start(ctx context.Context, name string, start, stop func(context.Context) error) error {
	if g.isStopping() {
		return ErrStopped
	}
	if err := start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if g.add(part{name, stop}) {
		return nil
	}
	return errors.Join(ErrStopped, stop(context.WithoutCancel(ctx)))
}

// OnStop remembers stop for a part that already runs. After Stop was called it
// runs stop at once, so that nothing is left behind.
func (g *Group) OnStop(name string, stop func(context.Context) error) {
	if !g.add(part{name, stop}) {
		// The error has nobody to go to: the group's result is already spoken.
		_ = stop(context.Background())
	}
}

// Go runs the function in a goroutine. Its context ends when its turn to stop
// has come; Stop then waits for it to return. An error it returns before that
// is a failure of the group; one after that is part of what Stop returns, but
// for the end of its own context, which is no error. After Stop was called Go
// does nothing.
func (g *Group) Go(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	stop := func(limit context.Context) error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-limit.Done():
			return fmt.Errorf("has not ended: %w", limit.Err())
		}
	}
	if !g.add(part{name, stop}) {
		cancel()
		return
	}
	go func() {
		defer cancel()
		err := run(ctx)
		if ctx.Err() == nil && err != nil {
			g.fail(fmt.Errorf("%s: %w", name, err))
			err = nil // it has been told
		}
		if errors.Is(err, context.Canceled) {
			err = nil // it only says that it heard us
		}
		ended <- err
	}()
}

// Failed is where the first function of Go that ends with an error on its own
// makes itself heard. The owner selects on it beside the signal to stop.
func (g *Group) Failed() <-chan error { return g.failed }

// Stop stops every part, the latest first, and waits for each; what fails to
// stop does not keep the others from their turn. The context limits the whole:
// the stop functions have to heed it. Stop may be called again and by many: all
// wait for the one stopping and get its result.
func (g *Group) Stop(ctx context.Context) error {
	g.once.Do(func() { g.result = stopAll(ctx, g.take()) })
	return g.result
}

// take empties the group and closes it for newcomers.
func (g *Group) take() []part {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopping = true
	parts := g.parts
	g.parts = nil
	return parts
}

func stopAll(ctx context.Context, parts []part) error {
	var errs []error
	for i := len(parts) - 1; i >= 0; i-- {
		if err := parts[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", parts[i].name, err))
		}
	}
	return errors.Join(errs...)
}

// add remembers a part; false means that the group is past that.
func (g *Group) add(p part) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return false
	}
	g.parts = append(g.parts, p)
	return true
}

func (g *Group) isStopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopping
}

func (g *Group) fail(err error) {
	select {
	case g.failed <- err:
	default: // somebody failed before; one reason to stop is enough
	}
}
