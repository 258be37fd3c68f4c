// Package push holds the deeds about the devices of users who are not there:
// which there are, what their providers know an application by, when a user wants
// to be left alone, and what is pushed.
//
// A message makes its pushes from the log, after its commit: a fan-out finds the
// devices of those who are notified and writes a push for each into the outbox,
// of one channel never more than one to a device. A [Runner] sends what is due
// and writes down what came of it. Each is sent at least once, whatever dies in
// between, and what has been accepted is not sent again.
//
//	devices.go, preferences.go, credentials.go   what users and applications say
//	fanout.go                                    from the log into the outbox
//	outbox.go                                    one attempt: what is sent, what follows from the answer
//	run.go                                       the loops, and how much they do at a time
//	ledger.go                                    why a user did, or did not, get a message
//	trial.go                                     a test, and what providers say to it
//
// A Push is safe for concurrent use and keeps nothing besides the store. A Runner
// has the only goroutines; it ends with the context that it runs in.
package push

import (
	"context"
	"time"

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
	// Node is this process among those that send.
	Node chat.NodeID
	// Sender hands what is pushed to providers.
	Sender Sender
	// Marks reads what sessions have acknowledged.
	Marks Marks
	// KeepAnswers is how long it is kept what they answered.
	KeepAnswers time.Duration
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
