package push

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// Marks knows how is written what sessions have acknowledged.
type Marks interface {
	// Settled tells whether a session, of which a text was kept and which began
	// at a position, has acknowledged what an event told its user.
	Settled(text string, since, event chat.Position, user chat.UserID, channel chat.ChannelID) bool
}

const (
	// maxWitnesses and maxAttemptsShown bound what a ledger shows.
	maxWitnesses     = 50
	maxAttemptsShown = 100
)

// Explain tells what became of a message on its way to a user. All of it is
// derived from what is stored anyway, and known for as long as that is.
func (p *Push) Explain(ctx context.Context, actor chat.Actor, message chat.MessageID, user chat.UserID) (d chat.DeliveryRecord, err error) {
	if err := chat.CheckUserRight(chat.OpPush, actor, user); err != nil {
		return d, err
	}
	err = p.DB.View(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(actor.Application, message)
		if err != nil {
			return store.OrRefuse(err, chat.ErrUnknownMessage)
		}
		if err := checkUser(tx, actor, user); err != nil {
			return err
		}
		d, err = p.explain(tx, m, user)
		return err
	})
	return d, err
}

func (p *Push) explain(tx *store.Tx, m chat.Message, user chat.UserID) (d chat.DeliveryRecord, err error) {
	d.Message, d.User = m.ID, user
	stands, err := tx.Reception(user, m)
	if err != nil {
		return d, err
	}
	d.Member, d.Muted, d.Push, d.ReadAt = stands.Member, stands.Muted, stands.Push, stands.ReadAt
	hidden, err := tx.NotShown(user, []chat.MessageID{m.ID})
	if err != nil {
		return d, err
	}
	if m.User != nil {
		blocked, err := tx.BlockedUsers(user)
		if err != nil {
			return d, err
		}
		d.Blocked = slices.Contains(blocked, m.User.ID)
	}
	if err := p.notifications(tx, m, &d); err != nil {
		return d, err
	}
	later := stands.JoinedAt.After(m.CreatedAt)
	if later && len(d.Notifications) == 0 {
		d.ReadAt = time.Time{} // what was said before counts as read to who joins
	}
	author := m.User != nil && m.User.ID == user
	d.Chatting = d.Member && !later && !author && !hidden[m.ID] &&
		!slices.ContainsFunc(d.Notifications, func(n chat.Notification) bool { return n.Type == m.Sent() })
	if err := p.connections(tx, m, &d); err != nil {
		return d, err
	}
	if err := pushes(tx, m, &d); err != nil {
		return d, err
	}
	d.Reason = reason(d, author, hidden[m.ID], later)
	return d, nil
}

// notifications adds what the message was to the user, and when he read it by
// that.
func (p *Push) notifications(tx *store.Tx, m chat.Message, d *chat.DeliveryRecord) error {
	sent, err := tx.SentAmong(d.User, []chat.MessageID{m.ID})
	if err != nil {
		return err
	}
	notices, err := tx.NoticesAbout(m.ID)
	if err != nil {
		return err
	}
	personal, err := tx.NoticesAmong(d.User, notices)
	if err != nil {
		return err
	}
	d.Notifications, err = tx.CompleteNotifications(m.Application, d.User, append(sent, personal...))
	for _, n := range d.Notifications {
		if d.ReadAt.IsZero() {
			d.ReadAt = n.ReadAt
		}
	}
	return err
}

// connections adds the sessions that were there.
func (p *Push) connections(tx *store.Tx, m chat.Message, d *chat.DeliveryRecord) error {
	list, err := tx.Witnesses(d.User, m.CreatedAt, maxWitnesses)
	if err != nil {
		return err
	}
	position, err := tx.PositionOf(m.Channel, m.Seq)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for _, w := range list {
		w.Acknowledged = known && p.Marks.Settled(w.Text, w.Since, position, d.User, m.Channel)
		d.Connections = append(d.Connections, w.DeliveryConnection)
	}
	return nil
}

// pushes adds what was, and what is to be, pushed.
func pushes(tx *store.Tx, m chat.Message, d *chat.DeliveryRecord) (err error) {
	devices, err := tx.Devices(d.User)
	if err != nil {
		return err
	}
	d.Devices = len(devices)
	if d.Attempts, err = tx.AttemptsFor(d.User, m.Channel, m.ID, maxAttemptsShown); err != nil {
		return err
	}
	waiting, err := tx.PushesOf(d.User, m.Channel)
	for _, w := range waiting {
		if w.First <= m.ID && m.ID <= w.Last {
			d.Waiting = append(d.Waiting, w.Device)
		}
	}
	return err
}

// reason is the first that holds.
func reason(d chat.DeliveryRecord, author, hidden, later bool) chat.DeliveryReason {
	was := func(o chat.PushOutcome) bool {
		return slices.ContainsFunc(d.Attempts, func(a chat.PushAttempt) bool { return a.Outcome == o })
	}
	muted := !slices.ContainsFunc(d.Notifications, func(n chat.Notification) bool { return !n.Muted })
	personal := slices.ContainsFunc(d.Notifications, func(n chat.Notification) bool {
		return n.Type != chat.UserSentMessage && n.Type != chat.SystemSentMessage
	})
	for _, x := range []struct {
		holds  bool
		reason chat.DeliveryReason
	}{
		{author, chat.DeliveryAuthor}, {d.Blocked, chat.DeliveryBlocked}, {hidden, chat.DeliveryHidden}, {!d.ReadAt.IsZero(), chat.DeliveryRead},
		{was(chat.PushAccepted), chat.DeliveryPushed}, {len(d.Waiting) > 0, chat.DeliveryPending}, {len(d.Attempts) > 0, chat.DeliveryFailed},
		{len(d.Notifications) == 0 && !d.Member, chat.DeliveryNotMember}, {len(d.Notifications) == 0 && later, chat.DeliveryJoinedLater},
		{len(d.Notifications) == 0, chat.DeliveryChatting}, {muted || d.Muted, chat.DeliveryMuted},
		{d.Push == chat.PushNone || d.Push == chat.PushMentions && !personal, chat.DeliveryPreference}, {d.Devices == 0, chat.DeliveryNoDevice},
	} {
		if x.holds {
			return x.reason
		}
	}
	return chat.DeliveryNotified
}
