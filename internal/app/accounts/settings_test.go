package accounts_test

import (
	"testing"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
)

func to(t chat.Toggle) *chat.Toggle { return &t }

func TestSettingsChangeOneByOne(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		update := func(p accounts.SettingsPatch) chat.Settings {
			t.Helper()
			s, err := w.Accounts.UpdateSettings(t.Context(), w.Owner(), p)
			if err != nil {
				t.Fatal(err)
			}
			app, err := w.Accounts.RetrieveApplication(t.Context(), w.Owner())
			if err != nil || app.Settings != s {
				t.Errorf("kept: %+v %v, want %+v", app.Settings, err, s)
			}
			return s
		}
		other := w.Application("other").Application
		wanted := chat.DefaultSettings()
		apptest.Want(t, "nothing named", update(accounts.SettingsPatch{}), wanted)
		apptest.Want(t, "the same again", update(accounts.SettingsPatch{GuestUsers: to(chat.Enabled)}), wanted)
		apptest.Want(t, "news of no change", w.News(), "")
		wanted.GuestUsers, wanted.LinkPreviews = chat.Disabled, chat.Enabled
		apptest.Want(t, "two", update(accounts.SettingsPatch{GuestUsers: to(chat.Disabled), LinkPreviews: to(chat.Enabled)}), wanted)
		wanted.UserCreatedChannels, wanted.ReadOnDelivery = chat.Disabled, chat.Enabled
		apptest.Want(t, "the others", update(accounts.SettingsPatch{UserCreatedChannels: to(chat.Disabled), ReadOnDelivery: to(chat.Enabled)}), wanted)
		apptest.Want(t, "news", w.News(), "settings.updated settings.updated")
		untouched, err := w.Accounts.RetrieveApplication(t.Context(), chat.Actor{Application: other.ID})
		if err != nil || untouched.Settings != chat.DefaultSettings() {
			t.Errorf("the other application: %+v %v", untouched.Settings, err)
		}

		off := chat.Toggle("OFF")
		for field, p := range map[string]accounts.SettingsPatch{
			"guestUsers": {GuestUsers: &off}, "userCreatedChannels": {UserCreatedChannels: &off},
			"readOnDelivery": {ReadOnDelivery: &off}, "linkPreviews": {LinkPreviews: &off, GuestUsers: to(chat.Enabled)},
		} {
			w.Refused("an unknown word for "+field, chat.Invalidf(field, "must be ENABLED or DISABLED"), func() error {
				_, err := w.Accounts.UpdateSettings(t.Context(), w.Owner(), p)
				return err
			})
		}
		ann := w.User("ann")
		w.Refused("a user", chat.ErrForbidden, func() error {
			_, err := w.Accounts.UpdateSettings(t.Context(), w.As(ann), accounts.SettingsPatch{})
			return err
		})
		w.Refused("an unknown application", chat.ErrUnknownApplication, func() error {
			_, err := w.Accounts.UpdateSettings(t.Context(), chat.Actor{Application: 1}, accounts.SettingsPatch{})
			return err
		})
	})
}

// What a node knows without reading follows the log, whatever was read when.
func TestANodeFollowsTheSettings(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		reads := func(what string, node *accounts.Accounts, wanted bool) {
			t.Helper()
			apptest.Want(t, what, node.ReadsOnDelivery(w.App.ID), wanted)
		}
		set := func(to chat.Toggle) []chat.Event {
			t.Helper()
			w.Events()
			if _, err := w.Accounts.UpdateSettings(t.Context(), w.Owner(), accounts.SettingsPatch{ReadOnDelivery: &to}); err != nil {
				t.Fatal(err)
			}
			return w.Events()
		}
		session := func(node *accounts.Accounts) {
			t.Helper()
			if _, err := node.StartSession(t.Context(), accounts.StartSessionInput{Key: w.App.Key, Username: "ann"}); err != nil {
				t.Fatal(err)
			}
		}
		one, two := w.Node(1), w.Node(2)
		reads("before any session", one, false)
		session(one)
		reads("as it is by default", one, false)
		on := set(chat.Enabled)
		reads("before it is heard of", one, false)
		one.Heard(on)
		reads("heard", one, true)
		session(two)
		reads("read by a node that came later", two, true)
		off := set(chat.Disabled)
		one.Heard(off)
		two.Heard(off)
		session(one)
		reads("off here", one, false)
		reads("off there", two, false)
		on = set(chat.Enabled)
		two.Heard(on)
		off = set(chat.Disabled)
		session(two) // reads what is newer than what was heard
		reads("heard of, the newest not yet", two, true)
		two.Heard(off)
		reads("heard of all", two, false)
	})
}
