package realtime

import (
	"context"
	"runtime"
	"sync"
)

// flushers write the queues of sessions. There are as many as processors: a
// flusher never waits for a peer, so more would only take turns.
type flushers struct {
	mu    sync.Mutex
	more  *sync.Cond
	due   []*Session
	ended bool
}

func newFlushers() *flushers {
	f := &flushers{}
	f.more = sync.NewCond(&f.mu)
	return f
}

// schedule hands over a session whose scheduled mark has just been set. The
// list cannot grow beyond the number of sessions, since none is on it twice.
func (f *flushers) schedule(s *Session) {
	f.mu.Lock()
	f.due = append(f.due, s)
	f.mu.Unlock()
	f.more.Signal()
}

func (f *flushers) scheduleAll(list []*Session) {
	if len(list) == 0 {
		return
	}
	f.mu.Lock()
	f.due = append(f.due, list...)
	f.mu.Unlock()
	f.more.Broadcast()
}

// share is how many sessions a flusher takes at once.
const share = 64

func (f *flushers) take(into []*Session) []*Session {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.due) == 0 && !f.ended {
		f.more.Wait()
	}
	n := min(share, len(f.due))
	into = append(into[:0], f.due[:n]...)
	clear(f.due[:n])
	f.due = f.due[n:]
	if len(f.due) == 0 {
		f.due = nil
	}
	return into
}

func (f *flushers) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		f.mu.Lock()
		f.ended = true
		f.mu.Unlock()
		f.more.Broadcast()
	})
	defer stop()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var scratch [deliverBatch]Item
			list := make([]*Session, 0, share)
			for {
				list = f.take(list)
				if len(list) == 0 {
					return
				}
				for i, s := range list {
					s.flush(&scratch)
					list[i] = nil
				}
			}
		})
	}
	all.Wait()
}
