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

// Settings appends an application's settings (platform-api D.1).
func (s Style) Settings(dst []byte, a *chat.Application) []byte {
	dst = append(dst, `{"_links":{`...)
	dst = AppendLink(dst, "self", s.applicationURL()+"/settings")
	dst = append(dst, '}')
	dst = s.name(dst, guestUsers)
	dst = AppendString(dst, string(a.Settings.GuestUsers))
	dst = s.name(dst, userCreatedChannels)
	dst = AppendString(dst, string(a.Settings.UserCreatedChannels))
	return append(dst, '}')
}
