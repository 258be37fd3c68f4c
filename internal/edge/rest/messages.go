package rest

import (
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/formdata"
)

func (d *door) listMessages(c *call) ([]byte, error) {
	q := readQuery(c)
	return d.messageList(c, q, "/messages", q.messageFilter())
}

func (d *door) listChannelMessages(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	f := q.messageFilter()
	f.Channel = id
	return d.messageList(c, q, channelPath(id, "/messages"), f)
}

// listUserMessages lists what a user has sent or, with unread, what he has not
// read.
func (d *door) listUserMessages(c *call) ([]byte, error) {
	id, err := c.userID("id")
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	f := chat.MessageFilter{Author: id}
	if q.flag("unread") {
		f = chat.MessageFilter{UnreadBy: id}
	}
	return d.messageList(c, q, "/users/"+c.PathValue("id")+"/messages", f)
}

// messageFilter reads the filters of the lists of an application and of a
// channel.
func (q *query) messageFilter() chat.MessageFilter {
	return chat.MessageFilter{Username: q.text("username", chat.MaxUsername), Query: q.text("query", chat.MaxQuery)}
}

// messageList answers with a page of messages.
func (d *door) messageList(c *call, q *query, path string, f chat.MessageFilter) ([]byte, error) {
	cursor := q.cursor()
	if q.err != nil {
		return nil, q.err
	}
	// Only the types of the SDK that asks for this spelling have a total.
	cursor.Total = c.style.Spelling == wire.Snake
	list, err := d.Messages.List(c.Context(), c.actor, f, cursor)
	if err != nil {
		return nil, err
	}
	return wire.CursorPage(nil, c.style, q.list("messages", path), list, c.style.Message), nil
}

func (d *door) sendChannelMessage(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	return d.sendMessage(c, messages.SendInput{Channel: id})
}

// sendMessage reads a message and sends it to where in says that it belongs.
func (d *door) sendMessage(c *call, in messages.SendInput) ([]byte, error) {
	if formdata.Is(c.Request) {
		return d.uploadMessage(c, in)
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in = messages.SendInput{
		Channel: in.Channel, Parent: in.Parent, Thread: in.Thread,
		User:       o.reference("user"),
		GroupTag:   o.text("groupTag"),
		Properties: o.raw("properties"),
	}
	in.Body, in.File = o.messageContent()
	if o.err != nil {
		return nil, o.err
	}
	sent, err := d.Messages.Send(c.Context(), c.actor, in)
	return c.message(sent.Message, err)
}

// messageContent reads what a message says or shows, by its type.
func (o *object) messageContent() (body string, file *chat.File) {
	switch kind := chat.MessageType(o.text("type")); {
	case o.err != nil:
	case kind == chat.TextMessage:
		return o.requiredText("body"), nil
	case kind == chat.FileMessage:
		return "", o.requiredFile("file")
	default:
		o.fail("type", "must be TEXT or FILE")
	}
	return "", nil
}

func (d *door) retrieveMessage(c *call) ([]byte, error) {
	id, err := c.messageID()
	if err != nil {
		return nil, err
	}
	m, err := d.Messages.Retrieve(c.Context(), c.actor, id)
	return c.message(m, err)
}

// message is the answer of an operation whose result is a message.
func (c *call) message(m chat.Message, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.Message(nil, &m), nil
}
