package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// SettingsPatch changes an application's settings. Nil members stay as they
// are.
type SettingsPatch struct {
	GuestUsers, UserCreatedChannels, ReadOnDelivery, LinkPreviews *chat.Toggle
}

// UpdateSettings changes the settings of the actor's application. Every node
// follows as it hears of the event.
func (a *Accounts) UpdateSettings(ctx context.Context, actor chat.Actor, p SettingsPatch) (s chat.Settings, err error) {
	if !actor.IsApplication() {
		return s, chat.ErrForbidden
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		app, err := tx.Application(actor.Application)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		if s, err = p.apply(app.Settings); err != nil || s == app.Settings {
			return err
		}
		if err := tx.SetSettings(app.ID, s); err != nil {
			return err
		}
		data, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		_, err = tx.Record(chat.Event{Application: app.ID, Kind: chat.SettingsUpdated, Data: string(data)})
		return err
	})
	return s, err
}

func (p SettingsPatch) apply(s chat.Settings) (chat.Settings, error) {
	for _, x := range []struct {
		field string
		to    *chat.Toggle
		at    *chat.Toggle
	}{
		{"guestUsers", p.GuestUsers, &s.GuestUsers},
		{"userCreatedChannels", p.UserCreatedChannels, &s.UserCreatedChannels},
		{"readOnDelivery", p.ReadOnDelivery, &s.ReadOnDelivery},
		{"linkPreviews", p.LinkPreviews, &s.LinkPreviews},
	} {
		if x.to == nil {
			continue
		}
		if err := chat.CheckToggle(x.field, *x.to); err != nil {
			return s, err
		}
		*x.at = *x.to
	}
	return s, nil
}

// ReadsOnDelivery tells whether an application reads what is delivered, as of
// the newest event that was Heard. It neither waits nor reads, and knows the
// applications that had a session begin here since the start.
func (a *Accounts) ReadsOnDelivery(app chat.ApplicationID) bool {
	s, known := a.settings.Load(app)
	return known && s.(chat.Settings).ReadOnDelivery == chat.Enabled //nolint:forcetypeassert // nothing else is in it
}

// know keeps the settings of an application that was read from the store,
// unless newer ones may have been heard of since.
func (a *Accounts) know(app chat.Application) { a.settings.LoadOrStore(app.ID, app.Settings) }

// Heard takes note of committed events, in the order of the log.
func (a *Accounts) Heard(events []chat.Event) {
	for _, e := range events {
		if e.Kind != chat.SettingsUpdated {
			continue
		}
		var s chat.Settings
		if err := json.Unmarshal([]byte(e.Data), &s); err == nil { // UpdateSettings has written it
			a.settings.Store(e.Application, s)
		}
	}
}
