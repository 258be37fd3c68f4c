package realtime

import (
	"github.com/purrchat/purr/internal/chat"
)

// errTooMany refuses a subscription beyond the limit.
var errTooMany = &chat.Error{Code: chat.TooLarge, Reason: "TooManySubscriptionsError", Message: "The session has too many subscriptions."}

// errSubscriptionID refuses an identifier that stands for another topic.
var errSubscriptionID = &chat.Error{Code: chat.Invalid, Reason: "DuplicateSubscriptionError", Message: "The subscription id is in use for another destination.", Field: "id"}

// Subscribe makes the session listen to a topic, which must have been
// authorised. The same id and topic again, as after a lost link, is the same
// subscription.
func (s *Session) Subscribe(id, destination string, t Topic, acknowledging bool) error {
	if err := s.subscribe(id, destination, t, acknowledging); err != nil {
		return err
	}
	s.hub.changed(s, t)
	return nil
}

// changed follows a change of a session's listeners to a topic. A chat session
// that begins is kept, lest a crash make it look as old as the session.
func (h *Hub) changed(s *Session, t Topic) {
	if !isChat(t) {
		return
	}
	h.recount(s)
	s.mu.Lock()
	dirty := !s.dirty
	s.dirty = true
	s.mu.Unlock()
	if dirty {
		h.keeper.add(s)
	}
}

func (s *Session) subscribe(id, destination string, t Topic, acknowledging bool) error {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub := s.byID(id); sub != nil {
		if sub.Topic != t {
			return errSubscriptionID
		}
		sub.live = true
		return nil
	}
	slot := s.freeSlot()
	if slot >= h.limits.Subscriptions {
		return errTooMany
	}
	sub := &Subscription{
		Session: s, ID: id, Destination: destination, Topic: t, Acknowledging: acknowledging,
		Slot: slot, live: true, acknowledged: s.baseline(t),
	}
	sub.told = sub.acknowledged
	sub.shadow = s.listener(t) != nil
	if slot == len(s.slots) {
		s.slots = append(s.slots, nil)
	}
	s.slots[sub.Slot] = sub
	if !sub.shadow {
		h.listen(sub)
	}
	return nil
}

// freeSlot finds a slot that nobody has, perhaps one past the last.
func (s *Session) freeSlot() int {
	for i, sub := range s.slots {
		if sub == nil {
			return i
		}
	}
	return len(s.slots)
}

// baseline is the mark from which on a new subscription is owed events: the
// present or, for a session restored from the store that subscribes again,
// what it had acknowledged. It requires both locks.
func (s *Session) baseline(t Topic) Mark {
	if s.settled != 0 {
		if m, ok := s.kept[t]; ok {
			return m
		}
		return s.settled
	}
	return settledMark(s.hub.Position())
}

// Unsubscribe ends a subscription. Unknown ones are ignored.
func (s *Session) Unsubscribe(id string) {
	h := s.hub
	h.mu.Lock()
	s.mu.Lock()
	sub := s.byID(id)
	if sub != nil {
		s.drop(sub)
	}
	s.mu.Unlock()
	h.mu.Unlock()
	if sub != nil {
		h.changed(s, sub.Topic)
	}
}

// drop removes a subscription; a shadow of it takes its place, and gets what
// has not been written. It requires both locks.
func (s *Session) drop(sub *Subscription) {
	s.slots[sub.Slot] = nil
	sub.live = false
	if !sub.shadow {
		s.hub.unlisten(sub)
		for other := range s.all {
			if other.Topic == sub.Topic {
				s.credit()
				other.shadow = false
				other.acknowledged, other.told = sub.acknowledged, sub.told
				s.hub.listen(other)
				s.queue.inherit(sub, other)
				s.held.inherit(sub, other)
				break
			}
		}
	}
	s.settle()
}

// dropChannel ends all subscriptions of a session to a channel and tells
// whether there were any. It requires the hub's lock.
func (s *Session) dropChannel(id chat.ChannelID) (any bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.all {
		if sub.Topic.Scope == OfChannel && sub.Topic.ID == int64(id) {
			any = true
			s.slots[sub.Slot] = nil
			sub.live = false
			if !sub.shadow {
				s.hub.unlisten(sub)
			}
		}
	}
	return any
}
