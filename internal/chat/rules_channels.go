package chat

// The rules about managing a channel and its members.

// ErrBlockedInChannel refuses to let somebody into a channel he is blocked in.
var ErrBlockedInChannel = &Error{Forbidden, "BlockedInChannelError", "The user is blocked in this channel.", ""}

// ErrUserBlocked refuses what would connect two users one of whom has blocked
// the other. It does not say who has.
var ErrUserBlocked = &Error{Forbidden, "UserBlockedError", "One of the users has blocked the other.", ""}

// CheckManage refuses to let a user manage a channel who neither created nor
// moderates it.
func CheckManage(a Actor, c Channel, moderator bool) error {
	if a.IsApplication() || moderator || (c.Creator != nil && c.Creator.ID == a.User) {
		return nil
	}
	return &Error{Forbidden, "NotAChannelModeratorError", "Only the creator and the moderators of the channel may do this.", ""}
}

// CheckInvite refuses an invitation by somebody who is no member, or into a
// direct channel, whose members are fixed.
func CheckInvite(a Actor, c Channel, member bool) error {
	if c.Type == Direct {
		return &Error{Forbidden, "ChannelNotInvitableError", "Nobody can be invited into a direct channel.", ""}
	}
	return CheckPost(a, member)
}

// CheckHide refuses to hide what is no direct channel, or not one's own.
func CheckHide(c Channel, member bool) error {
	if c.Type != Direct {
		return &Error{Forbidden, "ChannelNotHideableError", "Only direct channels can be hidden.", ""}
	}
	if !member {
		return ErrNotAMember
	}
	return nil
}
