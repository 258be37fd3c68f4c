package chat

// The rules about who may do what in a channel. They are pure: a deed loads
// what they need inside its transaction and asks.

// MaySee tells whether the actor may know that the channel exists: the
// application sees all, a user sees public channels and his own.
func MaySee(a Actor, c Channel, member bool) bool {
	return a.IsApplication() || member || c.Type == Public
}

// CheckPost refuses a message by somebody who may not write: users write
// where they are members, the application writes everywhere.
func CheckPost(a Actor, member bool) error {
	if a.IsApplication() || member {
		return nil
	}
	return ErrNotAMember
}

// CheckJoin refuses to let a user join by himself what is not public.
func CheckJoin(c Channel) error {
	if c.Type != Public {
		return &Error{Forbidden, "ChannelNotPubliclyJoinableError", "Only public channels can be joined without an invitation.", ""}
	}
	return nil
}

// CheckLeave refuses to take a member out of a direct channel.
func CheckLeave(c Channel, member bool) error {
	if c.Type == Direct {
		return &Error{Forbidden, "DirectChannelMembersError", "The members of a direct channel are fixed.", ""}
	}
	if !member {
		return ErrNotAMember
	}
	return nil
}

// CheckAddMember refuses to add members to a direct channel.
func CheckAddMember(c Channel) error {
	if c.Type == Direct {
		return &Error{Invalid, "DirectChannelMembersError", "The members of a direct channel are fixed.", ""}
	}
	return nil
}
