package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Application appends an application (platform-api D.1).
func (s Style) Application(dst []byte, a *chat.Application) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(a.ID), 10)
	dst = append(dst, `,"key":`...)
	dst = AppendString(dst, a.Key)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, a.CreatedAt)
	dst = append(dst, `,"properties":`...)
	dst = append(dst, a.Properties.JSON()...)
	dst = append(dst, `,"_links":{`...)
	dst = AppendLink(dst, "self", s.applicationURL())
	for _, relation := range []string{"users", "channels", "messages"} {
		dst = append(dst, ',')
		dst = AppendLink(dst, relation, s.applicationURL()+"/"+relation)
	}
	return append(dst, `}}`...)
}

// Settings appends an application's settings (platform-api D.1), and after them
// those that are our own.
func (s Style) Settings(dst []byte, set chat.Settings) []byte {
	dst = append(dst, `{"_links":{`...)
	dst = AppendLink(dst, "self", s.applicationURL()+"/application/settings")
	dst = append(dst, ',')
	dst = AppendLink(dst, "application", s.applicationURL())
	dst = append(dst, '}')
	for _, x := range []struct {
		name  member
		value chat.Toggle
	}{
		{guestUsers, set.GuestUsers}, {userCreatedChannels, set.UserCreatedChannels},
		{readOnDelivery, set.ReadOnDelivery}, {linkPreviews, set.LinkPreviews},
	} {
		dst = s.name(dst, x.name)
		dst = AppendString(dst, string(x.value))
	}
	return append(dst, '}')
}
