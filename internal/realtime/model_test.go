package realtime_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// model is a session, its client and the log, told in the simplest way: the
// client must get every event of the topics it listens to, in order, and none
// that it has acknowledged or has got on the same link.
type model struct {
	w *world
	c realtime.Client
	s *realtime.Session
	l *link
	// log has the publications of every committed event; published is how
	// many events the hub has heard of.
	log       [][]realtime.Publication
	published int

	// acks: the client acknowledges. Otherwise it never does, and is not
	// known to.
	acks bool
	// subs are the client's subscriptions by id; base is the number of events
	// before a topic was listened to.
	subs map[string]realtime.Topic
	base map[realtime.Topic]int
	next int // for fresh ids

	attached, subscribed bool
	// received is all that ever came; here is what came on this link.
	received map[realtime.Topic]map[realtime.Mark]bool
	here     map[realtime.Topic][]got
	acked    map[realtime.Topic]realtime.Mark
	// written is the highest mark written of a topic that is not
	// acknowledged, since the last restart.
	written map[realtime.Topic]realtime.Mark
	once    map[string]bool // bodies that are not replayed

	// kept is what the Keeper had last, and what was acknowledged then.
	kept      string
	keptAcked map[realtime.Topic]realtime.Mark
	replays   []*replay
}

// replay is the work of whoever reads the log for a link, step by step, maybe
// after that link has been replaced.
type replay struct {
	l     *link
	after chat.Position
}

// automatic is a topic whose events are not acknowledged.
var automatic = realtime.UserTopic(ann, realtime.Contacts)

var modelTopics = []realtime.Topic{roomMessages, hallMessages, annsMessages, automatic}

func newModel(t *rapid.T) *model {
	m := &model{
		acks: rapid.IntRange(0, 3).Draw(t, "acknowledges") > 0, subs: map[string]realtime.Topic{}, base: map[realtime.Topic]int{},
		received: map[realtime.Topic]map[realtime.Mark]bool{}, here: map[realtime.Topic][]got{},
		acked: map[realtime.Topic]realtime.Mark{}, written: map[realtime.Topic]realtime.Mark{}, once: map[string]bool{},
	}
	m.c = user(ann, 1)
	m.c.Acknowledges = m.acks
	m.start(t)
	m.attach(t)
	for _, topic := range modelTopics {
		m.listen(t, topic)
	}
	m.subscribed = true
	return m
}

// start makes a hub that has heard of what the model's hub has.
func (m *model) start(t *rapid.T) {
	w := &world{directory: &directory{}, keeper: newKeeper(), signals: &signals{}}
	w.hub = realtime.New(realtime.Options{
		Directory: w.directory, Keeper: w.keeper, Attendance: &attended{}, Signals: w.signals.hear, Now: func() time.Time { return time.Time{} },
		Limits: realtime.Limits{Items: rapid.SampledFrom([]int{3, 6, 100}).Draw(t, "items"), Bytes: 1 << 20, Subscriptions: 100},
		Crowd:  10,
	}, chat.Position(m.published))
	w.run(t.Cleanup)
	m.w = w
}

// attach gives the session a new link.
func (m *model) attach(t *rapid.T) {
	m.l = newLink()
	s, err := m.w.hub.Attach(t.Context(), m.c, m.l)
	if err != nil {
		t.Fatal(err)
	}
	m.s, m.attached, m.subscribed = s, true, false
	clear(m.here)
}

func (m *model) listen(t *rapid.T, topic realtime.Topic) {
	m.next++
	id := strconv.Itoa(m.next)
	if err := m.s.Subscribe(id, id, topic, topic != automatic); err != nil {
		t.Fatal(err)
	}
	m.subs[id] = topic
	if _, ok := m.base[topic]; !ok {
		m.base[topic] = m.published
	}
}

// Commit adds an event to the log; the hub hears of it later.
func (m *model) Commit(t *rapid.T) {
	var pubs []realtime.Publication
	position := chat.Position(len(m.log) + 1)
	for i := range rapid.IntRange(1, 3).Draw(t, "publications") {
		p := to(rapid.SampledFrom(modelTopics).Draw(t, "topic"), strconv.Itoa(int(position))+"."+strconv.Itoa(i))
		p.Mark = realtime.MarkOf(position, i)
		if p.Topic.Scope == realtime.OfUser {
			p.Except = rapid.SampledFrom([]chat.SessionID{0, 0, 1}).Draw(t, "except")
			p.Only = rapid.SampledFrom([]chat.SessionID{0, 1, 2}).Draw(t, "only")
			if rapid.Bool().Draw(t, "implied") {
				p.Topic.ID = 0
				if p.Only == 0 {
					p.Everyone = application
				}
			}
		}
		pubs = append(pubs, p)
	}
	m.log = append(m.log, pubs)
}

