package realtime_test

import (
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// from says something that is a user's doing.
func (w *world) from(u chat.UserID, p realtime.Publication) {
	p.From = u
	w.publish(p)
}

func TestWhoBlocksSomebodyIsNotToldOfHim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const eve chat.UserID = 13
	w.directory.channels[ann] = []chat.ChannelID{room}
	w.directory.blocked = map[chat.UserID][]chat.UserID{ann: {eve}}
	s1, l1 := w.listener(ann, 1, roomMessages, annsChannels)
	s2, l2 := w.listener(bob, 2, roomMessages, realtime.UserTopic(bob, realtime.Channels))
	own := realtime.Topic{Scope: realtime.OfUser, Name: realtime.Channels}
	tell := func(body string) {
		w.from(eve, to(roomMessages, body))
		w.from(bob, to(roomMessages, body+"b"))
		everybody := to(own, body+"e")
		everybody.Members = room
		w.from(eve, everybody)
		w.say(roomMessages, body+"x")
	}
	w.hub.Joined(bob, room)
	tell("1")
	w.hub.Blocked(ann, eve, false)
	tell("2")
	w.hub.Blocked(ann, bob, true)
	w.hub.Blocked(ann, eve, true)
	w.hub.Blocked(99, eve, true) // who is not here
	tell("3")
	w.hub.Blocked(ann, bob, false)
	tell("4")
	heard(t, s1, l1, "1b 1x 2 2b 2e 2x 3x 4b 4x")
	heard(t, s2, l2, "1 1b 1e 1x 2 2b 2e 2x 3 3b 3e 3x 4 4b 4e 4x")
	// His further sessions do not look again, nor does one that comes back.
	s3, l3 := w.listener(ann, 3, roomMessages)
	tell("5")
	heard(t, s3, l3, "5b 5x")
	w.hub.Detach(s1, l1)
	_, l1 = w.attach(user(ann, 1))
	subscribe(t, s1, name(roomMessages), roomMessages)
	w.from(eve, to(roomMessages, "held"))
	w.say(roomMessages, "6")
	resume(t, s1, l1)
	heard(t, s1, l1, "1b 1x 2 2b 2x 3x 4b 4x 5b 5x 6")
}

// What the log tells of blocks while they are looked up is newer than what is
// found.
func TestBlocksThatChangeWhileTheyAreLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const eve, zoe chat.UserID = 13, 14
	w.directory.blocked = map[chat.UserID][]chat.UserID{ann: {eve}}
	w.directory.asked, w.directory.answer = make(chan struct{}), make(chan struct{})
	attached := make(chan *realtime.Session)
	l := newLink()
	go func() {
		s, err := w.hub.Attach(t.Context(), user(ann, 1), l)
		if err != nil {
			t.Error(err)
		}
		attached <- s
	}()
	<-w.directory.asked
	w.hub.Blocked(ann, eve, false)
	w.hub.Blocked(ann, zoe, true)
	close(w.directory.answer)
	s := <-attached
	subscribe(t, s, name(roomMessages), roomMessages)
	w.from(eve, to(roomMessages, "eve"))
	w.from(zoe, to(roomMessages, "zoe"))
	heard(t, s, l, "eve")
}
