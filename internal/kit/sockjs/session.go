package sockjs

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Codes of close frames that this package sends on its own.
const (
	// CodeGoAway is the protocol's example of an orderly end.
	CodeGoAway = 3000

	codeGoingAway   = 1001
	codeInterrupted = 1002
	codeAbnormal    = 1006 // never sent, only reported
	codeSlow        = 1013
	codeConflict    = 2010
)

const (
	textInterrupted = "Connection interrupted"
	textConflict    = "Another connection still open"
)

// Errors of [Session.Write].
var (
	// ErrClosed means that the session is closed.
	ErrClosed = errors.New("sockjs: session is closed")
	// ErrSlow means that the session has just been closed because the client
	// does not keep up.
	ErrSlow = errors.New("sockjs: queue is full")
)

// Receiver gets what a session receives. Its calls do not overlap, and Closed
// is the last. They hold up the reading from this client and no other, and may
// use the session.
type Receiver interface {
	// Receive is called with each message, which is valid UTF-8, aliases a
	// buffer that is used again after the call, and may be changed.
	Receive(message []byte)
	// Closed is called once, whoever closed the session and why ever.
	Closed(code int, reason string)
}

// Session is a connection with a client, over whichever transport.
type Session struct {
	handler   *Handler
	id        string // empty for WebSocket
	transport string
	request   *http.Request

	// turn is taken by whoever calls the receiver.
	turn     chan struct{}
	receiver Receiver // guarded by turn
	told     bool     // Closed has been called; guarded by turn

	mu      sync.Mutex
	queue   []byte // see appendMessage
	outlet  outlet // what is able to send now, or nil
	closed  bool
	code    int
	reason  string
	timer   *time.Timer // of a session over HTTP: expires it
	timerID int         // tells a timer from those stopped too late
}

// outlet is what sends the frames of a session: a request, or a WebSocket. Its
// methods are called with the lock of the session held and do not block.
type outlet interface {
	// wake makes it send what there is.
	wake()
	// hurry gives a write under way that much time.
	hurry(d time.Duration)
}

// hurried is how long a client that is being cut may take.
const hurried = time.Second

// newSession returns a session whose turn is taken until [Session.start].
func newSession(h *Handler, r *http.Request, transport string, out outlet) *Session {
	// The request is kept for what it says. Its context ends with the handler
	// and its body holds on to the connection's buffers.
	request := r.WithContext(context.WithoutCancel(r.Context()))
	request.Body = http.NoBody
	s := &Session{
		handler: h, transport: transport, request: request, outlet: out,
		turn: make(chan struct{}, 1),
	}
	s.turn <- struct{}{}
	return s
}

// Request returns the request that opened the session, for its URL, header and
// remote address. It has no body, and its context never ends. It must not be
// changed.
func (s *Session) Request() *http.Request { return s.request }

// Transport returns how the session was opened: "websocket", "xhr_streaming",
// "xhr" or "eventsource".
func (s *Session) Transport() string { return s.transport }

// Write queues messages for the client and returns without waiting for them to
// be sent. They go out in one frame, together with others that wait. The
// messages may be used again; what in them is not UTF-8 is replaced.
//
// If they do not fit into the queue the session is closed and what is queued is
// dropped.
func (s *Session) Write(messages ...[]byte) error {
	if len(messages) == 0 {
		return nil
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.enqueue(messages) {
		s.wake()
		s.mu.Unlock()
		return nil
	}
	s.queue = nil
	s.close(codeSlow, "Too slow")
	if s.outlet != nil {
		s.outlet.hurry(hurried)
	}
	s.mu.Unlock()
	s.settleLater()
	return ErrSlow
}

func (s *Session) enqueue(messages [][]byte) bool {
	size := len(s.queue)
	for _, message := range messages {
		size += len(message)
	}
	if size > s.handler.opts.MaxQueue {
		return false
	}
	for _, message := range messages {
		s.queue = appendMessage(s.queue, message)
	}
	return len(s.queue) <= s.handler.opts.MaxQueue
}

// Close closes the session after what is queued has been sent, telling the
// client why. Only the first close of a session counts.
func (s *Session) Close(code int, reason string) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.close(code, reason)
	s.mu.Unlock()
	s.settleLater()
}

