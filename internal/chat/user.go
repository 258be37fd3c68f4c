package chat

import "time"

// User is a person or a bot of one application.
type User struct {
	ID          UserID
	Application ApplicationID
	// Name is unique among the living users of the application.
	Name        string
	DisplayName string
	// Picture is the URL of the display picture, the path of one that this
	// server keeps, or empty where the default picture is shown.
	Picture    string
	Guest      bool
	Properties Properties
	Presence   Presence
	CreatedAt  time.Time
	// Deleted marks the tombstone that stands for a deleted user under the
	// messages he wrote.
	Deleted bool
}

// Presence is whether a user can be reached, and what he says about it.
type Presence struct {
	// Online is derived from the user's sessions and never stored.
	Online bool
	// Status is the text the user chose, or empty: then it follows Online.
	Status string
}

// The status of users who chose none.
const (
	StatusAvailable   = "AVAILABLE"
	StatusUnavailable = "UNAVAILABLE"
)

// Shown gives the status as others see it.
func (p Presence) Shown() string {
	switch {
	case p.Status != "":
		return p.Status
	case p.Online:
		return StatusAvailable
	default:
		return StatusUnavailable
	}
}

// UserRef names a user the way requests do: by id or by name.
type UserRef struct {
	ID   UserID
	Name string
}

// IsZero tells that the reference names nobody.
func (r UserRef) IsZero() bool { return r.ID == 0 && r.Name == "" }
