package chat

import "time"

// Toggle is a setting that is on or off, as the Platform API spells it.
type Toggle string

// The two positions of a Toggle.
const (
	Enabled  Toggle = "ENABLED"
	Disabled Toggle = "DISABLED"
)

// Application is a tenant: one product that uses the server.
type Application struct {
	ID   ApplicationID
	Name string
	// Key is the public API key that clients connect with.
	Key        string
	ClientID   string
	Properties Properties
	Settings   Settings
	CreatedAt  time.Time
}

// Settings are what an application decides for all its users.
type Settings struct {
	// GuestUsers lets users start sessions who have not been authenticated:
	// known ones as they are, unknown ones as new guests.
	GuestUsers Toggle `json:"guestUsers"`
	// UserCreatedChannels lets users, not only the Platform API, create
	// public and private channels.
	UserCreatedChannels Toggle `json:"userCreatedChannels"`
	// ReadOnDelivery makes a message read for whoever it reaches while he
	// chats in its channel.
	ReadOnDelivery Toggle `json:"readOnDelivery"`
	// LinkPreviews has the pages fetched that messages link to, to show what
	// they are about.
	LinkPreviews Toggle `json:"linkPreviews"`
}

// DefaultSettings are those of a new application.
func DefaultSettings() Settings {
	return Settings{GuestUsers: Enabled, UserCreatedChannels: Enabled, ReadOnDelivery: Disabled, LinkPreviews: Disabled}
}

// CheckToggle refuses what is neither position of a Toggle.
func CheckToggle(field string, t Toggle) error {
	if t != Enabled && t != Disabled {
		return Invalidf(field, "must be %s or %s", Enabled, Disabled)
	}
	return nil
}

// Credentials are what an application owner gets once, when they are made.
type Credentials struct {
	Application  Application
	ClientSecret string
}
