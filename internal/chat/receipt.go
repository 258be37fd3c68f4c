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

// UnreadSummary is how many messages a user has not read in a channel.
type UnreadSummary struct {
	User    User
	Channel Channel
	Count   int64
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

// Delivery says that a message, and so all that came before it, has reached a
// user while he chats in its channel.
type Delivery struct {
	Application ApplicationID
	User        UserID
	Channel     ChannelID
	// Message is the number of the message within its channel.
	Message Seq
}
