package realtime_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/realtime"
)

// TestAllAtOnce does everything at once, for the race detector, and then looks
// whether those who only listened have heard everything.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	const rounds, restless = 400, 8
	w := newWorld(t, func(o *realtime.Options) { o.Limits.Items = 2 * rounds })
	w.directory.channels[ann] = []chat.ChannelID{room, hall}
	calm, lc := w.listener(bob, 100, roomMessages)

	var all sync.WaitGroup
	ctx := context.WithoutCancel(t.Context())
	for i := range restless {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 0)) //nolint:gosec // reproducible on purpose
			c := user(ann, chat.SessionID(1+i/2))         // two fight over each session
			for range rounds {
				l := newLink()
				s, err := w.hub.Attach(ctx, c, l)
				if err != nil {
					t.Error(err)
					return
				}
				for _, topic := range []realtime.Topic{roomMessages, roomSelf, annsChannels} {
					_ = s.Subscribe(name(topic), "", topic, true)
				}
				if _, missing := s.Owed(l); missing {
					s.Hold(l)
					s.Replay(l, []realtime.Publication{to(roomMessages, "from the log")})
				}
				s.Resume(l)
				s.Reply([]byte("reply"))
				acknowledge(s, l.take()...)
				s.Heartbeat(l, []byte("\n"))
				s.Ready(l)
				switch random.IntN(4) {
				case 0:
					s.Unsubscribe(name(roomMessages))
				case 1:
					w.hub.End(s)
				case 2:
					w.hub.Detach(s, l)
				}
			}
		})
	}
	all.Go(func() {
		for range rounds {
			w.hub.Left(ann, room)
			w.hub.Joined(ann, room)
			w.hub.IsMember(ann, room)
			w.hub.Chatting(ann, room)
			w.hub.ChannelGone(hall)
			w.clock.Advance(1e9)
			w.hub.Sweep()
			w.hub.Count()
			w.hub.Listeners(roomMessages)
			w.hub.Find(1)
		}
	})
	for range 2 { // those who answer publish, too
		all.Go(func() {
			for range rounds {
				w.signal(realtime.Publication{Topic: annsChannels, Render: func() []byte { return []byte("s") }})
			}
		})
	}
	for i := range rounds {
		w.members(room, "members")
		w.say(roomMessages, fmt.Sprint(i))
		drain(t, calm)
		acknowledge(calm, lc.take()...)
	}
	all.Wait()
	w.say(roomMessages, "last")
	heard(t, calm, lc, "last")
	notCut(t, lc)
}
