// Package timeline reads the log of events: what happened while a session was
// away, and what another node committed.
//
// A Timeline is safe for concurrent use and keeps nothing besides the store.
package timeline

import (
	"context"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Timeline carries out the deeds.
type Timeline struct {
	DB *store.DB
}

// Head is the position of the newest event of the installation.
func (t *Timeline) Head(ctx context.Context) (p chat.Position, err error) {
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Head()
		return err
	})
	return p, err
}

// After lists up to limit events of the whole installation that follow a
// position, oldest first, each with what it is about. Of a message that has
// been deleted since they have what is left, of what was purged nothing.
func (t *Timeline) After(ctx context.Context, after chat.Position, limit int) (events []chat.Event, err error) {
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		if events, err = tx.EventsAfter(after, limit); err != nil {
			return err
		}
		if err := load(tx, events); err != nil {
			return err
		}
		return showOwners(tx, events)
	})
	return events, err
}

// Missed lists up to limit events that concern a user and follow a position,
// oldest first, each with what it is about as he is shown it by now, and marked
// where he is shown none of it.
func (t *Timeline) Missed(ctx context.Context, user chat.UserID, after chat.Position, limit int) (events []chat.Event, err error) {
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		if events, err = tx.UserEventsAfter(user, after, limit); err != nil {
			return err
		}
		if err := load(tx, events); err != nil {
			return err
		}
		return leaveOut(tx, user, events)
	})
	return events, err
}

// load fills in what events are about, with a few queries an application.
func load(tx *store.Tx, events []chat.Event) error {
	byApplication := map[chat.ApplicationID]*subjects{}
	for i := range events {
		s := byApplication[events[i].Application]
		if s == nil {
			s = &subjects{}
			byApplication[events[i].Application] = s
		}
		s.want(events[i])
	}
	for app, s := range byApplication {
		if err := s.find(tx, app); err != nil {
			return err
		}
	}
	for i := range events {
		byApplication[events[i].Application].fill(&events[i])
	}
	return nil
}

// subjects are the things that the events of one application are about.
type subjects struct {
	messageIDs []chat.MessageID
	channelIDs []chat.ChannelID
	userIDs    []chat.UserID
	noticeIDs  []chat.NotificationID

	messages map[chat.MessageID]chat.Message
	channels map[chat.ChannelID]*chat.Channel
	users    map[chat.UserID]chat.User
	notices  map[chat.NotificationID]chat.Notice

	lifecycle
}

func (s *subjects) want(e chat.Event) {
	if isReceipt(e) {
		s.wantReceipt(e)
		return
	}
	if e.Kind == chat.MessageCreated {
		s.messageIDs = append(s.messageIDs, chat.MessageID(e.Subject))
		return
	}
	if s.wantLifecycle(e) {
		return
	}
	switch {
	case e.Kind.OfNotice():
		s.noticeIDs = append(s.noticeIDs, chat.NotificationID(e.Subject))
		return
	case e.Kind.OfChat():
		return
	case e.Kind.OwnChannel():
		s.channelIDs = append(s.channelIDs, chat.ChannelID(e.Subject))
	case e.Kind.OfUserBlock():
		s.userIDs = append(s.userIDs, chat.UserID(e.Subject))
		return
	}
	if e.Channel != 0 {
		s.channelIDs = append(s.channelIDs, e.Channel)
	}
	if e.Target != 0 {
		s.userIDs = append(s.userIDs, e.Target)
	}
}

func (s *subjects) find(tx *store.Tx, app chat.ApplicationID) (err error) {
	if s.messages, err = tx.MessagesByID(app, s.messageIDs); err != nil {
		return err
	}
	if s.users, err = tx.UsersByID(app, s.userIDs); err != nil {
		return err
	}
	if s.notices, err = tx.NoticesByID(app, s.noticeIDs); err != nil {
		return err
	}
	s.missing()
	if err := s.lifecycle.find(tx, app); err != nil {
		return err
	}
	channels, err := tx.ChannelsByID(app, s.channelIDs)
	if err != nil {
		return err
	}
	if err := tx.Complete(app, channels); err != nil {
		return err
	}
	s.channels = make(map[chat.ChannelID]*chat.Channel, len(channels))
	for i := range channels {
		s.channels[channels[i].ID] = &channels[i]
	}
	return nil
}

func (s *subjects) fill(e *chat.Event) {
	if isReceipt(*e) {
		s.fillReceipt(e)
		return
	}
	if e.Kind == chat.MessageCreated {
		s.fillMessage(e)
		return
	}
	if s.fillLifecycle(e) {
		return
	}
	if e.Kind.OfNotice() {
		e.Notice = found(s.notices, chat.NotificationID(e.Subject))
		return
	}
	if e.Kind.OfChat() {
		return
	}
	channel, user := e.Channel, e.Target
	switch {
	case e.Kind.OwnChannel():
		channel = chat.ChannelID(e.Subject)
	case e.Kind.OfUserBlock():
		user = chat.UserID(e.Subject)
	}
	e.ChannelState = s.channels[channel]
	if u, ok := s.users[user]; ok {
		e.User = &u
	}
}

// forgetBatch bounds how many events one update forgets, so that others need
// not wait long for it.
const forgetBatch = 2000

// Forget removes the events that are older than keep.
func (t *Timeline) Forget(ctx context.Context, keep time.Duration) error {
	for n := int64(forgetBatch); n == forgetBatch; {
		err := t.DB.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.DeleteEventsBefore(tx.Now.Add(-keep), forgetBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
