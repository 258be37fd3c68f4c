package push_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
)

// phone is a device that the application's webhook reaches.
func phone(token string) chat.Device { return chat.Device{Kind: chat.Webhook, Address: token} }

func register(t *testing.T, w *apptest.World, u chat.User, d chat.Device) chat.Device {
	t.Helper()
	made, err := w.Push.Register(t.Context(), w.As(u), u.ID, d)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// tokens lists what reaches a user.
func tokens(t *testing.T, w *apptest.World, u chat.User) string {
	t.Helper()
	list, err := w.Push.Devices(t.Context(), w.Owner(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range list {
		if d.User != u.ID || d.Application != u.Application || d.CreatedAt.IsZero() || d.RegisteredAt.Before(d.CreatedAt) {
			t.Errorf("listed: %+v", d)
		}
		all = append(all, d.Address)
	}
	return strings.Join(all, " ")
}

func TestDevices(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann, bob := w.User("ann"), w.User("bob")
		first := register(t, w, ann, phone("a"))
		register(t, w, ann, phone("b"))
		register(t, w, bob, phone("c"))
		apptest.Want(t, "ann's", tokens(t, w, ann), "b a")

		again := register(t, w, ann, phone("a"))
		apptest.Want(t, "registered again", again.ID, first.ID)
		w.Clock.Advance(1e9)
		moved := register(t, w, bob, phone("a"))
		apptest.Want(t, "moved", moved.ID, first.ID)
		apptest.Want(t, "ann's then", tokens(t, w, ann), "b")
		apptest.Want(t, "bob's then", tokens(t, w, bob), "a c")

		for i := range chat.MaxDevices {
			w.Clock.Advance(1e9)
			register(t, w, ann, phone(fmt.Sprint("n", i)))
		}
		if list := tokens(t, w, ann); strings.Count(list, " ") != chat.MaxDevices-1 || strings.Contains(list, "b") {
			t.Errorf("after many: %s", list)
		}

		remove := func(actor chat.Actor, of chat.UserID, id chat.DeviceID) func() error {
			return func() error { return w.Push.Remove(t.Context(), actor, of, id) }
		}
		w.Refused("another's by him", chat.ErrUnknownDevice, remove(w.As(ann), ann.ID, moved.ID))
		w.Refused("of another user", chat.ErrForbidden, remove(w.As(ann), bob.ID, moved.ID))
		w.Refused("of nobody", chat.ErrUnknownUser, remove(w.Owner(), 1, moved.ID))
		other := w.Application("other").Application
		w.Refused("by another application", chat.ErrUnknownUser, remove(chat.Actor{Application: other.ID}, bob.ID, moved.ID))
		w.Refused("with a bad token", apptest.Reason("InvalidRequestError"), func() error {
			_, err := w.Push.Register(t.Context(), w.As(ann), ann.ID, chat.Device{Kind: chat.FCM, Address: "?"})
			return err
		})
		if err := w.Push.Remove(t.Context(), w.As(bob), bob.ID, moved.ID); err != nil {
			t.Error(err)
		}
		apptest.Want(t, "bob's in the end", tokens(t, w, bob), "c")

		if _, err := w.Accounts.DeleteUser(t.Context(), w.Owner(), bob.ID); err != nil {
			t.Fatal(err)
		}
		carol := w.User("carol")
		fresh := register(t, w, carol, phone("c"))
		if !fresh.CreatedAt.Equal(fresh.RegisteredAt) {
			t.Error("a deleted user's device was still there")
		}
	})
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ann := w.User("ann")
		room, den, away := w.Channel(chat.Public, "room", ann), w.Channel(chat.Private, "den", ann), w.Channel(chat.Private, "away")
		quiet := &chat.QuietHours{Start: 60, End: 120, TimeZone: "Europe/Berlin"}
		set := func(p push.PreferencesPatch) chat.PushPreferences {
			t.Helper()
			said, err := w.Push.SetPreferences(t.Context(), w.As(ann), ann.ID, p)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := w.Push.Preferences(t.Context(), w.Owner(), ann.ID)
			if err != nil || fmt.Sprint(kept.Channels) != fmt.Sprint(said.Channels) || (kept.Quiet == nil) != (said.Quiet == nil) {
				t.Errorf("kept %+v, %v; said %+v", kept, err, said)
			}
			return said
		}
		p := set(push.PreferencesPatch{SetQuiet: true, Quiet: quiet, Channels: []chat.ChannelPreference{{Channel: room.ID, Push: chat.PushNone}, {Channel: den.ID, Push: chat.PushMentions}}})
		if p.Quiet == nil || *p.Quiet != *quiet || len(p.Channels) != 2 {
			t.Errorf("set: %+v", p)
		}
		p = set(push.PreferencesPatch{Channels: []chat.ChannelPreference{{Channel: room.ID, Push: chat.PushAll}}})
		if p.Quiet == nil || len(p.Channels) != 1 || p.Channels[0].Channel != den.ID || p.Channels[0].Push != chat.PushMentions {
			t.Errorf("changed in part: %+v", p)
		}
		if p = set(push.PreferencesPatch{SetQuiet: true}); p.Quiet != nil {
			t.Errorf("no quiet hours: %+v", p)
		}
		refused := func(what string, reason error, p push.PreferencesPatch) {
			t.Helper()
			w.Refused(what, reason, func() error {
				_, err := w.Push.SetPreferences(t.Context(), w.As(ann), ann.ID, p)
				return err
			})
		}
		refused("a channel he is not in", chat.ErrUnknownChannel, push.PreferencesPatch{SetQuiet: true, Channels: []chat.ChannelPreference{{Channel: away.ID, Push: chat.PushNone}}})
		refused("a word", apptest.Reason("InvalidRequestError"), push.PreferencesPatch{Channels: []chat.ChannelPreference{{Channel: room.ID, Push: "SOME"}}})
		refused("a zone", apptest.Reason("InvalidRequestError"), push.PreferencesPatch{SetQuiet: true, Quiet: &chat.QuietHours{End: 1, TimeZone: "x"}})
	})
}

