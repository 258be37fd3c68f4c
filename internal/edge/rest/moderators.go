package rest

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
)

func (d *door) listChannelModerators(c *call) ([]byte, error) {
	return listOfChannel(c, "users", "/moderators", func(ctx context.Context, a chat.Actor, id chat.ChannelID, r chat.PageRequest) (chat.Page[chat.User], error) {
		return d.Channels.ListModerators(ctx, a, id, chat.UserFilter{}, r)
	}, c.style.User)
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
