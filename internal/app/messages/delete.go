package messages

import (
	"context"
	"encoding/json"
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

const (
	// deleteBatch bounds how many messages one update deletes, so that others
	// need not wait long for it.
	deleteBatch = 200
	// deleteAtOnce is how many batches DeleteAll waits for. A job does the rest.
	deleteAtOnce = 10
)

// DeleteAllJob is the kind of the job that goes on with what DeleteAll began;
// its payload is a DeleteRest.
const DeleteAllJob = "messages.delete"

// DeleteRest says which messages of an application are still to go: those after
// one of them and before another, which was not there yet when all were to go.
type DeleteRest struct {
	After  chat.MessageID `json:"after"`
	Before chat.MessageID `json:"before"`
}

// DeleteAll removes all messages of the application, which alone may do so. The
// first two thousand are gone when it returns; a job that is written with the
// last of them removes the others, however many there are. What is written
// meanwhile stays.
func (ms *Messages) DeleteAll(ctx context.Context, actor chat.Actor) error {
	if err := chat.CheckUserRight(chat.OpDeleteAllMessages, actor, actor.User); err != nil {
		return err
	}
	rest := DeleteRest{Before: chat.MessageID(ms.IDs.Next())}
	for n := 1; ; n++ {
		more := false
		next := rest
		err := ms.DB.Update(ctx, func(tx *store.Tx) (err error) {
			if next, more, err = deleteSome(tx, actor, rest); err != nil || !more || n < deleteAtOnce {
				return err
			}
			payload, err := json.Marshal(next)
			if err != nil {
				return err
			}
			return tx.InsertJob(store.Job{
				ID: chat.JobID(ms.IDs.Next()), Application: actor.Application, Lane: store.LongLane, Kind: DeleteAllJob, Payload: string(payload), RunAt: tx.Now,
			})
		})
		if err != nil || !more || n == deleteAtOnce {
			return err
		}
		rest = next
	}
}

// DeleteRest carries out a DeleteAllJob. It may be repeated.
func (ms *Messages) DeleteRest(ctx context.Context, app chat.ApplicationID, rest DeleteRest) error {
	for more := true; more; {
		next := rest
		err := ms.DB.Update(ctx, func(tx *store.Tx) (err error) {
			next, more, err = deleteSome(tx, chat.Actor{Application: app}, rest)
			return err
		})
		if err != nil {
			return err
		}
		rest = next
	}
	return nil
}

// deleteSome deletes the first of the messages that are to go and tells which
// are left, if there may be any.
func deleteSome(tx *store.Tx, actor chat.Actor, rest DeleteRest) (left DeleteRest, more bool, err error) {
	ids, err := tx.MessagesBetween(actor.Application, rest.After, rest.Before, deleteBatch)
	if err != nil || len(ids) == 0 {
		return rest, false, err
	}
	found, err := tx.MessagesByID(actor.Application, ids)
	if err != nil {
		return rest, false, err
	}
	for _, id := range ids {
		if _, err := deleteOne(tx, actor, found[id]); err != nil {
			return rest, false, err
		}
	}
	rest.After = ids[len(ids)-1]
	return rest, len(ids) == deleteBatch, nil
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
