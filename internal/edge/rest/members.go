package rest

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listChannelMembers(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	members, err := d.Channels.ListMembers(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("users", channelPath(id, "/members")), members, c.style.User), nil
}

func (d *door) addChannelMember(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	ref := o.userRef()
	if o.err != nil {
		return nil, o.err
	}
	v, err := d.Channels.AddMember(c.Context(), c.actor, id, ref)
	return c.channel(v, err)
}

func (d *door) removeChannelMember(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	user, err := c.userID("user")
	if err != nil {
		return nil, err
	}
	v, err := d.Channels.RemoveMember(c.Context(), c.actor, id, chat.UserRef{ID: user})
	return c.channel(v, err)
}
