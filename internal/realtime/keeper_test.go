package realtime_test

import (
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

func TestWhatIsAcknowledgedIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1, roomMessages, hallMessages)
	w.say(roomMessages, "1")
	w.say(hallMessages, "2")
	items := heard(t, s, l, "1 2")
	acknowledge(s, items[0])
	text := w.keeper.await(t, 1, func(text string) bool { return text == s.KeptText() })
	w.stop()

	// The hall's event comes again, the room's does not.
	later := newWorld(t)
	pubs := [][]realtime.Publication{later.publish(to(roomMessages, "1")), later.publish(to(hallMessages, "2"))}
	c := user(ann, 1)
	c.Resumed, c.Kept = true, text
	s, l = later.attach(c)
	for _, topic := range []realtime.Topic{roomMessages, hallMessages} {
		subscribe(t, s, name(topic), topic)
	}
	after, missing := s.Owed(l)
	if !missing || after > 1 {
		t.Fatalf("owed after %d, %v", after, missing)
	}
	s.Hold(l)
	for _, p := range pubs {
		s.Replay(l, p)
	}
	if !s.Resume(l) {
		t.Fatal("the session does not resume")
	}
	heard(t, s, l, "2")
}

func TestAllIsKeptWhenTheHubStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keeper.gate = make(chan struct{}) // so that nothing is kept before
	const sessions = 1200               // more than are written in one go
	for id := range chat.SessionID(sessions) {
		s, l := w.listener(ann+chat.UserID(id), id+1, roomMessages)
		w.say(roomMessages, "x")
		drain(t, s)
		acknowledge(s, l.take()...)
	}
	go func() {
		<-w.keeper.asked
		w.end() // while something is being kept
		close(w.keeper.gate)
	}()
	w.stop()
	if n := len(w.keeper.texts); n != sessions {
		t.Errorf("kept %d of %d sessions", n, sessions)
	}
	for _, n := range w.keeper.calls {
		if n > 500 {
			t.Errorf("%d sessions in one go", n)
		}
	}
}

func TestAcknowledgingWhileResumingIsKeptAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := user(ann, 1)
	c.Resumed, c.Kept = true, `{"settled":1}`
	s, l := w.attach(c)
	subscribe(t, s, "a", roomMessages)
	pubs := w.publish(to(roomMessages, "1"))
	s.Owed(l)
	s.Hold(l)
	s.Replay(l, pubs)
	acknowledge(s, heard(t, s, l, "1")...)
	if text := s.KeptText(); text != "" {
		t.Errorf("kept while it resumes: %s", text)
	}
	if !s.Resume(l) {
		t.Fatal("the session does not resume")
	}
	w.keeper.await(t, 1, func(text string) bool { return strings.Contains(text, `"settled":31`) })
}

func TestAStoreThatFailsIsTriedWithTheNextAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keeper.fail = true
	s, l := w.listener(ann, 1, roomMessages)
	w.say(roomMessages, "1", "2")
	items := heard(t, s, l, "1 2")
	acknowledge(s, items[0])
	<-w.keeper.kept
	w.keeper.mu.Lock()
	w.keeper.fail = false
	w.keeper.mu.Unlock()
	acknowledge(s, items[1])
	w.keeper.await(t, 1, func(text string) bool { return text == s.KeptText() })
}
