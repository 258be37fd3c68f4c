// Package bustest is what every bus must keep, as one suite of tests.
package bustest

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/bus"
	"github.com/purrchat/purr/internal/chat"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// Run tests a bus. Network makes the buses of an installation's nodes, one each
// and at least one, which no other test hears of. They are stopped by the suite.
func Run(t *testing.T, network func(t *testing.T) []bus.Bus) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*testing.T, []bus.Bus)
	}{
		{"a signal reaches every node, in order", inOrder},
		{"a signal arrives whole", whole},
		{"growth is told to the other nodes", grown},
		{"publishing does not wait", doesNotWait},
		{"signals are heard one at a time", oneAtATime},
		{"Stop waits for the handler, and is the end", stopIsTheEnd},
		{"Stop without Start", stopWithoutStart},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			nodes := network(t)
			t.Cleanup(func() {
				for _, b := range nodes {
					b.Stop()
				}
			})
			c.run(t, nodes)
		})
	}
}

// ear is a handler that remembers.
type ear struct {
	mu      sync.Mutex
	signals []chat.Signal
	grown   []chat.Position
	heard   chan struct{}
	// during, if not nil, is called while a signal is heard.
	during func(chat.Signal)
}

func newEar() *ear { return &ear{heard: make(chan struct{}, 1)} }

func (e *ear) Signal(s chat.Signal) {
	if e.during != nil {
		e.during(s)
	}
	e.note(func() { e.signals = append(e.signals, s) })
}

func (e *ear) Grown(p chat.Position) { e.note(func() { e.grown = append(e.grown, p) }) }

func (e *ear) note(what func()) {
	e.mu.Lock()
	what()
	e.mu.Unlock()
	select {
	case e.heard <- struct{}{}:
	default:
	}
}

// await waits until something holds of what was heard.
func (e *ear) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		e.mu.Lock()
		ok := holds()
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-e.heard:
		case <-limit:
			t.Fatalf("waited in vain for %s; heard %v %v", what, e.signals, e.grown)
		}
	}
}

// start gives every node an ear.
func start(t *testing.T, nodes []bus.Bus) []*ear {
	t.Helper()
	ears := make([]*ear, len(nodes))
	for i, b := range nodes {
		ears[i] = newEar()
		if err := b.Start(ears[i]); err != nil {
			t.Fatal(err)
		}
	}
	return ears
}

func inOrder(t *testing.T, nodes []bus.Bus) {
	ears := start(t, nodes)
	const each = 100
	var want []string
	for i := range each {
		for n, b := range nodes {
			b.Publish(chat.Signal{User: chat.UserID(n + 1), Channel: chat.ChannelID(i + 1)})
			want = append(want, fmt.Sprint(n+1, " ", i+1))
		}
	}
	slices.Sort(want)
	for i, e := range ears {
		e.await(t, "all signals", func() bool { return len(e.signals) >= len(want) })
		last := map[chat.UserID]chat.ChannelID{}
		var got []string
		for _, s := range e.signals {
			if s.Channel <= last[s.User] {
				t.Errorf("node %d heard signal %d of node %d after %d", i, s.Channel, s.User, last[s.User])
			}
			last[s.User] = s.Channel
			got = append(got, fmt.Sprint(s.User, " ", s.Channel))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("node %d (-want +got):\n%s", i, diff)
		}
	}
}

func whole(t *testing.T, nodes []bus.Bus) {
	ears := start(t, nodes)
	var s chat.Signal
	fill(t, reflect.ValueOf(&s).Elem(), "Signal")
	nodes[0].Publish(s)
	for i, e := range ears {
		e.await(t, "the signal", func() bool { return len(e.signals) > 0 })
		if diff := cmp.Diff(s, e.signals[0]); diff != "" {
			t.Errorf("node %d (-want +got):\n%s", i, diff)
		}
	}
}

