package realtime_test

import (
	"context"
	"errors"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// members says something to the members of a channel, on a topic of their own.
func (w *world) members(c chat.ChannelID, body string) {
	p := to(realtime.Topic{Scope: realtime.OfUser, Name: realtime.Channels}, body)
	p.Members = c
	w.publish(p)
}

func TestMembersHearOnTheirOwnTopics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room}
	s1, l1 := w.listener(ann, 1, annsChannels)
	s2, l2 := w.listener(bob, 2, realtime.UserTopic(bob, realtime.Channels))
	s3, l3 := w.listener(ann, 3, annsChannels)
	w.members(room, "1")
	w.hub.Joined(bob, room)
	w.members(room, "2")
	w.hub.Left(ann, room)
	w.members(room, "3")
	w.hub.ChannelGone(room)
	w.members(room, "4")
	everyone := to(realtime.Topic{Scope: realtime.OfUser, Name: realtime.Channels}, "5")
	everyone.Everyone = application
	w.publish(everyone)
	everyone.Everyone = application + 1
	w.publish(everyone)
	heard(t, s1, l1, "1 2 5")
	heard(t, s3, l3, "1 2 5")
	heard(t, s2, l2, "2 3 5")
	if w.directory.lookups != 2 {
		t.Errorf("%d lookups for two users", w.directory.lookups)
	}
	if w.hub.IsMember(bob, room) || w.hub.IsMember(99, room) {
		t.Error("members of what is gone")
	}
}

func TestWhoLeftHearsNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room, hall}
	s, l := w.listener(ann, 1, roomMessages, roomSelf, hallMessages)
	subscribe(t, s, "shadow", roomMessages)
	other, lo := w.listener(bob, 2, roomMessages)
	w.signals.want(t, "entered 11 21")
	l.congest(true)
	w.say(roomMessages, "before")
	<-l.delivered
	w.say(roomMessages, "waits")
	w.hub.Left(ann, room)
	w.hub.Left(99, room)
	w.signals.want(t, "left 11 21")
	w.say(roomMessages, "after")
	w.say(hallMessages, "hall")
	l.congest(false)
	s.Ready(l)
	heard(t, s, l, "before waits hall")
	heard(t, other, lo, "before waits after")
	if n := w.hub.Listeners(roomMessages); n != 1 {
		t.Errorf("%d listeners", n)
	}
}

// TestWhoLeftWhileAwayHearsNothingMore: not even what was held for him.
func TestWhoLeftWhileAwayHearsNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room}
	s, l := w.listener(ann, 1, roomMessages, annsMessages)
	w.hub.Detach(s, l)
	_, l = w.attach(user(ann, 1))
	w.say(roomMessages, "held")
	w.say(annsMessages, "own")
	w.hub.Left(ann, room)
	subscribe(t, s, name(annsMessages), annsMessages)
	resume(t, s, l)
	heard(t, s, l, "own")
}

func TestADeletedChannelIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room}
	var topics []realtime.Topic
	for n := realtime.Self; n <= realtime.BlockRecords; n++ {
		topics = append(topics, realtime.ChannelTopic(room, n))
	}
	s1, l1 := w.listener(ann, 1, append(topics, hallMessages)...)
	s2, l2 := w.listener(ann, 2, topics...)
	w.signals.want(t, "entered 11 21")
	w.hub.ChannelGone(room)
	w.signals.want(t, "left 11 21")
	for _, topic := range topics {
		w.say(topic, "x")
	}
	w.say(hallMessages, "hall")
	heard(t, s1, l1, "hall")
	heard(t, s2, l2, "")
	if c := w.hub.Count(); c.Topics != 1 || w.hub.IsMember(ann, room) {
		t.Errorf("left behind: %+v", c)
	}
}

func TestTheSessionsOfADeletedUserAreToldAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self := realtime.UserTopic(ann, realtime.Self)
	s1, l1 := w.listener(ann, 1, self)
	s2, l2 := w.listener(ann, 2, self)
	away, la := w.listener(ann, 3, self)
	w.hub.Detach(away, la)
	other, lo := w.listener(bob, 4, roomMessages)
	w.say(self, "deleted")
	w.hub.UserGone(t.Context(), ann)
	w.hub.UserGone(t.Context(), 99)
	for _, l := range []*link{l1, l2} {
		wasCut(t, l, realtime.UserGone)
		if got := l.take(); len(got) != 1 || got[0].body != "deleted" {
			t.Errorf("his last words are %v", got)
		}
	}
	notCut(t, la)
	w.say(roomMessages, "1")
	heard(t, other, lo, "1")
	eventually(t, "the end of the sessions", func() bool {
		return w.hub.Count() == realtime.Counts{Sessions: 1, Attached: 1, Users: 1, Topics: 1}
	})
	for _, s := range []*realtime.Session{s1, s2, away} {
		s.Reply([]byte("x"))
	}
}

