// Package clock is time as something handed in, so that a test can hold it.
//
// Code that asks what time it is, or waits, takes a [Clock]; the node gives it
// [Real], a test gives it one of package clocktest. Every method of a Clock may
// be called by many goroutines at once. The package owns no goroutine and knows
// nothing of schedules or tickers: what repeats resets its own timer.
package clock

import "time"

// Clock tells the time and wakes whoever waits.
type Clock interface {
	// Now is the present moment.
	Now() time.Time
	// NewTimer makes a timer that sends the time on its channel after d.
	NewTimer(d time.Duration) Timer
	// AfterFunc makes a timer that calls f after d. The real clock calls f in
	// a goroutine of its own, so f may not be waited for through the timer.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is one waiting.
type Timer interface {
	// C is where the moment arrives; nil for a timer made by AfterFunc.
	C() <-chan time.Time
	// Stop ends the waiting. It reports whether the timer had still to fire;
	// after it nothing stale is received from C.
	Stop() bool
	// Reset starts the waiting anew, whatever the timer did before, and
	// reports whether it had still to fire.
	Reset(d time.Duration) bool
}

// Real is the machine's clock.
func Real() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

func (realClock) AfterFunc(d time.Duration, f func()) Timer {
	return realTimer{time.AfterFunc(d, f)}
}

type realTimer struct{ timer *time.Timer }

func (t realTimer) C() <-chan time.Time        { return t.timer.C }
func (t realTimer) Stop() bool                 { return t.timer.Stop() }
func (t realTimer) Reset(d time.Duration) bool { return t.timer.Reset(d) }
