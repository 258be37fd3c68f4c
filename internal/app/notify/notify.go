// Package notify holds the deeds about notifications: who hears of an event
// where he was not looking, and what a user has been told.
//
// Notifications are not stored one by one. Which messages are some to a member
// follows from the times at which he had no chat session in their channel; a
// reply or a mention has a notice, written with its message. So a message costs
// the same in a channel of ten and in one of a million.
//
// A Notify is safe for concurrent use and keeps nothing besides the store. It
// does not deliver: doors ask it what to say, and the hub knows to whom.
package notify

import (
	"context"
	"slices"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Notify carries out the deeds.
type Notify struct {
	DB *store.DB
}

// List lists the notifications of a user, newest first, for himself or for the
// application. Its cursors are identifiers of notifications.
func (n *Notify) List(ctx context.Context, actor chat.Actor, user chat.UserID, c chat.Cursor) (p chat.CursorPage[chat.Notification], err error) {
	if err := chat.CheckUserRight(chat.OpListNotifications, actor, user); err != nil {
		return p, err
	}
	err = n.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.User(actor.Application, user); err != nil {
			return store.OrRefuse(err, chat.ErrUnknownUser)
		}
		p, err = page(tx, actor.Application, user, c)
		return err
	})
	return p, err
}

func page(tx *store.Tx, app chat.ApplicationID, user chat.UserID, c chat.Cursor) (chat.CursorPage[chat.Notification], error) {
	c.Size = chat.ClampSize(c.Size)
	p := chat.CursorPage[chat.Notification]{Size: c.Size, Next: c.Before}
	limit := c.Size
	if c.Before == 0 {
		limit++ // one more tells whether there is a next page
	}
	list, err := tx.Notifications(user, chat.NotificationID(c.From), chat.NotificationID(c.Before), limit)
	if err != nil || len(list) == 0 {
		p.Items = list
		return p, err
	}
	if len(list) > c.Size {
		p.Next = int64(list[c.Size].ID)
		list = list[:c.Size]
	}
	p.First = int64(list[0].ID)
	newest, err := tx.Notifications(user, 0, 0, 1)
	if err != nil {
		return p, err
	}
	p.Newer = len(newest) > 0 && newest[0].ID > list[0].ID
	p.Items, err = tx.CompleteNotifications(app, user, list)
	return p, err
}

// Read marks a notification of the acting user as read, whether or not he has
// read its message. Reading again changes nothing.
func (n *Notify) Read(ctx context.Context, actor chat.Actor, id chat.NotificationID) error {
	return n.DB.Update(ctx, func(tx *store.Tx) error {
		found, err := tx.SentAmong(actor.User, []chat.MessageID{chat.MessageID(id)})
		if err == nil && len(found) == 0 {
			found, err = tx.NoticesAmong(actor.User, []chat.NotificationID{id})
		}
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return chat.ErrUnknownNotification
		}
		return tx.ReadNotification(actor.User, id)
	})
}

// Told makes the notifications that committed events tell of: of new messages and
// of notices. Whom they concern is not its business, and it takes a bounded number
// of queries an application.
func (n *Notify) Told(ctx context.Context, events []chat.Event) (map[chat.NotificationID]chat.Notification, error) {
	byApplication := map[chat.ApplicationID][]chat.Event{}
	for i := range events {
		if e := &events[i]; e.Kind == chat.MessageCreated || e.Notice != nil {
			byApplication[e.Application] = append(byApplication[e.Application], *e)
		}
	}
	if len(byApplication) == 0 {
		return nil, nil
	}
	told := map[chat.NotificationID]chat.Notification{}
	err := n.DB.View(ctx, func(tx *store.Tx) error {
		for app, events := range byApplication {
			made, err := tx.NotificationsOf(app, events)
			if err != nil {
				return err
			}
			for _, one := range made {
				told[one.ID] = one
			}
		}
		return nil
	})
	return told, err
}

// Missed keeps those of some events that notify a user, and makes his
// notifications of them, as they were made when the events happened.
func (n *Notify) Missed(ctx context.Context, actor chat.Actor, events []chat.Event) (map[chat.NotificationID]chat.Notification, error) {
	var messages []chat.MessageID
	var notices []chat.NotificationID
	for i := range events {
		switch e := &events[i]; {
		case e.Kind == chat.MessageCreated:
			messages = append(messages, chat.MessageID(e.Subject))
		case e.Notice != nil:
			notices = append(notices, e.Notice.ID)
		}
	}
	if len(messages)+len(notices) == 0 {
		return nil, nil
	}
	missed := map[chat.NotificationID]chat.Notification{}
	err := n.DB.View(ctx, func(tx *store.Tx) error {
		sent, err := tx.SentAmong(actor.User, messages)
		if err != nil {
			return err
		}
		noticed, err := tx.NoticesAmong(actor.User, notices)
		if err != nil {
			return err
		}
		list, err := tx.CompleteNotifications(actor.Application, actor.User, slices.Concat(sent, noticed))
		for _, one := range list {
			missed[one.ID] = one
		}
		return err
	})
	return missed, err
}
