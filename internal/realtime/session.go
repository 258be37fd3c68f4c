package realtime

import (
	"sync"

	"github.com/purrchat/purr/internal/chat"
)

// Link puts items on a wire. Its methods must not call back into the session
// except where they say so.
type Link interface {
	// Deliver writes items in order, without waiting for the peer. It keeps
	// no reference to the slice. False says that the wire is congested: the
	// items have been taken, and the link calls Session.Ready, from another
	// goroutine, once it can take more.
	Deliver(items []Item) (ready bool)
	// Cut closes the wire for a reason, without waiting. The session is
	// detached by whoever notices the end of the wire.
	Cut(why CutReason)
}

// CutReason says why a link was cut.
type CutReason uint8

// The reasons.
const (
	// TooSlow: the peer does not read as fast as it is written to. It may
	// come back and resume.
	TooSlow CutReason = iota + 1
	// Superseded: the same session has come back on another link.
	Superseded
	// UserGone: the user was deleted.
	UserGone
)

// Limits bound what a session may hold.
type Limits struct {
	// Items is how many items a queue holds, written or not.
	Items int
	// Bytes is how much may wait to be written.
	Bytes int
	// Subscriptions is how many listeners a session may have.
	Subscriptions int
}

// unacknowledged is how many written items are kept for a peer that has never
// acknowledged anything: such a peer counts as having what was written to it.
const unacknowledged = 64

// Session is one client's place in the hub, with or without a link.
type Session struct {
	ID          chat.SessionID
	Application chat.ApplicationID
	User        chat.UserID

	hub    *Hub
	member *online

	mu   sync.Mutex
	link Link
	// epoch counts the links, so that whoever writes to an old one notices.
	epoch int
	// resuming: a new link subscribes again, and events are held.
	resuming bool
	// again: it has not finished that, so that its listeners are not all there.
	again bool
	// held are the events that wait for resuming to end.
	held queue
	// gap tells that neither queue nor held has all that is owed: the log
	// has to be read.
	gap bool
	// replaying: the log is being read.
	replaying bool
	// ended sessions take nothing any more.
	ended bool
	// away: without a link for longer than the grace.
	away bool
	// chats are the channels that the session counts as chatting in.
	chats map[chat.ChannelID]struct{}

	queue queue
	// scheduled: a flusher knows that there is something to write.
	// flushing: one is at it, or the link is congested.
	scheduled, flushing bool
	// drained, if not nil, is closed when nothing waits to be written.
	drained chan struct{}

	// slots hold the subscriptions, each in the one that names it; some are
	// empty. There are few, so they are searched from end to end.
	slots []*Subscription

	// acknowledges tells that the peer acknowledges events: it is known to,
	// or has once.
	acknowledges bool
	// dirty tells that the acknowledgements have changed since they were
	// kept last.
	dirty bool
	// settled is the mark up to which a session that was restored from the
	// store has everything, where kept names no other for a topic.
	settled Mark
	kept    map[Topic]Mark
}

// Subscription is one listener of a session.
type Subscription struct {
	// Session is whose it is.
	Session *Session
	// ID is the client's identifier.
	ID string
	// Destination is the client's text for Topic, repeated with each event.
	Destination string
	Topic       Topic
	// Slot is a small number that names the subscription within its session
	// and never changes.
	Slot int
	// Acknowledging tells that the client acknowledges each event.
	Acknowledging bool

	// The rest belongs to the session's mutex.

	// acknowledged is the highest mark that the client has acknowledged or
	// cannot be owed; told, not less, is the highest that was queued, so that
	// nothing is queued twice, whether it comes from the log or is published.
	acknowledged, told Mark
	// live tells that the present link has subscribed.
	live bool
	// shadow is a second subscription to a topic that the session listens to
	// already: it gets no copy of its own.
	shadow bool
	// place is the index in the hub's list of a channel topic's listeners.
	place int
}

// all yields the subscriptions. It requires s.mu; the loop may drop what it
// is given.
func (s *Session) all(yield func(*Subscription) bool) {
	for _, sub := range s.slots {
		if sub != nil && !yield(sub) {
			return
		}
	}
}

