package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Notification appends a notification as the Platform API shows it
// (platform-api D.5).
func (s Style) Notification(dst []byte, n *chat.Notification) []byte {
	dst = s.notification(dst, n)
	dst = s.notificationData(dst, n)
	dst = append(dst, '}')
	dst = strconv.AppendBool(append(dst, `,"muted":`...), n.Muted)
	if s.Links == HAL {
		dst = s.halLinks(dst, notificationHAL, int64(n.Recipient))
	}
	return append(dst, '}')
}

// NotificationOpen appends a notification but for its end (client-protocol 5.7),
// which is all that differs from one recipient to the next: NotificationEnd.
func (s Style) NotificationOpen(dst []byte, n *chat.Notification) []byte {
	dst = s.notification(dst, n)
	dst = notificationClient.append(dst, int64(n.ID))
	return s.notificationData(dst, n)
}

// NotificationEnd appends the end of what NotificationOpen has begun, for one
// recipient.
func (s Style) NotificationEnd(dst []byte, recipient *chat.User, muted bool) []byte {
	dst = s.User(append(dst, `,"recipient":`...), recipient)
	dst = strconv.AppendBool(append(dst, `},"muted":`...), muted)
	return append(dst, '}')
}

// notification appends what comes before the data.
func (s Style) notification(dst []byte, n *chat.Notification) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(n.ID), 10)
	dst = AppendString(append(dst, `,"title":`...), n.Title())
	dst = AppendString(append(dst, `,"body":`...), n.Body())
	dst = s.inner().Channel(append(dst, `,"channel":`...), &n.Channel)
	dst = AppendTime(s.name(dst, createdTime), n.CreatedAt())
	switch {
	case !n.ReadAt.IsZero():
		dst = AppendTime(s.name(dst, readTime), n.ReadAt)
	case s.Links == Client:
		dst = append(s.name(dst, readTime), `null`...)
	}
	return dst
}

// notificationData appends what the notification is about, still open.
func (s Style) notificationData(dst []byte, n *chat.Notification) []byte {
	dst = append(append(dst, `,"data":{"type":"`...), n.Type...)
	dst = append(dst, '"')
	dst = strconv.AppendInt(s.name(dst, channelID), int64(n.Message.Channel), 10)
	dst = s.Message(append(dst, `,"message":`...), &n.Message)
	if n.Parent != nil {
		dst = s.Message(append(dst, `,"parent":`...), n.Parent)
	}
	if n.User != nil {
		dst = s.User(s.name(dst, mentionedUser), n.User)
	}
	if n.Mentioned != nil {
		dst = s.Channel(s.name(dst, mentionedChannel), n.Mentioned)
	}
	return receiptClient.append(dst, int64(n.Message.ID))
}

var (
	notificationHAL = []hal{{"recipient", "/users/{id}"}}
	// No SDK follows this link; applications may.
	notificationClient = pieces(`,"_actions":{"read":"/application/v1/notifications/{id}.read"}`)

	readTime         = named("readTime", "read_time")
	mentionedUser    = named("mentionedUser", "mentioned_user")
	mentionedChannel = named("mentionedChannel", "mentioned_channel")
)
