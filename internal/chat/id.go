package chat

import "strconv"

// Identifiers are positive 64-bit integers below 2^53, so that a JavaScript
// client can hold them in a number, and they grow with time. Zero means "none".
type (
	// ApplicationID names a tenant: everything belongs to one.
	ApplicationID int64
	// UserID names a user of one application.
	UserID int64
	// ChannelID names a channel of one application.
	ChannelID int64
	// MessageID names a message of one channel.
	MessageID int64
	// SessionID names a user session: one client that connected, across all
	// the sockets it uses until it ends.
	SessionID int64
	// JobID names a piece of durable work.
	JobID int64
	// NodeID names one running server process, 0 to MaxNodes-1.
	NodeID int64
)

// Position is the place of an event in the log of the whole installation.
// Positions are handed out inside the transaction that writes the event, one
// after the other without a gap, so the order of positions is the order of
// commits.
type Position int64

// Seq is the place of an event in the log of its channel: 1, 2, 3 and so on
// without a gap.
type Seq int64

// ParseID reads a decimal identifier as it stands in a path or a destination.
// It reports false for anything that is not an integer from 1 to 2^63-1.
func ParseID(s string) (int64, bool) {
	if len(s) == 0 || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0
}
