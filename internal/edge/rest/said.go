package rest

import (
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
)

// sendChannelEvent tells those who chat in a channel something of the
// application's own, and echoes it.
func (d *door) sendChannelEvent(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	kind, properties := o.requiredText("type"), o.raw("properties")
	if o.err != nil {
		return nil, o.err
	}
	e, err := d.Channels.Trigger(c.Context(), c.actor, id, kind, properties)
	if err != nil {
		return nil, err
	}
	return c.style.CustomEvent(nil, &e, nil, id), nil
}

func (d *door) sendChannelKeystrokes(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	return d.sendKeystrokes(c, channels.TypeInput{Channel: id})
}

func (d *door) sendThreadKeystrokes(c *call) ([]byte, error) {
	id, err := c.threadID()
	if err != nil {
		return nil, err
	}
	return d.sendKeystrokes(c, channels.TypeInput{Thread: id})
}

// sendKeystrokes types for a user to where in says, and echoes it.
func (d *door) sendKeystrokes(c *call, in channels.TypeInput) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in.Keys, in.User = o.requiredText("keys"), o.requiredReference("user")
	if o.err != nil {
		return nil, o.err
	}
	var u chat.User
	if u, err = d.Channels.Type(c.Context(), c.actor, in); err != nil {
		return nil, err
	}
	return c.style.Keystrokes(nil, &u, in.Keys), nil
}