// pemKey writes a new private key as providers do.
func pemKey(t *testing.T, key any, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// account is the file of a service account.
func account(t *testing.T, change map[string]any) json.RawMessage {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	file := map[string]any{
		"type": "service_account", "project_id": "cats", "private_key_id": "k1", "client_email": "push@cats.example",
		"private_key": pemKey(t, key, err), "token_uri": "https://evil.example",
	}
	for name, value := range change {
		file[name] = value
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const hookSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestCredentials(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		apple := pemKey(t, key, err)
		google := account(t, nil)
		quoted, err := json.Marshal(string(google))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, in := range []push.CredentialsInput{
			{Kind: chat.WebPush, Subject: "mailto:ops@cats.example"},
			{Kind: chat.FCM, ServiceAccount: google}, {Kind: chat.FCM, ServiceAccount: quoted},
			{Kind: chat.APNS, KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", PrivateKey: apple},
			{Kind: chat.Webhook, URL: "https://cats.example/hook", Secret: hookSecret},
		} {
			c, err := w.Push.SetCredentials(t.Context(), w.Owner(), in)
			if err != nil {
				t.Fatalf("%s: %v", in.Kind, err)
			}
			all = append(all, fmt.Sprintf("%+v", c))
		}
		listed, err := w.Push.Credentials(t.Context(), w.Owner())
		if err != nil || len(listed) != 4 {
			t.Fatalf("listed %v, %v", listed, err)
		}
		for _, c := range listed {
			all = append(all, fmt.Sprintf("%+v", c))
		}
		if shown := strings.Join(all, " "); strings.Contains(shown, "PRIVATE KEY") || strings.Contains(shown, "whsec_") || !strings.Contains(shown, "push@cats.example") ||
			!strings.Contains(shown, "DEF123GHIJ") || !strings.Contains(shown, "https://cats.example/hook") {
			t.Errorf("shown: %s", shown)
		}
		given, err := w.Push.WebPushKey(t.Context(), w.As(w.User("ann")))
		if raw, bad := base64.RawURLEncoding.DecodeString(given); err != nil || bad != nil || len(raw) != 65 {
			t.Errorf("key %q, %v", given, err)
		}
		other := chat.Actor{Application: w.Application("other").Application.ID}
		made, err := w.Push.WebPushKey(t.Context(), other)
		if again, err2 := w.Push.WebPushKey(t.Context(), other); err != nil || err2 != nil || again != made || made == given || made == "" {
			t.Errorf("made %q, then %q, %v, %v", made, again, err, err2)
		}
		w.Refused("removed twice", chat.ErrNoCredentials, func() error { return w.Push.RemoveCredentials(t.Context(), other, chat.FCM) })
		if err := w.Push.RemoveCredentials(t.Context(), w.Owner(), chat.FCM); err != nil {
			t.Error(err)
		}
		notStored(t, w, apple, hookSecret)
	})
}

// notStored looks for secrets in the file of the database.
func notStored(t *testing.T, w *apptest.World, secrets ...string) {
	t.Helper()
	if strings.HasPrefix(w.DSN, "postgres") {
		return
	}
	db, err := sql.Open("sqlite", filepath.Clean(w.DSN))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stored string
	if err := db.QueryRowContext(t.Context(), "SELECT group_concat(shown || secret) FROM push_credentials").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if strings.Contains(stored, s) || strings.Contains(stored, s[8:40]) {
			t.Error("a secret can be read in the database")
		}
	}
}

func TestBadCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		apple := pemKey(t, ec, err)
		large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		wrong := pemKey(t, large, err)
		for _, c := range []struct {
			field string
			in    push.CredentialsInput
		}{
			{"subject", push.CredentialsInput{Kind: chat.WebPush, Subject: "http://x.example"}},
			{"privateKey", push.CredentialsInput{Kind: chat.WebPush, PrivateKey: "AAAA"}},
			{"serviceAccount", push.CredentialsInput{Kind: chat.FCM}},
			{"serviceAccount", push.CredentialsInput{Kind: chat.FCM, ServiceAccount: json.RawMessage(`"{"`)}},
			{"serviceAccount", push.CredentialsInput{Kind: chat.FCM, ServiceAccount: account(t, map[string]any{"type": "user"})}},
			{"serviceAccount.project_id", push.CredentialsInput{Kind: chat.FCM, ServiceAccount: account(t, map[string]any{"project_id": "../x"})}},
			{"serviceAccount.client_email", push.CredentialsInput{Kind: chat.FCM, ServiceAccount: account(t, map[string]any{"client_email": ""})}},
			{"serviceAccount.private_key", push.CredentialsInput{Kind: chat.FCM, ServiceAccount: account(t, map[string]any{"private_key": apple})}},
			{"keyId", push.CredentialsInput{Kind: chat.APNS, KeyID: "x", TeamID: "DEF123GHIJ", PrivateKey: apple}},
			{"teamId", push.CredentialsInput{Kind: chat.APNS, KeyID: "ABC123DEFG", TeamID: "def123ghij", PrivateKey: apple}},
			{"privateKey", push.CredentialsInput{Kind: chat.APNS, KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", PrivateKey: "x"}},
			{"privateKey", push.CredentialsInput{Kind: chat.APNS, KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", PrivateKey: wrong}},
			{"url", push.CredentialsInput{Kind: chat.Webhook, Secret: hookSecret}},
			{"url", push.CredentialsInput{Kind: chat.Webhook, URL: "ftp://x", Secret: hookSecret}},
			{"url", push.CredentialsInput{Kind: chat.Webhook, URL: "https://a:b@x.example", Secret: hookSecret}},
			{"secret", push.CredentialsInput{Kind: chat.Webhook, URL: "https://x.example", Secret: strings.TrimPrefix(hookSecret, "whsec_")}},
			{"secret", push.CredentialsInput{Kind: chat.Webhook, URL: "https://x.example", Secret: "whsec_AAAA"}},
		} {
			w.Refused(fmt.Sprint(c.in.Kind, " ", c.field), apptest.Reason("InvalidRequestError"), func() error {
				_, err := w.Push.SetCredentials(t.Context(), w.Owner(), c.in)
				var refused *chat.Error
				if errors.As(err, &refused) && refused.Field != c.field {
					t.Errorf("%v, want a fault of %s", err, c.field)
				}
				return err
			})
		}
		w.Refused("no kind", chat.ErrNoCredentials, func() error {
			_, err := w.Push.SetCredentials(t.Context(), w.Owner(), push.CredentialsInput{Kind: "PIGEON"})
			return err
		})
		ann := w.User("ann")
		w.Refused("a user", chat.ErrForbidden, func() error {
			_, err := w.Push.SetCredentials(t.Context(), w.As(ann), push.CredentialsInput{Kind: chat.WebPush})
			return err
		})
	})
}
