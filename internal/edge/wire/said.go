package wire

import (
	"github.com/purrchat/purr/internal/chat"
)

// Keystrokes appends what a user has typed so far (client-protocol 5.5,
// platform-api D.3).
func (s Style) Keystrokes(dst []byte, u *chat.User, keys string) []byte {
	dst = AppendString(append(dst, `{"username":`...), u.Name)
	dst = AppendString(append(dst, `,"keys":`...), keys)
	switch s.Links {
	case HAL:
		dst = s.halLinks(dst, nil, 0)
	case Client:
		dst = userOfKeystrokes.append(dst, int64(u.ID))
	case NoLinks:
	}
	return append(dst, '}')
}

// CustomEvent appends an event that a user, or nobody, triggered in a channel.
func (s Style) CustomEvent(dst []byte, e *chat.CustomEvent, u *chat.User, channel chat.ChannelID) []byte {
	dst = AppendString(append(dst, `{"type":`...), e.Type)
	if u != nil {
		dst = s.inner().User(append(dst, `,"user":`...), u)
	}
	dst = append(append(dst, `,"properties":`...), e.Properties...)
	switch s.Links {
	case HAL:
		dst = s.halLinks(dst, nil, 0)
	case Client:
		dst = channelOfEvent.append(dst, int64(channel))
	case NoLinks:
	}
	return append(dst, '}')
}

var (
	userOfKeystrokes = pieces(`,"_relays":{"user":"/application/v1/users/{id}.relay"}`)
	channelOfEvent   = pieces(`,"_relays":{"channel":"/application/v1/channels/{id}.relay"}`)
)
