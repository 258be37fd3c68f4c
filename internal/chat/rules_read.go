package chat

// CheckRead refuses to move a read position that is not there: only members
// have one.
func CheckRead(a Actor, member bool) error {
	if a.IsApplication() || !member {
		return ErrNotAMember
	}
	return nil
}

// CheckUnreadOf refuses to let a user know how much another one has not read.
func CheckUnreadOf(a Actor, of UserID) error {
	if a.IsApplication() || a.User == of {
		return nil
	}
	return ErrForbidden
}
