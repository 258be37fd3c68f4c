package messages

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Delete removes a message for everybody and gives what is left of it. Replies
// to it stay.
func (ms *Messages) Delete(ctx context.Context, actor chat.Actor, id chat.MessageID) (remains chat.Message, err error) {
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, c, member, err := allowed(tx, actor, id, chat.OpSee)
		if err != nil {
			return err
		}
		if err := checkRight(tx, actor, m, c, member, chat.OpDeleteMessage); err != nil {
			return err
		}
		remains, err = deleteOne(tx, actor, m)
		return err
	})
	return remains, err
}

func deleteOne(tx *store.Tx, actor chat.Actor, m chat.Message) (chat.Message, error) {
	if err := tx.DeleteMessage(m); err != nil {
		return chat.Message{}, err
	}
	if err := tx.ReleaseMessageFile(m.ID); err != nil {
		return chat.Message{}, err
	}
	remains := m.Remains()
	e := event(actor, chat.MessageDeleted, m.Channel, int64(m.ID))
	e.Message = &remains
	_, err := tx.Record(e)
	return remains, err
}

// deleteBatch bounds how many messages one update deletes, so that others need
// not wait long for it.
const deleteBatch = 200

// DeleteAll removes all messages of the application, which alone may do so.
// Where it is interrupted, some are left, and it may be repeated.
func (ms *Messages) DeleteAll(ctx context.Context, actor chat.Actor) error {
	if err := chat.CheckUserRight(chat.OpDeleteAllMessages, actor, actor.User); err != nil {
		return err
	}
	var ids []chat.MessageID
	for after, more := chat.MessageID(0), true; more; {
		err := ms.DB.Update(ctx, func(tx *store.Tx) (err error) {
			if ids, err = tx.MessagesAfter(actor.Application, after, deleteBatch); err != nil {
				return err
			}
			found, err := tx.MessagesByID(actor.Application, ids)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if _, err := deleteOne(tx, actor, found[id]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if more = len(ids) == deleteBatch; more {
			after = ids[deleteBatch-1]
		}
	}
	return nil
}

// DeleteForMe removes a message for the acting user alone: from his lists, and
// from what his channels show as their newest message. changed is false where
// he had done so before.
func (ms *Messages) DeleteForMe(ctx context.Context, actor chat.Actor, id chat.MessageID) (remains chat.Message, changed bool, err error) {
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, _, _, err := allowed(tx, actor, id, chat.OpDeleteForMe)
		if err != nil {
			return err
		}
		remains, changed = m.Remains(), false
		switch err := tx.HideMessage(m, actor.User); {
		case errors.Is(err, store.ErrDuplicate):
			return nil
		case err != nil:
			return err
		}
		changed = true
		e := private(actor, chat.MessageHidden, int64(m.ID))
		told := remains
		e.Message = &told
		_, err = tx.Record(e)
		return err
	})
	return remains, changed, err
}
