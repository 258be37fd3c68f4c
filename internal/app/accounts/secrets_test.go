package accounts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann, bob := t.Context(), w.User("ann"), w.User("bob")
		for _, value := range []string{`{"card": "4111-1111"}`, `"another"`} {
			if u, err := w.Accounts.SetSecret(ctx, w.Owner(), ann.ID, "card", json.RawMessage(value)); err != nil || u.ID != ann.ID {
				t.Fatal(u, err)
			}
			got, err := w.Accounts.RetrieveSecret(ctx, w.Owner(), ann.ID, "card")
			want(t, "the secret", string(got), strings.ReplaceAll(value, " ", ""))
			if err != nil {
				t.Error(err)
			}
		}
		want(t, "news", w.News(), "")
		var stored string
		read := func(tx *store.Tx) (err error) {
			stored, err = tx.Secret(w.App.ID, ann.ID, "card")
			return err
		}
		if err := w.DB.View(ctx, read); err != nil || strings.Contains(stored, "another") {
			t.Errorf("the database holds %q %v", stored, err)
		}
		// What is moved to somebody else does not open, and is a fault of ours.
		if err := w.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetSecret(w.App.ID, bob.ID, "card", stored) }); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Accounts.RetrieveSecret(ctx, w.Owner(), bob.ID, "card"); err == nil || chat.CodeOf(err) != chat.Internal {
			t.Errorf("a moved secret is %s %v", got, err)
		}
		if _, err := w.Accounts.RemoveSecret(ctx, w.Owner(), ann.ID, "card"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Accounts.DeleteUser(ctx, w.Owner(), bob.ID); err != nil {
			t.Fatal(err)
		}
		want(t, "rows", rowsOf(t, w, bob.ID), "none")
	})
}

// rowsOf tells whether a user has the secret "card".
func rowsOf(t *testing.T, w *apptest.World, id chat.UserID) string {
	t.Helper()
	err := w.DB.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Secret(w.App.ID, id, "card")
		return err
	})
	if err == nil {
		return "some"
	}
	return "none"
}

func TestWhoMayNotHandleSecrets(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx, ann := t.Context(), w.User("ann")
		if _, err := w.Accounts.SetSecret(ctx, w.Owner(), ann.ID, "name", json.RawMessage(`1`)); err != nil {
			t.Fatal(err)
		}
		foreign := chat.Actor{Application: w.Application("other").Application.ID}
		for _, c := range []struct {
			what   string
			actor  chat.Actor
			user   chat.UserID
			name   string
			reason error
		}{
			{"the user himself", w.As(ann), ann.ID, "name", chat.ErrForbidden},
			{"another application", foreign, ann.ID, "name", chat.ErrUnknownUser},
			{"of nobody", w.Owner(), 1, "name", chat.ErrUnknownUser},
			{"without a name", w.Owner(), ann.ID, "", apptest.Reason("InvalidRequestError")},
			{"with a long name", w.Owner(), ann.ID, strings.Repeat("x", 1025), apptest.Reason("InvalidRequestError")},
		} {
			w.Refused("setting: "+c.what, c.reason, func() error {
				_, err := w.Accounts.SetSecret(ctx, c.actor, c.user, c.name, json.RawMessage(`2`))
				return err
			})
			w.Refused("reading: "+c.what, c.reason, func() error {
				_, err := w.Accounts.RetrieveSecret(ctx, c.actor, c.user, c.name)
				return err
			})
			w.Refused("removing: "+c.what, c.reason, func() error {
				_, err := w.Accounts.RemoveSecret(ctx, c.actor, c.user, c.name)
				return err
			})
		}
		w.Refused("another name", apptest.Reason("SecretNotFoundError"), func() error {
			_, err := w.Accounts.RetrieveSecret(ctx, w.Owner(), ann.ID, "Name")
			return err
		})
	})
}
