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

// retrieveChannelMember is where the links of memberships lead; the contract
// has no such operation.
func (d *door) retrieveChannelMember(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	user, err := c.userID("user")
	if err != nil {
		return nil, err
	}
	u, err := d.Channels.RetrieveMember(c.Context(), c.actor, id, user)
	return c.user(u, err)
}

func (d *door) listChannelMemberships(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Channels.ListMemberships(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("memberships", channelPath(id, "/memberships")), list, c.style.Membership), nil
}

func (d *door) listChannelParticipants(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Channels.ListParticipants(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("users", channelPath(id, "/participants")), list, c.style.User), nil
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
