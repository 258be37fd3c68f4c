package realtime

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
)

// Client is what the hub has to know of whoever attaches.
type Client struct {
	Session chat.Session
	// Resumed tells that the session existed before. Kept is then the text
	// that the Keeper was given for it, empty where it never was, and Since
	// the position at which the session began.
	Resumed bool
	Kept    string
	Since   chat.Position
	// Acknowledges tells that the client is known to acknowledge every event.
	Acknowledges bool
	// Endings close what is said to the user in particular.
	Endings Endings
}

// Attach gives a session a link. One that is here already resumes: its old
// link is cut, and events are held until Resume. Otherwise it is made, new or
// from what was kept of it; then, too, events are held until Resume.
func (h *Hub) Attach(ctx context.Context, c Client, link Link) (*Session, error) {
	h.mu.Lock()
	s, first := h.sessions[c.Session.ID], false
	if s != nil {
		delete(h.absent, s)
		s.reattach(link)
	} else {
		s = &Session{
			ID: c.Session.ID, Application: c.Session.Application, User: c.Session.User,
			hub: h, link: link, acknowledges: c.Acknowledges,
		}
		if c.Resumed {
			s.resuming, s.again, s.gap = true, true, true
			s.settled, s.kept = parseKept(c.Kept, settledMark(c.Since))
		}
		first = h.enter(s)
	}
	s.member.endings.Store(&c.Endings)
	h.mu.Unlock()
	if err := h.load(ctx, s.member, first); err != nil {
		h.End(s)
		return nil, err
	}
	h.recount(s)
	return s, nil
}

// reattach gives a session a new link. What was written to the old one and not
// acknowledged is held, to be written again before what came since; replies
// are forgotten.
func (s *Session) reattach(link Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != nil {
		go s.link.Cut(Superseded)
	}
	s.unlink()
	s.link, s.away = link, false
	s.credit()
	again := queue{}
	for i := range s.queue.size {
		it := *s.queue.at(i)
		sub, m := it.Subscription, it.Frame.Mark
		if sub != nil && (m > sub.acknowledged || (m == 0 && i >= s.queue.written)) {
			again.push(it)
		}
	}
	for i := range s.held.size { // it had not even resumed the last time
		again.push(*s.held.at(i))
	}
	for sub := range s.all {
		sub.live, sub.told = false, sub.acknowledged
	}
	s.queue, s.held, s.resuming, s.again = queue{}, again, true, true
	s.gap, s.replaying = s.gap || s.replaying, false
}

// Resuming tells whether events are being held back.
func (s *Session) Resuming() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resuming
}

// Owed tells, for a session that resumes and has subscribed again, from which
// position on the log has to be read; false where nothing is missing.
// Subscriptions that the client did not make again are dropped, and those that
// it makes from now on are new. The link is the caller's, as in Hold, Replay and
// Resume, which do nothing for one that has been replaced.
func (s *Session) Owed(link Link) (after chat.Position, missing bool) {
	after, missing = s.owed(link)
	s.hub.recount(s)
	// What the store knows of the chat sessions it had may be as old as they.
	s.hub.attendance.add(s)
	return after, missing
}

func (s *Session) owed(link Link) (after chat.Position, missing bool) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != link || !s.resuming {
		return 0, false
	}
	s.settled, s.kept, s.again = 0, nil, false
	s.gap, s.replaying = s.gap || s.replaying, false
	lowest, any := Mark(0), false
	for sub := range s.all {
		if !sub.live {
			s.drop(sub)
		} else if !sub.shadow && (!any || sub.told < lowest) {
			lowest, any = sub.told, true
		}
	}
	s.gap = s.gap && any
	// The event of the lowest mark is read again: some of its publications
	// may be missing.
	return max(lowest.Position()-1, 0), s.gap
}

// Hold keeps the events that are published from now on, though the session has
// a gap: what the log says after this call and what is held have no gap
// between them.
func (s *Session) Hold(link Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == link && s.resuming {
		s.gap, s.replaying = false, true
	}
}

// Replay queues what the log says, in the order of the log, before anything
// that is held. It reports false where the session has lost the link.
func (s *Session) Replay(link Link, pubs []Publication) bool {
	s.mu.Lock()
	if s.link != link || !s.resuming {
		s.mu.Unlock()
		return false
	}
	for i := range pubs {
		s.replay(&pubs[i])
	}
	wake := s.wake()
	s.mu.Unlock()
	if wake {
		s.hub.flushers.schedule(s)
	}
	return true
}

func (s *Session) replay(p *Publication) {
	if p.Mark == 0 || (p.Only != 0 && p.Only != s.ID) || p.Except == s.ID {
		return
	}
	t := p.Topic
	if t.ID == 0 {
		t.ID = int64(s.User)
	}
	if sub := s.listener(t); sub != nil && p.Mark > sub.told {
		sub.told = p.Mark
		frame := &Frame{Mark: p.Mark, Request: p.Request, Receipt: p.Receipt, Message: p.Message, Body: p.Render()}
		if p.Personal {
			frame.Ending = s.member.endings.Load().of(p.Muted)
		}
		s.queue.push(Item{Subscription: sub, Frame: frame})
	}
}

// Resume lets events flow again. It reports false where the session has a gap,
// which the log has to fill first.
func (s *Session) Resume(link Link) bool {
	s.mu.Lock()
	if s.link != link || !s.resuming {
		s.mu.Unlock()
		return true
	}
	if s.gap {
		s.mu.Unlock()
		return false
	}
	held := s.held
	s.held, s.resuming, s.replaying = queue{}, false, false
	for i := range held.size {
		it := *held.at(i)
		if sub := it.Subscription; sub.live && sub.tell(it.Frame.Mark) {
			s.queue.push(it)
		}
	}
	wake, dirty := s.wake(), s.dirty
	s.mu.Unlock()
	if wake {
		s.hub.flushers.schedule(s)
	}
	if dirty { // it could not be kept while it resumed
		s.hub.keeper.add(s)
	}
	return true
}

// Drained waits until everything that waited has been written, the link is
// lost, or ctx ends.
func (s *Session) Drained(ctx context.Context) error {
	s.mu.Lock()
	if s.link == nil || (s.queue.waiting() == 0 && !s.flushing) {
		s.mu.Unlock()
		return nil
	}
	if s.drained == nil {
		s.drained = make(chan struct{})
	}
	drained := s.drained
	s.mu.Unlock()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Detach notes that a link was lost. It tells whether the session is now
// without one: it is not where another link has taken over.
func (h *Hub) Detach(s *Session, link Link) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || (s.link != nil && s.link != link) {
		return false
	}
	s.unlink()
	h.absent[s] = h.now()
	return true
}

// End forgets a session for good.
func (h *Hub) End(s *Session) {
	h.mu.Lock()
	h.end(s)
	h.mu.Unlock()
	h.recount(s)
}

// end requires the hub's lock. The session's chats have to be recounted after
// it.
func (h *Hub) end(s *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	for sub := range s.all {
		if !sub.shadow {
			h.unlisten(sub)
		}
	}
	s.slots, s.queue, s.held = nil, queue{}, queue{}
	s.unlink()
	h.leave(s)
}

// Find gives the session with an identifier if it is here.
func (h *Hub) Find(id chat.SessionID) *Session {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.sessions[id]
}

// Release lets go of a session that has been resumed on another node.
func (h *Hub) Release(id chat.SessionID) {
	s := h.Find(id)
	if s == nil {
		return
	}
	s.mu.Lock()
	link := s.link
	s.mu.Unlock()
	h.End(s)
	if link != nil {
		link.Cut(Superseded)
	}
}
