package chat

import "time"

// EventKind says what happened.
type EventKind string

// The kinds of event. Subject, Target and Data of an Event mean what the
// comment says.
const (
	// MessageCreated: Subject is the message.
	MessageCreated EventKind = "message.created"
	// MessageUpdated: Subject is the message, whose body or properties changed.
	MessageUpdated EventKind = "message.updated"
	// MessageDeleted: Subject is the message, which is gone for everybody.
	MessageDeleted EventKind = "message.deleted"
	// MessageHidden: Target deleted the message Subject for himself.
	MessageHidden EventKind = "message.hidden"
	// MessageReported: Target made the report Subject.
	MessageReported EventKind = "message.reported"
	// ReactionCreated and ReactionRemoved: Subject is the reaction, Message what
	// it was to, as it would be told of had it been deleted.
	ReactionCreated EventKind = "reaction.created"
	ReactionRemoved EventKind = "reaction.removed"
	// ThreadCreated: Subject is the standalone thread.
	ThreadCreated EventKind = "thread.created"
	// ChannelCreated: Target is the creator, zero where there is none.
	ChannelCreated EventKind = "channel.created"
	// ChannelUpdated: the channel's display name or properties changed.
	ChannelUpdated EventKind = "channel.updated"
	// ChannelDeleted: the channel is gone.
	ChannelDeleted EventKind = "channel.deleted"
	// MemberJoined: Target became a member.
	MemberJoined EventKind = "member.joined"
	// MemberLeft: Target ceased to be a member; Data is LeftBlocked where he was
	// blocked in the channel.
	MemberLeft EventKind = "member.left"
	// MessageRead: Target has read up to a message; Subject is the newest
	// message that this has made read.
	MessageRead EventKind = "message.read"
	// MessageUnread: Target has made messages unread; Subject is the oldest
	// of them.
	MessageUnread EventKind = "message.unread"
	// ModeratorAdded and ModeratorDeleted: Target may or may no longer manage
	// the channel.
	ModeratorAdded   EventKind = "moderator.added"
	ModeratorDeleted EventKind = "moderator.deleted"
	// ChannelBlocked and ChannelUnblocked: Target may no longer, or may again,
	// become a member; Subject is the record.
	ChannelBlocked   EventKind = "channel.blocked"
	ChannelUnblocked EventKind = "channel.unblocked"
	// ChannelMuted, ChannelUnmuted, ChannelHidden and ChannelUnhidden: what
	// Target made of the channel that is the Subject. They concern him alone,
	// so they take no number in the channel.
	ChannelMuted    EventKind = "channel.muted"
	ChannelUnmuted  EventKind = "channel.unmuted"
	ChannelHidden   EventKind = "channel.hidden"
	ChannelUnhidden EventKind = "channel.unhidden"
	// HistoryCleared is one of them: no message of the channel up to now is
	// shown to Target any more.
	HistoryCleared EventKind = "history.cleared"
	// EventTriggered: Target, or the application, said something of its own:
	// Data is a CustomEvent.
	EventTriggered EventKind = "event.triggered"
	// UserBlocked and UserUnblocked: Target blocked, or no longer blocks, the
	// user who is the Subject, and whom User holds.
	UserBlocked   EventKind = "user.blocked"
	UserUnblocked EventKind = "user.unblocked"
	// ChatStarted and ChatEnded: Target opened his first chat session in the
	// channel that is the Subject, or closed his last one.
	ChatStarted EventKind = "chat.started"
	ChatEnded   EventKind = "chat.ended"
	// UserNotified: Target is told of the reply or the mention that is the
	// notice Subject.
	UserNotified EventKind = "user.notified"
	// ChannelMentioned: a message, mostly in another channel, mentions this one;
	// Subject is the notice.
	ChannelMentioned EventKind = "channel.mentioned"
	// UserUpdated: Target changed his own record or had it changed.
	UserUpdated EventKind = "user.updated"
	// UserDeleted: Target is gone.
	UserDeleted EventKind = "user.deleted"
	// SettingsUpdated: the application changed its settings, which are Data.
	// No client hears of it, every node does.
	SettingsUpdated EventKind = "settings.updated"
)

