package chat

import "time"

// ReadReceipt says that a user has read a message.
type ReadReceipt struct {
	Message MessageID
	User    User
	// ReadAt is when he last moved his position in the channel to this message
	// or to a later one.
	ReadAt time.Time
}

// ReadPosition is how far a member has read: all messages of the channel up to
// a sequence number.
type ReadPosition struct {
	User UserID
	// Message and Seq are those of the newest message that he has read; zero
	// where he has read none.
	Message MessageID
	Seq     Seq
}
