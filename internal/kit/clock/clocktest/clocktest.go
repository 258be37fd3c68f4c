// Package clocktest holds time still until a test moves it on.
//
// A [Manual] clock moves only by [Manual.Advance]. What falls due on the way
// fires in the order of its deadlines, and functions of AfterFunc run inside
// Advance itself: when it returns, they have returned. Many goroutines may use
// the clock at once; only the test should advance it.
package clocktest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/kit/clock"
)

// Manual is a clock that stands still.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiting []*timer      // unordered; the tests that use this have few
	changed chan struct{} // closed and replaced whenever waiting changes
}

var _ clock.Clock = (*Manual)(nil)

// New makes a clock that shows start.
func New(start time.Time) *Manual {
	return &Manual{now: start, changed: make(chan struct{})}
}

// Now is the moment the clock was last moved to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// NewTimer makes a timer that fires once the clock has moved on by d.
func (m *Manual) NewTimer(d time.Duration) clock.Timer {
	t := &timer{clock: m, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// AfterFunc makes a timer that calls f, from within Advance, once the clock has
// moved on by d.
func (m *Manual) AfterFunc(d time.Duration, f func()) clock.Timer {
	t := &timer{clock: m, f: f}
	t.Reset(d)
	return t
}

// Advance moves the clock on by d, stopping at every deadline on the way.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	target := m.now.Add(d)
	for {
		t := m.next(target)
		if t == nil {
			break
		}
		if t.deadline.After(m.now) {
			m.now = t.deadline
		}
		m.remove(t)
		m.fire(t)
	}
	m.now = target
	m.mu.Unlock()
}

// AwaitTimers waits until n timers are pending, which is how a test knows that
// the code under test has come to its waiting. It returns the context's error
// when that does not happen in time.
func (m *Manual) AwaitTimers(ctx context.Context, n int) error {
	for {
		m.mu.Lock()
		pending, changed := len(m.waiting), m.changed
		m.mu.Unlock()
		if pending >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next is the waiting timer with the earliest deadline not after limit.
func (m *Manual) next(limit time.Time) *timer {
	var first *timer
	for _, t := range m.waiting {
		if t.deadline.After(limit) {
			continue
		}
		if first == nil || t.deadline.Before(first.deadline) {
			first = t
		}
	}
	return first
}

// fire lets the lock go while a function runs, so that it may use the clock.
func (m *Manual) fire(t *timer) {
	if t.f == nil {
		t.c <- m.now
		return
	}
	m.mu.Unlock()
	defer m.mu.Lock()
	t.f()
}

func (m *Manual) remove(t *timer) bool {
	i := slices.Index(m.waiting, t)
	if i < 0 {
		return false
	}
	m.waiting = slices.Delete(m.waiting, i, i+1)
	m.announce()
	return true
}

func (m *Manual) announce() {
	close(m.changed)
	m.changed = make(chan struct{})
}

type timer struct {
	clock    *Manual
	deadline time.Time // guarded by clock.mu
	c        chan time.Time
	f        func()
}

func (t *timer) C() <-chan time.Time { return t.c }

func (t *timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

// stop also takes back a moment that was sent but not received, as the timers
// of the standard library do.
func (t *timer) stop() bool {
	select {
	case <-t.c:
		return true
	default:
		return t.clock.remove(t)
	}
}

func (t *timer) Reset(d time.Duration) bool {
	m := t.clock
	m.mu.Lock()
	defer m.mu.Unlock()
	active := t.stop()
	t.deadline = m.now.Add(d)
	m.waiting = append(m.waiting, t)
	m.announce()
	return active
}
