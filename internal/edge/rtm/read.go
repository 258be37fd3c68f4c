package rtm

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/realtime"
)

// The RECEIPT of these three actions completes them; what they do is told to
// others by events of its own.

func readChannel(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Messages.ReadChannel(ctx, c.doer(r), chat.ChannelID(r.id))
}

func readMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Messages.Read(ctx, c.doer(r), chat.MessageID(r.id))
}

func unreadMessage(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Messages.Unread(ctx, c.doer(r), chat.MessageID(r.id))
}

// channelsCount counts the channels of the relay "channels" or, with the
// parameter unread, those of "unreadChannels".
func channelsCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	return c.countChannels(ctx, r, dst, r.isSet("unread"))
}

func unreadChannelsCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	return c.countChannels(ctx, r, dst, true)
}

func (c *connection) countChannels(ctx context.Context, r *request, dst []byte, unread bool) ([]byte, error) {
	f := chat.ChannelFilter{Unread: unread}
	f.NameContains, _ = r.param("name")
	if kind, given := r.param("type"); given {
		f.Type = chat.ChannelType(kind)
	}
	if r.isSet("subscribable") {
		joined := true
		f.Joined = &joined
	}
	n, err := c.server.Channels.Count(ctx, c.actor, f)
	return appendCount(dst, n), err
}

// isSet tells a parameter that says yes.
func (r *request) isSet(name string) bool {
	v, given := r.param(name)
	return given && v == "true"
}

func unreadChannels(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	return listChannels(ctx, c, r, dst, chat.ChannelFilter{Unread: true})
}

func unreadMessagesCount(ctx context.Context, c *connection, _ *request, dst []byte) ([]byte, error) {
	n, err := c.server.Messages.CountUnread(ctx, c.actor, c.actor.User)
	return appendCount(dst, n), err
}

func messagesCount(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	n, err := c.server.Messages.Count(ctx, c.actor, chat.ChannelID(r.id), r.isSet("unread"))
	return appendCount(dst, n), err
}

func channelIsUnread(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	n, err := c.server.Messages.Count(ctx, c.actor, chat.ChannelID(r.id), true)
	return append(strconv.AppendBool(append(dst, `{"exists":`...), n > 0), '}'), err
}

// lastReadMessage answers with what a user, the asking one unless named, has
// read last. Where that is nothing, one SDK generation would wait for ever if
// it were told so by anything but an error; the others expect no message
// (client-protocol 2.1).
func lastReadMessage(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	name, given := r.param("username")
	if !given {
		u, err := c.server.Accounts.RetrieveUser(ctx, c.actor, c.actor.User)
		if err != nil {
			return nil, err
		}
		name = u.Name
	}
	m, err := c.server.Messages.LastRead(ctx, c.actor, chat.ChannelID(r.id), name)
	if errors.Is(err, messages.ErrNothingRead) && !strings.HasPrefix(c.account.UserAgent, "ChatKitty-ChatUI/") {
		return append(dst, `null`...), nil
	}
	return c.server.style.Message(dst, &m), err
}

func readReceipts(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	p := parseSuffix(r.suffix)
	page, err := c.server.Messages.ListReceipts(ctx, c.actor, chat.MessageID(r.id), p.request())
	return appendPage(dst, r, p, "receipts", page, c.server.style.ReadReceipt), err
}

// channelContext tells who has read up to which of the messages between two
// cursors, which are those of a page of messages.
func channelContext(ctx context.Context, c *connection, r *request, dst []byte) ([]byte, error) {
	start, from, err := r.cursor("startCursor")
	if err != nil {
		return nil, err
	}
	end, to, err := r.cursor("endCursor")
	if err != nil {
		return nil, err
	}
	list, err := c.server.Messages.ReadBy(ctx, c.actor, chat.ChannelID(r.id), from, to)
	return wire.Context(dst, start, end, list), err
}

// cursor reads a cursor, empty and zero where none is given.
func (r *request) cursor(name string) (text string, n int64, err error) {
	text, given := r.param(name)
	if !given {
		return "", 0, nil
	}
	n, ok := chat.ParseID(text)
	if !ok {
		return "", 0, chat.Invalidf(name, "must be the cursor of a page of messages")
	}
	return text, n, nil
}

// receipt tells of a read receipt that came or went: those in the channel, the
// reader, whose counters move, and the author of the message; but nobody who
// blocks the reader. Who wrote the message does not matter: a receipt says that
// all before it was read, too.
func (t *teller) receipt(name string) {
	e := t.event
	if e.Message == nil || e.User == nil || e.LeftOut {
		return // deleted since, or by somebody who is blocked
	}
	receipt := chat.ReadReceipt{Message: e.Message.ID, User: *e.User, ReadAt: e.At}
	resource := func(dst []byte) []byte { return t.server.style.ReadReceipt(dst, &receipt) }
	t.tell(realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.ReadReceipts), From: e.Target}, name, resource)
	t.tell(realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.ReadReceipts)}, name, resource)
	if author := e.Message.User; author != nil {
		t.tell(realtime.Publication{Topic: realtime.UserTopic(author.ID, realtime.ReadReceipts), From: e.Target}, name, resource)
	}
}
