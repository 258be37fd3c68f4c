package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// Call is one call of a handler that a test has given to an SDK, or one event
// heard by a bare client: the arguments as JSON.
type Call []json.RawMessage

// Decode reads one argument.
func (c Call) Decode(index int, into any) error {
	if index >= len(c) {
		return fmt.Errorf("the handler was called with %d arguments", len(c))
	}
	return json.Unmarshal(c[index], into)
}

// Log is everything a handler has been called with, in order. It can be read
// and waited for from any goroutine.
type Log struct {
	name string
	// proof, if there is one, is called when somebody has waited for calls.
	proof   func()
	mu      sync.Mutex
	calls   []Call
	changed chan struct{}
}

// NewLog returns an empty log. The name appears in failures.
func NewLog(name string) *Log {
	return &Log{name: name, changed: make(chan struct{})}
}

// Add appends a call and wakes those who wait.
func (l *Log) Add(call Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
	close(l.changed)
	l.changed = make(chan struct{})
}

// Len is the number of calls so far.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// Calls returns all calls so far.
func (l *Log) Calls() []Call {
	calls, _ := l.state()
	return calls
}

func (l *Log) state() ([]Call, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls), l.changed
}

// Wait returns nil as soon as the calls satisfy the condition.
func (l *Log) Wait(patience time.Duration, what string, enough func([]Call) bool) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		calls, changed := l.state()
		if enough(calls) {
			if l.proof != nil && len(calls) > 0 {
				l.proof()
			}
			return nil
		}
		select {
		case <-changed:
		case <-timeout.C:
			return fmt.Errorf("%s: waited %s for %s; %d calls so far, the last: %s",
				l.name, patience, what, len(calls), last(calls))
		}
	}
}

// WaitLen returns nil as soon as there are that many calls.
func (l *Log) WaitLen(patience time.Duration, count int) error {
	return l.Wait(patience, fmt.Sprintf("%d calls", count), func(calls []Call) bool { return len(calls) >= count })
}

// Await ends the test unless the log has that many calls in time, and returns
// them.
func (l *Log) Await(t testing.TB, count int) []Call {
	t.Helper()
	if err := l.WaitLen(Patience, count); err != nil {
		t.Fatal(err)
	}
	return l.Calls()
}

// AwaitMatch ends the test unless some call satisfies the condition in time.
func (l *Log) AwaitMatch(t testing.TB, what string, matches func(Call) bool) {
	t.Helper()
	if err := l.Wait(ReconnectPatience, what, func(calls []Call) bool {
		return slices.ContainsFunc(calls, matches)
	}); err != nil {
		t.Fatal(err)
	}
}

func last(calls []Call) string {
	if len(calls) == 0 {
		return "none"
	}
	text, _ := json.Marshal(calls[len(calls)-1])
	if len(text) > 400 {
		text = append(text[:400], "…"...)
	}
	return string(text)
}
