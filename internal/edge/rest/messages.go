package rest

import (
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/formdata"
)

func (d *door) listChannelMessages(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	cursor := q.cursor()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Messages.List(c.Context(), c.actor, chat.MessageFilter{Channel: id}, cursor)
	if err != nil {
		return nil, err
	}
	return wire.CursorPage(nil, c.style, q.list("messages", channelPath(id, "/messages")), list, c.style.Message), nil
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
