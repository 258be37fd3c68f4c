package rtm

import (
	"github.com/purrchat/purr/internal/kit/sockjs"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// sockjsQueue is what may wait in a SockJS session, in octets as encoded.
const sockjsQueue = 8 << 20

// sockjsLink writes to a SockJS session, whatever its transport. The session
// has a bounded queue of its own and is cut when that is full, so the link is
// never congested.
type sockjsLink struct {
	socket *sockjs.Session
}

// acceptSockJS gives a new SockJS session its connection.
func (s *Server) acceptSockJS(socket *sockjs.Session) sockjs.Receiver {
	if s.full() {
		return nil
	}
	c := s.open(&sockjsLink{socket}, socket.Request())
	if c == nil {
		return nil
	}
	return &sockjsReceiver{c}
}

// sockjsReceiver hands what a SockJS session receives to its connection.
type sockjsReceiver struct{ c *connection }

// Receive implements sockjs.Receiver.
func (r *sockjsReceiver) Receive(message []byte) {
	if !r.c.receive(message) {
		r.c.link.finish()
	}
}

// Closed implements sockjs.Receiver.
func (r *sockjsReceiver) Closed(int, string) {
	r.c.closed()
	r.c.server.working.Done()
}

func (l *sockjsLink) bind(*realtime.Session) {}

// Deliver implements realtime.Link.
func (l *sockjsLink) Deliver(items []realtime.Item) bool {
	messages := make([][]byte, 0, len(items)+1)
	for i := range items {
		it := &items[i]
		if it.Subscription == nil {
			messages = append(messages, it.Frame.Body)
			continue
		}
		if it.Frame.Receipt {
			messages = append(messages, stomp.AppendReceipt(nil, stomp.AppendEscaped(nil, it.Frame.Request)))
		}
		head := appendHead(make([]byte, 0, 512+it.Frame.Size()), it)
		messages = append(messages, append(append(head, it.Frame.Body...), it.Frame.Ending...))
	}
	// An error means that the session is closed, which its receiver hears.
	_ = l.socket.Write(messages...)
	return true
}

func (l *sockjsLink) direct(frame []byte) { _ = l.socket.Write(frame) }

func (l *sockjsLink) finish() { l.socket.Close(sockjs.CodeGoAway, "Go away!") }

func (l *sockjsLink) goAway() { l.socket.Close(1001, "The server is shutting down.") }

// Cut implements realtime.Link.
func (l *sockjsLink) Cut(why realtime.CutReason) {
	switch why {
	case realtime.UserGone:
		l.direct(errorFrame(deniedBody("The user has been deleted.")))
		l.finish()
	case realtime.Superseded:
		l.finish()
	case realtime.TooSlow:
		l.socket.Close(1013, "Too slow.")
	}
}
