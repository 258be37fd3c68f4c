package rest

import (
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listChannelModerators(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	q := readQuery(c)
	list, err := d.Channels.ListModerators(c.Context(), c.actor, id, chat.UserFilter{}, q.page())
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("users", channelPath(id, "/moderators")), list, c.style.User), nil
}

// addChannelModerator answers with the user.
func (d *door) addChannelModerator(c *call) ([]byte, error) {
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
	_, u, _, err := d.Channels.SetModerator(c.Context(), c.actor, id, ref, true)
	return c.user(u, err)
}

// removeChannelModerator answers with the channel.
func (d *door) removeChannelModerator(c *call) ([]byte, error) {
	id, err := c.channelID()
	if err != nil {
		return nil, err
	}
	user, err := c.userID("user")
	if err != nil {
		return nil, err
	}
	v, _, _, err := d.Channels.SetModerator(c.Context(), c.actor, id, chat.UserRef{ID: user}, false)
	return c.channel(v, err)
}
