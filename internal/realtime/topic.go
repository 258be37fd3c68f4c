package realtime

import "github.com/purrchat/purr/internal/chat"

// Scope is what a topic belongs to.
type Scope uint8

// The scopes.
const (
	// OfUser topics are private to one user.
	OfUser Scope = iota + 1
	// OfChannel topics are for the members of a channel.
	OfChannel
)

// Name tells the topics of one user or channel apart.
type Name uint8

// The names. Not every scope has every name.
const (
	Self Name = iota + 1
	Messages
	Channels
	Notifications
	Contacts
	Participants
	Users
	Reactions
	ReadReceipts
	Threads
	Calls
	Elements
	Features
	Styles
	Keystrokes
	Typing
	Events
	Members
	Moderators
	BlockRecords
)

// Topic is something that can be listened to.
type Topic struct {
	Scope Scope
	Name  Name
	// ID is the user's or the channel's identifier.
	ID int64
}

// UserTopic and ChannelTopic name topics.
func UserTopic(id chat.UserID, n Name) Topic { return Topic{OfUser, n, int64(id)} }

// ChannelTopic names a topic of a channel.
func ChannelTopic(id chat.ChannelID, n Name) Topic { return Topic{OfChannel, n, int64(id)} }

// Mark is the place of one publication in the order of all: the position of
// its event and its number among the publications of that event. Zero marks
// what is not replayed.
type Mark int64

// publicationBits is room for the publications of one event.
const publicationBits = 4

// MarkOf makes the mark of the nth publication of an event, n below 16.
func MarkOf(p chat.Position, n int) Mark { return Mark(int64(p)<<publicationBits | int64(n)) }

// Position is that of the mark's event.
func (m Mark) Position() chat.Position { return chat.Position(m >> publicationBits) }

// settledMark is the mark after all publications of an event.
func settledMark(p chat.Position) Mark { return MarkOf(p, 1<<publicationBits-1) }

// Publication is one thing that an event says to somebody. Exactly one of
// Topic's ID, Members and Everyone says to whom.
type Publication struct {
	Mark Mark
	// Topic is what listeners listen to. Its ID is zero where Members or
	// Everyone tells whose topics of this scope and name are meant.
	Topic Topic
	// Members means the users online who are members of this channel.
	Members chat.ChannelID
	// Everyone means all users online of this application.
	Everyone chat.ApplicationID
	// Audience, if set, narrows Members, and the publication is Personal.
	Audience *Audience
	// Personal tells that what Render makes lacks its end, which each user has
	// his own of; Muted is which one a publication to a user's topic ends in.
	Personal, Muted bool
	// Only, if set, means this session alone; Except leaves one out.
	Only, Except chat.SessionID
	// From is the user whose doing is told of, zero for what everybody is told:
	// it is left out for those who block him.
	From chat.UserID
	// Request is the name of the request that a publication to Only answers.
	// Receipt tells that the request's receipt has to go with it.
	Request string
	Receipt bool
	// Message is the number within its channel of the message that this
	// delivers to the listeners of the channel, zero for all else.
	Message chat.Seq
	// Render makes the body. It is called once at most, by Publish.
	Render func() []byte
}

// Frame is the shared part of what listeners receive. It must not be changed.
type Frame struct {
	Mark    Mark
	Request string
	Receipt bool
	Message chat.Seq
	Body    []byte
	// Ending follows Body where that is shared by users to each of whom
	// something else is said at the end.
	Ending []byte
}

// Size is that of the body with its ending.
func (f *Frame) Size() int { return len(f.Body) + len(f.Ending) }

// Item is one thing to be written to one session.
type Item struct {
	// Subscription is the listener, nil for what is no event, whose Frame's
	// Body is then everything there is to write.
	Subscription *Subscription
	Frame        *Frame
}

// overhead is what an item weighs besides its body, roughly.
const overhead = 256

func (i Item) weight() int { return i.Frame.Size() + overhead }
