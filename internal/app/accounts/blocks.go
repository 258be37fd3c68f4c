package accounts

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// BlockUser notes that the acting user wants to hear nothing of another one.
// Blocking again changes nothing.
func (a *Accounts) BlockUser(ctx context.Context, actor chat.Actor, id chat.UserID) (u chat.User, changed bool, err error) {
	if actor.User == id {
		return u, false, chat.Invalidf("user", "must be somebody else")
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		err = tx.InsertUserBlock(actor.User, id)
		if errors.Is(err, store.ErrDuplicate) {
			return nil
		}
		if err != nil {
			return err
		}
		changed = true
		return recordUserBlock(tx, actor, chat.UserBlocked, u)
	})
	return u, changed, err
}

// UnblockUser ends a block of the acting user.
func (a *Accounts) UnblockUser(ctx context.Context, actor chat.Actor, id chat.UserID) (u chat.User, err error) {
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		if err := tx.DeleteUserBlock(actor.User, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownResource)
		}
		return recordUserBlock(tx, actor, chat.UserUnblocked, u)
	})
	return u, err
}

func recordUserBlock(tx *store.Tx, actor chat.Actor, kind chat.EventKind, blocked chat.User) error {
	_, err := tx.Record(chat.Event{
		Application: actor.Application, Kind: kind, Actor: actor.User, Target: actor.User, Subject: int64(blocked.ID),
		Session: actor.Session, Request: actor.Request, User: &blocked,
	})
	return err
}

// ListUserBlocks lists whom the acting user blocks.
func (a *Accounts) ListUserBlocks(ctx context.Context, actor chat.Actor, f chat.UserFilter, r chat.PageRequest) (p chat.Page[chat.UserBlock], err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.UserBlocks(actor.User, f, r)
		return err
	})
	return p, err
}
