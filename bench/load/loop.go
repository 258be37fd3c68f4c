package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// loop reads many sessions on one thread with epoll: a read for each readable
// socket and no switch between goroutines, so that the generator takes as little
// as it can of the machine that it shares with the server.
type loop struct {
	bench *bench
	epoll int
	calls chan func() // to be run on the loop's thread
	stop  atomic.Bool
	done  chan struct{}

	mu       sync.Mutex
	sessions map[int32]*session

	// Those of the measured window belong to the loop's thread.
	deliveries, acks hist
	delivered        int64

	// total is delivered, and lost the sessions lost, for everybody to read.
	total, lost atomic.Int64
}

func newLoop(b *bench) (*loop, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &loop{bench: b, epoll: fd, calls: make(chan func(), 4), done: make(chan struct{}), sessions: map[int32]*session{}}, nil
}

// The raw forms spare the scheduler, which the thread of a loop has no need of.

func rawWrite(fd int, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

func rawRead(fd int, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

func (l *loop) add(s *session) error {
	s.loop = l
	fd := s.fd.Load()
	l.mu.Lock()
	l.sessions[fd] = s
	l.mu.Unlock()
	return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, int(fd), &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: fd})
}

// watch tells whether to look for a socket that can take more. It requires s.mu.
func (l *loop) watch(s *session, writable bool) {
	events := uint32(syscall.EPOLLIN)
	if writable {
		events |= syscall.EPOLLOUT
	}
	s.waiting = writable
	fd := s.fd.Load()
	_ = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_MOD, int(fd), &syscall.EpollEvent{Events: events, Fd: fd})
}

// drop closes a session's descriptor. It requires s.mu.
func (l *loop) drop(s *session) {
	fd := s.fd.Swap(0)
	if fd <= 0 {
		return
	}
	_ = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, int(fd), &syscall.EpollEvent{})
	l.mu.Lock()
	delete(l.sessions, fd)
	l.mu.Unlock()
	_ = syscall.Close(int(fd))
}

// lose notes a session that ended by itself.
func (l *loop) lose(s *session, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead.Swap(true) && s.fd.Load() == 0 {
		return
	}
	if l.lost.Add(1) <= 3 && !s.closed {
		fmt.Fprintf(os.Stderr, "lost session %d: %v\n", s.index, why)
	}
	l.drop(s)
}

func (l *loop) run() {
	runtime.LockOSThread()
	defer close(l.done)
	events := make([]syscall.EpollEvent, 1024)
	buffer := make([]byte, 256<<10)
	var beat int64
	for !l.stop.Load() {
		n, err := syscall.EpollWait(l.epoll, events, 20)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
		select {
		case f := <-l.calls:
			f()
		default:
		}
		for i := range max(n, 0) {
			l.serve(&events[i], buffer)
		}
		l.total.Store(l.delivered)
		if progress := l.bench.progress.Load(); progress != nil {
			(*progress)()
		}
		if now := time.Now().UnixNano(); now > beat {
			beat = now + int64(time.Second)
			l.beat(now)
		}
	}
}

func (l *loop) serve(event *syscall.EpollEvent, buffer []byte) {
	l.mu.Lock()
	s := l.sessions[event.Fd]
	l.mu.Unlock()
	if s == nil {
		return
	}
	if event.Events&syscall.EPOLLOUT != 0 {
		l.writeOn(s)
	}
	if event.Events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) == 0 {
		return
	}
	fd := int(s.fd.Load())
	if fd <= 0 {
		return
	}
	n, err := rawRead(fd, buffer)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return
	case err == nil && n == 0:
		err = errClosed
	case err == nil:
		err = s.feed(buffer[:n], time.Now().UnixNano())
	}
	if err != nil {
		l.lose(s, err)
		return
	}
	s.target.flush(s)
}

// writeOn writes what a socket had no room for.
func (l *loop) writeOn(s *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fd := s.fd.Load()
	if fd <= 0 {
		return
	}
	if len(s.out) > 0 {
		if n, err := rawWrite(int(fd), s.out); err == nil {
			s.out = s.out[:copy(s.out, s.out[n:])]
		}
	}
	if len(s.out) == 0 && s.waiting {
		l.watch(s, false)
	}
}

// beat sends the heart-beats that are due.
func (l *loop) beat(now int64) {
	var due []*session
	l.mu.Lock()
	for _, s := range l.sessions {
		if s.beatEvery > 0 && now >= s.beatNext {
			s.beatNext = now + s.beatEvery
			due = append(due, s)
		}
	}
	l.mu.Unlock()
	for _, s := range due {
		_ = s.send("\n") // whoever is gone is noticed by reading
	}
}

// do runs f on the loop's thread and waits for it.
func (l *loop) do(f func()) {
	done := make(chan struct{})
	l.calls <- func() {
		f()
		close(done)
	}
	<-done
}

// mark begins the bodies of our messages; the time of sending follows, in
// nanoseconds since 1970, which takes stampDigits until the year 2286.
const (
	mark        = "~t"
	stampDigits = 19
)

// heard records a delivery if p holds a body of ours.
func (l *loop) heard(p []byte, now int64) {
	i := bytes.Index(p, []byte(mark))
	if i < 0 || len(p) < i+len(mark)+stampDigits {
		return
	}
	sent, ok := number(p[i+len(mark) : i+len(mark)+stampDigits])
	if !ok || sent < l.bench.epoch.Load() {
		return // none of ours, or left over from before
	}
	l.delivered++
	l.deliveries.add(now - sent)
}

// acknowledged records the acknowledgement of a message; a second one of the
// same does not count.
func (l *loop) acknowledged(s *session, id uint32, now int64) {
	sent := s.sentAt[id%uint32(len(s.sentAt))].Swap(0)
	if sent == 0 {
		return
	}
	if sent >= l.bench.epoch.Load() {
		l.acks.add(now - sent)
	}
	if s.onAck != nil {
		s.onAck(s)
	}
}

// number reads the digits at the beginning of p; ok tells that there are no
// others.
func number(p []byte) (n int64, ok bool) {
	for _, c := range p {
		if c < '0' || c > '9' {
			return n, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
