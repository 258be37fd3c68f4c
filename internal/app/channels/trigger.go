package channels

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Trigger tells the members of a channel something of the caller's own.
func (cs *Channels) Trigger(ctx context.Context, actor chat.Actor, id chat.ChannelID, kind string, properties json.RawMessage) error {
	if err := chat.CheckText("type", kind, chat.MaxEventType); err != nil {
		return err
	}
	own, err := chat.ParseProperties(properties)
	if err != nil {
		return err
	}
	data, err := json.Marshal(chat.CustomEvent{Type: kind, Properties: json.RawMessage(own.JSON())})
	if err != nil {
		return err
	}
	return cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, member, err := Allowed(tx, actor, id, chat.OpPost)
		if err != nil {
			return err
		}
		v, err := view(tx, actor, c, member)
		if err != nil {
			return err
		}
		e := chat.Event{
			Application: actor.Application, Kind: chat.EventTriggered, Channel: id, Actor: actor.User, Target: actor.User,
			Session: actor.Session, Request: actor.Request, ChannelState: &v.Channel, Data: string(data),
		}
		if !actor.IsApplication() {
			u, err := tx.User(actor.Application, actor.User)
			if err != nil {
				return store.OrRefuse(err, chat.ErrUnknownUser)
			}
			e.User = &u
		}
		_, err = tx.Record(e)
		return err
	})
}
