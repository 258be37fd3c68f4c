package relay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/relay"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// memory is a log, a sink and the other nodes.
type memory struct {
	mu    sync.Mutex
	log   []chat.Event
	fail  error
	reads int

	got       []chat.Position
	batches   []int
	more      chan struct{}
	announced []chat.Position
	// during, if not nil, is called while the sink has a batch.
	during func()
}

func newMemory() *memory { return &memory{more: make(chan struct{}, 1)} }

// commit adds events to the log and gives them.
func (m *memory) commit(n int) []chat.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := len(m.log)
	for range n {
		m.log = append(m.log, chat.Event{Position: chat.Position(len(m.log) + 1)})
	}
	return slices.Clone(m.log[first:])
}

func (m *memory) After(_ context.Context, after chat.Position, limit int) ([]chat.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.fail != nil {
		return nil, m.fail
	}
	rest := m.log[min(int(after), len(m.log)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (m *memory) sink(events []chat.Event) {
	if m.during != nil {
		m.during()
	}
	m.mu.Lock()
	for _, e := range events {
		m.got = append(m.got, e.Position)
	}
	m.batches = append(m.batches, len(events))
	m.mu.Unlock()
	select {
	case m.more <- struct{}{}:
	default:
	}
}

func (m *memory) announce(p chat.Position) {
	m.mu.Lock()
	m.announced = append(m.announced, p)
	m.mu.Unlock()
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	m.fail = err
	m.mu.Unlock()
}

func start(t interface {
	Context() context.Context
	Cleanup(func())
}, m *memory, after chat.Position, every time.Duration) *relay.Relay {
	r := relay.New(context.WithoutCancel(t.Context()), relay.Options{
		Log: m, Sink: m.sink, Announce: m.announce, Every: every, Logger: slog.New(slog.DiscardHandler),
	}, after)
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

// await waits until the sink has all events up to a position, and checks that
// it got each once and in order, beginning after another.
func (m *memory) await(t interface {
	Helper()
	Fatalf(string, ...any)
}, after, to chat.Position) {
	t.Helper()
	limit := time.After(patience)
	for {
		m.mu.Lock()
		got := slices.Clone(m.got)
		m.mu.Unlock()
		for i, p := range got {
			if want := after + chat.Position(i) + 1; p != want {
				t.Fatalf("the sink got %v; want %d in place %d", got, want, i)
			}
		}
		if len(got) == int(to-after) {
			return
		}
		select {
		case <-m.more:
		case <-limit:
			t.Fatalf("the sink got %v, want all to %d", got, to)
		}
	}
}

func TestCommitsArePassedOnAsTheyAre(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.commit(3)
	r := start(t, m, 3, time.Hour)
	r.Committed(nil)
	r.Committed(m.commit(2))
	r.Committed(m.commit(1))
	m.await(t, 3, 6)
	r.Stop()
	if !slices.Equal(m.batches, []int{2, 1}) || m.reads != 0 || !slices.Equal(m.announced, []chat.Position{5, 6}) {
		t.Errorf("batches %v, %d reads, announced %v", m.batches, m.reads, m.announced)
	}
}

func TestWhatOtherNodesWroteIsReadFromTheLog(t *testing.T) {
	t.Parallel()
	m := newMemory()
	r := start(t, m, 0, time.Hour)
	m.commit(2) // another node's
	r.Committed(m.commit(1))
	m.await(t, 0, 3)
	m.commit(1200) // more than are read in one go
	r.Grown(1203)
	m.await(t, 0, 1203)
	own := m.commit(2)
	m.commit(1)
	r.Grown(1206) // reads the own events, too, before they are handed over
	m.await(t, 0, 1206)
	r.Committed(own)
	r.Committed(m.commit(1))
	m.await(t, 0, 1207)
	r.Stop()
	if !slices.Equal(m.announced, []chat.Position{3, 1205, 1207}) {
		t.Errorf("announced %v", m.announced)
	}
}

func TestTheLogIsLookedAtWithoutAHint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := start(t, m, 0, time.Second)
		m.commit(2)
		time.Sleep(time.Second + time.Millisecond) // of the bubble's clock
		synctest.Wait()
		if len(m.got) != 2 {
			t.Errorf("got %v", m.got)
		}
		r.Stop()
	})
}

// TestALogThatCannotBeReadLeavesNoGap: what follows waits for what came before.
func TestALogThatCannotBeReadLeavesNoGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := start(t, m, 0, time.Second)
		m.setFail(errors.New("the store is away"))
		m.commit(1) // another node's
		r.Committed(m.commit(2))
		time.Sleep(3*time.Second + time.Millisecond)
		synctest.Wait()
		if len(m.got) != 0 || m.reads < 3 {
			t.Errorf("got %v after %d reads", m.got, m.reads)
		}
		m.setFail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(m.got, []chat.Position{1, 2, 3}) {
			t.Errorf("got %v", m.got)
		}
		r.Stop()
	})
}

