package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Delivery appends what became of a message on its way to a user.
func (s Style) Delivery(dst []byte, d *chat.DeliveryRecord) []byte {
	dst = append(dst, `{"reason":`...)
	dst = AppendString(dst, string(d.Reason))
	for _, x := range []struct {
		name  string
		value bool
	}{{"member", d.Member}, {"muted", d.Muted}, {"blocked", d.Blocked}, {"chatting", d.Chatting}} {
		dst = append(append(append(dst, `,"`...), x.name...), `":`...)
		dst = strconv.AppendBool(dst, x.value)
	}
	dst = append(dst, `,"push":`...)
	dst = AppendString(dst, string(d.Push))
	if !d.ReadAt.IsZero() {
		dst = s.name(dst, readTime)
		dst = AppendTime(dst, d.ReadAt)
	}
	dst = append(dst, `,"notifications":[`...)
	for i := range d.Notifications {
		n := &d.Notifications[i]
		dst = separated(dst, i)
		dst = append(dst, `{"id":`...)
		dst = strconv.AppendInt(dst, int64(n.ID), 10)
		dst = append(dst, `,"type":`...)
		dst = AppendString(dst, string(n.Type))
		dst = append(dst, `,"muted":`...)
		dst = append(strconv.AppendBool(dst, n.Muted), '}')
	}
	dst = append(dst, `],"connections":[`...)
	for i := range d.Connections {
		dst = s.deliveryConnection(separated(dst, i), &d.Connections[i])
	}
	dst = append(dst, `],"devices":`...)
	dst = strconv.AppendInt(dst, int64(d.Devices), 10)
	dst = append(dst, `,"waiting":[`...)
	for i, id := range d.Waiting {
		dst = strconv.AppendInt(separated(dst, i), int64(id), 10)
	}
	dst = append(dst, `],"attempts":[`...)
	for i := range d.Attempts {
		a := &d.Attempts[i]
		dst = append(separated(dst, i), `{"device":{"id":`...)
		dst = strconv.AppendInt(dst, int64(a.Device), 10)
		dst = append(dst, `,"kind":`...)
		dst = AppendString(dst, string(a.Kind))
		dst = append(dst, `},"attempt":`...)
		dst = append(s.PushAttempt(dst, a), '}')
	}
	user := "/users/" + strconv.FormatInt(int64(d.User), 10)
	message := "/messages/" + strconv.FormatInt(int64(d.Message), 10)
	dst = append(dst, ']')
	dst = s.halLinks(dst, []hal{{"self", message + "/deliveries/{id}"}, {"message", message}, {"user", user}}, int64(d.User))
	return append(dst, '}')
}

func (s Style) deliveryConnection(dst []byte, c *chat.DeliveryConnection) []byte {
	dst = append(dst, `{"session":`...)
	dst = strconv.AppendInt(dst, int64(c.Session), 10)
	dst = s.name(dst, userAgent)
	dst = AppendString(dst, c.UserAgent)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, c.CreatedAt)
	if !c.EndedAt.IsZero() {
		dst = s.name(dst, endedTime)
		dst = AppendTime(dst, c.EndedAt)
	}
	dst = append(dst, `,"acknowledged":`...)
	return append(strconv.AppendBool(dst, c.Acknowledged), '}')
}

// separated appends what parts an item from the one before.
func separated(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return dst
}
