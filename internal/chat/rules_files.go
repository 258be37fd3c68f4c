package chat

// CheckPicture refuses to let a user change somebody else's picture.
func CheckPicture(a Actor, u UserID) error {
	if a.IsApplication() || a.User == u {
		return nil
	}
	return ErrForbidden
}