// TestAHoleInTheLogStopsNothing: positions that nobody will ever take.
func TestAHoleInTheLogStopsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory() // whose log says nothing
		r := start(t, m, 0, time.Hour)
		r.Committed([]chat.Event{{Position: 5}, {Position: 6}})
		r.Committed([]chat.Event{{Position: 7}})
		synctest.Wait()
		if !slices.Equal(m.got, []chat.Position{5, 6, 7}) {
			t.Errorf("got %v", m.got)
		}
		r.Stop()
	})
}

func TestStopWaitsForTheSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		held := make(chan struct{})
		m.during = func() { <-held }
		r := start(t, m, 0, time.Hour)
		r.Committed(m.commit(1))
		synctest.Wait() // the sink has it
		stopped := make(chan struct{})
		go func() {
			r.Stop()
			close(stopped)
		}()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("Stop does not wait")
		default:
		}
		close(held)
		<-stopped
		for range 200 { // nobody waits for a relay that has stopped
			r.Committed(m.commit(1))
			r.Grown(1)
		}
		r.Stop()
	})
}

// TestAWriterWaitsForASlowSink: no more than so many commits are ahead of it.
func TestAWriterWaitsForASlowSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		step := make(chan struct{})
		m.during = func() { <-step }
		r := start(t, m, 0, time.Hour)
		const all = 200
		var written int
		go func() {
			for range all {
				r.Committed(m.commit(1))
				written++
			}
		}()
		synctest.Wait()
		if written == all || written < 10 {
			t.Errorf("%d commits are ahead of the sink", written)
		}
		close(step)
		m.await(t, 0, all)
		r.Stop()
	})
}

// TestAnyMixtureKeepsTheOrder of own commits, others' commits, hints, own
// commits that the log told of before, and a log that fails now and then.
func TestAnyMixtureKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		r := start(t, m, 0, time.Millisecond)
		var late [][]chat.Event
		hand := func() {
			for _, events := range late {
				r.Committed(events)
			}
			late = nil
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n := rapid.IntRange(1, 3).Draw(t, "events")
			switch rapid.SampledFrom([]string{"own", "late", "other", "hint", "fail"}).Draw(t, "step") {
			case "own":
				hand()
				r.Committed(m.commit(n))
			case "late":
				late = append(late, m.commit(n))
			case "other":
				m.commit(n)
			case "hint":
				r.Grown(0)
			case "fail":
				m.setFail(rapid.SampledFrom([]error{nil, errors.New("the store is away")}).Draw(t, "error"))
			}
		}
		hand()
		m.setFail(nil)
		r.Grown(0)
		m.await(t, 0, chat.Position(len(m.log)))
	})
}

// texts shows events for a comparison.
func texts(events []chat.Event) string {
	var b strings.Builder
	for _, e := range events {
		body := ""
		if e.Message != nil {
			body = e.Message.Body
		}
		fmt.Fprintln(&b, e.Position, e.Kind, e.Channel, e.Seq, body)
	}
	return b.String()
}
