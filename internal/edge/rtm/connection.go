package rtm

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/kit/websocket"
	"github.com/purrchat/purr/internal/realtime"
)

// connection is one socket. All its fields but the atomic ones belong to the
// goroutine that reads the socket.
type connection struct {
	server *Server
	link   link
	// key is the API key that the socket was opened with.
	key string
	// slice is when its heart-beats are due.
	slice int

	// session is nil until CONNECT has been answered; live is the same for
	// the goroutine that sends heart-beats.
	session *realtime.Session
	live    atomic.Pointer[realtime.Session]
	account chat.Session
	actor   chat.Actor
	// errors is the subscription to the error queue, in its wire form.
	errors struct{ id, destination string }
	// ended tells that the client has said good-bye.
	ended bool

	frame    stomp.Frame
	pace     pace
	pipeline pipeline
	// heard is when something arrived last, in seconds since 1970.
	heard atomic.Int64
	// resuming is the goroutine that reads the log for the client.
	resuming sync.WaitGroup
}

// nextSlice spreads connections over the heart-beat interval.
var nextSlice atomic.Uint32 //nolint:gochecknoglobals // a counter

func newConnection(s *Server, l link, key string) *connection {
	c := &connection{server: s, link: l, key: key, slice: int(nextSlice.Add(1) % heartbeatSlices)}
	c.heard.Store(time.Now().Unix())
	c.pipeline.shorter.L = &c.pipeline.mu
	return c
}

// receive handles one message of the transport, which may hold several frames.
// It reports false when the connection is over.
func (c *connection) receive(message []byte) (alive bool) {
	defer c.contain(&alive)
	c.heard.Store(time.Now().Unix())
	if c.session != nil {
		if id, subscription, ok := c.server.decoder.DecodeAck(message); ok {
			c.acknowledge(id, subscription)
			return true
		}
	}
	defer c.frame.Release()
	for {
		rest, err := c.server.decoder.Decode(&c.frame, message)
		if errors.Is(err, io.EOF) {
			return true // a heart-beat, or the end of the message
		}
		if err != nil {
			c.fail(chat.Invalid, "MalformedFrameError", "The message is not a STOMP 1.2 frame: "+err.Error())
			return false
		}
		if !c.perform(&c.frame) {
			return false
		}
		message = rest
	}
}

// perform handles a frame: what comes often on the reader's own goroutine, all
// else on one that takes the stack that it needs along when it ends. Readers
// are many and mostly idle, and a stack that has grown stays with them.
func (c *connection) perform(f *stomp.Frame) bool {
	if c.session != nil && (f.Command == stomp.Send || f.Command == stomp.Ack) {
		return c.handle(f)
	}
	done := make(chan bool, 1)
	go func() {
		alive := false
		defer func() { done <- alive }()
		defer c.contain(&alive)
		alive = c.handle(f)
	}()
	return <-done
}

// contain keeps a panic from taking the process along: it ends the connection.
func (c *connection) contain(alive *bool) {
	if r := recover(); r != nil {
		*alive = false
		c.server.Log.Error("panic in a connection", "session", c.account.ID, "panic", r, "stack", string(debug.Stack()))
	}
}

// handle does what one frame asks for.
func (c *connection) handle(f *stomp.Frame) bool {
	if c.session == nil {
		if f.Command != stomp.Connect && f.Command != stomp.Stomp {
			c.fail(chat.Invalid, "NotConnectedError", "The first frame must be CONNECT.")
			return false
		}
		return c.connect(f)
	}
	if f.Command != stomp.Send && f.Command != stomp.Ack {
		c.pipeline.wait()
	}
	switch f.Command {
	case stomp.Ack:
		c.acknowledge(f.Header("id"), f.Header("subscription"))
	case stomp.Nack:
	case stomp.Subscribe:
		c.subscribe(f)
	case stomp.Unsubscribe:
		c.unsubscribe(f)
	case stomp.Send:
		c.send(f)
	case stomp.Disconnect:
		c.disconnect(f)
		return false
	case stomp.Begin, stomp.Commit, stomp.Abort:
		c.refuse(f, &chat.Error{Code: chat.Invalid, Reason: "TransactionsNotSupportedError", Message: "Transactions are not supported."})
	default:
		c.refuse(f, &chat.Error{Code: chat.Invalid, Reason: "UnexpectedFrameError", Message: "The connection is established already."})
	}
	return true
}