// LeftBlocked is the Data of an event that says why a membership ended.
const LeftBlocked = `"blocked"`

// Numbered tells whether an event of a channel takes the channel's next number.
// Reading changes the reader's own membership, not the channel, and must not
// wait for those who do; to be mentioned changes nothing.
func (k EventKind) Numbered() bool {
	return k != MessageRead && k != MessageUnread && k != ChannelMentioned
}

// OfNotice tells whether the event tells of a Notice.
func (k EventKind) OfNotice() bool { return k == UserNotified || k == ChannelMentioned }

// Notifies tells whether the event may make a notification, whose identifier is
// then its Subject.
func (k EventKind) Notifies() bool { return k == MessageCreated || k.OfNotice() }

// OfChat tells whether the event is about a user's chat sessions.
func (k EventKind) OfChat() bool { return k == ChatStarted || k == ChatEnded }

// OwnChannel tells whether the event is about what a user made of a channel for
// himself alone.
func (k EventKind) OwnChannel() bool {
	return k == ChannelMuted || k == ChannelUnmuted || k == ChannelHidden || k == ChannelUnhidden || k == HistoryCleared
}

// OfUserBlock tells whether the event is about one user's block of another.
func (k EventKind) OfUserBlock() bool { return k == UserBlocked || k == UserUnblocked }

// Event is one line of the log: something that happened and stays happened.
// It is written in the same transaction as the change it tells of.
type Event struct {
	// Position is given by the store at commit.
	Position    Position
	Application ApplicationID
	Kind        EventKind
	// Channel is where it happened, zero for what concerns a user alone.
	Channel ChannelID
	// Seq is the event's number within its channel, zero without a channel and
	// for kinds that are not Numbered.
	Seq Seq
	// Actor is who did it, zero where the application did.
	Actor UserID
	// Target is the user it was done to, where there is one.
	Target UserID
	// Subject is the thing it was done to, where that is no user or channel.
	Subject int64
	// Session and Request are those of the Actor that did it: the session is
	// owed an answer that carries the request's name.
	Session SessionID
	Request string
	At      time.Time
	// Data is JSON that only the log keeps, for the kinds that say so.
	Data string

	// Message, ChannelState and User are what the event is about, as it was
	// right after the change. They travel with a freshly committed event and
	// are loaded where an event is read from the log; readers must not
	// change them.
	Message      *Message
	ChannelState *Channel
	User         *User
	Reaction     *Reaction
	Report       *MessageReport
	Thread       *Thread
	Notice       *Notice
	// Gone tells that Message has been deleted since the event and is only what
	// is left of it: whoever is owed an answer gets that, others are told of
	// the deletion alone.
	Gone bool
	// LeftOut tells, of what a user has missed, that he is not shown Message any
	// more, or blocks the User whose receipt it is: whoever is owed an answer
	// gets that, and he is told no more.
	LeftOut bool
}

// SignalKind says what a Signal tells of.
type SignalKind string

// The kinds of signal.
const (
	// PresenceChanged: User came online, went offline or changed his status.
	PresenceChanged SignalKind = "presence.changed"
	// ParticipantEntered: User opened his first chat session in Channel.
	ParticipantEntered SignalKind = "participant.entered"
	// ParticipantLeft: User closed his last chat session in Channel.
	ParticipantLeft SignalKind = "participant.left"
	// SessionMoved: Session has been resumed on Node; others let go of it.
	SessionMoved SignalKind = "session.moved"
	// KeysTyped: Text is all that User has typed into Channel so far.
	KeysTyped SignalKind = "keys.typed"
	// TypingStarted and TypingStopped: User began or ceased to type in Channel.
	TypingStarted SignalKind = "typing.started"
	TypingStopped SignalKind = "typing.stopped"
)

// Signal is news that matters only to those who are there to hear it. It is
// not stored, may be lost, and is never replayed.
type Signal struct {
	Application ApplicationID
	Kind        SignalKind
	User        UserID
	Channel     ChannelID
	Session     SessionID
	Node        NodeID
	Text        string
}
