package channels

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Trigger tells the members of a channel something of the caller's own, and
// gives what they are told.
func (cs *Channels) Trigger(ctx context.Context, actor chat.Actor, id chat.ChannelID, kind string, properties json.RawMessage) (custom chat.CustomEvent, err error) {
	if err := chat.CheckText("type", kind, chat.MaxEventType); err != nil {
		return custom, err
	}
	own, err := chat.ParseProperties(properties)
	if err != nil {
		return custom, err
	}
	custom = chat.CustomEvent{Type: kind, Properties: json.RawMessage(own.JSON())}
	data, err := json.Marshal(custom)
	if err != nil {
		return custom, err
	}
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
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
	return custom, err
}
