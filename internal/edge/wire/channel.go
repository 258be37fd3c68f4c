package wire

import (
	"strconv"

	"github.com/purrchat/purr/internal/chat"
)

// Channel appends a channel as its viewer sees it (client-protocol 5.3,
// platform-api D.3).
func (s Style) Channel(dst []byte, v *chat.View) []byte {
	c := &v.Channel
	in := s.inner()
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, int64(c.ID), 10)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, c.Type...)
	dst = append(dst, '"')
	dst = s.channelNames(dst, c)
	if c.Creator != nil {
		dst = append(dst, `,"creator":`...)
		dst = in.User(dst, c.Creator)
	}
	if c.Type == chat.Direct {
		dst = append(dst, `,"members":[`...)
		for i := range c.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = in.User(dst, &c.Members[i])
		}
		dst = append(dst, ']')
	}
	if c.LastMessage != nil {
		dst = s.name(dst, lastReceivedMessage)
		dst = in.Message(dst, c.LastMessage)
	}
	dst = s.name(dst, createdTime)
	dst = AppendTime(dst, c.CreatedAt)
	dst = append(dst, `,"properties":`...)
	dst = append(dst, c.Properties.JSON()...)
	switch s.Links {
	case HAL:
		dst = s.halLinks(dst, channelHAL(c.Type), int64(c.ID))
	case Client:
		dst = clientChannelLinks(dst, v)
	case NoLinks:
	}
	return append(dst, '}')
}

// channelNames appends the names of a group channel. A direct channel has none
// on the Platform API; the SDKs declare one, so it gets a made-up name there.
func (s Style) channelNames(dst []byte, c *chat.Channel) []byte {
	if c.Type == chat.Direct {
		if s.Links == Client {
			dst = append(dst, `,"name":"direct-`...)
			dst = strconv.AppendInt(dst, int64(c.ID), 10)
			dst = append(dst, '"')
		}
		return dst
	}
	dst = append(dst, `,"name":`...)
	dst = AppendString(dst, c.Name)
	dst = s.name(dst, displayName)
	return AppendString(dst, c.DisplayName)
}

func channelHAL(t chat.ChannelType) []hal {
	if t == chat.Direct {
		return directHAL
	}
	return groupHAL
}

// clientChannelLinks appends the links of a channel. Which optional ones are
// there is what the SDKs decide by (client-protocol 5.3).
func clientChannelLinks(dst []byte, v *chat.View) []byte {
	id := int64(v.Channel.ID)
	dst = channelClient.append(dst, id)
	if v.Offers(chat.OpJoin) {
		dst = channelJoin.append(dst, id)
	}
	if v.Offers(chat.OpLeave) {
		dst = channelLeave.append(dst, id)
	}
	if v.Offers(chat.OpInvite) {
		dst = channelInvite.append(dst, id)
	}
	// Whoever may not appoint moderators is refused when he tries.
	if v.Channel.Type.Offers(chat.OpSetModerator) {
		dst = channelModerators.append(dst, id)
	}
	dst = append(dst, `},"_streams":{"messages":"/stream/v1/channels/`...)
	dst = strconv.AppendInt(dst, id, 10)
	return append(dst, `.messages"}`...)
}

var (
	directHAL = []hal{
		{"self", "/channels/{id}"}, {"participants", "/channels/{id}/participants"},
		{"messages", "/channels/{id}/messages"}, {"events", "/channels/{id}/events"},
	}
	groupHAL = append(directHAL[:4:4],
		hal{"memberships", "/channels/{id}/memberships"}, hal{"members", "/channels/{id}/members"},
		hal{"moderators", "/channels/{id}/moderators"})

	channelClient = pieces(`,"_relays":{"self":"/application/v1/channels/{id}.relay",` +
		`"context":"/application/v1/channels/{id}.context.relay",` +
		`"messages":"/application/v1/channels/{id}.messages.relay.size..sort.",` +
		`"messagesCount":"/application/v1/channels/{id}.messages_count.relay",` +
		`"lastReceivedMessage":"/application/v1/channels/{id}.last_received_message.relay",` +
		`"lastReadMessage":"/application/v1/channels/{id}.last_read_message.relay",` +
		`"unread":"/application/v1/channels/{id}.unread.relay",` +
		`"members":"/application/v1/channels/{id}.members.relay.size..sort.",` +
		`"moderators":"/application/v1/channels/{id}.moderators.relay.size..sort.",` +
		`"blockRecords":"/application/v1/channels/{id}.block_records.relay.size..sort.",` +
		`"threads":"/application/v1/channels/{id}.threads.relay.size..sort.",` +
		`"calls":"/application/v1/channels/{id}.calls.relay.size..sort."},` +
		`"_topics":{"self":"/topic/v1/channels/{id}.self",` +
		`"messages":"/topic/v1/channels/{id}.messages",` +
		`"keystrokes":"/topic/v1/channels/{id}.keystrokes",` +
		`"typing":"/topic/v1/channels/{id}.typing",` +
		`"participants":"/topic/v1/channels/{id}.participants",` +
		`"readReceipts":"/topic/v1/channels/{id}.read_receipts",` +
		`"reactions":"/topic/v1/channels/{id}.reactions",` +
		`"events":"/topic/v1/channels/{id}.events",` +
		`"members":"/topic/v1/channels/{id}.members",` +
		`"moderators":"/topic/v1/channels/{id}.moderators",` +
		`"blockRecords":"/topic/v1/channels/{id}.block_records"},` +
		`"_actions":{"message":"/application/v1/channels/{id}.message",` +
		`"keystrokes":"/application/v1/channels/{id}.keystrokes",` +
		`"triggerEvent":"/application/v1/channels/{id}.trigger_event",` +
		`"createThread":"/application/v1/channels/{id}.create_thread",` +
		`"mute":"/application/v1/channels/{id}.mute",` +
		`"read":"/application/v1/channels/{id}.read",` +
		`"update":"/application/v1/channels/{id}.update",` +
		`"delete":"/application/v1/channels/{id}.delete",` +
		`"clearHistory":"/application/v1/channels/{id}.clear_history",` +
		`"hide":"/application/v1/channels/{id}.hide",` +
		`"block":"/application/v1/channels/{id}.block",` +
		`"call":"/application/v1/channels/{id}.call"`)
	channelLeave      = pieces(`,"leave":"/application/v1/channels/{id}.leave"`)
	channelJoin       = pieces(`,"join":"/application/v1/channels/{id}.join"`)
	channelInvite     = pieces(`,"invite":"/application/v1/channels/{id}.invite"`)
	channelModerators = pieces(`,"addModerator":"/application/v1/channels/{id}.add_moderator",` +
		`"deleteModerator":"/application/v1/channels/{id}.delete_moderator"`)
)
