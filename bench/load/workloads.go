package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// standard is the flag's value or, where it is zero, what the workload means by
// itself.
func standard(flag *int, value int) int {
	if *flag == 0 {
		*flag = value
	}
	return *flag
}

// everybody is a room of users 0 to n-1.
func everybody(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// settle is the pause between the set-up and the load.
const settle = time.Second

// windows measures and reports; check, which may be nil, looks at each window.
func (b *bench) windows(check func(figures) error) error {
	time.Sleep(b.options.warmUp)
	for i := range b.options.repeat {
		m := b.window()
		var failed error
		if check != nil {
			failed = check(m)
		}
		if err := errors.Join(b.report(i+1, m), failed); err != nil {
			return err
		}
	}
	return nil
}

// steadily calls send at a rate until stop is closed.
func steadily(rate float64, stop <-chan struct{}, send func(i int)) {
	began := time.Now()
	for i := 0; ; i++ {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		select {
		case <-stop:
			return
		case <-time.After(time.Until(due)):
			send(i)
		}
	}
}

// fanOut is W1: one room of n; the first member sends, all hear.
func (b *bench) fanOut() error {
	n := standard(&b.options.n, 1000)
	if err := b.plan(n, [][]int{everybody(n)}); err != nil {
		return err
	}
	if _, err := b.openAll(); err != nil {
		return err
	}
	time.Sleep(settle)
	sender := b.sessions[0]
	stop := make(chan struct{})
	defer close(stop)
	var missing atomic.Int64
	if b.options.rate > 0 {
		go steadily(b.options.rate, stop, func(int) { _ = b.post(sender, 0) }) // windows notices a lost sender
	} else {
		step := b.keepFull(int64(standard(&b.options.window, 16)), int64(n), &missing)
		b.progress.Store(&step)
	}
	return b.windows(func(m figures) error {
		m["undelivered"] = float64(missing.Swap(0))
		if sender.dead.Load() || b.lost() > int64(n/2) {
			return fmt.Errorf("%d of %d sessions were lost", b.lost(), n)
		}
		return nil
	})
}

// keepFull gives what sends, whenever something has arrived, so that a number of
// fan-outs are under way. What has not come after two seconds without any
// delivery counts as missing.
func (b *bench) keepFull(window, n int64, missing *atomic.Int64) func() {
	var busy atomic.Bool
	var sent, gone, last, lastAt int64
	start := b.delivered()
	return func() {
		if !busy.CompareAndSwap(false, true) {
			return // another loop is at it
		}
		defer busy.Store(false)
		got, now := b.delivered()-start, time.Now().UnixNano()
		if got != last {
			last, lastAt = got, now
		} else if lastAt != 0 && now-lastAt > int64(2*time.Second) {
			miss := sent*n - gone - got
			gone += miss
			missing.Add(miss)
			lastAt = now
		}
		for sent-(got+gone)/n < window {
			if b.post(b.sessions[0], 0) != nil {
				return
			}
			sent++
		}
	}
}

// idle is W2: n sessions with the SDK's subscriptions, and silence.
func (b *bench) idle() error {
	n := standard(&b.options.n, 10000)
	if err := b.plan(n, nil); err != nil {
		return err
	}
	for i := range b.options.repeat {
		before, from := b.server().memory(), b.sample()
		took, err := b.openAll()
		if err != nil {
			return err
		}
		to := b.sample()
		m := figures{
			"connections_per_s": float64(n) / took.Seconds(),
			"connect_cpu_ms":    (to.server - from.server) / float64(n) * 1000,
		}
		time.Sleep(5 * settle)
		from = b.sample()
		time.Sleep(b.options.duration)
		b.usage(m, from, b.sample())
		m["idle_cpu_percent"] = m["server_cpu_s"] / m["seconds"] * 100
		m["kb_per_session"] = (b.server().memory() - before) / 1024 / float64(n)
		m["lost_sessions"] = float64(b.lost())
		if err := b.report(i+1, m); err != nil {
			return err
		}
		b.closeAll()
		time.Sleep(5 * settle)
	}
	return nil
}

// pairs is W3: n pairs; everybody sends his next message when the last one is
// acknowledged.
func (b *bench) pairs() error {
	n := standard(&b.options.n, 500)
	members := make([][]int, n)
	for i := range members {
		members[i] = []int{2 * i, 2*i + 1}
	}
	if err := b.plan(2*n, members); err != nil {
		return err
	}
	if _, err := b.openAll(); err != nil {
		return err
	}
	time.Sleep(settle)
	stop := make(chan struct{})
	defer close(stop)
	if b.options.rate > 0 {
		go steadily(b.options.rate, stop, func(i int) {
			k := i % (2 * n)
			_ = b.post(b.sessions[k], k/2) // whoever is gone is counted as lost
		})
		return b.windows(nil)
	}
	var stopped atomic.Bool
	defer stopped.Store(true)
	b.onLoops(func(s *session) {
		s.onAck = func(s *session) {
			if !stopped.Load() {
				_ = b.post(s, s.index/2) // whoever is gone is counted as lost
			}
		}
	})
	for range standard(&b.options.window, 1) {
		for i, s := range b.sessions {
			if err := b.post(s, i/2); err != nil {
				return err
			}
		}
	}
	return b.windows(nil)
}

// manyRooms is W4: many rooms over n sessions; a random member of a random room
// sends, with a number of messages under way.
func (b *bench) manyRooms() error {
	n := standard(&b.options.n, 2000)
	if b.options.loops > 1 {
		return errors.New("wants one loop")
	}
	members := make([][]int, b.options.rooms)
	for room := range members {
		for i := range b.options.perRoom {
			members[room] = append(members[room], (room*b.options.perRoom+i)%n)
		}
	}
	if err := b.plan(n, members); err != nil {
		return err
	}
	if _, err := b.openAll(); err != nil {
		return err
	}
	time.Sleep(settle)
	var stopped atomic.Bool
	defer stopped.Store(true)
	random := rand.New(rand.NewPCG(1, 1)) // the same rooms in every run
	send := func(*session) {
		if stopped.Load() {
			return
		}
		room := random.IntN(len(members))
		_ = b.post(b.sessions[members[room][random.IntN(b.options.perRoom)]], room) // whoever is gone is counted as lost
	}
	b.onLoops(func(s *session) { s.onAck = send })
	b.loops[0].do(func() {
		for range standard(&b.options.window, 256) {
			send(nil)
		}
	})
	return b.windows(nil)
}

// storm is W5: n members of one room lose their connections and come back at
// once; then one message must reach all.
func (b *bench) storm() error {
	n := standard(&b.options.n, 5000)
	if err := b.plan(n, [][]int{everybody(n)}); err != nil {
		return err
	}
	if _, err := b.openAll(); err != nil {
		return err
	}
	for i := range b.options.repeat {
		time.Sleep(2 * settle)
		m, err := b.comeBack()
		if err != nil {
			return err
		}
		m["probe_missing"] = float64(b.probe())
		if err := b.report(i+1, m); err != nil {
			return err
		}
	}
	return nil
}

// tries is how often a client tries to come back.
const tries = 10

func (b *bench) comeBack() (figures, error) {
	old, n := b.sessions, len(b.sessions)
	b.sessions = make([]*session, n)
	var failures atomic.Int64
	took := make([]int64, n)
	from := b.sample()
	for _, s := range old {
		s.close()
	}
	err := each(n, n, func(i int) error {
		for try := 1; ; try++ {
			s := &session{index: i, target: b.target, rooms: []int{0}}
			if state, ok := old[i].state.(*stompxState); ok {
				s.resumes = state.kept
			}
			b.sessions[i] = s
			err := b.open(s)
			took[i] = int64(time.Since(from.at))
			if err == nil {
				return nil
			}
			if failures.Add(1) <= 3 {
				say("come back: %v", err)
			}
			if try == tries {
				return err
			}
			time.Sleep(time.Duration(100+rand.IntN(200*try)) * time.Millisecond)
		}
	})
	to := b.sample()
	var back hist
	for _, ns := range took {
		back.add(ns)
	}
	m := figures{"live_s": to.at.Sub(from.at).Seconds(), "p50_ms": back.quantile(.5), "p99_ms": back.quantile(.99), "failed_tries": float64(failures.Load())}
	b.usage(m, from, to)
	m["reconnect_cpu_ms"] = m["server_cpu_s"] / float64(n) * 1000
	return m, err
}

// probe sends one message and tells how many members it did not reach.
func (b *bench) probe() int64 {
	before := b.delivered()
	b.epoch.Store(time.Now().UnixNano())
	missing := func() int64 { return int64(len(b.sessions)) - (b.delivered() - before) }
	if err := b.post(b.sessions[0], 0); err != nil {
		say("probe: %v", err)
		return missing()
	}
	for end := time.Now().Add(15 * time.Second); missing() > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	return missing()
}
