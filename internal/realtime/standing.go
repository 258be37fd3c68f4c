package realtime

import "github.com/purrchat/purr/internal/chat"

// Audience narrows the members of a channel that a publication is for to those
// who are to be notified of a message: neither its author nor who blocks him, nor
// anybody who is chatting where it was said.
type Audience struct {
	// Channel is where it was said, Author who said it, zero for nobody.
	Channel chat.ChannelID
	Author  chat.UserID
	// Outside means those who are no members of Channel, instead of those who
	// are.
	Outside bool
}

// admits tells whether a user is in the audience, and whether he has muted the
// channel. It requires the hub's lock.
func (a *Audience) admits(u *online) (in, muted bool) {
	if u.user == a.Author || u.blocks(a.Author) {
		return false, false
	}
	s, member := u.channels[a.Channel]
	if !member {
		return a.Outside, false
	}
	return !a.Outside && !s.chatting, s.muted
}

// standing is what a membership means for what its user is told.
type standing struct{ muted, chatting bool }

// change is what the log says of a membership.
type change uint8

const (
	joined change = iota + 1
	left
	muted
	unmuted
	chatStarted
	chatEnded
)

// changed is a change of one membership, kept while the memberships are loaded.
type changed struct {
	channel chat.ChannelID
	what    change
}

// apply brings a user's memberships up to date. It requires the hub's lock.
func (h *Hub) apply(u *online, c changed) {
	switch c.what {
	case joined:
		h.addMember(u, chat.Standing{Channel: c.channel})
		return
	case left:
		h.removeMember(u, c.channel)
		return
	default:
	}
	s, member := u.channels[c.channel]
	if !member {
		return
	}
	switch c.what {
	case muted, unmuted:
		s.muted = c.what == muted
	default:
		s.chatting = c.what == chatStarted
	}
	u.channels[c.channel] = s
}

// note applies what the log says of a membership of a user who is online here.
// It requires the hub's lock.
func (h *Hub) note(user chat.UserID, c changed) *online {
	u := h.users[user]
	if u == nil {
		return nil
	}
	if u.loading {
		u.changes = append(u.changes, c)
	}
	h.apply(u, c)
	return u
}

// Muted notes that a user has muted a channel, or no longer mutes it.
func (h *Hub) Muted(user chat.UserID, channel chat.ChannelID, on bool) {
	c := changed{channel, unmuted}
	if on {
		c.what = muted
	}
	h.mu.Lock()
	h.note(user, c)
	h.mu.Unlock()
}

// Chats notes that a user has opened his first chat session in a channel, on
// whatever node, or closed his last one.
func (h *Hub) Chats(user chat.UserID, channel chat.ChannelID, on bool) {
	c := changed{channel, chatEnded}
	if on {
		c.what = chatStarted
	}
	h.mu.Lock()
	h.note(user, c)
	h.mu.Unlock()
}

// Endings close what is said to one user in particular: a publication that is
// Personal is the same for all but for its end, which is kept here, so that it
// is neither made nor copied for each. The second is for what he has muted.
type Endings [2][]byte

func (e *Endings) of(muted bool) []byte {
	if e == nil {
		return nil
	}
	if muted {
		return e[1]
	}
	return e[0]
}

// Renamed changes a user's endings, where he is online here.
func (h *Hub) Renamed(user chat.UserID, e Endings) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if u := h.users[user]; u != nil {
		u.endings.Store(&e)
	}
}

// Awaited tells whether anybody here is in an audience among the members of a
// channel.
func (h *Hub) Awaited(members chat.ChannelID, a Audience) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for u := range h.members[members] {
		if in, _ := a.admits(u); in {
			return true
		}
	}
	return false
}

// Online tells whether a user has a session here.
func (h *Hub) Online(user chat.UserID) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.users[user] != nil
}
