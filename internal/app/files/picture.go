package files

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// SetPicture makes a file, uploaded by the actor or external, the display
// picture of a user: the application anybody's, a user his own. The one that
// it replaces is removed.
func (fs *Files) SetPicture(ctx context.Context, actor chat.Actor, id chat.UserID, f chat.File) (u chat.User, err error) {
	if err := chat.CheckUserRight(chat.OpSetPicture, actor, id); err != nil {
		return u, err
	}
	if f.Type != chat.HostedFile {
		if f, err = chat.CheckExternal("", f); err != nil {
			return u, err
		}
	}
	err = fs.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if u, err = tx.User(actor.Application, id); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		if err := keepPicture(tx, actor, f, id); err != nil {
			return err
		}
		u.Picture = f.Place()
		if err := tx.UpdateUser(u); err != nil {
			return err
		}
		after := u
		_, err = tx.Record(chat.Event{
			Application: actor.Application, Kind: chat.UserUpdated, Actor: actor.User, Target: id,
			Session: actor.Session, Request: actor.Request, User: &after,
		})
		return err
	})
	return u, err
}

func keepPicture(tx *store.Tx, actor chat.Actor, f chat.File, id chat.UserID) error {
	if f.Type != chat.HostedFile {
		return tx.ReleasePictures(id)
	}
	err := tx.KeepPicture(actor, f, id)
	if errors.Is(err, store.ErrNotFound) {
		return chat.ErrUploadLost
	}
	return err
}

// CheckPicture refuses whoever may not set the picture of a user, before the
// bytes come.
func (fs *Files) CheckPicture(ctx context.Context, actor chat.Actor, id chat.UserID) error {
	if err := chat.CheckUserRight(chat.OpSetPicture, actor, id); err != nil {
		return err
	}
	return fs.DB.View(ctx, func(tx *store.Tx) error {
		_, err := tx.User(actor.Application, id)
		return store.OrRefuse(err, chat.ErrUnknownUser)
	})
}
