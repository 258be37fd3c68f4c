package channels

import (
	"context"
	"encoding/json"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Patch changes a channel. Nil members stay as they are.
type Patch struct {
	DisplayName *string
	// Properties is a merge patch (RFC 7396).
	Properties json.RawMessage
}

// Update changes a channel's display name and properties.
func (cs *Channels) Update(ctx context.Context, actor chat.Actor, id chat.ChannelID, p Patch) (v chat.View, err error) {
	if p.DisplayName != nil {
		if err := chat.CheckText("displayName", *p.DisplayName, chat.MaxDisplayName); err != nil {
			return v, err
		}
	}
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, member, err := Allowed(tx, actor, id, chat.OpUpdate)
		if err != nil {
			return err
		}
		if p.DisplayName != nil {
			c.DisplayName = *p.DisplayName
		}
		if len(p.Properties) > 0 {
			if c.Properties, err = c.Properties.Merge(p.Properties); err != nil {
				return err
			}
		}
		if err := tx.UpdateChannel(c); err != nil {
			return err
		}
		if v, err = view(tx, actor, c, member); err != nil {
			return err
		}
		return record(tx, actor, chat.ChannelUpdated, &v.Channel, nil)
	})
	return v, err
}

// PurgeJob is the kind of the job that removes what a deleted channel held;
// its payload is a Purge.
const PurgeJob = "channel.purge"

// Purge names the deleted channel whose messages and members are to go.
type Purge struct {
	Channel chat.ChannelID `json:"channel"`
}

// purgeBatch bounds how much one update of a purge removes, so that others
// need not wait long for it.
const purgeBatch = 500

// Delete removes a channel at once for everybody; a job that follows removes
// its messages and memberships, however many there are.
func (cs *Channels) Delete(ctx context.Context, actor chat.Actor, id chat.ChannelID) (v chat.View, err error) {
	err = cs.DB.Update(ctx, func(tx *store.Tx) error {
		c, member, err := Allowed(tx, actor, id, chat.OpDelete)
		if err != nil {
			return err
		}
		if v, err = view(tx, actor, c, member); err != nil {
			return err
		}
		if err := tx.DeleteChannel(actor.Application, id); err != nil {
			return err
		}
		return record(tx, actor, chat.ChannelDeleted, &v.Channel, nil)
	})
	return v, err
}

// Purge carries out a PurgeJob. It may be repeated.
func (cs *Channels) Purge(ctx context.Context, p Purge) error {
	for more := true; more; {
		err := cs.DB.Update(ctx, func(tx *store.Tx) (err error) {
			more, err = tx.PurgeChannel(p.Channel, purgeBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
