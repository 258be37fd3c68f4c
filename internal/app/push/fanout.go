package push

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// The bounds of one step of the fan-out.
const (
	// fanoutEvents is how many events are looked at.
	fanoutEvents = 500
	// fanoutUsers is how many users are asked about at a time.
	fanoutUsers = 500
	// fanoutPushes is how many pushes are enough to write them.
	fanoutPushes = 500
	// crowd is up to how many members and devices are counted, to walk along the
	// shorter list of the two. Where both are longer, it is the devices.
	crowd = 5000
	// fanoutAhead is how many events without any pushes are looked at before it
	// is written down that they have been.
	fanoutAhead = 5000
)

// fanout finds out who is to be pushed, event by event, from the log. It follows
// the log by itself, so that a message costs its sender nothing: neither a row
// nor time. How far it is stands in the store and moves in the transaction that
// writes the pushes, so that each event is dealt with once, whatever node does it
// and whenever one dies.
type fanout struct {
	*Push
	// stored is what the store says, ahead how much further we have looked in
	// vain.
	stored store.PushProgress
	ahead  chat.Position
}

// step goes on for a bit, and tells whether it has written pushes and whether
// there may be more to look at.
func (f *fanout) step(ctx context.Context) (wrote, more bool, err error) {
	var found found
	err = f.DB.View(ctx, func(tx *store.Tx) (err error) {
		stored, err := tx.PushProgress()
		if err != nil {
			return err
		}
		if stored != f.stored {
			f.stored, f.ahead = stored, stored.Position
		}
		found, err = f.look(tx)
		return err
	})
	if err != nil {
		return false, false, err
	}
	if len(found.pushes) == 0 && found.at.User == 0 && found.at.Position < f.stored.Position+fanoutAhead {
		f.ahead = found.at.Position
		return false, found.more, nil
	}
	err = f.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SetPushProgress(f.stored, found.at); err != nil {
			return err
		}
		return tx.InsertPushes(found.pushes)
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, false, nil // another node was first; it will do for now
	}
	if err == nil {
		f.stored, f.ahead = found.at, found.at.Position
	}
	return len(found.pushes) > 0, found.more, err
}

// found is what a step has found.
type found struct {
	pushes []store.Push
	// at is how far it has looked; more tells that there are more events.
	at   store.PushProgress
	more bool
}

// look looks at the next events.
func (f *fanout) look(tx *store.Tx) (out found, err error) {
	out.at = store.PushProgress{Position: f.ahead}
	from := f.stored.User
	events, err := tx.EventsAfter(f.ahead, fanoutEvents)
	if err != nil {
		return out, err
	}
	devices := map[chat.ApplicationID]int64{}
	for _, e := range events {
		var last chat.UserID
		if e.Kind == chat.MessageCreated || e.Kind == chat.UserNotified || e.Kind == chat.ChannelMentioned {
			some, known := devices[e.Application]
			if !known {
				if some, err = tx.Equipped(e.Application, crowd); err != nil {
					return out, err
				}
				devices[e.Application] = some
			}
			if some > 0 {
				if last, err = f.address(tx, e, some, from, &out); err != nil {
					return out, err
				}
			}
		}
		if last != 0 {
			out.at.User, out.more = last, true
			break
		}
		out.at.Position, from = e.Position, 0
		if len(out.pushes) >= fanoutPushes {
			out.more = true
			break
		}
	}
	out.more = out.more || len(events) == fanoutEvents
	out.pushes = collapsed(out.pushes)
	return out, nil
}

// address adds the pushes that an event makes, for the users behind one. It tells
// the last user that it has asked about where there may be more of them.
func (f *fanout) address(tx *store.Tx, e chat.Event, devices int64, from chat.UserID, out *found) (chat.UserID, error) {
	a, user, err := f.audience(tx, e)
	if err != nil || a.Message == 0 {
		return 0, err
	}
	next := func(after chat.UserID) ([]chat.UserID, error) {
		return tx.EquippedAfter(e.Application, after, fanoutUsers)
	}
	switch {
	case user != 0:
		next = func(chat.UserID) ([]chat.UserID, error) { return []chat.UserID{user}, nil }
	default:
		members, err := tx.Crowd(a.Members, crowd)
		if err != nil {
			return 0, err
		}
		if members < devices {
			next = func(after chat.UserID) ([]chat.UserID, error) { return tx.MembersAfter(a.Members, after, fanoutUsers) }
		}
	}
	for {
		users, err := next(from)
		if err != nil || len(users) == 0 {
			return 0, err
		}
		list, err := tx.DevicesToPush(a, users)
		if err != nil {
			return 0, err
		}
		for _, d := range list {
			out.pushes = append(out.pushes, store.Push{
				Device: d.ID, Channel: a.Channel, Application: d.Application, User: d.User, Lane: lane(d),
				Notification: chat.NotificationID(e.Subject), First: a.Message, Last: a.Message,
			})
		}
		if len(users) < fanoutUsers {
			return 0, nil
		}
		if from = users[len(users)-1]; len(out.pushes) >= fanoutPushes {
			return from, nil
		}
	}
}

// audience is whom an event notifies: the members of a channel or, where that is
// said, one user. There is none where what it was about is gone.
func (f *fanout) audience(tx *store.Tx, e chat.Event) (a store.Audience, user chat.UserID, err error) {
	a = store.Audience{Application: e.Application, Channel: e.Channel, Members: e.Channel, Joined: e.Position}
	if e.Kind == chat.MessageCreated {
		a.Message = chat.MessageID(e.Subject)
		return a, 0, nil
	}
	notices, err := tx.NoticesByID(e.Application, []chat.NotificationID{chat.NotificationID(e.Subject)})
	n, there := notices[chat.NotificationID(e.Subject)]
	if err != nil || !there {
		return store.Audience{}, 0, err
	}
	a.Message, a.Channel, a.Members, a.Personal = n.Message, n.Channel, n.Mentioned, true
	return a, n.User, nil
}

// collapsed keeps one push of each channel to a device: the newest, which stands
// for the earlier ones too.
func collapsed(list []store.Push) []store.Push {
	type key struct {
		device  chat.DeviceID
		channel chat.ChannelID
	}
	at := make(map[key]int, len(list))
	kept := list[:0]
	for _, p := range list {
		k := key{p.Device, p.Channel}
		if i, there := at[k]; there {
			kept[i].Notification, kept[i].Last = p.Notification, p.Last
			continue
		}
		at[k] = len(kept)
		kept = append(kept, p)
	}
	return slices.Clip(kept)
}

// lane is by whom a push to a device is carried: a host that the device names, or
// a provider for an application. A lane that stands still holds up no other.
func lane(d chat.Device) string {
	if d.Kind != chat.WebPush {
		return string(d.Kind) + " " + strconv.FormatInt(int64(d.Application), 10)
	}
	u, err := url.Parse(d.Address)
	if err != nil { // CheckDevice has refused it
		return string(d.Kind)
	}
	return string(d.Kind) + " " + u.Host
}
