package rest

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

// listOfChannel answers with a page of what read lists of the channel that the
// path names: name is the list's in the answer, path what follows the channel's.
func listOfChannel[T any](
	c *call, name, path string,
	read func(context.Context, chat.Actor, chat.ChannelID, chat.PageRequest) (chat.Page[T], error), encode func([]byte, *T) []byte,
) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := read(c.Context(), c.actor, id, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list(name, channelPath(id, path)), list, encode), nil
}

func (d *door) listChannelMembers(c *call) ([]byte, error) {
	return listOfChannel(c, "users", "/members", d.Channels.ListMembers, c.style.User)
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
	return listOfChannel(c, "memberships", "/memberships", d.Channels.ListMemberships, c.style.Membership)
}

func (d *door) listChannelParticipants(c *call) ([]byte, error) {
	return listOfChannel(c, "users", "/participants", d.Channels.ListParticipants, c.style.User)
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
