package chat

import "time"

// MessageType is one of the four kinds of message.
type MessageType string

// The message types.
const (
	TextMessage       MessageType = "TEXT"
	FileMessage       MessageType = "FILE"
	SystemTextMessage MessageType = "SYSTEM_TEXT"
	SystemFileMessage MessageType = "SYSTEM_FILE"
)

// Message is something said in a channel.
type Message struct {
	ID          MessageID
	Application ApplicationID
	Channel     ChannelID
	// Seq is the number of the event that created the message.
	Seq  Seq
	Type MessageType
	// User is the author, nil for a system message.
	User *User
	Body string
	// File is what a file message shows, nil for a text.
	File       *File
	GroupTag   string
	Properties Properties
	CreatedAt  time.Time
	// EditedAt is when the body or the properties last changed, zero if never.
	EditedAt time.Time
	// Parent is the message that this one replies to, zero where it is no
	// reply or the parent has been deleted. Level is 0 for what is no reply,
	// and one more than the parent's for a reply, deleted or not.
	Parent MessageID
	Level  int
	// Thread is the standalone thread that the message was sent into, zero for
	// all others.
	Thread ThreadID
	// Replies counts the direct replies.
	Replies int64
	// Links and Mentions are what was found in the body, by position.
	Links    []MessageLink
	Mentions []Mention
	// Reactions are summaries, one for each emoji, by its first reaction.
	Reactions []ReactionSummary
}

// Remains is what is told of a message once it has been deleted: where it was
// and who wrote it.
func (m Message) Remains() Message {
	return Message{
		ID: m.ID, Application: m.Application, Channel: m.Channel, Seq: m.Seq, Type: m.Type, User: m.User, CreatedAt: m.CreatedAt,
		Level: m.Level, Thread: m.Thread, File: m.File,
	}
}
