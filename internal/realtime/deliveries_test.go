package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// reader remembers what it was told to make read.
type reader struct {
	mu    sync.Mutex
	calls [][]chat.Delivery
	told  chan struct{}
	// fail is how many calls fail.
	fail int
	// begun hears of a call, which then waits for gate, where they are not nil.
	begun, gate chan struct{}
}

func (r *reader) ReadDelivered(_ context.Context, list []chat.Delivery) error {
	if r.gate != nil {
		r.begun <- struct{}{}
		<-r.gate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return errors.New("the store is away")
	}
	r.calls = append(r.calls, list)
	select {
	case r.told <- struct{}{}:
	default:
	}
	return nil
}

// text is all that was made read so far, such as "11@21:3" for the third
// message of channel 21 by user 11.
func (r *reader) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, list := range r.calls {
		for _, d := range list {
			out = append(out, fmt.Sprintf("%d@%d:%d", d.User, d.Channel, d.Message))
		}
	}
	return strings.Join(out, " ")
}

func (r *reader) await(tb testing.TB, want string) {
	tb.Helper()
	limit := time.After(patience)
	for r.text() != want {
		select {
		case <-r.told:
		case <-limit:
			tb.Fatalf("made read: %q, want %q", r.text(), want)
		}
	}
}

// newReaderWorld is a world whose first application reads what is delivered.
func newReaderWorld(tb testing.TB, r *reader, change ...func(*realtime.Options)) *world {
	tb.Helper()
	r.told = make(chan struct{}, 1)
	return newWorld(tb, append(change, func(o *realtime.Options) {
		o.Reader, o.Reads = r, func(app chat.ApplicationID) bool { return app == application }
	})...)
}

// message is the publication of a channel's nth message.
func message(c chat.ChannelID, n chat.Seq) realtime.Publication {
	p := to(realtime.ChannelTopic(c, realtime.Messages), fmt.Sprint(n))
	p.Message = n
	return p
}

func TestWhatIsAcknowledgedIsRead(t *testing.T) {
	t.Parallel()
	r := &reader{}
	w := newReaderWorld(t, r)
	s, l := w.listener(ann, 1, roomMessages, annsMessages)
	own := message(room, 3)
	own.Topic, own.Message = annsMessages, 0
	w.publish(own, message(room, 3))
	w.publish(to(roomMessages, "an update"))
	items := heard(t, s, l, "3 3 an update")
	acknowledge(s, items[0]) // that she has sent it is not that it has come back
	acknowledge(s, items[2]) // the highest counts for what is below
	r.await(t, "11@21:3")
	w.publish(to(roomMessages, "another update"))
	acknowledge(s, heard(t, s, l, "another update")...)
	w.publish(message(room, 9))
	acknowledge(s, heard(t, s, l, "9")...)
	r.await(t, "11@21:3 11@21:9")
	w.stop()
	r.await(t, "11@21:3 11@21:9")
}

func TestWhatIsWrittenIsReadByWhoDoesNotAcknowledge(t *testing.T) {
	t.Parallel()
	r := &reader{}
	w := newReaderWorld(t, r)
	c := user(bob, 2)
	c.Acknowledges = false
	s, l := w.attach(c)
	if err := s.Subscribe("1", "/topic/1", roomMessages, false); err != nil {
		t.Fatal(err)
	}
	w.publish(message(room, 5))
	heard(t, s, l, "5")
	r.await(t, "12@21:5")
}

func TestNothingIsReadUnlessTheApplicationWants(t *testing.T) {
	t.Parallel()
	r := &reader{}
	w := newReaderWorld(t, r)
	c := user(ann, 1)
	c.Session.Application = application + 1
	s, l := w.attach(c)
	subscribe(t, s, "1", roomMessages)
	w.publish(message(room, 1))
	acknowledge(s, heard(t, s, l, "1")...)
	w.stop() // what waits is read before it ends
	r.await(t, "")
}

func TestOnlyTheNewestCounts(t *testing.T) {
	t.Parallel()
	r := &reader{begun: make(chan struct{}), gate: make(chan struct{})}
	w := newReaderWorld(t, r)
	s, l := w.listener(ann, 1, roomMessages)
	w.publish(message(room, 1))
	acknowledge(s, heard(t, s, l, "1")...)
	<-r.begun
	for n := range chat.Seq(500) {
		w.publish(message(room, n+2))
	}
	drain(t, s)
	acknowledge(s, l.take()...)
	r.gate <- struct{}{}
	<-r.begun
	close(r.gate)
	r.await(t, "11@21:1 11@21:501")
}

func TestWhatCouldNotBeReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := &reader{fail: 1}
	w := newReaderWorld(t, r)
	s, l := w.listener(ann, 1, roomMessages)
	w.publish(message(room, 1))
	acknowledge(s, heard(t, s, l, "1")...)
	r.await(t, "11@21:1")
}

func TestInACrowdNobodyHearsWhatOthersRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *realtime.Options) { o.Crowd = 1 })
	receipts := realtime.ChannelTopic(room, realtime.ReadReceipts)
	s, l := w.listener(ann, 1, receipts, realtime.UserTopic(ann, realtime.ReadReceipts))
	w.publish(to(receipts, "alone"))
	w.listener(bob, 2, receipts)
	w.publish(to(receipts, "in a crowd"), to(realtime.UserTopic(ann, realtime.ReadReceipts), "her own"))
	heard(t, s, l, "alone her own")
}

// Whatever becomes of a connection, nothing is made read that has not been
// written to one.
func TestNothingIsReadThatWasNotDelivered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := &reader{}
		w := newReaderWorld(t, r, func(o *realtime.Options) { o.Limits.Items = 8 })
		s, l := w.listener(ann, 1, roomMessages)
		var logged [][]realtime.Publication
		written := map[chat.Seq]bool{}
		var pending []got
		look := func() {
			drain(rt, s)
			for _, g := range l.take() {
				var n chat.Seq
				if _, err := fmt.Sscan(g.body, &n); err == nil {
					written[n] = true
				}
				pending = append(pending, g)
			}
		}
		next := chat.Seq(0)
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"message", "message", "update", "look", "acknowledge", "away", "back", "leave"}).Draw(rt, "do") {
			case "message":
				next++
				logged = append(logged, w.publish(message(room, next)))
			case "update":
				logged = append(logged, w.publish(to(roomMessages, "update")))
			case "look":
				look()
			case "acknowledge":
				if len(pending) > 0 {
					acknowledge(s, pending[rapid.IntRange(0, len(pending)-1).Draw(rt, "which")])
				}
			case "away":
				look()
				w.hub.Detach(s, l)
			case "back":
				look()
				s, l = w.attach(user(ann, 1))
				subscribe(t, s, name(roomMessages), roomMessages)
				pending = nil
				for {
					after, missing := s.Owed(l)
					if missing {
						s.Hold(l)
						for _, pubs := range logged[after:] {
							s.Replay(l, pubs)
						}
					}
					if s.Resume(l) {
						break
					}
				}
			case "leave":
				look()
				s.Unsubscribe(name(roomMessages))
				subscribe(t, s, name(roomMessages), roomMessages)
				pending = nil
			}
		}
		look()
		acknowledge(s, pending...)
		w.stop()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, list := range r.calls {
			for _, d := range list {
				if !written[d.Message] || d.User != ann || d.Channel != room {
					rt.Fatalf("read but not delivered: %+v", d)
				}
			}
		}
	})
}
