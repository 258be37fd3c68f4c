package rtm

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/app/timeline"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/sockjs"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/kit/websocket"
	"github.com/purrchat/purr/internal/realtime"
)

// Deps are what the door needs. All must be set.
type Deps struct {
	Accounts *accounts.Accounts
	Channels *channels.Channels
	Messages *messages.Messages
	Files    *files.Files
	Timeline *timeline.Timeline
	Notify   *notify.Notify
	Push     *push.Push
	Hub      *realtime.Hub
	// Signals hears who types.
	Signals func(chat.Signal)
	// Now is the clock by which typing ends.
	Now func() time.Time
	// BaseURL is the public URL of the server without a slash at its end.
	BaseURL string
	Log     *slog.Logger
	Limits  Limits
}

// Limits bound what one connection may do.
type Limits struct {
	// MaxFrame is the size of a client's frame in octets.
	MaxFrame int
	// FramesPerSecond and Burst bound a client's requests.
	FramesPerSecond, Burst int
	// HeartbeatSend is how often the server promises to send something,
	// HeartbeatReceive how often it wants to hear from a client.
	HeartbeatSend, HeartbeatReceive time.Duration
	// MaxConnections bounds the sockets, zero for no bound.
	MaxConnections int
}

// Server serves the client protocol.
type Server struct {
	Deps
	style   wire.Style
	decoder stomp.Decoder
	buffers websocket.Buffers
	sockjs  []*sockjs.Handler

	// life ends when the server is shut down.
	life context.Context
	end  context.CancelFunc
	// working counts the goroutines of connections.
	working sync.WaitGroup

	mu          sync.Mutex
	connections map[*connection]struct{}
	draining    bool

	// ephemeral numbers what is not replayed.
	ephemeral atomic.Uint64

	typing *typing
}

// New makes the door. Run must be called for heart-beats, Shutdown to end it.
func New(ctx context.Context, d Deps) *Server {
	s := &Server{
		Deps:        d,
		style:       wire.Style{Base: d.BaseURL, Links: wire.Client},
		decoder:     stomp.NewDecoder(d.Limits.MaxFrame),
		connections: map[*connection]struct{}{},
		typing:      newTyping(d.Signals, d.Now),
	}
	s.life, s.end = context.WithCancel(ctx)
	return s
}

// Mount adds the door's paths: /rtm and its older name /stompx, each with the
// raw WebSocket and the SockJS transports.
func (s *Server) Mount(mux *http.ServeMux) {
	for _, prefix := range []string{"/rtm", "/stompx"} {
		h := sockjs.NewHandler(prefix, sockjs.Options{
			MaxPayload: 2 * s.Limits.MaxFrame, MaxQueue: sockjsQueue, Buffers: &s.buffers,
		}, s.acceptSockJS)
		s.sockjs = append(s.sockjs, h)
		mux.HandleFunc(prefix+"/websocket", s.serveWebSocket)
		mux.Handle(prefix, h)
		mux.Handle(prefix+"/", h)
	}
}

// protocols are the sub-protocols that a client may offer.
var protocols = []string{"v12.stomp"} //nolint:gochecknoglobals // a constant

func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if s.full() {
		http.Error(w, "The server has no room for another connection.", http.StatusServiceUnavailable)
		return
	}
	socket, early, _, err := websocket.Upgrade(w, r, protocols)
	if err != nil {
		return // the client has been answered
	}
	link := newSocketLink(socket)
	c := s.open(link, r)
	if c == nil {
		_ = socket.Close()
		return
	}
	// A fresh goroutine lets go of net/http's stack and buffers.
	go func() {
		defer s.working.Done()
		link.read(c, early)
		c.closed()
	}()
}

// full tells whether no more sockets are taken.
func (s *Server) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining || (s.Limits.MaxConnections > 0 && len(s.connections) >= s.Limits.MaxConnections)
}

// open registers a connection; nil where the server is draining. The caller
// owes a working.Done and a c.closed.
func (s *Server) open(l link, r *http.Request) *connection {
	query := r.URL.Query()
	key := query.Get("api-key")
	if key == "" {
		key = query.Get("api_key")
	}
	c := newConnection(s, l, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return nil
	}
	s.connections[c] = struct{}{}
	s.working.Add(1)
	return c
}

// forget removes a connection that has ended.
func (s *Server) forget(c *connection) {
	s.mu.Lock()
	delete(s.connections, c)
	s.mu.Unlock()
}

// Connections is the number of open sockets.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.connections)
}

// Run sends heart-beats and cuts connections that have fallen silent, until
// ctx ends.
func (s *Server) Run(ctx context.Context) {
	// A client wants a heart-beat within the promised time even when other
	// traffic flows (client-protocol 1.7); a tenth is for the way.
	every := s.Limits.HeartbeatSend * 9 / 10
	slices := heartbeatSlices
	tick := time.NewTicker(every / time.Duration(slices))
	defer tick.Stop()
	for slice := 0; ; slice = (slice + 1) % slices {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.typing.sweep()
			for _, c := range s.slice(slice) {
				c.beat(now)
			}
		}
	}
}

// heartbeatSlices spreads the heart-beats over the interval.
const heartbeatSlices = 32

func (s *Server) slice(n int) []*connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*connection
	for c := range s.connections {
		if c.slice == n {
			list = append(list, c)
		}
	}
	return list
}

// Shutdown takes no more connections and closes those that are open, whose
// sessions stay resumable here or elsewhere. It returns when all have ended or
// ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	list := make([]*connection, 0, len(s.connections))
	for c := range s.connections {
		list = append(list, c)
	}
	s.mu.Unlock()
	for _, c := range list {
		c.link.goAway()
	}
	var err error
	for _, h := range s.sockjs {
		if e := h.Shutdown(ctx); e != nil {
			err = e
		}
	}
	ended := make(chan struct{})
	go func() {
		s.working.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.end()
	return err
}