// byID finds a subscription by the client's identifier, nil where there is
// none. It requires s.mu.
func (s *Session) byID(id string) *Subscription {
	for sub := range s.all {
		if sub.ID == id {
			return sub
		}
	}
	return nil
}

// listener finds the subscription that gets what is published to a topic, nil
// where there is none. It requires s.mu.
func (s *Session) listener(t Topic) *Subscription {
	for sub := range s.all {
		if sub.Topic == t && !sub.shadow {
			return sub
		}
	}
	return nil
}

// Hears tells whether the session listens to a topic.
func (s *Session) Hears(t Topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listener(t) != nil
}

// Reply writes a frame that is no event, such as an answer to a request.
func (s *Session) Reply(body []byte) {
	s.mu.Lock()
	if s.link == nil || s.ended {
		s.mu.Unlock()
		return
	}
	wake := s.push(Item{Frame: &Frame{Body: body}})
	s.mu.Unlock()
	if wake {
		s.hub.flushers.schedule(s)
	}
}

// Heartbeat is Reply for a link that may have been replaced.
func (s *Session) Heartbeat(link Link, body []byte) {
	s.mu.Lock()
	wake := false
	if s.link == link && !s.ended && s.queue.waiting() < s.hub.limits.Items/2 {
		wake = s.push(Item{Frame: &Frame{Body: body}})
	}
	s.mu.Unlock()
	if wake {
		s.hub.flushers.schedule(s)
	}
}

// tell notes that a mark is being queued; false where it has been before.
func (sub *Subscription) tell(m Mark) bool {
	if m == 0 {
		return true
	}
	if m <= sub.told {
		return false
	}
	sub.told = m
	return true
}

// push queues an item and tells whether a flusher must be told. It requires
// s.mu.
func (s *Session) push(it Item) (wake bool) {
	if sub := it.Subscription; sub != nil {
		if s.resuming {
			s.hold(it)
			return false
		}
		m := it.Frame.Mark
		if !sub.tell(m) || (m != 0 && s.gap && s.link == nil) {
			return false // in the latter case the log has it
		}
	}
	limits := &s.hub.limits
	if s.queue.size >= limits.Items && s.queue.written > 0 {
		s.forgetWritten()
	}
	if s.queue.waiting() >= limits.Items || s.queue.weight >= limits.Bytes {
		s.overflow()
		return false
	}
	s.queue.push(it)
	return s.wake()
}

// hold keeps an event until the session has resumed. Where there are too many,
// or the session has a gap anyhow, the log has them.
func (s *Session) hold(it Item) {
	if s.held.size >= s.hub.limits.Items || s.held.weight >= s.hub.limits.Bytes {
		s.lose()
		s.held = queue{}
	}
	if !s.gap || it.Frame.Mark == 0 {
		s.held.push(it)
	}
}

// lose notes, before a queue is dropped, that the session has a gap, and where
// it begins for each listener: at the first event that it is owed. Whoever is
// owed nothing has everything, so that the log need not be searched from when
// he last heard something.
func (s *Session) lose() {
	s.credit()
	if !s.gap && !s.replaying {
		first := map[*Subscription]Mark{}
		for _, q := range []*queue{&s.held, &s.queue} {
			for i := q.size - 1; i >= 0; i-- {
				if it := q.at(i); it.Subscription != nil && it.Frame.Mark > it.Subscription.acknowledged {
					first[it.Subscription] = it.Frame.Mark
				}
			}
		}
		published := settledMark(s.hub.Position())
		for sub := range s.all {
			if m, owed := first[sub]; owed {
				sub.acknowledged = m - 1
			} else {
				sub.acknowledged = max(sub.acknowledged, published)
			}
			sub.told = max(sub.told, sub.acknowledged)
		}
	}
	s.gap = true
}

// credit notes that who does not acknowledge has what was written to him.
func (s *Session) credit() {
	for i := range s.queue.written {
		it := s.queue.at(i)
		if sub := it.Subscription; sub != nil && (!sub.Acknowledging || !s.acknowledges) {
			sub.acknowledged = max(sub.acknowledged, it.Frame.Mark)
			s.delivered(it)
		}
	}
}

