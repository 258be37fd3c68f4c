package chat

import (
	"strings"
	"time"
)

// UserFilter narrows a list of users; its zero value keeps all.
type UserFilter struct {
	// Name is the whole name.
	Name string
	// NameContains and DisplayNameContains are parts of the names, whatever
	// their case.
	NameContains, DisplayNameContains string
	// Online keeps those who are online (true) or are not (false).
	Online *bool
	// Unread keeps those who have unread messages.
	Unread bool
	// Properties keeps those whose properties contain all of these.
	Properties Properties
}

// MessageFilter says which messages a list holds. Exactly one of Channel, Parent
// and Thread is set, but for lists of a whole application.
type MessageFilter struct {
	// Application is the tenant. The deeds fill it in.
	Application ApplicationID
	Channel     ChannelID
	// Parent keeps the direct replies to a message.
	Parent MessageID
	// Thread keeps what was sent into a standalone thread.
	Thread ThreadID
	// MainThread keeps what is neither a reply nor in a standalone thread.
	MainThread bool
	// Type keeps the texts (TextMessage) or the files (FileMessage), whoever
	// said them.
	Type MessageType
	// Viewer leaves out what this user has deleted or cleared for himself, and
	// the messages of users whom he blocks.
	Viewer UserID
	// Username keeps what the user of this name has written, Author what this
	// user has. System messages are nobody's.
	Username string
	Author   UserID
	// UnreadBy keeps what this user has not read in his channels.
	UnreadBy UserID
	// Query keeps the texts that contain this one, taken literally, whatever the
	// case and however the characters are composed. The cursors of such a list
	// are identifiers of messages.
	Query string
}

// OfApplication tells a list across channels. Its cursors are the messages'
// identifiers; those of other lists are sequence numbers.
func (f MessageFilter) OfApplication() bool { return f.Channel == 0 && f.Parent == 0 && f.Thread == 0 }

// Cursor is that of a message in the list: its identifier where the list goes
// across channels, else its sequence number.
func (f MessageFilter) Cursor(m Message) int64 {
	if f.OfApplication() {
		return int64(m.ID)
	}
	return int64(m.Seq)
}

// MaxQuery bounds a Query, in octets.
const MaxQuery = 1024

// Fold is the form of a text in which filters compare, without regard to case.
func Fold(s string) string { return strings.ToLower(s) }

// ChannelFilter narrows a list of channels; its zero value keeps all. All
// conditions must hold.
type ChannelFilter struct {
	// Viewer limits the list to what this user may see.
	Viewer UserID
	// Joined, with a Viewer, keeps his channels (true) or the public ones he
	// is not in and not blocked in (false).
	Joined *bool
	// Unread, with a Viewer, keeps his channels with messages that he has not
	// read.
	Unread bool
	// Name is the whole name.
	Name string
	// NameContains is a part of the name, whatever its case.
	NameContains string
	Type         ChannelType
	// Members keeps channels that have all users of these names as members.
	Members []string
	// From and To bound the creation time, both inclusive.
	From, To time.Time
	// Properties keeps channels whose properties contain all of these.
	Properties Properties
}