// TestNewsOfAMembershipThatIsBeingRead: what the log tells while a user's
// channels are read is newer than what is read.
func TestNewsOfAMembershipThatIsBeingRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room, hall}
	w.directory.asked, w.directory.answer = make(chan struct{}), make(chan struct{})
	attached := make(chan error, 3)
	attach := func(id chat.SessionID, l *link) {
		_, err := w.hub.Attach(t.Context(), user(ann, id), l)
		attached <- err
	}
	l1, l2, l3 := newLink(), newLink(), newLink()
	go attach(1, l1)
	<-w.directory.asked
	go attach(2, l2) // another session of his waits for the same answer
	go attach(1, l3) // and so does the same session on another link
	wasCut(t, l1, realtime.Superseded)
	select {
	case err := <-attached:
		t.Errorf("attached before his channels are known: %v", err)
	default:
	}
	w.hub.Left(ann, room)
	w.hub.Joined(ann, 23)
	w.hub.Joined(ann, 24)
	w.hub.Left(ann, 24)
	close(w.directory.answer)
	for range 3 {
		if err := <-attached; err != nil {
			t.Error(err)
		}
	}
	for c, want := range map[chat.ChannelID]bool{room: false, hall: true, 23: true, 24: false} {
		if w.hub.IsMember(ann, c) != want {
			t.Errorf("channel %d: member %v", c, !want)
		}
	}
	if c := w.hub.Count(); c.Sessions != 2 || c.Attached != 2 || c.Users != 1 {
		t.Errorf("%+v", c)
	}
}

// TestOneSessionAttachedTwiceAtOnce is one session, whoever comes first.
func TestOneSessionAttachedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := make(chan *realtime.Session)
	for range 8 {
		go func() {
			s, err := w.hub.Attach(context.Background(), user(ann, 1), newLink())
			if err != nil {
				t.Error(err)
			}
			got <- s
		}()
	}
	first := <-got
	for range 7 {
		if s := <-got; s != first {
			t.Error("two sessions of one name")
		}
	}
	if c := w.hub.Count(); c.Sessions != 1 || c.Attached != 1 {
		t.Errorf("%+v", c)
	}
	w.hub.End(first)
	if c := w.hub.Count(); c != (realtime.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
}

func TestASessionWhoseChannelsCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.fail = errors.New("the store is away")
	if _, err := w.hub.Attach(t.Context(), user(ann, 1), newLink()); !errors.Is(err, w.directory.fail) {
		t.Errorf("attached: %v", err)
	}
	if c := w.hub.Count(); c != (realtime.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
	w.directory.fail = nil
	w.attach(user(ann, 1))
}

// TestAUserWhoEndsWhileHisChannelsAreRead leaves nothing behind.
func TestAUserWhoEndsWhileHisChannelsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.directory.channels[ann] = []chat.ChannelID{room}
	w.directory.asked, w.directory.answer = make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		_, _ = w.hub.Attach(context.Background(), user(ann, 1), newLink())
		close(done)
	}()
	<-w.directory.asked
	w.hub.End(w.hub.Find(1))
	close(w.directory.answer)
	<-done
	if w.hub.IsMember(ann, room) || w.hub.Count() != (realtime.Counts{}) {
		t.Errorf("left behind: %+v", w.hub.Count())
	}
}

func TestInACrowdNobodyHearsWhoComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Crowd = 2 })
	participants := realtime.ChannelTopic(room, realtime.Participants)
	contacts := to(realtime.Topic{Scope: realtime.OfUser, Name: realtime.Contacts}, "contact")
	contacts.Everyone = application
	tell := func() {
		w.signal(to(participants, "participant"))
		w.signal(contacts)
		w.say(roomMessages, "message")
	}
	s, l := w.listener(ann, 1, participants, realtime.UserTopic(ann, realtime.Contacts), roomMessages)
	second, _ := w.listener(bob, 2, participants)
	tell()
	heard(t, s, l, "participant contact message")
	third, _ := w.listener(13, 3, participants)
	tell()
	heard(t, s, l, "message")
	w.hub.End(third)
	tell()
	heard(t, s, l, "participant contact message")
	w.hub.End(second)
}
