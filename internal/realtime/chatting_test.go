package realtime_test

import (
	"testing"
	"time"

	"github.com/purrchat/purr/internal/realtime"
)

func TestAChatSessionBeginsAndEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.listener(ann, 1, roomMessages)
	w.signals.want(t)
	subscribe(t, s, "a", roomSelf)
	subscribe(t, s, "b", roomSelf)
	w.signals.want(t, "entered 11 21")
	if !w.hub.Chatting(ann, room) || w.hub.Chatting(bob, room) || w.hub.Chatting(ann, hall) {
		t.Error("who is chatting is not known")
	}
	s.Unsubscribe("a")
	w.signals.want(t)
	s.Unsubscribe("b")
	w.signals.want(t, "left 11 21")
	if w.hub.Chatting(ann, room) {
		t.Error("still chatting")
	}
}

func TestTwoSessionsOfOneUserAreOneParticipant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s1, l1 := w.listener(ann, 1, roomSelf)
	s2, _ := w.listener(ann, 2, roomSelf)
	w.listener(bob, 3, roomSelf)
	w.signals.want(t, "entered 11 21", "entered 12 21")
	w.hub.End(s2)
	w.signals.want(t)
	w.hub.Detach(s1, l1)
	w.clock.Advance(time.Minute)
	w.hub.Sweep()
	w.signals.want(t, "left 11 21")
}

func TestAChatSessionOutlivesItsLinkByTheGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // whose grace is ten seconds
	s, l := w.listener(ann, 1, roomSelf)
	w.signals.want(t, "entered 11 21")
	w.hub.Detach(s, l)
	w.clock.Advance(10 * time.Second)
	w.hub.Sweep()
	_, l = w.attach(user(ann, 1))
	w.clock.Advance(time.Minute)
	w.hub.Sweep()
	w.signals.want(t)
	if !w.hub.Chatting(ann, room) {
		t.Error("left within the grace")
	}
	w.hub.Detach(s, l)
	w.clock.Advance(10*time.Second + 1)
	w.hub.Sweep()
	w.hub.Sweep()
	w.signals.want(t, "left 11 21")
	_, l = w.attach(user(ann, 1))
	w.signals.want(t, "entered 11 21")
	// The client does not open it again.
	resume(t, s, l)
	w.signals.want(t, "left 11 21")
}

func TestAChatSessionIsKeptAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.listener(ann, 1, roomMessages)
	subscribe(t, s, "a", realtime.ChannelTopic(room, realtime.Self))
	w.keeper.await(t, 1, func(text string) bool { return text != "" })
}
