package chat

import "time"

// ReactionID names a reaction to a message.
type ReactionID int64

// Reaction is one user's emoji on a message.
type Reaction struct {
	ID      ReactionID
	Message MessageID
	// Emoji is the character, in the form of the catalogue.
	Emoji     string
	User      *User
	CreatedAt time.Time
}

// ReactionSummary is one emoji on a message and who chose it, in that order.
type ReactionSummary struct {
	Emoji string
	Users []User
}

// ErrUnknownEmoji refuses a reaction that is no emoji.
var ErrUnknownEmoji = &Error{Invalid, "UnknownEmojiError", "There is no such emoji.", "emoji"}