// fill sets every member to something of its own.
func fill(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(name + " \"ü\n\x00")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(len(name)))
		if v.Kind() == reflect.Int64 {
			v.SetInt(1<<53 - int64(len(name)))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), name)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // a text, maybe JSON
			v.SetBytes([]byte(`{"a":1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), fmt.Sprint(name, i))
		}
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = time.Date(2026, 5, 4, 12, 30, 15, 123456000, time.UTC)
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name)
		}
	default:
		t.Fatalf("%s: the suite cannot fill a %s", name, v.Type())
	}
}

func grown(t *testing.T, nodes []bus.Bus) {
	ears := start(t, nodes)
	nodes[0].Announce(77)
	for _, e := range ears[1:] {
		e.await(t, "the growth", func() bool { return slices.Contains(e.grown, 77) })
	}
	nodes[0].Publish(chat.Signal{User: 1})
	ears[0].await(t, "a signal that came later", func() bool { return len(ears[0].signals) > 0 })
	ears[0].mu.Lock()
	defer ears[0].mu.Unlock()
	if len(ears[0].grown) > 0 {
		t.Errorf("the node that announced hears %v", ears[0].grown)
	}
}

func doesNotWait(t *testing.T, nodes []bus.Bus) {
	held, release := make(chan struct{}, 1), make(chan struct{})
	slow := newEar()
	slow.during = func(chat.Signal) {
		select {
		case held <- struct{}{}:
		default:
		}
		<-release
	}
	if err := nodes[0].Start(slow); err != nil {
		t.Fatal(err)
	}
	nodes[0].Publish(chat.Signal{User: 1})
	<-held
	for range 20_000 {
		nodes[0].Publish(chat.Signal{User: 2})
		nodes[0].Announce(1)
	}
	close(release)
	slow.await(t, "those that found room", func() bool { return len(slow.signals) > 1 })
	// There is room again.
	slow.await(t, "a signal that comes later", func() bool {
		nodes[0].Publish(chat.Signal{User: 3})
		return slices.ContainsFunc(slow.signals, func(s chat.Signal) bool { return s.User == 3 })
	})
}

func oneAtATime(t *testing.T, nodes []bus.Bus) {
	var busy sync.Mutex
	e := newEar()
	e.during = func(chat.Signal) {
		if !busy.TryLock() {
			t.Error("two signals are heard at once")
			return
		}
		busy.Unlock()
	}
	for i, b := range nodes {
		h := newEar()
		if i == 0 {
			h = e
		}
		if err := b.Start(h); err != nil {
			t.Fatal(err)
		}
	}
	const each = 200
	var all sync.WaitGroup
	for _, b := range nodes {
		for range 2 {
			all.Go(func() {
				for range each {
					b.Publish(chat.Signal{User: 1})
				}
			})
		}
	}
	all.Wait()
	e.await(t, "all signals", func() bool { return len(e.signals) == 2*each*len(nodes) })
}

func stopIsTheEnd(t *testing.T, nodes []bus.Bus) {
	held, release := make(chan struct{}, 1), make(chan struct{})
	e := newEar()
	e.during = func(chat.Signal) {
		select {
		case held <- struct{}{}:
		default:
		}
		<-release
	}
	for i, b := range nodes {
		h := newEar()
		if i == 0 {
			h = e
		}
		if err := b.Start(h); err != nil {
			t.Fatal(err)
		}
	}
	nodes[0].Publish(chat.Signal{User: 1})
	<-held
	stopped := make(chan struct{})
	go func() {
		nodes[0].Stop()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("Stop does not wait for the handler")
	case <-time.After(20 * time.Millisecond): // nothing tells that it waits
	}
	close(release)
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Fatal("Stop does not return")
	}
	e.mu.Lock()
	before := len(e.signals) + len(e.grown)
	e.mu.Unlock()
	nodes[0].Stop()
	for _, b := range nodes {
		b.Publish(chat.Signal{User: 2})
		b.Announce(5)
	}
	for _, b := range nodes[1:] {
		b.Stop()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if after := len(e.signals) + len(e.grown); after != before {
		t.Errorf("%d calls after Stop", after-before)
	}
}

func stopWithoutStart(t *testing.T, nodes []bus.Bus) {
	for _, b := range nodes {
		b.Publish(chat.Signal{User: 1})
		b.Announce(1)
		b.Stop()
	}
}