// wake tells whether a flusher must be told of waiting items, and notes that
// it has been. It requires s.mu.
func (s *Session) wake() bool {
	if s.link == nil || s.scheduled || s.flushing || s.queue.waiting() == 0 {
		return false
	}
	s.scheduled = true
	return true
}

// forgetWritten drops what was written and not acknowledged; the log has it.
func (s *Session) forgetWritten() {
	if s.acknowledges {
		s.lose()
	} else {
		s.credit()
	}
	for s.queue.written > 0 {
		s.queue.pop()
	}
}

// overflow gives up on a reader that is too slow, or away too long: its queue
// is dropped, and the log fills the gap when it comes back.
func (s *Session) overflow() {
	s.lose()
	s.queue = queue{}
	if s.link != nil {
		go s.link.Cut(TooSlow)
		s.unlink()
	}
}

// unlink takes the link away. It requires s.mu.
func (s *Session) unlink() {
	s.link, s.flushing, s.scheduled = nil, false, false
	s.epoch++
	s.noteDrained()
}

// deliverBatch is how many items go to a link at once.
const deliverBatch = 128

// flush writes what waits. It is called by a flusher.
func (s *Session) flush(scratch *[deliverBatch]Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.scheduled || s.flushing || s.link == nil {
		return
	}
	s.scheduled, s.flushing = false, true
	link, epoch := s.link, s.epoch
	for {
		n := s.queue.take(scratch[:])
		if n == 0 {
			s.flushing = false
			s.noteDrained()
			return
		}
		s.mu.Unlock()
		ready := link.Deliver(scratch[:n])
		clear(scratch[:n])
		s.mu.Lock()
		if s.epoch != epoch {
			return
		}
		s.settle()
		if !ready {
			return // flushing stays on until Ready
		}
	}
}

func (s *Session) noteDrained() {
	if s.drained != nil {
		close(s.drained)
		s.drained = nil
	}
}

// Ready is called by a link that was congested and can take more.
func (s *Session) Ready(link Link) {
	s.mu.Lock()
	if s.link != link {
		s.mu.Unlock()
		return
	}
	s.flushing = false
	wake := s.wake()
	if s.queue.waiting() == 0 {
		s.noteDrained()
	}
	s.mu.Unlock()
	if wake {
		s.hub.flushers.schedule(s)
	}
}

// settle drops written items from the front of the queue that need not be
// kept. It requires s.mu.
func (s *Session) settle() {
	for s.queue.written > 0 {
		it := s.queue.at(0)
		if sub := it.Subscription; sub != nil && sub.live {
			owed := sub.Acknowledging && it.Frame.Mark > sub.acknowledged
			if owed && (s.acknowledges || s.queue.written <= unacknowledged) {
				return
			}
			if it.Frame.Mark > sub.acknowledged {
				// A peer that never acknowledges has what was written.
				sub.acknowledged = it.Frame.Mark
				s.delivered(it)
			}
		}
		s.queue.pop()
	}
}

// Acknowledge notes that the client has everything of a subscription up to a
// mark. Unknown subscriptions are ignored.
func (s *Session) Acknowledge(slot int, id []byte, m Mark) {
	s.mu.Lock()
	var sub *Subscription
	if slot >= 0 && slot < len(s.slots) && s.slots[slot] != nil && s.slots[slot].ID == string(id) {
		sub = s.slots[slot]
	} else {
		sub = s.byID(string(id))
	}
	if sub == nil || m <= sub.acknowledged || m > max(sub.told, settledMark(s.hub.Position())) {
		s.mu.Unlock()
		return
	}
	s.deliveredUpTo(sub, sub.acknowledged, m)
	sub.acknowledged, sub.told = m, max(sub.told, m)
	s.acknowledges = true
	s.settle()
	dirty := !s.dirty
	s.dirty = true
	s.mu.Unlock()
	if dirty {
		s.hub.keeper.add(s)
	}
}
