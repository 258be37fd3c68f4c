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
}
