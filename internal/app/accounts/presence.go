package accounts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// sweepBatch bounds how many lapsed sessions one update ends.
const sweepBatch = 500

func (d *departures) add(gone ...departure) {
	d.mu.Lock()
	d.queue = append(d.queue, gone...)
	d.mu.Unlock()
}

// due takes those whose grace has run out.
func (d *departures) due(now time.Time) []departure {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for n < len(d.queue) && !d.queue[n].due.After(now) {
		n++
	}
	gone := d.queue[:n:n]
	d.queue = d.queue[n:]
	return gone
}

// forget leaves out a user who has gone for good, or whose going has been told.
func (d *departures) forget(user chat.UserID) {
	d.mu.Lock()
	d.queue = slices.DeleteFunc(d.queue, func(gone departure) bool { return gone.user == user })
	d.mu.Unlock()
}

// back returns those that due took and that could not be dealt with.
func (d *departures) back(gone []departure) {
	d.mu.Lock()
	d.queue = append(slices.Clone(gone), d.queue...)
	d.mu.Unlock()
}

// Abandoned notes that all sessions attached to a node lost their sockets: at
// start those that an earlier process of this node left behind, later those of
// a node that died. It does nothing for another node that lives, or that
// somebody else has dealt with.
func (a *Accounts) Abandoned(ctx context.Context, node chat.NodeID) error {
	var gone []departure
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		gone = nil
		if node != a.Node {
			if err := tx.ForgetNode(node); errors.Is(err, store.ErrNotFound) {
				return nil
			} else if err != nil {
				return err
			}
		}
		due := tx.Now.Add(a.PresenceGrace)
		// Those whose grace was running out have nobody left to tell of it.
		departing, err := tx.DepartingSessions(node, tx.Now.Add(-a.ResumeWindow))
		if err != nil {
			return err
		}
		for _, s := range departing {
			gone = append(gone, departure{application: s.Application, user: s.User, due: s.OnlineUntil})
		}
		sessions, err := tx.DetachNode(node, due, tx.Now.Add(a.ResumeWindow))
		for _, s := range sessions {
			gone = append(gone, departure{application: s.Application, user: s.User, due: due})
		}
		return err
	})
	if err == nil {
		a.leaving.add(gone...)
	}
	return err
}

// Sweep does what time demands and is to be called about once a second: it
// tells of users whose grace has run out, ends sessions that nobody resumed,
// and takes over from nodes that died.
func (a *Accounts) Sweep(ctx context.Context) error {
	err := a.sweepDepartures(ctx)
	err = errors.Join(err, a.sweepSessions(ctx))
	return errors.Join(err, a.sweepNodes(ctx))
}

func (a *Accounts) sweepDepartures(ctx context.Context) error {
	due := a.leaving.due(a.Now())
	told := make(map[chat.UserID]bool, len(due))
	for i, gone := range due {
		if told[gone.user] {
			continue
		}
		told[gone.user] = true
		var online bool
		err := a.DB.View(ctx, func(tx *store.Tx) (err error) {
			online, err = tx.Online(gone.user)
			return err
		})
		if err == nil {
			err = a.endAbandonedChats(ctx, gone)
		}
		if err != nil {
			a.leaving.back(due[i:])
			return err
		}
		if !online {
			a.signal(chat.Signal{Application: gone.application, Kind: chat.PresenceChanged, User: gone.user})
		}
	}
	return nil
}

func (a *Accounts) sweepSessions(ctx context.Context) error {
	for {
		lapsed := 0
		var any bool
		err := a.DB.View(ctx, func(tx *store.Tx) error {
			list, err := tx.LapsedSessions(1)
			any = len(list) > 0
			return err
		})
		if err != nil || !any {
			return err
		}
		err = a.DB.Update(ctx, func(tx *store.Tx) error {
			list, err := tx.LapsedSessions(sweepBatch)
			lapsed = len(list)
			for _, s := range list {
				err = errors.Join(err, endChats(tx, s.Session), tx.EndSession(s.ID), tx.ForgetRequests(s.ID))
			}
			return err
		})
		if err != nil || lapsed < sweepBatch {
			return err
		}
	}
}

func (a *Accounts) sweepNodes(ctx context.Context) error {
	var lapsed []chat.NodeID
	err := a.DB.View(ctx, func(tx *store.Tx) (err error) {
		lapsed, err = tx.LapsedNodes()
		return err
	})
	if err != nil {
		return err
	}
	for _, node := range lapsed {
		if node != a.Node {
			err = errors.Join(err, a.Abandoned(ctx, node))
		}
	}
	return err
}

// keepSessions is how long an ended session can still be looked up.
const keepSessions = 30 * 24 * time.Hour

// ForgetSessions removes the sessions, and before them the chat sessions, that
// ended long ago.
func (a *Accounts) ForgetSessions(ctx context.Context) error {
	for _, forget := range []func(*store.Tx, time.Time, int) (int64, error){(*store.Tx).DeleteEndedChats, (*store.Tx).DeleteEndedSessions} {
		for n := int64(sweepBatch); n == sweepBatch; {
			err := a.DB.Update(ctx, func(tx *store.Tx) (err error) {
				n, err = forget(tx, tx.Now.Add(-keepSessions), sweepBatch)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
