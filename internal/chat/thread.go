package chat

import "time"

// ThreadID names a thread. Threads, channels and messages share one sequence of
// identifiers: the main thread of a channel has the channel's, the thread of
// the replies to a message has the message's.
type ThreadID int64

// ThreadType is one of the three kinds of thread.
type ThreadType string

// The thread types.
const (
	// MainThread is a channel's own: all that is in no other thread.
	MainThread ThreadType = "MAIN"
	// MessageThread holds the replies to a message.
	MessageThread ThreadType = "MESSAGE"
	// StandaloneThread was opened by a user under a name.
	StandaloneThread ThreadType = "STANDALONE"
)

// MaxThreadName bounds the name of a thread.
const MaxThreadName = 1024

// Thread is a conversation within a channel.
type Thread struct {
	ID          ThreadID
	Application ApplicationID
	Type        ThreadType
	Channel     ChannelID
	Name        string
	Properties  Properties
	CreatedAt   time.Time
}

// ErrUnknownThread says that there is no such thread.
var ErrUnknownThread = &Error{NotFound, "ThreadNotFoundError", "There is no such thread.", ""}

// ThreadFilter narrows a list of a channel's threads.
type ThreadFilter struct {
	// WithoutMain leaves the main thread out.
	WithoutMain bool
	// Standalone keeps only those that were opened under a name.
	Standalone bool
}
