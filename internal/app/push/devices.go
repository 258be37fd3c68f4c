package push

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Register adds a device to a user's. One of the same kind and address is the
// same device: it keeps its identifier, and moves to the user who registered it
// last, since whoever holds it in his hands has signed in as him.
func (p *Push) Register(ctx context.Context, actor chat.Actor, user chat.UserID, d chat.Device) (chat.Device, error) {
	if err := chat.CheckDevice(d); err != nil {
		return d, err
	}
	d.ID, d.Application, d.User = chat.DeviceID(p.IDs.Next()), actor.Application, user
	var made chat.Device
	err := p.change(ctx, actor, user, func(tx *store.Tx) (err error) {
		if made, err = tx.PutDevice(d); err != nil {
			return err
		}
		all, err := tx.Devices(user)
		if err != nil || len(all) <= chat.MaxDevices {
			return err
		}
		var rest []chat.DeviceID
		for _, old := range all[chat.MaxDevices:] {
			rest = append(rest, old.ID)
		}
		_, err = tx.DeleteDevices(user, rest...)
		return err
	})
	return made, err
}

// Devices lists the devices of a user, those first that were registered last.
func (p *Push) Devices(ctx context.Context, actor chat.Actor, user chat.UserID) (list []chat.Device, err error) {
	err = p.read(ctx, actor, user, func(tx *store.Tx) error {
		list, err = tx.Devices(user)
		return err
	})
	return list, err
}

// Remove removes a device of a user, and with it what should have been pushed to
// it.
func (p *Push) Remove(ctx context.Context, actor chat.Actor, user chat.UserID, id chat.DeviceID) error {
	return p.change(ctx, actor, user, func(tx *store.Tx) error {
		n, err := tx.DeleteDevices(user, id)
		if err == nil && n == 0 {
			err = chat.ErrUnknownDevice
		}
		return err
	})
}
