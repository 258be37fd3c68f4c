package rest

import (
	"strconv"
	"time"

	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listChannels(c *call) ([]byte, error) {
	q := readQuery(c)
	filter, page := chat.ChannelFilter{
		Type:    chat.ChannelType(q.text("type", 16)),
		Members: q.texts("members", chat.MaxUsername),
		From:    q.time("startTime"),
		To:      throughMillisecond(q.time("endTime")),

		Properties: q.properties("properties"),
	}, q.page()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Channels.List(c.Context(), c.actor, filter, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("channels", "/channels"), list, c.style.Channel), nil
}

// throughMillisecond moves an end that is exact to the millisecond to the last
// instant of it. Creation times are shown more exactly than a JavaScript Date
// can hold, and the end of a range belongs to it: a channel must be found by
// its own creation time.
func throughMillisecond(t time.Time) time.Time {
	if t.IsZero() || t.Nanosecond()%int(time.Millisecond) != 0 {
		return t
	}
	return t.Add(time.Millisecond - time.Nanosecond)
}

// createChannel answers with the new channel, or with an equivalent one that
// was there before; callers cannot tell and need not.
func (d *door) createChannel(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	in := channels.CreateInput{
		Type:        chat.ChannelType(o.text("type")),
		Name:        o.text("name"),
		DisplayName: o.text("displayName"),
		Properties:  o.raw("properties"),
		Creator:     o.reference("creator"),
		Members:     o.references("members"),
	}
	if o.err != nil {
		return nil, o.err
	}
	created, err := d.Channels.Create(c.Context(), c.actor, in)
	return c.channel(created.View, err)
}

func (d *door) retrieveChannel(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	v, err := d.Channels.Retrieve(c.Context(), c.actor, id)
	return c.channel(v, err)
}

func (d *door) updateChannel(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	o, err := readPatch(c)
	if err != nil {
		return nil, err
	}
	patch := channels.Patch{DisplayName: o.newText("displayName"), Properties: o.raw("properties")}
	if o.err != nil {
		return nil, o.err
	}
	v, err := d.Channels.Update(c.Context(), c.actor, id, patch)
	return c.channel(v, err)
}

func (d *door) deleteChannel(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	if _, err := d.Channels.Delete(c.Context(), c.actor, id); err != nil {
		return nil, err
	}
	return d.retrieveApplication(c)
}

// channel is the answer of an operation whose result is a channel.
func (c *call) channel(v chat.View, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.style.Channel(nil, &v), nil
}

// channelPath leads to a part of a channel below its application.
func channelPath(id chat.ChannelID, part string) string {
	return "/channels/" + strconv.FormatInt(int64(id), 10) + part
}