// Publish lets the hub hear of the next event.
func (m *model) Publish(t *rapid.T) {
	if m.published == len(m.log) {
		m.Commit(t)
	}
	m.w.hub.Publish(m.log[m.published])
	m.published++
	m.w.hub.Advance(chat.Position(m.published))
	if rapid.Bool().Draw(t, "flush") {
		m.w.hub.Flush()
	}
}

// Signal publishes what is not replayed.
func (m *model) Signal(*rapid.T) {
	m.next++
	m.w.signal(to(annsMessages, "once "+strconv.Itoa(m.next)))
}

func (m *model) Acknowledge(t *rapid.T) {
	if !m.acks || !m.attached {
		t.Skip()
	}
	var open []got
	for _, items := range m.here {
		for _, g := range items {
			if _, live := m.subs[g.id]; live && g.topic != automatic && g.mark > m.acked[g.topic] {
				open = append(open, g)
			}
		}
	}
	if len(open) == 0 {
		t.Skip()
	}
	slices.SortFunc(open, func(a, b got) int { return int(a.mark - b.mark) })
	g := rapid.SampledFrom(open).Draw(t, "acknowledged")
	acknowledge(m.s, g)
	m.acked[g.topic] = g.mark
}

func (m *model) Cut(t *rapid.T) {
	if !m.attached {
		t.Skip()
	}
	m.settle(t)
	m.w.hub.Detach(m.s, m.l)
	m.attached = false
}

// Return attaches a new link, maybe while the old one lives.
func (m *model) Return(t *rapid.T) {
	m.settle(t)
	m.attach(t)
}

func (m *model) Resubscribe(t *rapid.T) {
	if !m.attached || m.subscribed {
		t.Skip()
	}
	ids := slices.Sorted(maps.Keys(m.subs))
	for _, id := range rapid.Permutation(ids).Draw(t, "order") {
		if err := m.s.Subscribe(id, id, m.subs[id], m.subs[id] != automatic); err != nil {
			t.Fatal(err)
		}
	}
	m.subscribed = true
}

// Again listens to a topic a second time, Drop ends one of two subscriptions.
func (m *model) Again(t *rapid.T) {
	if !m.attached || !m.subscribed || len(m.subs) > 6 {
		t.Skip()
	}
	m.listen(t, rapid.SampledFrom(modelTopics).Draw(t, "topic"))
}

func (m *model) Drop(t *rapid.T) {
	count := map[realtime.Topic]int{}
	for _, topic := range m.subs {
		count[topic]++
	}
	var twice []string
	for id, topic := range m.subs {
		if count[topic] > 1 {
			twice = append(twice, id)
		}
	}
	if !m.attached || !m.subscribed || len(twice) == 0 {
		t.Skip()
	}
	slices.Sort(twice)
	id := rapid.SampledFrom(twice).Draw(t, "dropped")
	m.settle(t)
	m.s.Unsubscribe(id)
	delete(m.subs, id)
}

// Request is the client's first request on a link, or a later one.
func (m *model) Request(t *rapid.T) {
	if !m.attached || !m.subscribed || m.reading() != nil {
		t.Skip()
	}
	if after, missing := m.s.Owed(m.l); missing {
		m.replays = append(m.replays, &replay{l: m.l, after: after})
	} else if !m.s.Resume(m.l) {
		t.Fatal("a session that is owed nothing does not resume")
	}
}

// reading is the replay for the present link.
func (m *model) reading() *replay {
	for _, r := range m.replays {
		if r.l == m.l {
			return r
		}
	}
	return nil
}

const modelPage = 2

// Read takes one step of one replay.
func (m *model) Read(t *rapid.T) {
	if len(m.replays) == 0 {
		t.Skip()
	}
	m.read(t, rapid.SampledFrom(m.replays).Draw(t, "replay"), rapid.IntRange(0, 2), rapid.IntRange(0, 3))
}

