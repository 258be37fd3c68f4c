package chat

// The rules about what may be done with a message that is there.

// wroteIt tells whether the actor is the author of a message.
func wroteIt(a Actor, m Message) bool { return m.User != nil && m.User.ID == a.User }

func createdIt(a Actor, c Channel) bool { return c.Creator != nil && c.Creator.ID == a.User }

// CheckEdit refuses a new body by anybody but the author, who must still be a
// member. The application may change every text.
func CheckEdit(a Actor, m Message, member bool) error {
	switch {
	case a.IsApplication() || (member && wroteIt(a, m)):
		return nil
	case !member:
		return ErrNotAMember
	}
	return &Error{Forbidden, "NotMessageAuthorError", "Only the author of the message may do this.", ""}
}

// CheckMessageProperties refuses new properties by anybody but the author and
// the creator of the channel.
func CheckMessageProperties(a Actor, c Channel, m Message, member bool) error {
	if createdIt(a, c) {
		return nil
	}
	return CheckEdit(a, m, member)
}

// CheckDeleteMessage refuses a deletion by anybody but the author and those who
// manage the channel: its creator and its moderators.
func CheckDeleteMessage(a Actor, c Channel, m Message, member, moderator bool) error {
	if member && moderator {
		return nil
	}
	return CheckMessageProperties(a, c, m, member)
}
