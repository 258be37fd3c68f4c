package realtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Attendance keeps beyond this process who has a chat session where, and tells
// all nodes of it by the log.
type Attendance interface {
	Attend(context.Context, []chat.Attendance) error
}

// attendance writes down the chat sessions of sessions whose listeners have
// changed. One goroutine does, so that what is written last is what is so; while
// it writes, others gather.
type attendance struct {
	store Attendance
	wake  chan struct{}

	mu    sync.Mutex
	dirty map[*Session]struct{}
	// gathering is closed once what is dirty now has been written, or has
	// failed to be; writing is the same for what is being written.
	gathering, writing chan struct{}
}

const (
	// attendAtOnce is how many sessions are written in one go.
	attendAtOnce = 500
	// attendAgain is how long to wait after a failure.
	attendAgain = time.Second
)

func newAttendance(store Attendance) *attendance {
	return &attendance{store: store, wake: make(chan struct{}, 1), dirty: map[*Session]struct{}{}}
}

func (a *attendance) add(s *Session) {
	a.mu.Lock()
	a.dirty[s] = struct{}{}
	if a.gathering == nil {
		a.gathering = make(chan struct{})
	}
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// wait waits until a session's chat sessions have been written, or have failed
// to be, or ctx ends.
func (a *attendance) wait(ctx context.Context, s *Session) {
	a.mu.Lock()
	done := a.writing
	if _, dirty := a.dirty[s]; dirty {
		done = a.gathering
	}
	a.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (a *attendance) run(ctx context.Context) {
	// What is being written when ctx ends is written to its end.
	lasting := context.WithoutCancel(ctx)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = a.write(lasting)
			return
		case <-a.wake:
		}
		if err := a.write(lasting); err != nil {
			pause.Reset(attendAgain)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
		}
	}
}

// write writes what has gathered.
func (a *attendance) write(ctx context.Context) error {
	a.mu.Lock()
	dirty := a.dirty
	if len(dirty) == 0 {
		a.mu.Unlock()
		return nil
	}
	a.dirty, a.writing, a.gathering = map[*Session]struct{}{}, a.gathering, nil
	done := a.writing
	a.mu.Unlock()
	list := make([]chat.Attendance, 0, len(dirty))
	for s := range dirty {
		if now, known := s.attends(); known {
			list = append(list, now)
		}
	}
	// In one order, so that a test sees the same each time.
	slices.SortFunc(list, func(a, b chat.Attendance) int { return int(a.Session - b.Session) })
	var failed error
	for some := range slices.Chunk(list, attendAtOnce) {
		if err := a.store.Attend(ctx, some); err != nil {
			failed = err
		}
	}
	if failed != nil {
		for s := range dirty {
			a.add(s)
		}
	}
	a.mu.Lock()
	a.writing = nil
	a.mu.Unlock()
	close(done)
	return failed
}

// attends is where the session has chat sessions. It is not known while the
// client subscribes again after having been away.
func (s *Session) attends() (chat.Attendance, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := chat.Attendance{Session: s.ID, Application: s.Application, User: s.User}
	for c := range s.chats {
		now.Channels = append(now.Channels, c)
	}
	slices.Sort(now.Channels)
	return now, s.ended || !s.again
}

// Attended waits until the store knows in which channels the session has chat
// sessions. While the client subscribes again after having been away it does not
// wait.
func (s *Session) Attended(ctx context.Context) {
	s.mu.Lock()
	again := s.again
	s.mu.Unlock()
	if !again {
		s.hub.attendance.wait(ctx, s)
	}
}
