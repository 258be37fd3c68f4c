package chat

// UserOperation is something to be done with a user, or with all that an
// application holds.
type UserOperation uint8

// The operations; userRights says what they are.
const (
	OpUpdateUser UserOperation = iota
	OpDeleteUser
	OpSetPicture
	OpCountUnread
	OpListNotifications
	OpSetGuest
	OpDeleteAllMessages
	OpDevices
	OpPush
	// UserOperations is how many there are.
	UserOperations
)

// userRights is the table of what is done outside channels: letters as in
// rights for the application, the user himself and another user.
var userRights = [UserOperations]struct{ who, what string }{ //nolint:gochecknoglobals // a constant table
	OpUpdateUser:        {"++f", "Change a user's display name, status and properties"},
	OpDeleteUser:        {"++f", "Delete a user"},
	OpSetPicture:        {"++f", "Set a user's display picture"},
	OpCountUnread:       {"++f", "Count what a user has not read"},
	OpListNotifications: {"++f", "List what a user has been notified of"},
	OpSetGuest:          {"+ff", "Say whether a user is a guest"},
	OpDeleteAllMessages: {"+ff", "Delete all messages of the application"},
	OpDevices:           {"++f", "Register, list and remove a user's devices, and say when to leave them alone"},
	OpPush:              {"+ff", "Set credentials for push, try it, and ask what became of a message"},
}

// String describes the operation in a few words.
func (o UserOperation) String() string { return userRights[o].what }

// CheckUserRight refuses to let the actor do something with a user.
func CheckUserRight(o UserOperation, a Actor, of UserID) error {
	who := 2
	switch {
	case a.IsApplication():
		who = 0
	case a.User == of:
		who = 1
	}
	if e := refusal(userRights[o].who[who]); e != nil {
		return e
	}
	return nil
}
