package realtime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Directory is what the hub asks about users.
type Directory interface {
	// Standings lists the memberships of a user.
	Standings(context.Context, chat.UserID) ([]chat.Standing, error)
	// BlockedUsers lists whom a user blocks.
	BlockedUsers(context.Context, chat.UserID) ([]chat.UserID, error)
}

// Keeper keeps what sessions have acknowledged beyond this process.
type Keeper interface {
	KeepAcknowledged(context.Context, map[chat.SessionID]string) error
}

// Options are what a hub needs.
type Options struct {
	Directory  Directory
	Keeper     Keeper
	Attendance Attendance
	// Reader makes read what has reached the users of the applications for
	// which Reads says so. Reads is called often and must not wait; without it
	// nothing is made read.
	Reader Reader
	Reads  func(chat.ApplicationID) bool
	// Signals hears of chat sessions that begin and end.
	Signals func(chat.Signal)
	Limits  Limits
	// Grace is how long a chat session outlives its socket, Window how long
	// a session does.
	Grace, Window time.Duration
	// Crowd is how many listeners hear of somebody's presence, or of what he
	// has read; in greater crowds it is not told, since that costs the square
	// of their number.
	Crowd int
	Now   func() time.Time
}

// Hub is this node's listeners.
type Hub struct {
	directory Directory
	signals   func(chat.Signal)
	limits    Limits
	grace     time.Duration
	window    time.Duration
	crowd     int
	now       func() time.Time

	flushers   *flushers
	keeper     *keeper
	deliveries *deliveries
	attendance *attendance

	// position is that of the newest event that was published here.
	position atomic.Int64

	mu sync.RWMutex
	// topics are the listeners to channel topics; those to a user's own are
	// found by way of his sessions.
	topics   map[Topic][]*Subscription
	sessions map[chat.SessionID]*Session
	users    map[chat.UserID]*online
	members  map[chat.ChannelID]map[*online]struct{}
	tenants  map[chat.ApplicationID]map[*online]struct{}
	// chatting counts the sessions of a user that listen to a channel.
	chatting map[presenceKey]int
	// absent are the sessions without a link, with when they lost it.
	absent map[*Session]time.Time

	// publishing makes publications follow one another; it comes before the
	// hub's lock. woken are the sessions that have to be flushed.
	publishing sync.Mutex
	woken      []*Session
}

// presenceKey is a user's presence in a channel.
type presenceKey struct {
	channel chat.ChannelID
	user    chat.UserID
}

// New makes a hub whose position is that of the newest event. Run must be
// called for its background work.
func New(o Options, position chat.Position) *Hub {
	h := &Hub{
		directory: o.Directory, signals: o.Signals, limits: o.Limits, grace: o.Grace, window: o.Window, crowd: o.Crowd, now: o.Now,
		topics:   map[Topic][]*Subscription{},
		sessions: map[chat.SessionID]*Session{},
		users:    map[chat.UserID]*online{},
		members:  map[chat.ChannelID]map[*online]struct{}{},
		tenants:  map[chat.ApplicationID]map[*online]struct{}{},
		chatting: map[presenceKey]int{},
		absent:   map[*Session]time.Time{},
		flushers: newFlushers(), keeper: newKeeper(o.Keeper), attendance: newAttendance(o.Attendance),
	}
	h.deliveries = newDeliveries(o.Reader, o.Reads, h.receiptListeners)
	h.position.Store(int64(position))
	return h
}

// Run does the hub's background work until ctx ends, and then keeps what
// sessions have acknowledged, and made read, for the last time.
func (h *Hub) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { h.flushers.run(ctx) })
	all.Go(func() { h.keeper.run(ctx) })
	all.Go(func() { h.deliveries.run(ctx) })
	all.Go(func() { h.attendance.run(ctx) })
	all.Wait()
}

// Position is that of the newest event that was published here.
func (h *Hub) Position() chat.Position { return chat.Position(h.position.Load()) }

// Publish hands the publications of one event, or of a signal, to those who
// listen. The caller calls Flush after the last of a batch.
func (h *Hub) Publish(pubs []Publication) {
	h.publishing.Lock()
	defer h.publishing.Unlock()
	h.mu.RLock()
	for i := range pubs {
		h.publish(&pubs[i])
	}
	h.mu.RUnlock()
}

// Advance notes that all publications of the event at a position have been
// published.
func (h *Hub) Advance(p chat.Position) { h.position.Store(int64(p)) }

// Flush starts writing to the sessions that got something since the last one.
func (h *Hub) Flush() {
	h.publishing.Lock()
	defer h.publishing.Unlock()
	h.flushers.scheduleAll(h.woken)
	clear(h.woken)
	h.woken = h.woken[:0]
}

