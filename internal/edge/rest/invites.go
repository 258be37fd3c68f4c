package rest

import (
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listChannelInvites(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Channels.ListInvites(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("invites", channelPath(id, "/invites")), list, c.style.ChannelInvite), nil
}

// sendChannelInvite makes the invited user a member: no client can answer an
// invitation.
func (d *door) sendChannelInvite(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	user := o.requiredReference("user")
	if o.err != nil {
		return nil, o.err
	}
	i, _, err := d.Channels.Invite(c.Context(), c.actor, id, user)
	if err != nil {
		return nil, err
	}
	return c.style.ChannelInvite(nil, &i), nil
}
