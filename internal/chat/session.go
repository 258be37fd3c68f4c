package chat

import "time"

// Session is one client of a user, across all the sockets it uses.
type Session struct {
	ID          SessionID
	Application ApplicationID
	User        UserID
	UserAgent   string
	Node        NodeID
	CreatedAt   time.Time
	// DetachedAt is when the last socket was lost, zero while one is attached.
	DetachedAt time.Time
	// EndedAt is when the session ended for good, zero while it lives.
	EndedAt time.Time
}

// UserSession is a session with its user, who may have been deleted since.
type UserSession struct {
	Session
	Owner User
}

// ChatSession is a channel that a user session had, or has, open.
type ChatSession struct { //nolint:revive // the protocol's own word
	ID        int64
	Channel   ChannelID
	Session   UserSession
	CreatedAt time.Time
	// EndedAt is zero while it is open.
	EndedAt time.Time
}

// SessionState is whether a session lives.
type SessionState string

// The states.
const (
	SessionActive SessionState = "ACTIVE"
	SessionEnded  SessionState = "ENDED"
)

// StateSince is the state of a session that ended at a time, zero for one that
// has not.
func StateSince(ended time.Time) SessionState {
	if ended.IsZero() {
		return SessionActive
	}
	return SessionEnded
}

// CheckSessionState refuses a filter that is no state. An empty one keeps all.
func CheckSessionState(s SessionState) error {
	if s != "" && s != SessionActive && s != SessionEnded {
		return Invalidf("state", "must be ACTIVE or ENDED")
	}
	return nil
}
