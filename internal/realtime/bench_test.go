package realtime_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// null is a link that writes nothing.
type null struct{}

func (null) Deliver([]realtime.Item) bool { return true }
func (null) Cut(realtime.CutReason)       {}

// audience attaches sessions of as many users, each of which listens to a
// channel and to three topics of its own.
func audience(b *testing.B, w *world, n int) []*realtime.Session {
	b.Helper()
	list := make([]*realtime.Session, n)
	for i := range list {
		u := chat.UserID(1000 + i)
		s, err := w.hub.Attach(b.Context(), user(u, chat.SessionID(1+i)), null{})
		if err != nil {
			b.Fatal(err)
		}
		for j, topic := range []realtime.Topic{
			realtime.UserTopic(u, realtime.Self), realtime.UserTopic(u, realtime.Messages), realtime.UserTopic(u, realtime.Channels), roomMessages,
		} {
			if err := s.Subscribe(strconv.Itoa(j), "", topic, true); err != nil {
				b.Fatal(err)
			}
		}
		list[i] = s
	}
	return list
}

// BenchmarkPublish tells a channel of an event, until every session has been
// given to its link and has acknowledged it.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b)
			list := audience(b, w, n)
			id := []byte("3")
			b.ReportAllocs()
			for b.Loop() {
				w.say(roomMessages, "body")
				for _, s := range list {
					if err := s.Drained(b.Context()); err != nil {
						b.Fatal(err)
					}
					s.Acknowledge(3, id, realtime.MarkOf(w.head, 0))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/listener")
		})
	}
}

// BenchmarkQueue is the part of publishing that keeps the order: putting an
// event on the queues, without writing.
func BenchmarkQueue(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, func(o *realtime.Options) { o.Limits.Items = 1 << 30; o.Limits.Bytes = 1 << 40 })
			audience(b, w, n)
			b.ReportAllocs()
			for b.Loop() {
				w.head++
				p := to(roomMessages, "body")
				p.Mark = realtime.MarkOf(w.head, 0)
				w.hub.Publish([]realtime.Publication{p})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/listener")
		})
	}
}

func BenchmarkAcknowledge(b *testing.B) {
	w := newWorld(b)
	s := audience(b, w, 1)[0]
	id := []byte("3")
	w.hub.Advance(1 << 40)
	b.ReportAllocs()
	m := realtime.MarkOf(1, 0)
	for b.Loop() {
		m++
		s.Acknowledge(3, id, m)
	}
}

func BenchmarkSubscribe(b *testing.B) {
	w := newWorld(b)
	s := audience(b, w, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Subscribe("x", "", hallMessages, true); err != nil {
			b.Fatal(err)
		}
		s.Unsubscribe("x")
	}
}
