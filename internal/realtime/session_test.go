package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// resume does what the client protocol does for a session whose log has nothing
// to add.
func resume(tb testing.TB, s *realtime.Session, l *link) {
	tb.Helper()
	if after, missing := s.Owed(l); missing {
		tb.Fatalf("the log is owed after %d", after)
	}
	if !s.Resume(l) {
		tb.Fatal("the session does not resume")
	}
}

func TestAnEventReachesThoseWhoListen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s1, l1 := w.listener(ann, 1, roomMessages, annsMessages)
	s2, l2 := w.listener(ann, 2, annsMessages)
	s3, l3 := w.listener(bob, 3, roomMessages)
	own := to(annsMessages, "carrier")
	own.Only, own.Request = 1, "receipt-1"
	others := to(annsMessages, "others")
	others.Except = 1
	but := to(roomMessages, "but bob's")
	but.Except = 3
	w.publish(own, to(roomMessages, "all"), others, but)
	items := heard(t, s1, l1, "carrier all but bob's")
	heard(t, s2, l2, "others")
	heard(t, s3, l3, "all")
	if items[0].request != "receipt-1" || items[1].request != "" || items[0].id != name(annsMessages) || items[0].mark != realtime.MarkOf(1, 0) {
		t.Errorf("written: %+v", items)
	}
	if w.hub.Position() != 1 {
		t.Errorf("position %d", w.hub.Position())
	}
}

func TestABodyIsMadeOnceAndOnlyForListeners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s1, l1 := w.listener(ann, 1, roomMessages)
	s2, l2 := w.listener(bob, 2, roomMessages)
	made := 0
	count := func(topic realtime.Topic) realtime.Publication {
		return realtime.Publication{Topic: topic, Render: func() []byte { made++; return []byte("body") }}
	}
	w.publish(count(roomMessages), count(hallMessages), count(annsMessages))
	heard(t, s1, l1, "body")
	heard(t, s2, l2, "body")
	if made != 1 {
		t.Errorf("%d bodies made, want 1", made)
	}
}

func TestManyEventsAreOneWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	for i := range 20 {
		p := to(roomMessages, fmt.Sprint(i))
		p.Mark = realtime.MarkOf(chat.Position(i+1), 0)
		w.hub.Publish([]realtime.Publication{p})
	}
	w.hub.Flush()
	drain(t, s)
	if l.writes != 1 || len(l.take()) != 20 {
		t.Errorf("%d writes", l.writes)
	}
}

func TestWhatWasNotAcknowledgedComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages, hallMessages)
	w.say(roomMessages, "r1", "r2")
	w.say(hallMessages, "h1", "h2")
	s.Reply([]byte("reply"))
	w.signal(to(roomMessages, "typing"))
	items := heard(t, s, l, "r1 r2 h1 h2 reply typing")
	acknowledge(s, items[0], items[3]) // the second covers h1
	if !w.hub.Detach(s, l) {
		t.Error("the session has another link")
	}
	w.say(roomMessages, "r3")
	w.signal(to(roomMessages, "typing again"))
	s.Reply([]byte("nobody hears this"))

	again, l2 := w.attach(user(ann, 1))
	if again != s || !s.Resuming() {
		t.Fatal("the session does not resume")
	}
	w.say(hallMessages, "h3")
	subscribe(t, s, name(roomMessages), roomMessages)
	subscribe(t, s, name(hallMessages), hallMessages)
	s.Reply([]byte("receipt"))
	heard(t, s, l2, "receipt") // events wait
	resume(t, s, l2)
	items = heard(t, s, l2, "r2 r3 typing again h3")
	acknowledge(s, items...)
	if s.Resuming() {
		t.Error("still resuming")
	}

	l3 := newLink()
	if _, err := w.hub.Attach(t.Context(), user(ann, 1), l3); err != nil {
		t.Fatal(err)
	}
	wasCut(t, l2, realtime.Superseded)
	if w.hub.Detach(s, l2) {
		t.Error("the old link detaches the session of the new one")
	}
	subscribe(t, s, name(roomMessages), roomMessages)
	resume(t, s, l3)
	w.say(roomMessages, "r4")
	w.say(hallMessages, "h4") // not subscribed again
	heard(t, s, l3, "r4")
	heard(t, s, l2, "")
}

func TestWhoNeverAcknowledgesHasWhatWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := user(ann, 1)
	c.Acknowledges = false
	s, l := w.attach(c)
	subscribe(t, s, "a", roomMessages)
	w.say(roomMessages, "1", "2")
	heard(t, s, l, "1 2")
	w.hub.Detach(s, l)
	w.say(roomMessages, "3")
	_, l = w.attach(c)
	subscribe(t, s, "a", roomMessages)
	resume(t, s, l)
	items := heard(t, s, l, "3")
	// Once it has acknowledged something, it is held to it.
	w.say(roomMessages, "4")
	heard(t, s, l, "4")
	acknowledge(s, items...)
	w.hub.Detach(s, l)
	_, l = w.attach(c)
	subscribe(t, s, "a", roomMessages)
	resume(t, s, l)
	heard(t, s, l, "4")
}

func TestNonsenseIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	w.say(roomMessages, "1", "2")
	items := heard(t, s, l, "1 2")
	for _, slot := range []int{-1, 7} {
		s.Acknowledge(slot, []byte("unknown"), items[1].mark)
	}
	s.Acknowledge(0, []byte("unknown"), items[1].mark)
	s.Acknowledge(0, []byte(name(roomMessages)), realtime.MarkOf(99, 0)) // has not happened yet
	s.Acknowledge(5, []byte(name(roomMessages)), items[0].mark)          // by its id, the slot is wrong
	s.Acknowledge(0, []byte(name(roomMessages)), items[0].mark-1)        // older
	w.hub.Detach(s, l)
	_, l = w.attach(user(ann, 1))
	subscribe(t, s, name(roomMessages), roomMessages)
	resume(t, s, l)
	heard(t, s, l, "2")
}

// TestALinkThatReturnsTooSoonLosesNothing: the second link is lost before the
// client has come to its first request.
func TestALinkThatReturnsTooSoonLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	w.say(roomMessages, "1")
	heard(t, s, l, "1")
	for _, body := range []string{"2", "3"} {
		w.hub.Detach(s, l)
		_, l = w.attach(user(ann, 1))
		w.say(roomMessages, body)
	}
	subscribe(t, s, name(roomMessages), roomMessages)
	resume(t, s, l)
	heard(t, s, l, "1 2 3")
}

func TestTheLogFillsAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Limits.Items = 4 })
	s, l := w.listener(ann, 1, roomMessages, hallMessages)
	w.say(hallMessages, "0")
	for range 20 {
		w.say(roomMessages, "x")
		drain(t, s)
		acknowledge(s, l.take()...)
	}
	log := map[chat.Position][]realtime.Publication{}
	w.hub.Detach(s, l)
	for i := range 9 {
		pubs := w.publish(to(roomMessages, fmt.Sprint(i)))
		log[w.head] = pubs
	}
	_, l = w.attach(user(ann, 1))
	subscribe(t, s, name(roomMessages), roomMessages)
	subscribe(t, s, name(hallMessages), hallMessages)
	after, missing := s.Owed(l)
	// Not from when the hall was heard of last.
	if !missing || after < 20 || after > 21 {
		t.Fatalf("owed after %d, %v", after, missing)
	}
	if s.Resume(l) {
		t.Fatal("resumed with a gap")
	}
	s.Hold(l)
	for p := after + 1; p <= w.head; p++ {
		if !s.Replay(l, log[p]) {
			t.Fatal("the link is lost")
		}
	}
	w.say(roomMessages, "9") // while the log was read
	if !s.Resume(l) {
		t.Fatal("the session does not resume")
	}
	heard(t, s, l, "0 1 2 3 4 5 6 7 8 9")
}

// TestALostReplayDoesNotCount: whoever reads the log for a link that has been
// replaced changes nothing, and the next one reads all of it again.
func TestALostReplayDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := user(ann, 1)
	c.Resumed = true
	var log [][]realtime.Publication
	for _, body := range []string{"1", "2", "3"} {
		log = append(log, w.publish(to(roomMessages, body)))
	}
	s, l1 := w.attach(c)
	subscribe(t, s, "a", roomMessages)
	if after, missing := s.Owed(l1); !missing || after != 0 {
		t.Fatalf("owed after %d, %v", after, missing)
	}
	s.Hold(l1)
	s.Replay(l1, log[0])
	heard(t, s, l1, "1")

	_, l2 := w.attach(c)
	subscribe(t, s, "a", roomMessages)
	if s.Replay(l1, log[1]) {
		t.Error("the old link's replay goes on")
	}
	s.Hold(l1)
	if !s.Resume(l1) || !s.Resuming() {
		t.Error("the old link's replay resumes the session")
	}
	if after, missing := s.Owed(l2); !missing || after != 0 {
		t.Fatalf("owed after %d, %v", after, missing)
	}
	s.Hold(l2)
	for _, pubs := range log {
		s.Replay(l2, pubs)
	}
	if !s.Resume(l2) {
		t.Fatal("the session does not resume")
	}
	heard(t, s, l2, "1 2 3")
}

