package realtime_test

import (
	"strconv"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

func TestSubscriptionsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Limits.Subscriptions = 3 })
	s, _ := w.listener(ann, 1)
	for i := range 3 {
		subscribe(t, s, strconv.Itoa(i), roomMessages)
	}
	if err := s.Subscribe("3", "", hallMessages, true); chat.CodeOf(err) != chat.TooLarge {
		t.Errorf("one too many: %v", err)
	}
	subscribe(t, s, "2", roomMessages) // the same again
	s.Unsubscribe("1")
	subscribe(t, s, "3", hallMessages)
	if err := s.Subscribe("3", "", roomMessages, true); chat.CodeOf(err) != chat.Invalid {
		t.Errorf("an id for another topic: %v", err)
	}
}

func TestATopicIsHeardOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1)
	for _, topic := range []realtime.Topic{roomMessages, annsMessages} {
		for _, id := range []string{"a", "b", "c"} {
			subscribe(t, s, name(topic)+id, topic)
		}
		say := func(body, by string) {
			t.Helper()
			w.say(topic, body)
			items := heard(t, s, l, body)
			if len(items) != 1 || items[0].id != name(topic)+by {
				t.Errorf("%s: %+v, want it once by %s", body, items, by)
			}
			acknowledge(s, items...)
		}
		say("1", "a")
		s.Unsubscribe(name(topic) + "b") // a mere shadow
		say("2", "a")
		s.Unsubscribe(name(topic) + "a")
		say("3", "c")
		s.Unsubscribe(name(topic) + "c")
		s.Unsubscribe("unknown")
		w.say(topic, "4")
		heard(t, s, l, "")
	}
	if n := w.hub.Listeners(roomMessages); n != 0 {
		t.Errorf("%d listeners", n)
	}
}

// TestAShadowInheritsWhatWaits: two subscriptions to a topic, and the one that
// gets the copies ends while some of them wait.
func TestAShadowInheritsWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1)
	subscribe(t, s, "a", roomMessages)
	subscribe(t, s, "b", roomMessages)
	l.congest(true)
	w.say(roomMessages, "1")
	<-l.delivered
	w.say(roomMessages, "2")
	s.Unsubscribe("a")
	w.say(roomMessages, "3")
	l.congest(false)
	s.Ready(l)
	items := heard(t, s, l, "1 2 3")
	if items[0].id != "a" || items[1].id != "b" || items[2].id != "b" {
		t.Errorf("%+v", items)
	}
	// After a return only the second is made again.
	w.hub.Detach(s, l)
	subscribe(t, s, "c", roomMessages)
	_, l = w.attach(user(ann, 1))
	subscribe(t, s, "c", roomMessages)
	resume(t, s, l)
	items = heard(t, s, l, "2 3")
	if items[0].id != "c" || items[1].id != "c" {
		t.Errorf("%+v", items)
	}
}

func TestASlotIsUsedAgainForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, l := w.listener(ann, 1)
	subscribe(t, s, "a", roomMessages)
	w.say(roomMessages, "1")
	old := heard(t, s, l, "1")
	s.Unsubscribe("a")
	subscribe(t, s, "b", hallMessages)
	w.say(hallMessages, "2")
	if items := heard(t, s, l, "2"); items[0].slot != old[0].slot {
		t.Errorf("slots %d and %d", old[0].slot, items[0].slot)
	}
	acknowledge(s, old...) // is of nobody now
	w.hub.Detach(s, l)
	_, l = w.attach(user(ann, 1))
	subscribe(t, s, "b", hallMessages)
	resume(t, s, l)
	heard(t, s, l, "2")
}
