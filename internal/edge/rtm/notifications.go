package rtm

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// Notifications are told to those who were not looking (client-protocol 8.6). All
// that several users are told of one event is rendered once; what differs, the
// recipient and whether he has muted the channel, ends it, and is kept for each
// user who is online.

const notificationCreated = "user.notification.created"

// endings are the two ends of what a user is notified of.
func (s *Server) endings(u *chat.User) (e realtime.Endings) {
	for i := range e {
		e[i] = append(s.style.NotificationEnd(nil, u, i == 1), '}', 0)
	}
	return e
}

// opening is the body of a notification without its ending.
func (s *Server) opening(n *chat.Notification) func() []byte {
	return func() []byte {
		b := append(make([]byte, 0, 8<<10), `{"type":"`+notificationCreated+`","version":"1","resource":`...)
		return s.style.NotificationOpen(b, n)
	}
}

// audienceOf is whom an event notifies: among the members of a channel, or, where
// that is zero, the target alone.
func audienceOf(e *chat.Event) (members chat.ChannelID, a realtime.Audience) {
	if e.Kind == chat.ChannelMentioned {
		return e.Channel, realtime.Audience{Channel: e.Notice.Channel, Author: e.Actor}
	}
	return e.Channel, realtime.Audience{Channel: e.Channel, Author: e.Actor}
}

// concerns tells whether an event notifies anybody here.
func (s *Server) concerns(e *chat.Event) bool {
	switch {
	case e.Kind == chat.MessageCreated:
		if e.Message == nil || e.Gone {
			return false
		}
	case e.Notice == nil:
		return false
	case e.Kind == chat.UserNotified:
		return s.Hub.Online(e.Target)
	}
	members, a := audienceOf(e)
	if s.Hub.Awaited(members, a) {
		return true
	}
	a.Outside = true
	return e.Kind == chat.ChannelMentioned && s.Hub.Awaited(members, a)
}

// follow brings what the hub knows of who looks where, and of who he is, up to
// date with an event.
func (s *Server) follow(e *chat.Event) {
	channel := chat.ChannelID(e.Subject)
	switch e.Kind {
	case chat.ChatStarted, chat.ChatEnded:
		s.Hub.Chats(e.Target, channel, e.Kind == chat.ChatStarted)
	case chat.ChannelMuted, chat.ChannelUnmuted:
		s.Hub.Muted(e.Target, channel, e.Kind == chat.ChannelMuted)
	case chat.UserUpdated:
		if e.User != nil {
			s.Hub.Renamed(e.Target, s.endings(e.User))
		}
	default:
	}
}

// told reads what the notifications of a batch of events say, as far as they
// concern anybody here, in a bounded number of queries. Where it cannot be read,
// nobody is told, and lists have it all the same.
func (s *Server) told(events []chat.Event) map[chat.NotificationID]chat.Notification {
	var some []chat.Event
	for i := range events {
		if s.concerns(&events[i]) {
			some = append(some, events[i])
		}
	}
	if len(some) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.life, signalTimeout)
	defer cancel()
	told, err := s.Notify.Told(ctx, some)
	if err != nil && s.life.Err() == nil {
		s.Log.Error("tell of notifications", "after", some[0].Position, "error", err)
	}
	return told
}

// notify publishes the notification that an event makes. Whom it concerns is as
// of the event; so it may be one that concerned nobody when its batch began.
func (s *Server) notify(e *chat.Event, told map[chat.NotificationID]chat.Notification) {
	if !s.concerns(e) {
		return
	}
	n, ok := told[chat.NotificationID(e.Subject)]
	if !ok {
		n, ok = s.told([]chat.Event{*e})[chat.NotificationID(e.Subject)]
	}
	if ok {
		s.Hub.Publish(s.notifications(e, &n))
	}
}

// notifications say an event's notification to all whom it concerns.
func (s *Server) notifications(e *chat.Event, n *chat.Notification) []realtime.Publication {
	own := realtime.Publication{
		Topic: realtime.Topic{Scope: realtime.OfUser, Name: realtime.Notifications}, Personal: true, Render: s.opening(n), Mark: notificationMark(e),
	}
	if e.Kind == chat.UserNotified {
		own.Topic.ID, own.Muted = int64(e.Target), n.Muted
		return []realtime.Publication{own}
	}
	members, a := audienceOf(e)
	own.Members, own.Audience = members, &a
	if e.Kind != chat.ChannelMentioned || n.Channel.Channel.Type != chat.Public {
		n.Channel.Member = true
		return []realtime.Publication{own}
	}
	// Who is no member sees the channel otherwise. Nobody is both.
	inside, outside := *n, a
	inside.Channel.Member, outside.Outside = true, true
	others := own
	own.Render, others.Audience = s.opening(&inside), &outside
	return []realtime.Publication{own, others}
}

// notificationMark is the mark of an event's notification, which follows all
// else that the event says.
func notificationMark(e *chat.Event) realtime.Mark {
	return realtime.MarkOf(e.Position, notificationNumber)
}

const notificationNumber = 14

// missed are the notifications of events that a session missed.
func (c *connection) missed(ctx context.Context, events []chat.Event) (map[chat.Position]realtime.Publication, error) {
	found, err := c.server.Notify.Missed(ctx, c.actor, events)
	if err != nil {
		return nil, err
	}
	pubs := make(map[chat.Position]realtime.Publication, len(found))
	for i := range events {
		e := &events[i]
		if n, ok := found[chat.NotificationID(e.Subject)]; ok && e.Kind.Notifies() {
			pubs[e.Position] = realtime.Publication{
				Topic:    realtime.UserTopic(c.actor.User, realtime.Notifications),
				Personal: true, Muted: n.Muted, Render: c.server.opening(&n), Mark: notificationMark(e),
			}
		}
	}
	return pubs, nil
}

// readNotification marks a notification as read. Its RECEIPT completes it.
func readNotification(ctx context.Context, c *connection, r *request) (*answer, error) {
	return nil, c.server.Notify.Read(ctx, c.doer(r), chat.NotificationID(r.id))
}
