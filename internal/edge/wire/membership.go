package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Membership appends who is a member since when (platform-api D.3).
func (s Style) Membership(dst []byte, m *chat.Member) []byte {
	user, channel := userPath(m.User), channelPath(m.Channel)
	dst = AppendTime(s.first(dst, createdTime), m.JoinedAt)
	dst = s.halLinks(dst, []hal{{"user", user}, {"channel", channel}, {"member", channel + "/members/" + strconv.FormatInt(int64(m.User), 10)}}, 0)
	return append(dst, '}')
}

// ChannelInvite appends an invitation (platform-api D.3).
func (s Style) ChannelInvite(dst []byte, i *chat.ChannelInvite) []byte {
	dst = AppendTime(s.first(dst, createdTime), i.CreatedAt)
	dst = s.halLinks(dst, []hal{{"invitee", userPath(i.User.ID)}, {"channel", channelPath(i.Channel)}}, 0)
	return append(dst, '}')
}

func userPath(id chat.UserID) string { return "/users/" + strconv.FormatInt(int64(id), 10) }

func channelPath(id chat.ChannelID) string { return "/channels/" + strconv.FormatInt(int64(id), 10) }
