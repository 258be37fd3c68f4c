package wire

import (
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/chat"
)

// Message appends a message (client-protocol 5.4, platform-api D.4).
func (s Style) Message(dst []byte, m *chat.Message) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(m.ID), 10)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, m.Type...)
	dst = append(dst, '"')
	dst = s.name(dst, channelID)
	dst = strconv.AppendInt(dst, int64(m.Channel), 10)
	if m.User != nil {
		dst = append(dst, `,"user":`...)
		dst = s.inner().User(dst, m.User)
	}
	if m.File != nil {
		// A body, be it empty, would make it a text to the SDKs.
		dst = s.file(dst, m.File)
	} else {
		dst = append(dst, `,"body":`...)
		dst = AppendString(dst, m.Body)
		dst = s.entities(dst, m)
	}
	if m.GroupTag != "" {
		dst = s.name(dst, groupTag)
		dst = AppendString(dst, m.GroupTag)
	}
	dst = s.reactions(dst, m)
	dst = s.name(dst, repliesCount)
	dst = strconv.AppendInt(dst, m.Replies, 10)
	dst = s.name(dst, nestedLevel)
	dst = strconv.AppendInt(dst, int64(m.Level), 10)
	dst = append(dst, `,"properties":`...)
	dst = append(dst, m.Properties.JSON()...)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, m.CreatedAt)
	if !m.EditedAt.IsZero() {
		dst = s.name(dst, lastEditedTime)
		dst = AppendTime(dst, m.EditedAt)
	}
	switch s.Links {
	case HAL:
		dst = s.messageHAL(dst, m)
	case Client:
		dst = messageClient.append(dst, int64(m.ID))
		if m.Parent != 0 {
			dst = parentOfMessage.append(dst, int64(m.ID))
		}
		dst = channelOfMessage.append(dst, int64(m.Channel))
	case NoLinks:
	}
	return append(dst, '}')
}

func (s Style) messageHAL(dst []byte, m *chat.Message) []byte {
	channel := "/channels/" + strconv.FormatInt(int64(m.Channel), 10)
	links := []hal{{"self", "/messages/{id}"}, {"channel", channel}}
	if m.User != nil {
		links = append(links, hal{"user", "/users/" + strconv.FormatInt(int64(m.User.ID), 10)})
	}
	return s.halLinks(dst, links, int64(m.ID))
}

var (
	messageClient = pieces(strings.Join([]string{
		`,"_actions":{"read":"/application/v1/messages/{id}.read"`,
		`"unread":"/application/v1/messages/{id}.unread"`,
		`"reply":"/application/v1/messages/{id}.reply"`,
		`"react":"/application/v1/messages/{id}.react"`,
		`"removeReaction":"/application/v1/messages/{id}.remove_reaction"`,
		`"edit":"/application/v1/messages/{id}.edit"`,
		`"updateProperties":"/application/v1/messages/{id}.update_properties"`,
		`"delete":"/application/v1/messages/{id}.delete"`,
		`"deleteForMe":"/application/v1/messages/{id}.delete_for_me"`,
		`"report":"/application/v1/messages/{id}.report"`,
		`"removeReport":"/application/v1/messages/{id}.remove_report"}`,
		`"_streams":{"replies":"/stream/v1/messages/{id}.replies"}`,
		`"_relays":{"self":"/application/v1/messages/{id}.relay"`,
		`"readReceipts":"/application/v1/messages/{id}.read_receipts.relay.size..sort."`,
		`"repliesCount":"/application/v1/messages/{id}.replies_count.relay"`,
		`"replies":"/application/v1/messages/{id}.replies.relay.size..sort."`,
		`"reactions":"/application/v1/messages/{id}.reactions.relay.size..sort."`,
		`"reportCount":"/application/v1/messages/{id}.report_count.relay"`,
		`"reports":"/application/v1/messages/{id}.reports.relay.size..sort."`,
	}, ","))
	parentOfMessage  = pieces(`,"parent":"/application/v1/messages/{id}.parent.relay"`)
	channelOfMessage = pieces(`,"channel":"/application/v1/channels/{id}.relay"}`)
)
