package wire

import (
	"strconv"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// UserSession appends a session of a user (platform-api D.6).
func (s Style) UserSession(dst []byte, u *chat.UserSession) []byte {
	dst = s.userSessionFields(dst, u)
	if s.Links == HAL {
		dst = s.halLinks(dst, []hal{{"user", userPath(u.User)}}, 0)
	}
	return append(dst, '}')
}

func (s Style) userSessionFields(dst []byte, u *chat.UserSession) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(u.ID), 10)
	dst = s.inner().User(append(dst, `,"user":`...), &u.Owner)
	if u.UserAgent != "" {
		dst = AppendString(s.name(dst, userAgent), u.UserAgent)
	}
	return s.lifetime(dst, u.CreatedAt, u.EndedAt)
}

// ChatSession appends a channel that a session had open (platform-api D.6).
func (s Style) ChatSession(dst []byte, c *chat.ChatSession) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), c.ID, 10)
	dst = append(s.inner().userSessionFields(append(dst, `,"session":`...), &c.Session), '}')
	dst = s.lifetime(dst, c.CreatedAt, c.EndedAt)
	session := "/user-sessions/" + strconv.FormatInt(int64(c.Session.ID), 10)
	dst = s.halLinks(dst, []hal{{"session", session}, {"channel", channelPath(c.Channel)}}, 0)
	return append(dst, '}')
}

// lifetime appends since when something is, until when it was, and which of
// the two holds.
func (s Style) lifetime(dst []byte, created, ended time.Time) []byte {
	dst = append(dst, `,"state":"`...)
	dst = append(append(dst, chat.StateSince(ended)...), '"')
	dst = AppendTime(s.name(dst, createdTime), created)
	if !ended.IsZero() {
		dst = AppendTime(s.name(dst, endTime), ended)
	}
	return dst
}