// publish requires the hub's lock for reading.
func (h *Hub) publish(p *Publication) {
	frame := &Frame{Mark: p.Mark, Request: p.Request, Receipt: p.Receipt, Message: p.Message}
	switch {
	case p.Only != 0:
		if s := h.sessions[p.Only]; s != nil {
			h.tellOwn(p, frame, s)
		}
	case p.Members != 0:
		for u := range h.members[p.Members] {
			if p.Audience == nil {
				h.tellUser(p, frame, u)
			} else if in, muted := p.Audience.admits(u); in {
				h.tellPersonally(p, frame, u, muted)
			}
		}
	case p.Everyone != 0:
		if len(h.tenants[p.Everyone]) > h.crowd {
			return
		}
		for u := range h.tenants[p.Everyone] {
			h.tellUser(p, frame, u)
		}
	case p.Topic.Scope == OfUser:
		switch u := h.users[chat.UserID(p.Topic.ID)]; {
		case u == nil:
		case p.Personal:
			h.tellPersonally(p, frame, u, p.Muted)
		default:
			h.tellUser(p, frame, u)
		}
	default:
		listeners := h.topics[p.Topic]
		if (p.Topic.Name == Participants || p.Topic.Name == ReadReceipts) && len(listeners) > h.crowd {
			return
		}
		for _, sub := range listeners {
			s := sub.Session
			if s.ID == p.Except || s.member.blocks(p.From) {
				continue
			}
			s.mu.Lock()
			h.tell(p, frame, sub)
			s.mu.Unlock()
		}
	}
}

// tellUser tells all sessions of a user on a topic of his own.
func (h *Hub) tellUser(p *Publication, frame *Frame, u *online) {
	if u.blocks(p.From) {
		return
	}
	for s := range u.sessions {
		if s.ID != p.Except {
			h.tellOwn(p, frame, s)
		}
	}
}

// tellPersonally is tellUser for what ends otherwise for each: all share the
// body of the frame, which is made for the first.
func (h *Hub) tellPersonally(p *Publication, shared *Frame, u *online, muted bool) {
	own := &Frame{Mark: shared.Mark, Body: shared.Body, Ending: u.endings.Load().of(muted)}
	h.tellUser(p, own, u)
	shared.Body = own.Body
}

// tellOwn tells one session on a topic of its user.
func (h *Hub) tellOwn(p *Publication, frame *Frame, s *Session) {
	t := p.Topic
	if t.ID == 0 {
		t.ID = int64(s.User)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub := s.listener(t); sub != nil {
		h.tell(p, frame, sub)
	}
}

// tell puts a publication on the queue of a listener's session. It requires
// the session's lock.
func (h *Hub) tell(p *Publication, frame *Frame, sub *Subscription) {
	s := sub.Session
	if s.ended {
		return
	}
	if frame.Body == nil {
		frame.Body = p.Render()
	}
	if s.push(Item{Subscription: sub, Frame: frame}) {
		h.woken = append(h.woken, s)
	}
}

// listen and unlisten keep the list of a channel topic's listeners. They
// require the hub's lock.
func (h *Hub) listen(sub *Subscription) {
	if sub.Topic.Scope != OfChannel {
		return
	}
	list := h.topics[sub.Topic]
	sub.place = len(list)
	h.topics[sub.Topic] = append(list, sub)
}

func (h *Hub) unlisten(sub *Subscription) {
	list := h.topics[sub.Topic]
	last := len(list) - 1
	if last < 0 || sub.place > last || list[sub.place] != sub {
		return
	}
	list[sub.place] = list[last]
	list[sub.place].place = sub.place
	list[last] = nil
	if last == 0 {
		delete(h.topics, sub.Topic)
		return
	}
	h.topics[sub.Topic] = list[:last]
}

// Listeners is the number of sessions here that listen to a channel topic.
func (h *Hub) Listeners(t Topic) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[t])
}

// receiptListeners is the number of sessions here that are told of what is read
// in a channel.
func (h *Hub) receiptListeners(c chat.ChannelID) int {
	n := h.Listeners(ChannelTopic(c, ReadReceipts))
	if n > h.crowd {
		return 0
	}
	return n
}

// Counts are the sizes of what the hub holds, for metrics.
type Counts struct {
	Sessions, Attached, Users, Topics int
}

// Count tells the sizes of what the hub holds.
func (h *Hub) Count() Counts {
	h.mu.RLock()
	defer h.mu.RUnlock()
	c := Counts{Sessions: len(h.sessions), Users: len(h.users), Topics: len(h.topics)}
	for _, s := range h.sessions {
		s.mu.Lock()
		if s.link != nil {
			c.Attached++
		}
		s.mu.Unlock()
	}
	return c
}
