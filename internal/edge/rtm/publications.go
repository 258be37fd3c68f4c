package rtm

import (
	"context"
	"strconv"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/realtime"
)

// event is the body of a MESSAGE that tells of an event, with the NUL that
// ends the frame, so that all listeners share both.
func event(name string, resource func(dst []byte) []byte) []byte {
	b := append(make([]byte, 0, 3<<10), `{"type":"`...)
	b = append(b, name...)
	b = append(b, `","version":"1","resource":`...)
	b = resource(b)
	return append(b, '}', 0)
}

// uniqueID is a message-id that no event has.
func (s *Server) uniqueID() string { return "x-" + strconv.FormatUint(s.ephemeral.Add(1), 36) }

// Events publishes committed events, in the order of the log, to those who
// listen here.
func (s *Server) Events(events []chat.Event) {
	told := s.told(events)
	for i := range events {
		e := &events[i]
		s.typing.heard(e)
		switch e.Kind {
		case chat.ChannelCreated, chat.MemberJoined:
			s.Hub.Joined(e.Target, e.Channel)
		case chat.MemberLeft:
			s.Hub.Left(e.Target, e.Channel)
		case chat.UserBlocked, chat.UserUnblocked:
			s.Hub.Blocked(e.Target, chat.UserID(e.Subject), e.Kind == chat.UserBlocked)
		default:
			s.follow(e)
		}
		s.Hub.Publish(s.publications(e))
		s.notify(e, told)
		switch e.Kind {
		case chat.ChannelDeleted:
			s.Hub.ChannelGone(e.Channel)
		case chat.UserDeleted:
			s.Hub.Flush()
			s.Hub.UserGone(s.life, e.Target)
		default:
		}
		s.Hub.Advance(e.Position)
	}
	s.Hub.Flush()
}

// teller collects what one event says.
type teller struct {
	server *Server
	event  *chat.Event
	pubs   []realtime.Publication
}

// publications is what an event says to whom (client-protocol 4): first to the
// session that caused it, with the name of its request, which completes the
// action there; then to everybody else.
func (s *Server) publications(e *chat.Event) []realtime.Publication {
	t := teller{server: s, event: e}
	switch e.Kind {
	case chat.MessageCreated:
		t.message()
	case chat.ChannelCreated, chat.ChannelUpdated, chat.ChannelDeleted:
		t.channel()
	case chat.MemberJoined, chat.MemberLeft:
		t.member()
	case chat.UserUpdated, chat.UserDeleted:
		t.user()
	case chat.MessageRead:
		t.receipt("message.read_receipt.created")
	case chat.MessageUnread:
		t.receipt("message.read_receipt.deleted")
	case chat.EventTriggered:
		t.triggered()
	case chat.ModeratorAdded, chat.ModeratorDeleted:
		t.moderator()
	case chat.ChannelBlocked, chat.ChannelUnblocked:
		t.channelBlock()
	case chat.ChannelMuted, chat.ChannelUnmuted, chat.ChannelHidden, chat.ChannelUnhidden, chat.HistoryCleared:
		t.ownChannel()
	case chat.UserBlocked, chat.UserUnblocked:
		t.userBlock()
	default:
		t.lifecycle()
	}
	for i := range t.pubs {
		t.pubs[i].Mark = realtime.MarkOf(e.Position, i)
	}
	return t.pubs
}

func (t *teller) tell(p realtime.Publication, name string, resource func(dst []byte) []byte) {
	p.Render = func() []byte { return event(name, resource) }
	t.pubs = append(t.pubs, p)
}

// actor tells the session that caused the event, on a topic of its user.
func (t *teller) actor(topic realtime.Name, name string, resource func(dst []byte) []byte) {
	e := t.event
	if e.Session == 0 || e.Request == "" {
		return
	}
	t.tell(realtime.Publication{
		Topic: realtime.UserTopic(e.Actor, topic), Only: e.Session, Request: e.Request,
	}, name, resource)
}

// told is the session that has been told as the actor, to be left out of what
// is said to its user.
func (t *teller) told() chat.SessionID {
	if t.event.Request == "" {
		return 0
	}
	return t.event.Session
}

func (t *teller) message() {
	m := t.event.Message
	if m == nil {
		return // purged since
	}
	resource := func(dst []byte) []byte { return t.server.style.Message(dst, m) }
	t.actor(realtime.Messages, "user.message.created", resource)
	for i := range t.pubs {
		t.pubs[i].Receipt = true // see connection.conclude
	}
	if t.event.Gone || t.event.LeftOut {
		return
	}
	p := about(m, realtime.Messages)
	p.Message = m.Seq
	t.tell(p, "channel.message.created", resource)
}

// about is what a channel is told about a message on one of its topics, but for
// those who block its author.
func about(m *chat.Message, topic realtime.Name) realtime.Publication {
	p := realtime.Publication{Topic: realtime.ChannelTopic(m.Channel, topic)}
	if m.User != nil {
		p.From = m.User.ID
	}
	return p
}

// view renders the event's channel for members or for others.
func (t *teller) view(member bool) func(dst []byte) []byte {
	return t.viewOf(chat.View{Channel: *t.event.ChannelState, Member: member})
}

func (t *teller) viewOf(v chat.View) func(dst []byte) []byte {
	return func(dst []byte) []byte { return t.server.style.Channel(dst, &v) }
}

