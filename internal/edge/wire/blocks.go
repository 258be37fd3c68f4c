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
