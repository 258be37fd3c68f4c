package store

import (
	"slices"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// CompleteNotifications loads what notifications are about. Viewer is who reads
// them, with when he read each; zero for what is told to several. What is no
// longer there is left out. It takes a bounded number of queries.
func (tx *Tx) CompleteNotifications(app chat.ApplicationID, viewer chat.UserID, list []chat.Notification) ([]chat.Notification, error) {
	about, err := tx.subjectsOf(app, list)
	if err != nil {
		return nil, err
	}
	if err := about.view(tx, app, viewer); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(n chat.Notification) bool {
		_, there := about.messages[n.Message.ID]
		return !there
	})
	for i := range list {
		about.fill(&list[i], viewer)
	}
	if viewer == 0 || len(list) == 0 {
		return list, nil
	}
	return list, tx.readTimes(viewer, list)
}

// subjects are what notifications are about.
type subjects struct {
	messages map[chat.MessageID]chat.Message
	remains  map[chat.MessageID]chat.Message
	users    map[chat.UserID]chat.User
	channels map[chat.ChannelID]chat.View
	ids      []chat.ChannelID
}

func (tx *Tx) subjectsOf(app chat.ApplicationID, list []chat.Notification) (s subjects, err error) {
	var messages, parents []chat.MessageID
	var users []chat.UserID
	for i := range list {
		n := &list[i]
		if n.Message.Channel == 0 {
			messages = append(messages, n.Message.ID)
		}
		if n.Parent != nil {
			messages, parents = append(messages, n.Parent.ID), append(parents, n.Parent.ID)
		}
		if n.Mentioned != nil {
			s.ids = append(s.ids, n.Mentioned.Channel.ID)
		}
		if n.Type == chat.UserMentionedUser {
			users = append(users, n.Recipient)
		}
	}
	if s.messages, err = tx.MessagesByID(app, messages); err != nil {
		return s, err
	}
	for i := range list { // those that are known already
		if m := list[i].Message; m.Channel != 0 {
			s.messages[m.ID] = m
		}
	}
	parents = slices.DeleteFunc(parents, func(id chat.MessageID) bool {
		_, there := s.messages[id]
		return there
	})
	if s.remains, err = tx.RemainsByID(app, parents); err != nil {
		return s, err
	}
	s.users, err = tx.UsersByID(app, users)
	for _, m := range s.messages {
		s.ids = append(s.ids, m.Channel)
	}
	slices.Sort(s.ids)
	s.ids = slices.Compact(s.ids)
	return s, err
}

// view loads the channels as a viewer sees them.
func (s *subjects) view(tx *Tx, app chat.ApplicationID, viewer chat.UserID) error {
	channels, err := tx.ChannelsByID(app, s.ids)
	if err != nil {
		return err
	}
	if err := tx.Complete(app, channels); err != nil {
		return err
	}
	if err := tx.HideFrom(viewer, channels); err != nil {
		return err
	}
	member := map[chat.ChannelID]bool{}
	if viewer != 0 && len(s.ids) > 0 {
		if member, err = tx.MemberOf(viewer, s.ids); err != nil {
			return err
		}
	}
	s.channels = make(map[chat.ChannelID]chat.View, len(channels))
	for _, c := range channels {
		s.channels[c.ID] = chat.View{Channel: c, Member: member[c.ID]}
	}
	return nil
}

func (s *subjects) fill(n *chat.Notification, viewer chat.UserID) {
	n.Message = s.messages[n.Message.ID]
	if n.Type == "" {
		n.Type, n.Channel.Member = n.Message.Sent(), true
	}
	see := func(id chat.ChannelID, member bool) chat.View {
		v := s.channels[id]
		if viewer == 0 {
			v.Member = member
		}
		return v
	}
	n.Channel = see(n.Message.Channel, n.Channel.Member)
	if n.Mentioned != nil {
		v := see(n.Mentioned.Channel.ID, true)
		n.Mentioned = &v
	}
	if n.Parent != nil {
		parent, there := s.messages[n.Parent.ID]
		if !there {
			parent = s.remains[n.Parent.ID]
		}
		n.Parent = &parent
	}
	if n.Type == chat.UserMentionedUser {
		u := s.users[n.Recipient]
		n.User = &u
	}
}

// readTimes tells when a user has read notifications: by themselves, or with
// their messages.
func (tx *Tx) readTimes(user chat.UserID, list []chat.Notification) error {
	var channels []chat.ChannelID
	var ids []chat.NotificationID
	for i := range list {
		channels, ids = append(channels, list[i].Message.Channel), append(ids, list[i].ID)
	}
	type position struct {
		channel chat.ChannelID
		seq     chat.Seq
		at      time.Time
	}
	q := &sqlText{}
	q.and("user_id = " + q.arg(int64(user)))
	q.and("channel_id IN " + in(q, channels))
	positions, err := collect(tx, "find read positions", func(row scanner) (p position, err error) {
		var at int64
		err = row.Scan(&p.channel, &p.seq, &at)
		p.at = fromMicros(at)
		return p, err
	}, "SELECT channel_id, read_seq, read_at FROM members"+q.conditions(), q.args...)
	if err != nil {
		return err
	}
	with := make(map[chat.ChannelID]position, len(positions))
	for _, p := range positions {
		with[p.channel] = p
	}
	type mark struct {
		id chat.NotificationID
		at time.Time
	}
	q = &sqlText{}
	q.and("user_id = " + q.arg(int64(user)))
	q.and("notification_id IN " + in(q, ids))
	marks, err := collect(tx, "find read notifications", func(row scanner) (m mark, err error) {
		var at int64
		err = row.Scan(&m.id, &at)
		m.at = fromMicros(at)
		return m, err
	}, "SELECT notification_id, read_at FROM read_notifications"+q.conditions(), q.args...)
	alone := make(map[chat.NotificationID]time.Time, len(marks))
	for _, m := range marks {
		alone[m.id] = m.at
	}
	for i := range list {
		n := &list[i]
		if at, read := alone[n.ID]; read {
			n.ReadAt = at
		} else if p := with[n.Message.Channel]; n.Message.Seq <= p.seq {
			n.ReadAt = p.at
		}
	}
	return err
}

// NotificationsOf makes the notifications that events tell of, each as it is
// told to all whom it concerns. Messages that events carry are not read again.
func (tx *Tx) NotificationsOf(app chat.ApplicationID, events []chat.Event) ([]chat.Notification, error) {
	var list []chat.Notification
	for i := range events {
		e := &events[i]
		switch {
		case e.Notice != nil:
			list = append(list, notified(*e.Notice))
		case e.Kind == chat.MessageCreated:
			n := chat.Notification{ID: chat.NotificationID(e.Subject)}
			if n.Message.ID = chat.MessageID(e.Subject); e.Message != nil {
				n.Message = *e.Message
			}
			list = append(list, n)
		}
	}
	return tx.CompleteNotifications(app, 0, list)
}
