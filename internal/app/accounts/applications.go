package accounts

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// CreateApplication makes a tenant and its credentials. The client secret is
// shown this once: only its hash is kept.
func (a *Accounts) CreateApplication(ctx context.Context, name string) (chat.Credentials, error) {
	if err := chat.CheckText("name", name, chat.MaxDisplayName); err != nil {
		return chat.Credentials{}, err
	}
	c := chat.Credentials{
		Application: chat.Application{
			ID: chat.ApplicationID(a.IDs.Next()), Name: name, Key: ident.UUID(), ClientID: ident.UUID(),
			Settings: chat.DefaultSettings(),
		},
		ClientSecret: secret(),
	}
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		c.Application.CreatedAt = tx.Now
		return tx.InsertApplication(c.Application, hash(c.ClientSecret))
	})
	return c, err
}

// ListApplications lists all tenants of the installation, oldest first.
func (a *Accounts) ListApplications(ctx context.Context) (list []chat.Application, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Applications()
		return err
	})
	return list, err
}

// RotateSecret replaces an application's client secret and revokes what the old
// one has led to: the tokens, and the secret of the application's runtime, which
// whoever had a token could read.
func (a *Accounts) RotateSecret(ctx context.Context, id chat.ApplicationID) (chat.Credentials, error) {
	c := chat.Credentials{ClientSecret: secret()}
	err := a.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if c.Application, err = tx.Application(id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownApplication)
		}
		if err := tx.SetClientSecretHash(id, hash(c.ClientSecret)); err != nil {
			return err
		}
		if err := tx.RevokeRuntimeSecret(id); err != nil {
			return err
		}
		return tx.DeleteTokens(id)
	})
	return c, err
}

// RetrieveApplication gives the actor's application.
func (a *Accounts) RetrieveApplication(ctx context.Context, actor chat.Actor) (app chat.Application, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		app, err = tx.Application(actor.Application)
		return store.OrRefuse(err, chat.ErrUnknownApplication)
	})
	return app, err
}

// Token is an access token for the Platform API.
type Token struct {
	// Value is the bearer token.
	Value       string
	Application chat.ApplicationID
	// Lifetime is how long it is good, counted from now.
	Lifetime time.Duration
}

// maxClientID is more than any client identifier has; longer ones are not
// looked for.
const maxClientID = 255

// IssueToken gives a client that knows its secret an access token (RFC 6749
// section 4.4). Tokens that were issued before stay good. The secret of the
// application's runtime is as good as its own.
func (a *Accounts) IssueToken(ctx context.Context, clientID, clientSecret string) (Token, error) {
	if chat.CheckText("client_id", clientID, maxClientID) != nil {
		return Token{}, chat.ErrInvalidClient
	}
	t := Token{Value: secret(), Lifetime: a.TokenLifetime}
	var stored [2]string
	err := a.DB.View(ctx, func(tx *store.Tx) (err error) {
		t.Application, stored, err = tx.ClientSecretHashes(clientID)
		return store.OrRefuse(err, chat.ErrInvalidClient)
	})
	if err != nil {
		return Token{}, err
	}
	given := []byte(hash(clientSecret))
	if subtle.ConstantTimeCompare(given, []byte(stored[0]))|subtle.ConstantTimeCompare(given, []byte(stored[1])) != 1 {
		return Token{}, chat.ErrInvalidClient
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		// A minute more than announced, so that the last request of a client
		// that trusts the announcement still arrives in time.
		return tx.InsertToken(hash(t.Value), t.Application, tx.Now.Add(t.Lifetime+time.Minute))
	})
	return t, err
}

// AuthenticateToken tells for which application a bearer token speaks.
func (a *Accounts) AuthenticateToken(ctx context.Context, token string) (chat.Actor, error) {
	if token == "" || len(token) > 1024 || strings.ContainsRune(token, 0) {
		return chat.Actor{}, chat.ErrInvalidToken
	}
	var actor chat.Actor
	err := a.DB.View(ctx, func(tx *store.Tx) error {
		app, expires, err := tx.Token(hash(token))
		if err != nil {
			return store.OrRefuse(err, chat.ErrInvalidToken)
		}
		if !expires.After(tx.Now) {
			return chat.ErrInvalidToken
		}
		actor.Application = app
		return nil
	})
	return actor, err
}

// ForgetTokens removes the access tokens that have run out.
func (a *Accounts) ForgetTokens(ctx context.Context) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error { return tx.DeleteExpiredTokens() })
}

// keepRequests is how long the Platform API remembers what a named request
// made; sessions remember theirs until they end.
const keepRequests = 24 * time.Hour

// ForgetRequests removes the names of requests that the Platform API need not
// remember any more.
func (a *Accounts) ForgetRequests(ctx context.Context) error {
	list, err := a.ListApplications(ctx)
	if err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		for _, app := range list {
			if err := tx.ForgetApplicationRequests(app.ID, tx.Now.Add(-keepRequests)); err != nil {
				return err
			}
		}
		return nil
	})
}