func (m *model) read(t *rapid.T, r *replay, commits, publications *rapid.Generator[int]) {
	m.s.Hold(r.l)
	for range commits.Draw(t, "committed meanwhile") {
		m.Commit(t)
	}
	page := m.log[r.after:min(int(r.after)+modelPage, len(m.log))]
	var pubs []realtime.Publication
	for _, event := range page {
		pubs = append(pubs, event...)
	}
	r.after += chat.Position(len(page))
	for range publications.Draw(t, "published meanwhile") {
		m.Publish(t)
	}
	alive := m.s.Replay(r.l, pubs)
	if !alive || (len(page) < modelPage && m.s.Resume(r.l)) {
		m.Fail(t, r)
	}
}

// Fail ends a replay, as when the log cannot be read.
func (m *model) Fail(_ *rapid.T, r *replay) {
	m.replays = slices.DeleteFunc(m.replays, func(other *replay) bool { return other == r })
}

func (m *model) Break(t *rapid.T) {
	if len(m.replays) == 0 {
		t.Skip()
	}
	m.Fail(t, rapid.SampledFrom(m.replays).Draw(t, "replay"))
}

func (m *model) Keep(*rapid.T) {
	if text := m.s.KeptText(); text != "" {
		m.kept, m.keptAcked = text, maps.Clone(m.acked)
	}
}

// Restart is the end of the process, or a return on another node, which may
// have heard of less.
func (m *model) Restart(t *rapid.T) {
	m.settle(t)
	m.Keep(t)
	if m.kept == "" {
		t.Skip()
	}
	m.w.stop()
	m.published = rapid.IntRange(max(0, m.published-2), m.published).Draw(t, "heard of")
	m.start(t)
	m.c.Resumed, m.c.Kept = true, m.kept
	m.acked, m.replays = maps.Clone(m.keptAcked), nil
	clear(m.written)
	m.attach(t)
}

// settle waits for the link, and looks at what it has written.
func (m *model) settle(t *rapid.T) {
	if !m.attached {
		return
	}
	m.w.hub.Flush()
	drain(t, m.s)
	for _, g := range m.l.take() {
		m.receive(t, g)
	}
}

func (m *model) receive(t *rapid.T, g got) {
	if g.mark == 0 {
		if m.once[g.body] {
			t.Fatalf("%s came twice", g.body)
		}
		m.once[g.body] = true
		return
	}
	if m.subs[g.id] != g.topic {
		t.Fatalf("%+v is not for a subscription of the client's", g)
	}
	if here := m.here[g.topic]; len(here) > 0 && g.mark <= here[len(here)-1].mark {
		t.Fatalf("%+v came after %+v", g, here[len(here)-1])
	}
	if g.mark <= m.acked[g.topic] {
		t.Fatalf("%+v came after %d had been acknowledged", g, m.acked[g.topic])
	}
	if !m.acks || g.topic == automatic {
		if g.mark <= m.written[g.topic] {
			t.Fatalf("%+v came again to who does not acknowledge", g)
		}
		m.written[g.topic] = g.mark
	}
	m.here[g.topic] = append(m.here[g.topic], g)
	if m.received[g.topic] == nil {
		m.received[g.topic] = map[realtime.Mark]bool{}
	}
	m.received[g.topic][g.mark] = true
}

// finish lets everything come to its end and looks for what is missing.
func (m *model) finish(t *rapid.T) {
	for m.published < len(m.log) {
		m.Publish(t)
	}
	m.Return(t)
	m.Resubscribe(t)
	m.Request(t)
	for m.reading() != nil {
		m.read(t, m.reading(), rapid.Just(0), rapid.Just(0))
	}
	m.settle(t)
	for i, event := range m.log {
		for _, p := range event {
			if p.Except == 1 || p.Only == 2 {
				continue
			}
			topic := p.Topic
			if topic.ID == 0 {
				topic.ID = int64(ann)
			}
			if i >= m.base[topic] && !m.received[topic][p.Mark] {
				t.Fatalf("event %d (mark %d) for %v never came", i+1, p.Mark, topic)
			}
		}
	}
}

// TestNothingIsLostOrDoubled is the promise of a resumed session, however links,
// the log and the process come and go.
func TestNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"commit": m.Commit, "publish": m.Publish, "publish again": m.Publish, "publish more": m.Publish, "signal": m.Signal,
			"acknowledge": m.Acknowledge, "acknowledge again": m.Acknowledge, "cut": m.Cut, "return": m.Return,
			"resubscribe": m.Resubscribe, "request": m.Request, "read": m.Read, "read again": m.Read, "break": m.Break,
			"again": m.Again, "drop": m.Drop, "keep": m.Keep, "restart": m.Restart,
			"": m.settle,
		})
		m.finish(t)
	})
}
