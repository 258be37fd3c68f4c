// Package push holds the deeds about the devices of users who are not there:
// which there are, what their providers know an application by, and when a user
// wants to be left alone.
//
// A Push is safe for concurrent use and keeps nothing besides the store.
package push

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

// Push carries out the deeds.
type Push struct {
	DB  *store.DB
	IDs *ident.Generator
	// Secrets seals what proves an application to a provider.
	Secrets *seal.Key
	// Subject is how the operators of push services reach those of this server,
	// where an application says nothing else: a mailto: or https: address.
	Subject string
}

// checkUser refuses to go on for a user who is not there.
func checkUser(tx *store.Tx, actor chat.Actor, user chat.UserID) error {
	_, err := tx.User(actor.Application, user)
	return store.OrRefuse(err, chat.ErrUnknownUser)
}

// read does something that only reads, for a user, if the actor may.
func (p *Push) read(ctx context.Context, actor chat.Actor, user chat.UserID, fn func(*store.Tx) error) error {
	if err := chat.CheckUserRight(chat.OpDevices, actor, user); err != nil {
		return err
	}
	return p.DB.View(ctx, func(tx *store.Tx) error {
		if err := checkUser(tx, actor, user); err != nil {
			return err
		}
		return fn(tx)
	})
}

// change does something for a user, if the actor may.
func (p *Push) change(ctx context.Context, actor chat.Actor, user chat.UserID, fn func(*store.Tx) error) error {
	if err := chat.CheckUserRight(chat.OpDevices, actor, user); err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		if err := checkUser(tx, actor, user); err != nil {
			return err
		}
		return fn(tx)
	})
}
