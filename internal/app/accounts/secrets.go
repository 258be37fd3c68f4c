package accounts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// ErrUnknownSecret says that a user has no secret of that name.
var ErrUnknownSecret = &chat.Error{Code: chat.NotFound, Reason: "SecretNotFoundError", Message: "The user has no secret of this name."}

// SetSecret keeps any JSON value for a user under a name, in the place of what
// was there. Only the application may, and nobody else ever sees it: it is
// sealed before it is stored, and goes with the user.
func (a *Accounts) SetSecret(ctx context.Context, actor chat.Actor, id chat.UserID, name string, value json.RawMessage) (u chat.User, err error) {
	if err := checkSecret(actor, name); err != nil {
		return u, err
	}
	if len(value) == 0 {
		return u, chat.Invalidf("secret", "must not be missing")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return u, chat.Invalidf("secret", "must be JSON")
	}
	if compact.Len() > chat.MaxSecret {
		return u, chat.Invalidf("secret", "must not exceed %d bytes", chat.MaxSecret)
	}
	sealed := a.Secrets.Seal(compact.Bytes(), secretPlace(actor.Application, id, name))
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		return tx.SetSecret(actor.Application, id, name, sealed)
	})
	return u, err
}

// RetrieveSecret gives what SetSecret was given last.
func (a *Accounts) RetrieveSecret(ctx context.Context, actor chat.Actor, id chat.UserID, name string) (json.RawMessage, error) {
	if err := checkSecret(actor, name); err != nil {
		return nil, err
	}
	var sealed string
	err := a.DB.View(ctx, func(tx *store.Tx) error {
		_, err := tx.User(actor.Application, id)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		sealed, err = tx.Secret(actor.Application, id, name)
		return store.OrRefuse(err, ErrUnknownSecret)
	})
	if err != nil {
		return nil, err
	}
	value, err := a.Secrets.Open(sealed, secretPlace(actor.Application, id, name))
	if err != nil {
		return nil, fmt.Errorf("open a secret of user %d: %w", id, err)
	}
	return value, nil
}

// RemoveSecret forgets a secret.
func (a *Accounts) RemoveSecret(ctx context.Context, actor chat.Actor, id chat.UserID, name string) (u chat.User, err error) {
	if err := checkSecret(actor, name); err != nil {
		return u, err
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		return store.OrRefuse(tx.DeleteSecret(actor.Application, id, name), ErrUnknownSecret)
	})
	return u, err
}

func checkSecret(actor chat.Actor, name string) error {
	if !actor.IsApplication() {
		return chat.ErrForbidden
	}
	return chat.CheckText("name", name, chat.MaxSecretName)
}

// secretPlace is where a secret is kept, so that none can be put in the place
// of another.
func secretPlace(app chat.ApplicationID, id chat.UserID, name string) string {
	return fmt.Sprintf("user secret %d/%d/%s", app, id, name)
}
