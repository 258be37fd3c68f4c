package realtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// named gives a user endings by which a test knows him.
func named(c realtime.Client, name string) realtime.Client {
	c.Endings = realtime.Endings{[]byte(" " + name), []byte(" " + name + " muted")}
	return c
}

// notified attaches a new session that listens to its user's notifications.
func (w *world) notified(u chat.UserID, id chat.SessionID, name string) (*realtime.Session, *link) {
	w.tb.Helper()
	s, l := w.attach(named(user(u, id), name))
	subscribe(w.tb, s, "n", realtime.UserTopic(u, realtime.Notifications))
	return s, l
}

// notification is for an audience among the members of a channel.
func notification(members chat.ChannelID, a realtime.Audience, body string, rendered *int) realtime.Publication {
	return realtime.Publication{
		Topic:   realtime.Topic{Scope: realtime.OfUser, Name: realtime.Notifications},
		Members: members, Audience: &a, Personal: true,
		Render: func() []byte { *rendered++; return []byte(body) },
	}
}

func TestTheAudienceOfANotification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const carol, dave = 13, 14
	for _, u := range []chat.UserID{ann, bob, carol} {
		w.directory.channels[u] = []chat.ChannelID{room}
	}
	w.directory.channels[dave] = []chat.ChannelID{hall}
	s1, l1 := w.notified(ann, 1, "ann")
	s2, l2 := w.notified(bob, 2, "bob")
	s3, l3 := w.notified(bob, 3, "bob")
	s4, l4 := w.notified(carol, 4, "carol")
	s5, l5 := w.notified(dave, 5, "dave")
	rendered := 0
	say := func(body string, a realtime.Audience) { w.publish(notification(room, a, body, &rendered)) }
	here := realtime.Audience{Channel: room, Author: ann}
	say("1", here)
	w.hub.Muted(carol, room, true)
	say("2", here)
	w.hub.Muted(carol, room, false)
	w.hub.Chats(bob, room, true)
	say("3", here)
	if !w.hub.Awaited(room, here) {
		t.Error("nobody is awaiting what carol hears")
	}
	w.hub.Chats(carol, room, true)
	say("4", here)
	if w.hub.Awaited(room, here) || w.hub.Awaited(99, here) {
		t.Error("somebody awaits what nobody hears")
	}
	w.hub.Chats(bob, room, false)
	w.hub.Renamed(bob, realtime.Endings{[]byte(" robert")})
	w.hub.Renamed(99, realtime.Endings{})
	say("5", here)
	// Said in the hall, where dave is the only member, of the room.
	w.hub.Joined(dave, room)
	elsewhere := realtime.Audience{Channel: hall, Author: ann}
	say("6", elsewhere)
	elsewhere.Outside = true
	say("7", elsewhere)
	w.publish(realtime.Publication{
		Topic: realtime.UserTopic(ann, realtime.Notifications), Personal: true, Muted: true, Render: func() []byte { return []byte("8") },
	})
	w.hub.Left(carol, room)
	say("9", realtime.Audience{Channel: room})

	heard(t, s1, l1, "8 ann muted 9 ann")
	heard(t, s2, l2, "1 bob 2 bob 5 robert 7 robert 9 robert")
	heard(t, s3, l3, "1 bob 2 bob 5 robert 7 robert 9 robert")
	heard(t, s4, l4, "1 carol 2 carol muted 3 carol 7 carol")
	heard(t, s5, l5, "6 dave 9 dave")
	if rendered != 7 {
		t.Errorf("rendered %d times", rendered)
	}
	if !w.hub.Online(ann) || w.hub.Online(99) {
		t.Error("who is online is not known")
	}
}

// What the log tells while memberships are loaded is newer than they are.
func TestStandingsChangeWhileTheyAreLoaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room, hall}
	w.directory.asked, w.directory.answer = make(chan struct{}), make(chan struct{})
	type attached struct {
		s *realtime.Session
		l *link
	}
	ready := make(chan attached)
	go func() {
		s, l := w.attach(named(user(ann, 1), "ann"))
		ready <- attached{s, l}
	}()
	<-w.directory.asked
	w.hub.Muted(ann, room, true)
	w.hub.Chats(ann, hall, true)
	w.directory.answer <- struct{}{}
	a := <-ready
	subscribe(t, a.s, "n", realtime.UserTopic(ann, realtime.Notifications))
	rendered := 0
	w.publish(notification(room, realtime.Audience{Channel: room}, "room", &rendered))
	w.publish(notification(hall, realtime.Audience{Channel: hall}, "hall", &rendered))
	heard(t, a.s, a.l, "room ann muted")
}

// A body that is shared must not be changed by whoever gets it first.
func TestManyAreNotifiedOfOneBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 200
	var sessions []*realtime.Session
	var links []*link
	for i := range chat.UserID(many) {
		w.directory.channels[1000+i] = []chat.ChannelID{room}
		s, l := w.notified(1000+i, chat.SessionID(1000+i), fmt.Sprint(i))
		sessions, links = append(sessions, s), append(links, l)
	}
	rendered := 0
	w.publish(notification(room, realtime.Audience{Channel: room}, "x", &rendered))
	for i := range sessions {
		heard(t, sessions[i], links[i], fmt.Sprint("x ", i))
	}
	if rendered != 1 {
		t.Errorf("rendered %d times", rendered)
	}
}

func TestAttendanceIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomSelf, roomMessages)
	w.attended.want(t, s, "1: 21")
	subscribe(t, s, "again", roomSelf)
	hallSelf := realtime.ChannelTopic(hall, realtime.Self)
	subscribe(t, s, "hall", hallSelf)
	s.Unsubscribe("again")
	w.attended.want(t, s, "1: 21 22")
	s.Unsubscribe(name(roomSelf))
	w.attended.want(t, s, "1: 22")

	// Within the grace nothing changes, whether or not the client is back.
	w.hub.Detach(s, l)
	_, l = w.attach(user(ann, 1))
	subscribe(t, s, "hall", hallSelf)
	resume(t, s, l)
	w.attended.want(t, s)
	// It does not open its chat session again.
	w.hub.Detach(s, l)
	_, l = w.attach(user(ann, 1))
	resume(t, s, l)
	w.attended.want(t, s, "1: ")
	subscribe(t, s, "hall", hallSelf)
	w.attended.want(t, s, "1: 22")
	w.hub.Detach(s, l)
	w.clock.Advance(time.Minute)
	w.hub.Sweep()
	w.attended.want(t, s, "1: ")
}

// What could not be written is written later.
func TestAttendanceIsWrittenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.attended.fail = true
	s, _ := w.listener(ann, 1, roomSelf)
	s.Attended(t.Context())
	s.Attended(t.Context())
	w.attended.want(t, s, "1: 21")
}

// A session that was restored from the store has the chat sessions that it opens
// again, and is asked for them only when it has done so.
func TestARestoredSessionsAttendance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := user(ann, 1)
	c.Resumed = true
	s, l := w.attach(c)
	subscribe(t, s, "room", roomSelf)
	w.attended.want(t, s)
	if _, missing := s.Owed(l); !missing {
		t.Error("nothing is owed to a restored session")
	}
	w.attended.want(t, s, "1: 21")
}