// TestTheLogIsAheadOfTheHub: what was read from the log is not told again when
// the hub hears of it.
func TestTheLogIsAheadOfTheHub(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := user(ann, 1)
	c.Resumed = true
	s, l := w.attach(c)
	subscribe(t, s, "a", roomMessages)
	s.Owed(l)
	s.Hold(l)
	ahead := to(roomMessages, "1")
	ahead.Mark = realtime.MarkOf(1, 0)
	s.Replay(l, []realtime.Publication{ahead})
	if !s.Resume(l) {
		t.Fatal("the session does not resume")
	}
	items := heard(t, s, l, "1")
	acknowledge(s, items...)
	w.say(roomMessages, "1", "2") // the first is the same event
	heard(t, s, l, "2")
	w.hub.Detach(s, l)
	_, l = w.attach(c)
	subscribe(t, s, "a", roomMessages)
	resume(t, s, l)
	heard(t, s, l, "2")
}

func TestASessionWithoutListenersIsOwedNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.say(roomMessages, "1")
	c := user(ann, 1)
	c.Resumed = true
	s, l := w.attach(c)
	resume(t, s, l)
	// What it subscribes from now on is new.
	subscribe(t, s, "a", roomMessages)
	w.say(roomMessages, "2")
	heard(t, s, l, "2")
}

func TestASlowReaderIsCutAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Limits.Items = 10 })
	slow, l1 := w.listener(ann, 1, roomMessages)
	quick, l2 := w.listener(bob, 2, roomMessages)
	l1.congest(true)
	for i := range 12 {
		w.say(roomMessages, fmt.Sprint(i))
		drain(t, quick)
		acknowledge(quick, l2.take()...)
		if i == 0 {
			<-l1.delivered // one write is under way; the rest waits
		}
	}
	wasCut(t, l1, realtime.TooSlow)
	notCut(t, l2)
	w.say(roomMessages, "more")
	heard(t, quick, l2, "more")
	slow.Ready(l1) // too late
	if got := l1.take(); len(got) != 1 || w.hub.Count().Attached != 1 {
		t.Errorf("the slow reader got %d, attached are %d", len(got), w.hub.Count().Attached)
	}
	if !w.hub.Detach(slow, l1) {
		t.Error("the slow reader's session is not detached")
	}
	_, l1 = w.attach(user(ann, 1))
	subscribe(t, slow, name(roomMessages), roomMessages)
	if after, missing := slow.Owed(l1); !missing || after != 0 {
		t.Errorf("owed after %d, %v", after, missing)
	}
}

func TestTheBytesThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Limits.Bytes = 10_000 })
	_, l := w.listener(ann, 1, roomMessages)
	l.congest(true)
	w.say(roomMessages, "first")
	<-l.delivered
	for range 4 {
		w.say(roomMessages, strings.Repeat("x", 4000))
	}
	wasCut(t, l, realtime.TooSlow)
}

func TestACongestedLinkGoesOnWhenReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	l.congest(true)
	w.say(roomMessages, "1")
	<-l.delivered
	w.say(roomMessages, "2", "3")
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Drained(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drained: %v", err)
	}
	l.congest(false)
	s.Ready(l)
	heard(t, s, l, "1 2 3")
}

func TestDrainedEndsWithTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	l.congest(true)
	w.say(roomMessages, "1")
	<-l.delivered
	w.say(roomMessages, "2")
	done := make(chan error, 1)
	go func() { done <- s.Drained(context.Background()) }()
	w.hub.Detach(s, l)
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("still waiting for a link that is lost")
	}
}

func TestAHeartbeatIsForThePresentLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l1 := w.listener(ann, 1)
	s.Heartbeat(l1, []byte("one"))
	heard(t, s, l1, "one")
	_, l2 := w.attach(user(ann, 1))
	s.Heartbeat(l1, []byte("two"))
	s.Heartbeat(l2, []byte("three"))
	heard(t, s, l2, "three")
	heard(t, s, l1, "")
}

func TestEndForgetsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages, roomSelf, annsMessages)
	w.signals.want(t, "entered 11 21")
	w.hub.End(s)
	w.hub.End(s)
	w.signals.want(t, "left 11 21")
	w.say(roomMessages, "1")
	w.say(annsMessages, "2")
	s.Reply([]byte("3"))
	if w.hub.Detach(s, l) || w.hub.Find(1) != nil {
		t.Error("the session is still there")
	}
	if got := l.take(); len(got) > 0 {
		t.Errorf("written: %v", got)
	}
	if c := w.hub.Count(); c != (realtime.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
}

func TestASessionThatNobodyResumesIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages)
	w.hub.Detach(s, l)
	w.clock.Advance(time.Minute)
	w.hub.Sweep()
	if w.hub.Find(1) != s {
		t.Fatal("forgotten too early")
	}
	_, l = w.attach(user(ann, 1))
	w.clock.Advance(time.Hour)
	w.hub.Sweep()
	if w.hub.Find(1) != s {
		t.Fatal("forgotten with a link")
	}
	w.hub.Detach(s, l)
	w.clock.Advance(time.Minute + 1)
	w.hub.Sweep()
	if c := w.hub.Count(); c != (realtime.Counts{}) {
		t.Errorf("left behind: %+v", c)
	}
}
