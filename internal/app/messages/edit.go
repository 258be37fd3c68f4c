package messages

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Patch changes a message. Nil members stay as they are.
type Patch struct {
	Body *string
	// Properties is a merge patch (RFC 7396).
	Properties json.RawMessage
}

// Update changes the body of a message, and finds anew what it names, or its
// properties. A patch without members changes nothing.
func (ms *Messages) Update(ctx context.Context, actor chat.Actor, id chat.MessageID, p Patch) (m chat.Message, err error) {
	if p.Body != nil {
		if err := chat.CheckText("body", *p.Body, chat.MaxBody); err != nil {
			return m, err
		}
	}
	if p.Body == nil && len(p.Properties) == 0 {
		return ms.Retrieve(ctx, actor, id)
	}
	err = ms.DB.Update(ctx, func(tx *store.Tx) error {
		if m, err = p.apply(tx, actor, id); err != nil {
			return err
		}
		m.EditedAt = tx.Now
		if err := tx.UpdateMessage(m); err != nil {
			return err
		}
		after := m
		e := event(actor, chat.MessageUpdated, m.Channel, int64(m.ID))
		e.Message = &after
		if _, err := tx.Record(e); err != nil || p.Body == nil {
			return err
		}
		return ms.wantPreviews(tx, m)
	})
	if err != nil {
		return chat.Message{}, err
	}
	return m, nil
}

// apply checks that the actor may make the changes, and makes them in memory.
func (p Patch) apply(tx *store.Tx, actor chat.Actor, id chat.MessageID) (chat.Message, error) {
	m, c, member, err := allowed(tx, actor, id, chat.OpSee)
	if err != nil {
		return m, err
	}
	if p.Body != nil {
		if err := checkRight(tx, actor, m, c, member, chat.OpEditMessage); err != nil {
			return m, err
		}
		if m.Type != chat.TextMessage && m.Type != chat.SystemTextMessage {
			return m, chat.Invalidf("body", "cannot be given to a message that is a file")
		}
		m.Body, m.Links = *p.Body, withPreviews(chat.FindLinks(*p.Body), previewsOf(m.Links))
		if m.Mentions, err = mentions(tx, m); err != nil {
			return m, err
		}
	}
	if len(p.Properties) > 0 {
		if err := checkRight(tx, actor, m, c, member, chat.OpSetMessageProperties); err != nil {
			return m, err
		}
		m.Properties, err = m.Properties.Merge(p.Properties)
	}
	return m, err
}
