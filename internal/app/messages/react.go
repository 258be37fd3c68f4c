package messages

import (
	"context"
	"errors"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/emoji"
	"github.com/purrchat/purr/internal/store"
)

// React adds the acting user's emoji to a message. changed is false where it
// was there before. The emoji may be a character, an alias or an alias between
// colons.
func (ms *Messages) React(ctx context.Context, actor chat.Actor, id chat.MessageID, text string) (r chat.Reaction, changed bool, err error) {
	return ms.reaction(ctx, actor, id, text, func(tx *store.Tx, m chat.Message, r *chat.Reaction) (bool, error) {
		err := tx.InsertReaction(m, *r)
		if errors.Is(err, store.ErrDuplicate) {
			*r, err = tx.Reaction(m.ID, actor.User, r.Emoji)
			return false, err
		}
		if err != nil {
			return false, err
		}
		return true, recordReaction(tx, actor, chat.ReactionCreated, m, *r)
	})
}

// RemoveReaction withdraws the acting user's emoji from a message. changed is
// false where it was not there.
func (ms *Messages) RemoveReaction(ctx context.Context, actor chat.Actor, id chat.MessageID, text string) (r chat.Reaction, changed bool, err error) {
	return ms.reaction(ctx, actor, id, text, func(tx *store.Tx, m chat.Message, r *chat.Reaction) (bool, error) {
		there, err := tx.Reaction(m.ID, actor.User, r.Emoji)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		*r = there
		if err := tx.WithdrawReaction(r.ID); err != nil {
			return false, err
		}
		return true, recordReaction(tx, actor, chat.ReactionRemoved, m, *r)
	})
}

func recordReaction(tx *store.Tx, actor chat.Actor, kind chat.EventKind, m chat.Message, r chat.Reaction) error {
	e := event(actor, kind, m.Channel, int64(r.ID))
	to := m.Remains()
	e.Reaction, e.Message = &r, &to
	_, err := tx.Record(e)
	return err
}

// reaction prepares a reaction by a member and lets do make something of it.
func (ms *Messages) reaction(ctx context.Context, actor chat.Actor, id chat.MessageID, text string,
	do func(*store.Tx, chat.Message, *chat.Reaction) (bool, error),
) (r chat.Reaction, changed bool, err error) {
	known := emoji.Find(text)
	if known == nil {
		return r, false, chat.ErrUnknownEmoji
	}
	next := chat.ReactionID(ms.IDs.Next())
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		m, _, _, err := allowed(tx, actor, id, chat.OpReact)
		if err != nil {
			return err
		}
		u, err := tx.User(actor.Application, actor.User)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		r = chat.Reaction{ID: next, Message: id, Emoji: known.Character, User: &u, CreatedAt: tx.Now}
		changed, err = do(tx, m, &r)
		return err
	})
	return r, changed, err
}

// ListReactions lists the reactions to a message, oldest first.
func (ms *Messages) ListReactions(ctx context.Context, actor chat.Actor, id chat.MessageID, r chat.PageRequest) (p chat.Page[chat.Reaction], err error) {
	err = ms.DB.View(ctx, func(tx *store.Tx) error {
		if _, _, _, err := seen(tx, actor, id); err != nil {
			return err
		}
		p, err = tx.Reactions(id, r)
		return err
	})
	return p, err
}
