package rest

import (
	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/chat"
)

// retrieveApplication answers GET /application. It is also the answer of
// operations that removed something.
func (d *door) retrieveApplication(c *call) ([]byte, error) {
	app, err := d.Accounts.RetrieveApplication(c.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	return c.style.Application(nil, &app), nil
}

func (d *door) retrieveSettings(c *call) ([]byte, error) {
	app, err := d.Accounts.RetrieveApplication(c.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	return c.style.Settings(nil, app.Settings), nil
}

// updateSettings changes the settings that are named. Callers need not know
// all: one generation of SDKs knows guestUsers only, and none knows ours.
func (d *door) updateSettings(c *call) ([]byte, error) {
	o, err := readObject(c)
	if err != nil {
		return nil, err
	}
	p := accounts.SettingsPatch{
		GuestUsers: o.newToggle("guestUsers"), UserCreatedChannels: o.newToggle("userCreatedChannels"),
		ReadOnDelivery: o.newToggle("readOnDelivery"), LinkPreviews: o.newToggle("linkPreviews"),
	}
	if o.err != nil {
		return nil, o.err
	}
	settings, err := d.Accounts.UpdateSettings(c.Context(), c.actor, p)
	if err != nil {
		return nil, err
	}
	return c.style.Settings(nil, settings), nil
}

// newToggle reads a setting, nil where it stays as it was.
func (o *object) newToggle(name string) *chat.Toggle {
	return (*chat.Toggle)(o.newText(name))
}
