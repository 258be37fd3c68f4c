package chat

import "time"

// ReportID names a report.
type ReportID int64

// MaxReason bounds the reason of a report.
const MaxReason = 4096

// MessageReport is a user's complaint about a message.
type MessageReport struct {
	ID          ReportID
	Application ApplicationID
	Channel     ChannelID
	Message     MessageID
	// User is who complained.
	User       *User
	Reason     string
	Properties Properties
	CreatedAt  time.Time
}
