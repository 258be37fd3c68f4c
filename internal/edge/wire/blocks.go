package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// ChannelBlock appends a ChannelBlockRecord (client-protocol 5.5).
func (s Style) ChannelBlock(dst []byte, b *chat.ChannelBlock) []byte {
	dst = s.User(append(dst, `{"user":`...), &b.User)
	dst = AppendTime(s.name(dst, createdTime), b.CreatedAt)
	dst = append(dst, `,"_actions":{"delete":"/application/v1/channel_block_records/`...)
	return append(strconv.AppendInt(dst, b.ID, 10), `.delete"}}`...)
}

// UserBlock appends a UserBlockedRecord (client-protocol 5.5). Only its owner
// sees it, so that the blocked user's id is enough to name it.
func (s Style) UserBlock(dst []byte, b *chat.UserBlock) []byte {
	dst = s.User(append(dst, `{"user":`...), &b.User)
	dst = AppendTime(s.name(dst, createdTime), b.CreatedAt)
	dst = append(dst, `,"_actions":{"delete":"/application/v1/user_blocked_records/`...)
	return append(strconv.AppendInt(dst, int64(b.User.ID), 10), `.delete"}}`...)
}

// Keystrokes appends what a user has typed so far.
func (s Style) Keystrokes(dst []byte, u *chat.User, keys string) []byte {
	dst = AppendString(append(dst, `{"username":`...), u.Name)
	dst = AppendString(append(dst, `,"keys":`...), keys)
	dst = append(dst, `,"_relays":{"user":"/application/v1/users/`...)
	return append(strconv.AppendInt(dst, int64(u.ID), 10), `.relay"}}`...)
}

// CustomEvent appends an event that a user, or nobody, triggered in a channel.
func (s Style) CustomEvent(dst []byte, e *chat.CustomEvent, u *chat.User, channel chat.ChannelID) []byte {
	dst = AppendString(append(dst, `{"type":`...), e.Type)
	if u != nil {
		dst = s.User(append(dst, `,"user":`...), u)
	}
	dst = append(append(dst, `,"properties":`...), e.Properties...)
	dst = append(dst, `,"_relays":{"channel":"/application/v1/channels/`...)
	return append(strconv.AppendInt(dst, int64(channel), 10), `.relay"}}`...)
}
