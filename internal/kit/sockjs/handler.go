package sockjs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/kit/websocket"
)

// Options of a [Handler]. The zero value stands for the defaults.
type Options struct {
	// DisableWebsocket makes clients use the HTTP transports.
	DisableWebsocket bool
	// ClientURL is where the iframe page loads the client library from,
	// preferably the same origin. Without it there is no iframe page.
	ClientURL string
	// Heartbeat is the time between two heart-beat frames; 25 s by default.
	Heartbeat time.Duration
	// DisconnectDelay is how long a session lives without a request that
	// waits for its messages, and how long a closed one is remembered; 5 s by
	// default.
	DisconnectDelay time.Duration
	// WriteTimeout is how long a single write may take; 10 s by default.
	WriteTimeout time.Duration
	// ResponseLimit is how many octets a streaming response carries before
	// the client has to ask for another; 128 KiB by default.
	ResponseLimit int
	// MaxPayload is the size in octets of the body of an xhr_send request or
	// of a WebSocket message; 1 MiB by default. Clients put into one body all
	// that has come together while the last one was on its way, and escape
	// much of it.
	MaxPayload int
	// MaxQueue is how many octets wait in a session at most, as encoded for
	// sending; 1 MiB by default.
	MaxQueue int
	// MaxSessions is the number of sessions at a time; 100,000 by default.
	MaxSessions int
	// Buffers for reading from WebSockets, to be shared with other users.
	Buffers *websocket.Buffers
}

func (o Options) withDefaults() Options {
	setDefault(&o.Heartbeat, 25*time.Second)
	setDefault(&o.DisconnectDelay, 5*time.Second)
	setDefault(&o.WriteTimeout, 10*time.Second)
	setDefault(&o.ResponseLimit, 128<<10)
	setDefault(&o.MaxPayload, 1<<20)
	setDefault(&o.MaxQueue, 1<<20)
	setDefault(&o.MaxSessions, 100_000)
	if o.Buffers == nil {
		o.Buffers = new(websocket.Buffers)
	}
	return o
}

func setDefault[T ~int | ~int64](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// Handler serves the SockJS protocol below a prefix.
type Handler struct {
	prefix string
	opts   Options
	accept func(*Session) Receiver
	iframe page

	mu       sync.Mutex
	sessions map[*Session]struct{}
	byID     map[string]*Session // those over HTTP, to be found again
	active   int                 // requests and goroutines under way
	stopping bool
	drained  chan struct{} // closed when stopping and no longer active
}

// NewHandler returns a Handler for the paths prefix and below, such as "/rtm".
// It must be mounted at both "/rtm" and "/rtm/".
//
// Accept is called for each new session, after the client has been told that
// the session is open, and returns its Receiver, or nil to close it with 3000
// "Go away!". Messages are not delivered before it returns.
func NewHandler(prefix string, opts Options, accept func(*Session) Receiver) *Handler {
	opts = opts.withDefaults()
	return &Handler{
		prefix:   strings.TrimSuffix(prefix, "/"),
		opts:     opts,
		accept:   accept,
		iframe:   newIframePage(opts.ClientURL),
		sessions: make(map[*Session]struct{}),
		byID:     make(map[string]*Session),
		drained:  make(chan struct{}),
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, h.prefix)
	if !ok {
		http.NotFound(w, r)
		return
	}
	switch {
	case path == "" || path == "/":
		h.serveGreeting(w, r)
	case path == "/info":
		h.serveInfo(w, r)
	case isIframe(path):
		h.serveIframe(w, r)
	default:
		h.serveSession(w, r, path)
	}
}

// serveSession routes /{server}/{session}/{transport}. The server part is there
// for load balancers and means nothing here.
func (h *Handler) serveSession(w http.ResponseWriter, r *http.Request, path string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) != 3 || !validPart(parts[0]) || !validPart(parts[1]) {
		http.NotFound(w, r)
		return
	}
	id := parts[1]
	switch parts[2] {
	case "websocket":
		h.serveWebsocket(w, r)
	case "xhr_send":
		h.serveSend(w, r, id)
	default:
		if t, ok := transportOf(parts[2]); ok {
			h.serveReceive(w, r, id, t)
			return
		}
		http.NotFound(w, r)
	}
}

// validPart follows the section on session URLs: not empty and without dots.
// The limit on the length is ours.
func validPart(part string) bool {
	return part != "" && len(part) <= 128 && !strings.Contains(part, ".")
}

// errUnavailable means that no session can be opened now.
var errUnavailable = errors.New("sockjs: no more sessions")

// find returns the session of a request that waits for messages, attaching the
// request to it. An unknown id opens a new session. The second result tells
// whether it did.
func (h *Handler) find(id string, rx *receiver, r *http.Request) (s *Session, opened bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.byID[id]; s != nil {
		return s, false, s.attach(rx)
	}
	s, err = h.open(r, rx.transport.name, rx)
	if err != nil {
		return nil, false, err
	}
	s.id = id
	h.byID[id] = s
	return s, true, nil
}

// open registers a new session. It is called with the lock held.
func (h *Handler) open(r *http.Request, transport string, out outlet) (*Session, error) {
	if h.stopping || len(h.sessions) >= h.opts.MaxSessions {
		return nil, errUnavailable
	}
	s := newSession(h, r, transport, out)
	h.sessions[s] = struct{}{}
	return s, nil
}

func (h *Handler) lookup(id string) *Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byID[id]
}

func (h *Handler) forget(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s)
	if s.id != "" && h.byID[s.id] == s {
		delete(h.byID, s.id)
	}
}

// enter and leave count what Shutdown has to wait for.
func (h *Handler) enter() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.active++
}

func (h *Handler) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.active--
	h.checkDrained()
}

func (h *Handler) checkDrained() {
	if !h.stopping || h.active > 0 {
		return
	}
	select {
	case <-h.drained:
	default:
		close(h.drained)
	}
}

// Shutdown closes all sessions with 1001 "Going away", refuses new ones, and
// waits until what was queued has been written and every Receiver has been told
// that its session is closed. If the context ends first, connections are cut
// and the context's error is returned. Further calls wait likewise.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.stopping = true
	h.active++ // not drained before all sessions below are closed
	sessions := make([]*Session, 0, len(h.sessions))
	for s := range h.sessions {
		sessions = append(sessions, s)
	}
	h.mu.Unlock()
	for _, s := range sessions {
		s.Close(codeGoingAway, "Going away")
		s.dropIfIdle()
	}
	h.leave()
	select {
	case <-h.drained:
		return nil
	case <-ctx.Done():
	}
	for _, s := range sessions {
		s.cut()
	}
	return fmt.Errorf("sockjs: shut down: %w", ctx.Err())
}

// in is a deadline. Deadlines are for sockets, which know no other clock than
// the real one.
func in(d time.Duration) time.Time { return time.Now().Add(d) }