// acknowledge notes that the client has everything of a subscription up to the
// event whose ack header it gives back. What makes no sense is ignored.
func (c *connection) acknowledge(id, subscription []byte) {
	text := string(id)
	slotText, markText, ok := strings.Cut(text, "-")
	if !ok {
		return
	}
	slot, err := strconv.ParseInt(slotText, 36, 32)
	if err != nil {
		return
	}
	m, err := strconv.ParseInt(markText, 36, 64)
	if err != nil || m <= 0 {
		return
	}
	c.session.Acknowledge(int(slot), subscription, realtime.Mark(m))
}

// context is the time that one request may take.
func (c *connection) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.server.life, requestTimeout)
}

// requestTimeout bounds one request of a client.
const requestTimeout = 30 * time.Second

// receipt answers a frame that asks for it and has been carried out.
func (c *connection) receipt(f *stomp.Frame) {
	if r := f.Header("receipt"); len(r) > 0 && !absent(string(r)) {
		c.session.Reply(stomp.AppendReceipt(nil, r))
	}
}

// beat sends a heart-beat, or cuts a client that has fallen silent. It is
// called by the goroutine that sends heart-beats.
func (c *connection) beat(now time.Time) {
	silent := now.Unix() - c.heard.Load()
	// Two missed heart-beats are the network's, three are the client's end.
	if time.Duration(silent)*time.Second > 2*c.server.Limits.HeartbeatReceive+15*time.Second {
		c.link.finish()
		return
	}
	if s := c.live.Load(); s != nil {
		s.Heartbeat(c.link, heartbeat)
	}
}

var heartbeat = []byte(stomp.Heartbeat) //nolint:gochecknoglobals // a constant

// malformed tells the client, as far as STOMP can, why the transport ends.
func (c *connection) malformed(why *websocket.CloseError) {
	if !why.Peer {
		c.fail(chat.TooLarge, "MalformedFrameError", "The message breaks the rules of the transport: "+why.Reason)
	}
}

// closed is called once, when the socket has ended.
func (c *connection) closed() {
	c.server.forget(c)
	s := c.session
	if s == nil {
		return
	}
	c.live.Store(nil)
	c.server.typing.gone(c.account.ID)
	c.pipeline.wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.server.life), requestTimeout)
	defer cancel()
	if c.ended {
		c.server.Hub.End(s)
	} else if c.server.Hub.Detach(s, c.link) {
		c.log(c.server.Accounts.Detach(ctx, c.account), "detach session")
	}
	c.resuming.Wait()
}

func (c *connection) log(err error, what string) {
	if err != nil {
		c.server.Log.Error(what, "session", c.account.ID, "user", c.account.User, "error", err)
	}
}

// disconnect ends the session in order: what it was still doing is done, and
// the end is durable before it is acknowledged.
func (c *connection) disconnect(f *stomp.Frame) {
	c.ended = true
	c.pipeline.wait()
	ending, done := context.WithTimeout(context.WithoutCancel(c.server.life), requestTimeout)
	defer done()
	c.log(c.server.Accounts.EndSession(ending, c.account), "end session")
	r := f.Header("receipt")
	if len(r) == 0 {
		return
	}
	// The receipt goes out after all that waits, so that nothing is cut off.
	ctx, cancel := context.WithTimeout(c.server.life, time.Second)
	defer cancel()
	c.session.Reply(stomp.AppendReceipt(nil, r))
	_ = c.session.Drained(ctx)
}
