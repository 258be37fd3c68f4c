package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// ReadReceipt appends a read receipt (client-protocol 5.5, platform-api D).
func (s Style) ReadReceipt(dst []byte, r *chat.ReadReceipt) []byte {
	dst = append(dst, `{"user":`...)
	dst = s.inner().User(dst, &r.User)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, r.ReadAt)
	switch s.Links {
	case HAL:
		user := "/users/" + strconv.FormatInt(int64(r.User.ID), 10)
		dst = s.halLinks(dst, []hal{{"user", user}, {"message", "/messages/{id}"}}, int64(r.Message))
	case Client:
		dst = receiptClient.append(dst, int64(r.Message))
	case NoLinks:
	}
	return append(dst, '}')
}

var receiptClient = pieces(`,"_relays":{"message":"/application/v1/messages/{id}.relay"}`)

// UnreadSummary appends how much a user has not read in a channel (platform-api
// D.10).
func (s Style) UnreadSummary(dst []byte, u *chat.UnreadSummary) []byte {
	dst = s.inner().Channel(append(dst, `{"channel":`...), &chat.View{Channel: u.Channel})
	dst = s.inner().User(append(dst, `,"user":`...), &u.User)
	dst = strconv.AppendInt(append(dst, `,"count":`...), u.Count, 10)
	dst = s.halLinks(dst, []hal{{"user", userPath(u.User.ID)}, {"channel", channelPath(u.Channel.ID)}}, 0)
	return append(dst, '}')
}

// Secret appends a secret, a JSON value, as it is.
func Secret(dst []byte, value []byte) []byte {
	return append(append(append(dst, `{"secret":`...), value...), '}')
}

// Count appends a number of things.
func Count(dst []byte, n int64) []byte {
	return append(strconv.AppendInt(append(dst, `{"count":`...), n, 10), '}')
}

// Context appends which users have read up to which messages (client-protocol
// 5.5), in the order of the positions.
func Context(dst []byte, start, end string, positions []chat.ReadPosition) []byte {
	dst = AppendString(append(dst, `{"startCursor":`...), start)
	dst = AppendString(append(dst, `,"endCursor":`...), end)
	dst = append(dst, `,"readBy":{`...)
	for i, p := range positions {
		switch {
		case i > 0 && positions[i-1].Message == p.Message:
			dst = append(dst, ',')
		case i > 0:
			dst = append(dst, `],`...)
			fallthrough
		default:
			dst = strconv.AppendInt(append(dst, '"'), int64(p.Message), 10)
			dst = append(dst, `":[`...)
		}
		dst = strconv.AppendInt(dst, int64(p.User), 10)
	}
	if len(positions) > 0 {
		dst = append(dst, ']')
	}
	return append(dst, `}}`...)
}
