package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// bench is one run of one workload.
type bench struct {
	options options
	target  target
	run     string // makes our names unlike those of other runs
	out     *os.File

	users   int
	members [][]int // of each room

	loops    []*loop
	sessions []*session
	// epoch is when what counts began; errors and serial count for all
	// sessions; progress is called by loops.
	epoch    atomic.Int64
	errors   atomic.Int64
	serial   atomic.Uint64
	progress atomic.Pointer[func()]
	answered answered
}

// measure runs the workload.
func (b *bench) measure() error {
	workloads := map[string]func() error{"W1": b.fanOut, "W2": b.idle, "W3": b.pairs, "W4": b.manyRooms, "W5": b.storm, "W6": b.requests}
	workload := workloads[b.options.workload]
	if workload == nil {
		return fmt.Errorf("no workload is called %q", b.options.workload)
	}
	if b.options.out != "" {
		out, err := os.OpenFile(b.options.out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = out.Close() }()
		b.out = out
	}
	for range b.options.loops {
		l, err := newLoop(b)
		if err != nil {
			return err
		}
		b.loops = append(b.loops, l)
		go l.run()
	}
	defer b.stop()
	if err := workload(); err != nil {
		return fmt.Errorf("%s %s: %w", b.options.label, b.options.workload, err)
	}
	return nil
}

func (b *bench) stop() {
	b.progress.Store(nil)
	b.closeAll()
	for _, l := range b.loops {
		l.stop.Store(true)
		<-l.done
	}
}

func (b *bench) userName(i int) string { return "bench-" + b.run + "-" + strconv.Itoa(i) }

// plan fixes who is in which room and has it made.
func (b *bench) plan(users int, members [][]int) error {
	b.users, b.members = users, members
	if err := b.target.prepare(b); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// openAll connects all users, some at a time; each joins his rooms.
func (b *bench) openAll() (took time.Duration, err error) {
	rooms := make([][]int, b.users)
	for room, members := range b.members {
		for _, m := range members {
			rooms[m] = append(rooms[m], room)
		}
	}
	b.sessions = make([]*session, b.users)
	began := time.Now()
	b.epoch.Store(began.UnixNano())
	err = each(b.users, b.options.together, func(i int) error {
		b.sessions[i] = &session{index: i, target: b.target, rooms: rooms[i]}
		return b.open(b.sessions[i])
	})
	took = time.Since(began)
	if err == nil {
		say("%d sessions in %.1f s", b.users, took.Seconds())
	}
	return took, err
}

func (b *bench) open(s *session) error {
	if err := b.dial(s); err != nil {
		return err
	}
	err := b.target.open(b, s)
	for _, room := range s.rooms {
		if err == nil {
			err = b.target.join(b, s, room)
		}
	}
	if err == nil {
		err = s.detach(b.loops[s.index%len(b.loops)])
	}
	if err != nil {
		s.close()
		return fmt.Errorf("session %d: %w", s.index, err)
	}
	return nil
}

func (b *bench) closeAll() {
	for _, s := range b.sessions {
		if s != nil {
			s.close()
		}
	}
	b.sessions = nil
}

// post sends a message from a session to a room.
func (b *bench) post(s *session, room int) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.lastID++
	now := time.Now().UnixNano()
	s.sentAt[s.lastID%uint32(len(s.sentAt))].Store(now)
	var space [1024]byte
	s.frame = b.target.frame(s.frame[:0], s, room, s.lastID, b.body(space[:0], now))
	return s.write(s.frame)
}

// body appends a text of the wanted size that tells when it was sent.
func (b *bench) body(dst []byte, now int64) []byte {
	const filler = " the quick brown fox jumps over the lazy dog and goes on to say a few more words about nothing at all until the text is long enough"
	dst = append(dst, mark...)
	dst = strconv.AppendInt(dst, now, 10)
	dst = append(dst, 's')
	dst = strconv.AppendUint(dst, b.serial.Add(1), 10)
	for len(dst) < b.options.size {
		dst = append(dst, filler[:min(len(filler), b.options.size-len(dst))]...)
	}
	return dst
}

func (b *bench) sum(of func(*loop) int64) (total int64) {
	for _, l := range b.loops {
		total += of(l)
	}
	return total
}