func (t *teller) channel() {
	e := t.event
	if e.ChannelState == nil {
		return
	}
	own := realtime.Topic{Scope: realtime.OfUser, Name: realtime.Channels}
	self := realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.Self)}
	switch e.Kind {
	case chat.ChannelCreated:
		t.actor(realtime.Channels, "user.channel.created", t.view(true))
		if e.Target != 0 {
			t.tell(realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Channels), Except: t.told()}, "user.channel.joined", t.view(true))
		}
	case chat.ChannelUpdated:
		t.actor(realtime.Channels, "user.channel.updated", t.view(true))
		t.tell(realtime.Publication{Topic: own, Members: e.Channel, Except: t.told()}, "user.channel.updated", t.view(true))
		t.tell(self, "channel.self.updated", t.view(true))
	case chat.ChannelDeleted:
		t.actor(realtime.Channels, "user.channel.deleted", t.view(true))
		t.tell(realtime.Publication{Topic: own, Members: e.Channel, Except: t.told()}, "user.channel.deleted", t.view(true))
		t.tell(self, "channel.self.deleted", t.view(true))
	default:
	}
}

func (t *teller) member() {
	e := t.event
	if e.ChannelState == nil || e.User == nil {
		return
	}
	user := func(dst []byte) []byte { return t.server.style.User(dst, e.User) }
	target := realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Channels)}
	members := realtime.Publication{Topic: realtime.ChannelTopic(e.Channel, realtime.Members)}
	himself := e.Actor == e.Target
	if himself {
		target.Except = t.told()
	}
	if e.Kind == chat.MemberJoined {
		if himself {
			t.actor(realtime.Channels, "user.channel.joined", t.view(true))
		} else {
			t.actor(realtime.Users, "user.user.invited", user)
		}
		t.tell(target, "user.channel.joined", t.view(true))
		t.tell(members, "channel.member.joined", user)
		return
	}
	// Who removes somebody else is a member as before.
	t.actor(realtime.Channels, "user.channel.left", t.view(!himself))
	outside := t.viewOf(chat.View{Channel: *e.ChannelState, Blocked: e.Data == chat.LeftBlocked})
	t.tell(target, "user.channel.left", outside)
	// One SDK generation listens to the older name only.
	target.Except = 0
	t.tell(target, "me.channel.left", outside)
	t.tell(members, "channel.member.left", user)
}

func (t *teller) user() {
	e := t.event
	if e.User == nil {
		return
	}
	current := func(dst []byte) []byte { return t.server.style.CurrentUser(dst, e.User) }
	user := func(dst []byte) []byte { return t.server.style.User(dst, e.User) }
	if e.Kind == chat.UserDeleted {
		t.actor(realtime.Self, "user.self.deleted", user)
		return
	}
	t.actor(realtime.Self, "user.self.updated", current)
	t.tell(realtime.Publication{Topic: realtime.UserTopic(e.Target, realtime.Self), Except: t.told()}, "user.self.updated", current)
	contacts := realtime.Topic{Scope: realtime.OfUser, Name: realtime.Contacts}
	t.tell(realtime.Publication{Topic: contacts, Everyone: e.Application}, "contact.user.updated", user)
}

// signalTimeout bounds what a signal makes the server look up.
const signalTimeout = 10 * time.Second

// Signal publishes news that is not kept.
func (s *Server) Signal(sig chat.Signal) {
	ctx, cancel := context.WithTimeout(s.life, signalTimeout)
	defer cancel()
	switch sig.Kind {
	case chat.PresenceChanged:
		s.presenceChanged(ctx, sig)
	case chat.ParticipantEntered:
		s.participant(ctx, sig, "channel.participant.active")
	case chat.KeysTyped, chat.TypingStarted, chat.TypingStopped:
		s.typingSignal(ctx, sig)
	case chat.ParticipantLeft:
		s.typing.stop(typist{sig.Channel, sig.User})
		s.participant(ctx, sig, "channel.participant.inactive")
	case chat.SessionMoved:
		if sig.Node != s.Accounts.Node {
			s.Hub.Release(sig.Session)
		}
	}
}

func (s *Server) presenceChanged(ctx context.Context, sig chat.Signal) {
	ids, err := s.Channels.Memberships(ctx, sig.User)
	if err != nil {
		s.Log.Error("tell of a presence", "error", err)
		return
	}
	contacts := realtime.Topic{Scope: realtime.OfUser, Name: realtime.Contacts}
	pubs := []realtime.Publication{{Topic: contacts, Everyone: sig.Application}}
	for _, id := range ids {
		if t := realtime.ChannelTopic(id, realtime.Participants); s.Hub.Listeners(t) > 0 {
			pubs = append(pubs, realtime.Publication{Topic: t})
		}
	}
	s.tellOf(ctx, sig, pubs, func(p realtime.Publication) string {
		if p.Everyone != 0 {
			return "contact.presence.changed"
		}
		return "participant.presence.changed"
	})
}

func (s *Server) participant(ctx context.Context, sig chat.Signal, name string) {
	t := realtime.ChannelTopic(sig.Channel, realtime.Participants)
	if s.Hub.Listeners(t) == 0 {
		return
	}
	s.tellOf(ctx, sig, []realtime.Publication{{Topic: t}}, func(realtime.Publication) string { return name })
}

// tellOf publishes the user of a signal.
func (s *Server) tellOf(ctx context.Context, sig chat.Signal, pubs []realtime.Publication, name func(realtime.Publication) string) {
	u, err := s.Accounts.RetrieveUser(ctx, chat.Actor{Application: sig.Application}, sig.User)
	if err != nil {
		if chat.CodeOf(err) != chat.NotFound {
			s.Log.Error("tell of a user", "error", err)
		}
		return
	}
	style := wire.Style{Base: s.BaseURL, Links: wire.Client}
	for i := range pubs {
		text := name(pubs[i])
		pubs[i].Render = func() []byte { return event(text, func(dst []byte) []byte { return style.User(dst, &u) }) }
	}
	s.Hub.Publish(pubs)
	s.Hub.Flush()
}