// close is called with the lock held. A session over HTTP is remembered for a
// while, for the client to learn of the close whenever it asks.
func (s *Session) close(code int, reason string) {
	s.closed, s.code, s.reason = true, code, reason
	if s.id != "" {
		s.expireLater()
	}
	s.wake()
}

func (s *Session) wake() {
	if s.outlet != nil {
		s.outlet.wake()
	}
}

// start hands the session to the accept function and ends the first turn.
func (s *Session) start() {
	s.receiver = s.handler.accept(s)
	if s.receiver == nil {
		s.Close(CodeGoAway, "Go away!")
	}
	s.endTurn()
}

// deliver calls the receiver with messages, unless the session is closed.
func (s *Session) deliver(ctx context.Context, messages [][]byte) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer s.endTurn()
	for _, message := range messages {
		if s.isClosed() {
			break
		}
		s.receiver.Receive(message)
	}
	return nil
}

func (s *Session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Session) endTurn() {
	<-s.turn
	s.settle()
}

// settle tells the receiver if the session has been closed. If it is not our
// turn now, whoever has the turn will come here at its end.
func (s *Session) settle() {
	s.mu.Lock()
	closed, code, reason := s.closed, s.code, s.reason
	s.mu.Unlock()
	if !closed {
		return
	}
	select {
	case s.turn <- struct{}{}:
	default:
		return
	}
	if !s.told && s.receiver != nil {
		s.receiver.Closed(code, reason)
	}
	s.told = true
	<-s.turn
}

// settleLater is settle for callers that may hold locks which the receiver
// needs.
func (s *Session) settleLater() {
	s.handler.enter()
	go func() {
		defer s.handler.leave()
		s.settle()
	}()
}

// attach makes a request the outlet of the session. A closed session needs none
// to tell that it is closed.
func (s *Session) attach(out outlet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.outlet != nil {
		return errConflict
	}
	s.outlet = out
	s.timerID++ // whatever timer is running has lost its meaning
	if s.timer != nil {
		s.timer.Stop()
	}
	return nil
}

// errConflict means that another request is waiting for the messages.
var errConflict = errors.New("sockjs: " + textConflict)

// detach ends what attach began. From now on the session expires.
func (s *Session) detach(out outlet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outlet != out {
		return
	}
	s.outlet = nil
	if !s.closed {
		s.expireLater()
	}
}

// interrupt closes the session after its outlet has failed: messages may have
// been lost, and nobody knows which (section "Handling close").
func (s *Session) interrupt(out outlet) {
	s.mu.Lock()
	if s.outlet == out {
		s.outlet = nil
	}
	s.queue = nil
	if !s.closed {
		s.close(codeInterrupted, textInterrupted)
	}
	s.mu.Unlock()
	s.settle()
}

// expireLater starts the timer of the session, with the lock held.
func (s *Session) expireLater() {
	s.timerID++
	id := s.timerID
	s.timer = time.AfterFunc(s.handler.opts.DisconnectDelay, func() { s.expire(id) })
}

func (s *Session) expire(id int) {
	s.handler.enter()
	defer s.handler.leave()
	s.mu.Lock()
	if s.timerID != id {
		s.mu.Unlock()
		return
	}
	if !s.closed {
		s.closed, s.code, s.reason = true, codeInterrupted, textInterrupted
	}
	s.queue = nil
	s.mu.Unlock()
	s.handler.forget(s)
	s.settle()
}

// dropIfIdle forgets a closed session that nobody is asking for.
func (s *Session) dropIfIdle() {
	s.mu.Lock()
	idle := s.outlet == nil
	if idle && s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	if idle {
		s.handler.forget(s)
	}
}

// cut ends writes that are still under way.
func (s *Session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outlet != nil {
		s.outlet.hurry(0)
	}
}
