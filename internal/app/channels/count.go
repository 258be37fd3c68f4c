package channels

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Count counts the channels that List would list.
func (cs *Channels) Count(ctx context.Context, actor chat.Actor, f chat.ChannelFilter) (n int64, err error) {
	if f.Type != "" && !f.Type.Valid() {
		return 0, chat.Invalidf("type", "must be DIRECT, PUBLIC or PRIVATE")
	}
	if !actor.IsApplication() {
		f.Viewer = actor.User
	}
	err = cs.DB.View(ctx, func(tx *store.Tx) error {
		// The page before the first one has no items, only a total.
		p, err := tx.Channels(actor.Application, f, chat.PageRequest{Number: -1})
		n = p.Total
		return err
	})
	return n, err
}
