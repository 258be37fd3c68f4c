package realtime

import (
	"maps"

	"github.com/purrchat/purr/internal/chat"
)

// A chat session is a session that listens to a channel's Self topic
// (client-protocol 8.5); nothing else on the wire marks one. It outlasts a
// lost link by the grace.

// recount brings a session's share of the chat sessions up to date after its
// listeners or its link changed, and signals who entered or left a channel.
func (h *Hub) recount(s *Session) {
	h.mu.Lock()
	s.mu.Lock()
	now := s.chatsNow()
	var signals []chat.Signal
	note := func(c chat.ChannelID, kind chat.SignalKind) {
		signals = append(signals, chat.Signal{Application: s.Application, Kind: kind, User: s.User, Channel: c})
	}
	for c := range s.chats {
		if _, still := now[c]; still {
			continue
		}
		key := presenceKey{c, s.User}
		if h.chatting[key]--; h.chatting[key] == 0 {
			delete(h.chatting, key)
			note(c, chat.ParticipantLeft)
		}
	}
	for c := range now {
		if _, before := s.chats[c]; before {
			continue
		}
		key := presenceKey{c, s.User}
		if h.chatting[key]++; h.chatting[key] == 1 {
			note(c, chat.ParticipantEntered)
		}
	}
	differs := !maps.Equal(s.chats, now)
	s.chats = now
	s.mu.Unlock()
	h.mu.Unlock()
	if differs {
		h.attendance.add(s)
	}
	for _, signal := range signals {
		h.signals(signal)
	}
}

// chatsNow are the channels in which the session counts as chatting. It
// requires s.mu.
func (s *Session) chatsNow() map[chat.ChannelID]struct{} {
	if s.away || s.ended {
		return nil
	}
	var now map[chat.ChannelID]struct{}
	for sub := range s.all {
		if isChat(sub.Topic) {
			if now == nil {
				now = map[chat.ChannelID]struct{}{}
			}
			now[chat.ChannelID(sub.Topic.ID)] = struct{}{}
		}
	}
	return now
}

func isChat(t Topic) bool { return t.Scope == OfChannel && t.Name == Self }

// Chatting tells whether a user has a chat session in a channel here.
func (h *Hub) Chatting(user chat.UserID, channel chat.ChannelID) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.chatting[presenceKey{channel, user}] > 0
}

// Sweep ends the chat sessions of those who have been without a link for
// longer than the grace, and forgets those who have been so for longer than
// they may come back. It is to be called about once a second.
func (h *Hub) Sweep() {
	now := h.now()
	var gone []*Session
	h.mu.Lock()
	for s, since := range h.absent {
		switch past := now.Sub(since); {
		case past > max(h.grace, h.window):
			h.end(s)
			gone = append(gone, s)
		case past > h.grace && s.leftAlone():
			gone = append(gone, s)
		}
	}
	h.mu.Unlock()
	for _, s := range gone {
		h.recount(s)
	}
}

// leftAlone notes that the grace of a session without a link has passed, and
// tells whether that is new.
func (s *Session) leftAlone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return false
	}
	s.away = true
	return true
}
