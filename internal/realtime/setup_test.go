package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/realtime"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

const (
	application chat.ApplicationID = 1
	ann         chat.UserID        = 11
	bob         chat.UserID        = 12
	room        chat.ChannelID     = 21
	hall        chat.ChannelID     = 22
)

var (
	roomMessages = realtime.ChannelTopic(room, realtime.Messages)
	roomSelf     = realtime.ChannelTopic(room, realtime.Self)
	hallMessages = realtime.ChannelTopic(hall, realtime.Messages)
	annsMessages = realtime.UserTopic(ann, realtime.Messages)
	annsChannels = realtime.UserTopic(ann, realtime.Channels)
)

// world is a hub with what it needs.
type world struct {
	tb        testing.TB
	hub       *realtime.Hub
	clock     *clocktest.Manual
	directory *directory
	keeper    *keeper
	signals   *signals
	attended  *attended
	// head is the position of the newest event.
	head chat.Position
	// stop ends the hub's background work and waits for it; end does not wait.
	stop, end func()
}

func newWorld(tb testing.TB, change ...func(*realtime.Options)) *world {
	tb.Helper()
	w := &world{
		tb: tb, clock: clocktest.New(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)),
		directory: &directory{channels: map[chat.UserID][]chat.ChannelID{}}, keeper: newKeeper(), signals: &signals{}, attended: &attended{},
	}
	o := realtime.Options{
		Directory: w.directory, Keeper: w.keeper, Attendance: w.attended, Signals: w.signals.hear, Now: w.clock.Now,
		Limits: realtime.Limits{Items: 1000, Bytes: 1 << 20, Subscriptions: 100},
		Grace:  10 * time.Second, Window: time.Minute, Crowd: 100,
	}
	for _, f := range change {
		f(&o)
	}
	w.hub = realtime.New(o, 0)
	w.run(tb.Cleanup)
	return w
}

// run starts the background work of the world's hub.
func (w *world) run(cleanup func(func())) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	hub := w.hub
	go func() {
		hub.Run(ctx)
		close(ended)
	}()
	w.end = cancel
	w.stop = func() {
		cancel()
		<-ended
	}
	cleanup(w.stop)
}

// user is a session's client as a JavaScript SDK, which acknowledges.
func user(u chat.UserID, id chat.SessionID) realtime.Client {
	return realtime.Client{Session: chat.Session{ID: id, Application: application, User: u}, Acknowledges: true}
}

func (w *world) attach(c realtime.Client) (*realtime.Session, *link) {
	w.tb.Helper()
	l := newLink()
	s, err := w.hub.Attach(w.tb.Context(), c, l)
	if err != nil {
		w.tb.Fatal(err)
	}
	return s, l
}

// listener attaches a new session that listens to topics, each by its own name.
func (w *world) listener(u chat.UserID, id chat.SessionID, topics ...realtime.Topic) (*realtime.Session, *link) {
	w.tb.Helper()
	s, l := w.attach(user(u, id))
	for _, t := range topics {
		subscribe(w.tb, s, name(t), t)
	}
	return s, l
}

func subscribe(tb testing.TB, s *realtime.Session, id string, t realtime.Topic) {
	tb.Helper()
	if err := s.Subscribe(id, "/topic/"+id, t, true); err != nil {
		tb.Fatal(err)
	}
}

// name is a subscription's id for a topic.
func name(t realtime.Topic) string { return fmt.Sprintf("%d-%d-%d", t.Scope, t.Name, t.ID) }

// to is a publication to a topic.
func to(t realtime.Topic, body string) realtime.Publication {
	return realtime.Publication{Topic: t, Render: func() []byte { return []byte(body) }}
}

// publish publishes one event and gives its publications, marked.
func (w *world) publish(pubs ...realtime.Publication) []realtime.Publication {
	w.head++
	for i := range pubs {
		pubs[i].Mark = realtime.MarkOf(w.head, i)
	}
	w.hub.Publish(pubs)
	w.hub.Advance(w.head)
	w.hub.Flush()
	return pubs
}

// say publishes events with one publication each.
func (w *world) say(t realtime.Topic, bodies ...string) {
	for _, body := range bodies {
		w.publish(to(t, body))
	}
}

// signal publishes what is not replayed.
func (w *world) signal(p realtime.Publication) {
	w.hub.Publish([]realtime.Publication{p})
	w.hub.Flush()
}

// link is the network's end of a session. It takes everything, until it is told
// to be congested.
type link struct {
	mu        sync.Mutex
	items     []got
	writes    int
	congested bool
	cut       chan realtime.CutReason
	delivered chan struct{}
}

// got is an item that a link has written.
type got struct {
	id      string // of the subscription, empty for a reply
	slot    int
	topic   realtime.Topic
	mark    realtime.Mark
	request string
	body    string
}

func newLink() *link {
	return &link{cut: make(chan realtime.CutReason, 8), delivered: make(chan struct{}, 1)}
}

func (l *link) Deliver(items []realtime.Item) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes++
	for _, it := range items {
		g := got{mark: it.Frame.Mark, request: it.Frame.Request, body: string(it.Frame.Body) + string(it.Frame.Ending)}
		if sub := it.Subscription; sub != nil {
			g.id, g.slot, g.topic = sub.ID, sub.Slot, sub.Topic
		}
		l.items = append(l.items, g)
	}
	select {
	case l.delivered <- struct{}{}:
	default:
	}
	return !l.congested
}

func (l *link) Cut(why realtime.CutReason) { l.cut <- why }

func (l *link) congest(is bool) {
	l.mu.Lock()
	l.congested = is
	l.mu.Unlock()
}

