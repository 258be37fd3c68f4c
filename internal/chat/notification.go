package chat

import "time"

// NotificationID names a notification among all that one user gets, and orders
// them. The notification of a message has the identifier of the message; a reply
// or a mention has one of its own that follows it, the same for all who are
// notified of it. The event that tells of either has it as its Subject.
type NotificationID int64

// NotificationType is one of the kinds of notification (seed notifications.txt).
type NotificationType string

// The notification types.
const (
	// UserSentMessage and SystemSentMessage tell the members of a channel of a
	// message in it.
	UserSentMessage   NotificationType = "USER:SENT:MESSAGE"
	SystemSentMessage NotificationType = "SYSTEM:SENT:MESSAGE"
	// UserRepliedToMessage tells a user of a reply to what he wrote.
	UserRepliedToMessage NotificationType = "USER:REPLIED_TO:MESSAGE"
	// UserMentionedUser tells a user that a message names him.
	UserMentionedUser NotificationType = "USER:MENTIONED:USER"
	// UserMentionedChannel tells the members of a channel that a message, there
	// or elsewhere, names it.
	UserMentionedChannel NotificationType = "USER:MENTIONED:CHANNEL"
)

// Notice is what a message causes besides telling the members of its channel:
// a reply or a mention. It is written with the message, one for each user or
// channel that is told, so that their number follows from the message alone.
type Notice struct {
	ID          NotificationID
	Application ApplicationID
	Type        NotificationType
	Message     MessageID
	// Channel is that of the message.
	Channel ChannelID
	// User is who is told, zero where the members of Mentioned are.
	User UserID
	// Mentioned is the channel that the message names.
	Mentioned ChannelID
	// Parent is the message that was replied to.
	Parent MessageID
	// Member and Muted tell whether User was a member of Channel and had muted
	// it at that time.
	Member, Muted bool
	// Position is that of the event that tells of the notice.
	Position Position
}

// Notification tells a user what occurred where he was not looking. Message,
// Channel and, by type, Parent, User and Mentioned are what it is about.
type Notification struct {
	ID      NotificationID
	Type    NotificationType
	Message Message
	Channel View
	// Parent is the message that was replied to, or what is left of it.
	Parent *Message
	// User is the user who was mentioned, and who is told.
	User *User
	// Mentioned is the channel that was mentioned.
	Mentioned *View
	// Muted tells that the user had muted the channel.
	Muted bool
	// ReadAt is when it was read, by itself or with its message; zero before.
	ReadAt time.Time
	// Recipient is who is told, zero where that is not said.
	Recipient UserID
}

// CreatedAt is when the notification was made: at once, with its message.
func (n *Notification) CreatedAt() time.Time { return n.Message.CreatedAt }

// author is how the writer of the message is called.
func (n *Notification) author() string {
	if n.Message.User == nil {
		return "Somebody"
	}
	return n.Message.User.DisplayName
}

// Title says in a few words what occurred.
func (n *Notification) Title() string {
	switch n.Type {
	case SystemSentMessage:
		return "System message sent"
	case UserRepliedToMessage:
		return n.author() + " replied to your message"
	case UserMentionedUser:
		return n.author() + " mentioned you"
	case UserMentionedChannel:
		name := "a channel"
		if n.Mentioned != nil && n.Mentioned.Channel.DisplayName != "" {
			name = n.Mentioned.Channel.DisplayName
		}
		return n.author() + " mentioned " + name
	default:
		return n.author() + " sent a message"
	}
}

// Body is the text of the message, or a fixed text for a file.
func (n *Notification) Body() string {
	if n.Message.File != nil {
		return "File attachment"
	}
	return n.Message.Body
}

// Sent is the type of the notification that tells members of a message.
func (m *Message) Sent() NotificationType {
	if m.User == nil {
		return SystemSentMessage
	}
	return UserSentMessage
}

// Standing is what a membership means for what its user is told of the channel.
type Standing struct {
	Channel ChannelID
	// Muted tells that the member has muted the channel, Chatting that he has
	// a chat session in it.
	Muted, Chatting bool
}

// Attendance is in which channels a session has a chat session: where it
// listens to the channel's own topic.
type Attendance struct {
	Session     SessionID
	Application ApplicationID
	User        UserID
	Channels    []ChannelID
}

// ErrUnknownNotification says that the actor has got no such notification.
var ErrUnknownNotification = &Error{NotFound, "NotificationNotFoundError", "The notification does not exist.", ""}
