package rest

func (d *door) listChannelInvites(c *call) ([]byte, error) {
	return listOfChannel(c, "invites", "/invites", d.Channels.ListInvites, c.style.ChannelInvite)
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
