package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Thread appends a thread (client-protocol 5.6, platform-api D.4).
func (s Style) Thread(dst []byte, t *chat.Thread) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(t.ID), 10)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, t.Type...)
	dst = append(dst, '"')
	if t.Name != "" {
		dst = append(dst, `,"name":`...)
		dst = AppendString(dst, t.Name)
	}
	dst = append(dst, `,"properties":`...)
	dst = append(dst, t.Properties.JSON()...)
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, t.CreatedAt)
	switch s.Links {
	case HAL:
		channel := "/channels/" + strconv.FormatInt(int64(t.Channel), 10)
		dst = s.halLinks(dst, []hal{{"self", "/threads/{id}"}, {"channel", channel}}, int64(t.ID))
	case Client:
		dst = threadClient.append(dst, int64(t.ID))
	case NoLinks:
	}
	return append(dst, '}')
}

var threadClient = pieces(`,"_relays":{"self":"/application/v1/threads/{id}.relay",` +
	`"channel":"/application/v1/threads/{id}.channel.relay",` +
	`"message":"/application/v1/threads/{id}.message.relay"},` +
	`"_topics":{"self":"/topic/v1/threads/{id}.self",` +
	`"messages":"/topic/v1/threads/{id}.messages",` +
	`"keystrokes":"/topic/v1/threads/{id}.keystrokes",` +
	`"typing":"/topic/v1/threads/{id}.typing"},` +
	`"_actions":{"message":"/application/v1/threads/{id}.message",` +
	`"keystrokes":"/application/v1/threads/{id}.keystrokes",` +
	`"read":"/application/v1/threads/{id}.read"},` +
	`"_streams":{"messages":"/stream/v1/threads/{id}.messages"}`)