// take gives what has been written since the last time.
func (l *link) take() []got {
	l.mu.Lock()
	defer l.mu.Unlock()
	items := l.items
	l.items = nil
	return items
}

// drain waits until a session has nothing more to write.
func drain(tb fataler, s *realtime.Session) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Drained(ctx); err != nil {
		tb.Fatalf("a session is not drained: %v", err)
	}
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// heard drains a session and compares the bodies that its link has written
// since the last time, parted by blanks.
func heard(tb testing.TB, s *realtime.Session, l *link, want string) []got {
	tb.Helper()
	drain(tb, s)
	items := l.take()
	bodies := make([]string, len(items))
	for i, g := range items {
		bodies[i] = g.body
	}
	if text := strings.Join(bodies, " "); text != want {
		tb.Errorf("heard %q, want %q", text, want)
	}
	return items
}

// acknowledge acknowledges what a link has written.
func acknowledge(s *realtime.Session, items ...got) {
	for _, g := range items {
		if g.mark != 0 {
			s.Acknowledge(g.slot, []byte(g.id), g.mark)
		}
	}
}

func wasCut(tb testing.TB, l *link, why realtime.CutReason) {
	tb.Helper()
	select {
	case got := <-l.cut:
		if got != why {
			tb.Errorf("cut because of %d, want %d", got, why)
		}
	case <-time.After(patience):
		tb.Errorf("not cut, want %d", why)
	}
}

func notCut(tb testing.TB, l *link) {
	tb.Helper()
	select {
	case got := <-l.cut:
		tb.Errorf("cut because of %d", got)
	default:
	}
}

// directory knows who is a member of what. A lookup may be held up.
type directory struct {
	mu       sync.Mutex
	channels map[chat.UserID][]chat.ChannelID
	// blocked is whom somebody blocks.
	blocked map[chat.UserID][]chat.UserID
	fail    error
	lookups int
	// asked, if not nil, hears of a lookup that has read its answer and waits
	// for answer before it gives it.
	asked, answer chan struct{}
}

func (d *directory) Standings(ctx context.Context, u chat.UserID) ([]chat.Standing, error) {
	d.mu.Lock()
	d.lookups++
	var list []chat.Standing
	for _, id := range d.channels[u] {
		list = append(list, chat.Standing{Channel: id})
	}
	err := d.fail
	asked, answer := d.asked, d.answer
	d.mu.Unlock()
	if asked != nil {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return list, err
}

// attended remembers where each session was last said to chat, such as
// "1: 21 22", and all that was said.
type attended struct {
	mu   sync.Mutex
	last map[chat.SessionID]string
	said []string
	fail bool
}

func (a *attended) Attend(_ context.Context, list []chat.Attendance) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail {
		a.fail = false
		return errors.New("no store")
	}
	if a.last == nil {
		a.last = map[chat.SessionID]string{}
	}
	for _, now := range list {
		text := strings.Trim(fmt.Sprint(now.Channels), "[]")
		if a.last[now.Session] != text {
			a.said = append(a.said, fmt.Sprintf("%d: %s", now.Session, text))
		}
		a.last[now.Session] = text
	}
	return nil
}

// want waits until the sessions have been said to chat as the last of these
// says, and checks what was said on the way.
func (a *attended) want(tb testing.TB, s *realtime.Session, said ...string) {
	tb.Helper()
	s.Attended(tb.Context())
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.said, said) {
		tb.Errorf("attendance was %q, want %q", a.said, said)
	}
	a.said = nil
}

func (d *directory) BlockedUsers(_ context.Context, u chat.UserID) ([]chat.UserID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.blocked[u]), nil
}

// keeper remembers what it was given.
type keeper struct {
	mu    sync.Mutex
	fail  bool
	texts map[chat.SessionID]string
	calls []int
	kept  chan struct{}
	// asked hears that something is to be kept; where gate is not nil, it is
	// once that is closed.
	asked, gate chan struct{}
}

func newKeeper() *keeper {
	return &keeper{texts: map[chat.SessionID]string{}, kept: make(chan struct{}, 1000), asked: make(chan struct{}, 1)}
}

func (k *keeper) KeepAcknowledged(ctx context.Context, texts map[chat.SessionID]string) error {
	if k.gate != nil {
		select {
		case k.asked <- struct{}{}:
		default:
		}
		<-k.gate
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() { k.kept <- struct{}{} }()
	k.calls = append(k.calls, len(texts))
	if k.fail {
		return errors.New("the store is away")
	}
	maps.Copy(k.texts, texts)
	return nil
}

func (k *keeper) text(id chat.SessionID) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.texts[id]
}

// await waits until something was kept for a session that satisfies a test.
func (k *keeper) await(tb testing.TB, id chat.SessionID, ok func(string) bool) string {
	tb.Helper()
	limit := time.After(patience)
	for {
		if text := k.text(id); ok(text) {
			return text
		}
		select {
		case <-k.kept:
		case <-limit:
			tb.Fatalf("what is kept of session %d is %q", id, k.text(id))
		}
	}
}

// signals remembers what was signalled.
type signals struct {
	mu   sync.Mutex
	list []string
}

func (s *signals) hear(sig chat.Signal) {
	s.mu.Lock()
	s.list = append(s.list, fmt.Sprintf("%s %d %d", strings.TrimPrefix(string(sig.Kind), "participant."), sig.User, sig.Channel))
	s.mu.Unlock()
}

func (s *signals) want(tb testing.TB, want ...string) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.list, want) {
		tb.Errorf("signals %q, want %q", s.list, want)
	}
	s.list = nil
}

// eventually waits for what no signal tells of.
func eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
