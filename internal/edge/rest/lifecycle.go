package rest

import (
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) updateMessage(c *call) ([]byte, error) {
	id, err := c.messageID()
	if err != nil {
		return nil, err
	}
	o, err := readPatch(c)
	if err != nil {
		return nil, err
	}
	patch := messages.Patch{Body: o.newText("body"), Properties: o.raw("properties")}
	if o.err != nil {
		return nil, o.err
	}
	m, err := d.Messages.Update(c.Context(), c.actor, id, patch)
	return c.message(m, err)
}

// deleteMessage answers with the thread that the message was in.
func (d *door) deleteMessage(c *call) ([]byte, error) {
	id, err := c.messageID()
	if err != nil {
		return nil, err
	}
	m, err := d.Messages.Retrieve(c.Context(), c.actor, id)
	if err != nil {
		return nil, err
	}
	if _, err := d.Messages.Delete(c.Context(), c.actor, id); err != nil {
		return nil, err
	}
	t, err := d.Messages.ThreadOf(c.Context(), c.actor, m)
	return c.thread(t, err)
}

func (d *door) deleteMessages(c *call) ([]byte, error) {
	if err := d.Messages.DeleteAll(c.Context(), c.actor); err != nil {
		return nil, err
	}
	return d.retrieveApplication(c)
}

func (d *door) listReportedMessages(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	page := q.page()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Messages.ListReported(c.Context(), c.actor, id, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("messages", channelPath(id, "/reported-messages")), list, c.style.Message), nil
}

func (c *call) threadID() (chat.ThreadID, error) {
	id, err := c.id("id", chat.ErrUnknownThread)
	return chat.ThreadID(id), err
}

func (d *door) retrieveThread(c *call) ([]byte, error) {
	id, err := c.threadID()
	if err != nil {
		return nil, err
	}
	t, err := d.Messages.RetrieveThread(c.Context(), c.actor, id)
	return c.thread(t, err)
}

func (d *door) listThreadMessages(c *call) ([]byte, error) {
	id, err := c.threadID()
	if err != nil {
		return nil, err
	}
	return d.messageList(c, readQuery(c), "/threads/"+c.PathValue("id")+"/messages", chat.MessageFilter{Thread: id})
}

func (d *door) sendThreadMessage(c *call) ([]byte, error) {
	id, err := c.threadID()
	if err != nil {
		return nil, err
	}
	return d.sendMessage(c, messages.SendInput{Thread: id})
}

// thread is the answer of an operation whose result is a thread.
func (c *call) thread(t chat.Thread, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.Thread(nil, &t), nil
}
