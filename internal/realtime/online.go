package realtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// online is a user with at least one session here, the channels he is a member
// of, and whom he blocks, kept up to date by the events of the log.
type online struct {
	user        chat.UserID
	application chat.ApplicationID
	sessions    map[*Session]struct{}
	channels    map[chat.ChannelID]standing
	// blocked are the users whom he blocks, nil for nearly everybody.
	blocked map[chat.UserID]struct{}
	// loaded is closed once channels and blocked have been read from the store. Until then
	// loading is true, and changes and blockChanges are what the log tells
	// meanwhile, which is newer.
	loaded       chan struct{}
	loading      bool
	changes      []changed
	blockChanges map[chat.UserID]bool
	failed       error
	// endings close what is said to him in particular.
	endings atomic.Pointer[Endings]
}

// blocks tells whether the user blocks another one; nobody blocks the zero user.
// It requires the hub's lock.
func (u *online) blocks(other chat.UserID) bool {
	if u.blocked == nil {
		return false
	}
	_, is := u.blocked[other]
	return is
}

// setBlocked requires the hub's lock.
func (u *online) setBlocked(other chat.UserID, on bool) {
	switch {
	case !on:
		delete(u.blocked, other)
		if len(u.blocked) == 0 {
			u.blocked = nil
		}
	case u.blocked == nil:
		u.blocked = map[chat.UserID]struct{}{other: {}}
	default:
		u.blocked[other] = struct{}{}
	}
}

// enter registers a session. It tells whether it is its user's first, so that
// the caller must load his channels. It requires the hub's lock.
func (h *Hub) enter(s *Session) (first bool) {
	u := h.users[s.User]
	first = u == nil
	if first {
		u = &online{
			user: s.User, application: s.Application, sessions: map[*Session]struct{}{},
			channels: map[chat.ChannelID]standing{}, loaded: make(chan struct{}), loading: true,
			blockChanges: map[chat.UserID]bool{},
		}
		h.users[s.User] = u
		tenant := h.tenants[s.Application]
		if tenant == nil {
			tenant = map[*online]struct{}{}
			h.tenants[s.Application] = tenant
		}
		tenant[u] = struct{}{}
	}
	s.member = u
	u.sessions[s] = struct{}{}
	h.sessions[s.ID] = s
	return first
}

// load makes sure that a user's channels and blocks are known: the first of his
// sessions reads them, the others wait for it.
func (h *Hub) load(ctx context.Context, u *online, first bool) error {
	if !first {
		<-u.loaded
		return u.failed
	}
	list, err := h.directory.Standings(ctx, u.user)
	var blocked []chat.UserID
	if err == nil {
		blocked, err = h.directory.BlockedUsers(ctx, u.user)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	u.failed, u.loading = err, false
	if h.users[u.user] == u {
		for _, s := range list {
			h.addMember(u, s)
		}
		for _, c := range u.changes {
			h.apply(u, c)
		}
	}
	for _, other := range blocked {
		if _, told := u.blockChanges[other]; !told {
			u.setBlocked(other, true)
		}
	}
	u.changes, u.blockChanges = nil, nil
	close(u.loaded)
	return err
}

// leave removes a session; with his last one the user is forgotten. It
// requires the hub's lock.
func (h *Hub) leave(s *Session) {
	u := s.member
	delete(h.sessions, s.ID)
	delete(h.absent, s)
	delete(u.sessions, s)
	if len(u.sessions) > 0 || h.users[u.user] != u {
		return
	}
	delete(h.users, u.user)
	for id := range u.channels {
		h.removeMember(u, id)
	}
	delete(h.tenants[u.application], u)
	if len(h.tenants[u.application]) == 0 {
		delete(h.tenants, u.application)
	}
}

func (h *Hub) addMember(u *online, s chat.Standing) {
	u.channels[s.Channel] = standing{muted: s.Muted, chatting: s.Chatting}
	set := h.members[s.Channel]
	if set == nil {
		set = map[*online]struct{}{}
		h.members[s.Channel] = set
	}
	set[u] = struct{}{}
}

func (h *Hub) removeMember(u *online, id chat.ChannelID) {
	delete(u.channels, id)
	delete(h.members[id], u)
	if len(h.members[id]) == 0 {
		delete(h.members, id)
	}
}

// IsMember tells whether a user who is online here is a member of a channel,
// as of the newest event that was published here.
func (h *Hub) IsMember(user chat.UserID, channel chat.ChannelID) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	u := h.users[user]
	if u == nil {
		return false
	}
	_, ok := u.channels[channel]
	return ok
}

// Joined notes that a user became a member of a channel.
func (h *Hub) Joined(user chat.UserID, channel chat.ChannelID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(user, changed{channel, joined})
}

// Blocked notes that a user blocks another one, or no longer: he is told nothing
// that is From him.
func (h *Hub) Blocked(user, other chat.UserID, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u := h.users[user]; u != nil {
		if u.blockChanges != nil {
			u.blockChanges[other] = on
		}
		u.setBlocked(other, on)
	}
}

// Left notes that a user ceased to be a member of a channel: he hears nothing
// of it any more.
func (h *Hub) Left(user chat.UserID, channel chat.ChannelID) {
	h.mu.Lock()
	u := h.note(user, changed{channel, left})
	if u == nil {
		h.mu.Unlock()
		return
	}
	var told []*Session
	for s := range u.sessions {
		if s.dropChannel(channel) {
			told = append(told, s)
		}
	}
	h.mu.Unlock()
	for _, s := range told {
		h.recount(s)
	}
}

// ChannelGone notes that a channel was deleted: nobody hears of it any more.
func (h *Hub) ChannelGone(channel chat.ChannelID) {
	h.mu.Lock()
	told := map[*Session]struct{}{}
	for n := Self; n <= BlockRecords; n++ {
		for {
			list := h.topics[ChannelTopic(channel, n)]
			if len(list) == 0 {
				break
			}
			s := list[0].Session
			s.dropChannel(channel)
			told[s] = struct{}{}
		}
	}
	for u := range h.members[channel] {
		delete(u.channels, channel)
	}
	delete(h.members, channel)
	h.mu.Unlock()
	for s := range told {
		h.recount(s)
	}
}

// lastWords is how long the sessions of a deleted user are given to hear of it.
const lastWords = time.Second

// UserGone ends all sessions of a deleted user, once they have been told.
func (h *Hub) UserGone(ctx context.Context, user chat.UserID) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	u := h.users[user]
	if u == nil {
		return
	}
	for s := range u.sessions {
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			_ = s.Drained(ctx)
			s.mu.Lock()
			link := s.link
			s.mu.Unlock()
			if link != nil {
				link.Cut(UserGone)
			}
			h.End(s)
		}()
	}
}