func (b *bench) delivered() int64 { return b.sum(func(l *loop) int64 { return l.total.Load() }) }

func (b *bench) lost() int64 { return b.sum(func(l *loop) int64 { return l.lost.Load() }) }

// onLoops runs f for every session on the thread of its loop.
func (b *bench) onLoops(f func(*session)) {
	for _, l := range b.loops {
		l.do(func() {
			for _, s := range b.sessions {
				if s.loop == l {
					f(s)
				}
			}
		})
	}
}

// sample is the state of the meters at a moment.
type sample struct {
	at                           time.Time
	server, own, machine, stolen float64
}

func (b *bench) sample() sample {
	s := sample{at: time.Now(), server: b.server().cpu(), own: ownCPU()}
	s.machine, s.stolen = machineCPU()
	return s
}

func (b *bench) server() process { return process(b.options.pid) }

// figures are what was measured, by name.
type figures map[string]float64

// usage notes who used how much of the machine between two samples.
func (b *bench) usage(m figures, from, to sample) {
	seconds := to.at.Sub(from.at).Seconds()
	server, own := to.server-from.server, to.own-from.own
	all := seconds * cores()
	m["seconds"] = seconds
	m["server_cpu_s"], m["load_cpu_s"] = server, own
	m["server_share"], m["load_share"] = server/all, own/all
	m["other_share"] = max(0, (to.machine-from.machine-server-own)/all)
	m["stolen_share"] = (to.stolen - from.stolen) / all
	m["memory_mb"] = b.server().memory() / (1 << 20)
}

// window measures all that arrives within a time, also what was sent before it,
// so that a slow server's throughput is not cut short.
func (b *bench) window() figures {
	for _, l := range b.loops {
		l.do(func() {
			l.deliveries.reset()
			l.acks.reset()
		})
	}
	b.answered.take()
	failed, lost := b.errors.Load(), b.lost()
	from := b.sample()
	time.Sleep(b.options.duration)
	var deliveries, acks hist
	for _, l := range b.loops {
		l.do(func() {
			deliveries.merge(&l.deliveries)
			acks.merge(&l.acks)
		})
	}
	answers := b.answered.take()
	acks.merge(&answers)
	m := figures{}
	b.usage(m, from, b.sample())
	m["errors"], m["lost_sessions"] = float64(b.errors.Load()-failed), float64(b.lost()-lost)
	if n := float64(deliveries.count); n > 0 {
		m["deliveries_per_s"] = n / m["seconds"]
		m["cpu_s_per_million_deliveries"] = m["server_cpu_s"] / n * 1e6
		m["p50_ms"], m["p99_ms"], m["max_ms"] = deliveries.quantile(.5), deliveries.quantile(.99), deliveries.maximum()
	}
	if n := float64(acks.count); n > 0 {
		m["messages_per_s"] = n / m["seconds"]
		m["cpu_s_per_million_messages"] = m["server_cpu_s"] / n * 1e6
		m["ack_p50_ms"], m["ack_p99_ms"] = acks.quantile(.5), acks.quantile(.99)
	}
	return m
}

// result is a line of the results.
type result struct {
	Label    string  `json:"label"`
	Workload string  `json:"workload"`
	N        int     `json:"n"`
	Rate     float64 `json:"rate,omitempty"`
	Window   int     `json:"window"`
	At       string  `json:"at"`
	Figures  figures `json:"figures"`
}

// report prints a window's figures and adds them to the results.
func (b *bench) report(number int, m figures) error {
	o := &b.options
	r := result{o.label, o.workload, o.n, o.rate, number, time.Now().UTC().Format(time.RFC3339), m}
	var names []string
	for name, v := range m {
		if v != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	line := fmt.Sprintf("%s %s n=%d window %d:", r.Label, r.Workload, r.N, number)
	for _, name := range names {
		line += " " + name + "=" + strings.TrimSuffix(strconv.FormatFloat(m[name], 'f', 3, 64), ".000")
	}
	if m["load_share"] > 0.45 && m["load_share"] > m["server_share"] {
		line += " LOAD-BOUND: the generator had no room, the throughput says nothing"
	}
	fmt.Println(line)
	if !b.server().alive() {
		return fmt.Errorf("the server has gone")
	}
	if b.out == nil {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = b.out.Write(append(text, '\n'))
	return err
}
