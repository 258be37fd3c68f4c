package rtm

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/kit/websocket"
	"github.com/purrchat/purr/internal/realtime"
)

// link is a connection's wire, below the frames.
type link interface {
	realtime.Link
	// bind tells the link which session to call when it is no longer
	// congested.
	bind(*realtime.Session)
	// direct writes one whole frame past the queue, for what is said before
	// there is a session or after it. It may be lost on a congested wire.
	direct(frame []byte)
	// finish closes the wire in order, after what has been written.
	finish()
	// goAway tells the client that the server is going away, and closes.
	goAway()
}

// slowest is how long a peer may take to accept what does not fit into the
// buffers on the way to it.
const slowest = 15 * time.Second

// socketLink writes to a WebSocket. Writing never waits: what the kernel does
// not take at once is written by a goroutine of its own, and the link is
// congested until then.
type socketLink struct {
	conn net.Conn
	// raw is nil where writes cannot be tried, as with TLS.
	raw syscall.RawConn

	mu      sync.Mutex
	session *realtime.Session
	// congested while a goroutine writes, which then goes on with waiting.
	congested bool
	waiting   net.Buffers
	// closed tells that nothing more may be written.
	closed bool
}

func newSocketLink(c net.Conn) *socketLink {
	l := &socketLink{conn: c}
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			l.raw = raw
		}
	}
	return l
}

func (l *socketLink) bind(s *realtime.Session) {
	l.mu.Lock()
	l.session = s
	l.mu.Unlock()
}

// read hands what arrives to the connection until the wire ends.
func (l *socketLink) read(c *connection, early []byte) {
	reader := websocket.NewReader(l.conn, early, websocket.ReaderOptions{
		MaxMessage: c.server.Limits.MaxFrame, Buffers: &c.server.buffers,
		Ping: func(payload []byte) error {
			l.write(websocket.AppendPong(nil, payload))
			return nil
		},
	})
	defer reader.Release()
	for {
		_, message, err := reader.ReadMessage()
		if err != nil {
			var closing *websocket.CloseError
			if errors.As(err, &closing) {
				c.malformed(closing)
				l.write(closing.Append(nil))
			}
			l.shut()
			return
		}
		if !c.receive(message) {
			l.finish()
			return
		}
	}
}

// batch is the memory that writing needs, lent by batches.
type batch struct {
	// small holds heads and short frames; iov is what to write in order.
	small []byte
	iov   []unix.Iovec
	parts [][]byte
	// written is what a try has written.
	written int
	errno   syscall.Errno
	try     func(fd uintptr) bool
}

// batches lends the memory that writing needs.
var batches = sync.Pool{New: func() any { //nolint:gochecknoglobals // a pool
	b := &batch{small: make([]byte, 0, 32<<10)}
	b.try = b.writev
	return b
}}

// shareFrom is the size from which a body is written from where it is, not
// copied.
const shareFrom = 512

// Deliver implements realtime.Link.
func (l *socketLink) Deliver(items []realtime.Item) bool {
	b := batches.Get().(*batch)
	defer b.release()
	b.reserve(items)
	start := 0
	for i := range items {
		it := &items[i]
		body := it.Frame.Body
		if it.Subscription == nil {
			b.small = websocket.AppendFrameHeader(b.small, websocket.Text, len(body))
		} else {
			if it.Frame.Receipt {
				b.small = appendReceipt(b.small, it.Frame.Request)
			}
			b.small = appendEvent(b.small, it)
		}
		start = b.add(start, body)
		start = b.add(start, it.Frame.Ending)
	}
	if len(b.small) > start {
		b.parts = append(b.parts, b.small[start:])
	}
	return l.writeParts(b, true)
}

// add writes a part of a body: a short one is copied to what small has from
// start on, a long one is written from where it is. It gives the new start.
func (b *batch) add(start int, body []byte) int {
	if len(body) < shareFrom {
		b.small = append(b.small, body...)
		return start
	}
	b.parts = append(b.parts, b.small[start:len(b.small):len(b.small)], body)
	return len(b.small)
}

// reserve makes room, so that small does not move while parts point into it.
func (b *batch) reserve(items []realtime.Item) {
	need := 0
	for i := range items {
		need += websocket.MaxHeaderSize
		if sub := items[i].Subscription; sub != nil {
			need += 320 + 2*len(sub.ID) + 2*len(sub.Destination) + 4*len(items[i].Frame.Request)
		}
		for _, body := range [...][]byte{items[i].Frame.Body, items[i].Frame.Ending} {
			if len(body) < shareFrom {
				need += len(body)
			}
		}
	}
	if cap(b.small) < need {
		b.small = make([]byte, 0, need)
	}
}

func (b *batch) release() {
	if cap(b.small) > 256<<10 {
		b.small = nil
	}
	b.small = b.small[:0]
	clear(b.parts)
	b.parts = b.parts[:0]
	clear(b.iov)
	b.iov = b.iov[:0]
	batches.Put(b)
}

// appendReceipt appends a RECEIPT in a message of its own.
func appendReceipt(dst []byte, request string) []byte {
	var room [320]byte
	frame := stomp.AppendReceipt(room[:0], stomp.AppendEscaped(nil, request))
	return websocket.AppendFrame(dst, websocket.Text, frame)
}

// appendEvent appends the WebSocket header and the STOMP head of an event;
// the body, with its NUL, follows.
func appendEvent(dst []byte, it *realtime.Item) []byte {
	var room [512]byte
	head := appendHead(room[:0], it)
	dst = websocket.AppendFrameHeader(dst, websocket.Text, len(head)+it.Frame.Size())
	return append(dst, head...)
}

// appendHead appends the head of the MESSAGE that tells of an event, up to its
// blank line.
func appendHead(dst []byte, it *realtime.Item) []byte {
	sub, frame := it.Subscription, it.Frame
	dst = append(dst, "MESSAGE\nsubscription:"...)
	dst = append(dst, sub.ID...)
	dst = append(dst, "\ndestination:"...)
	dst = append(dst, sub.Destination...)
	dst = append(dst, "\nmessage-id:"...)
	dst = appendAck(dst, sub.Slot, frame.Mark)
	dst = append(dst, "\nack:"...)
	dst = appendAck(dst, sub.Slot, frame.Mark)
	if frame.Request != "" {
		dst = append(dst, "\nreceipt-id:"...)
		dst = stomp.AppendEscaped(dst, frame.Request)
	}
	dst = append(dst, "\ncontent-type:application/json\ncontent-length:"...)
	dst = strconv.AppendInt(dst, int64(frame.Size()-1), 10)
	return append(dst, "\n\n"...)
}

// appendAck appends what a client gives back to acknowledge an event: the slot
// of the subscription and the mark.
func appendAck(dst []byte, slot int, m realtime.Mark) []byte {
	dst = strconv.AppendInt(dst, int64(slot), 36)
	dst = append(dst, '-')
	return strconv.AppendInt(dst, int64(m), 36)
}

// writeParts tries to write all parts; what is left is written later. On a
// congested wire only what is needed waits.
func (l *socketLink) writeParts(b *batch, needed bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return true // and the reader will notice
	}
	if l.congested {
		if needed {
			b.written = 0
			l.waiting = append(l.waiting, b.rest()...)
		}
		return false
	}
	if l.raw != nil {
		b.build()
		err := l.raw.Write(b.try)
		if err == nil && b.errno != 0 && b.errno != syscall.EAGAIN {
			err = b.errno
		}
		if err != nil {
			l.closed = true
			_ = l.conn.Close()
			return true
		}
	} else {
		b.written = 0
	}
	rest := b.rest()
	if len(rest) == 0 {
		return true
	}
	l.congested = true
	go l.writeRest(rest)
	return false
}

// maxVectors is IOV_MAX, how many parts the kernel takes at once.
const maxVectors = 1024

func (b *batch) build() {
	b.written, b.errno = 0, 0
	for _, p := range b.parts {
		if len(b.iov) == maxVectors {
			break
		}
		v := unix.Iovec{Base: unsafe.SliceData(p)}
		v.SetLen(len(p))
		b.iov = append(b.iov, v)
	}
}

// writev is one attempt to write; it never waits.
func (b *batch) writev(fd uintptr) bool {
	for {
		n, _, errno := syscall.Syscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&b.iov[0])), uintptr(len(b.iov))) //nolint:gosec // the vectors are kept alive by b
		if errno == syscall.EINTR {
			continue
		}
		if errno == 0 {
			b.written = int(n)
		}
		b.errno = errno
		return true
	}
}

// rest copies what has not been written.
func (b *batch) rest() net.Buffers {
	skip := b.written
	var rest net.Buffers
	for _, p := range b.parts {
		if skip >= len(p) {
			skip -= len(p)
			continue
		}
		rest = append(rest, append([]byte(nil), p[skip:]...))
		skip = 0
	}
	return rest
}

// writeRest writes what the kernel did not take at once, and then closes a wire
// that was to be closed meanwhile.
func (l *socketLink) writeRest(rest net.Buffers) {
	for {
		_ = l.conn.SetWriteDeadline(time.Now().Add(slowest))
		_, err := rest.WriteTo(l.conn)
		l.mu.Lock()
		if rest, l.waiting = l.waiting, nil; err == nil && len(rest) > 0 {
			l.mu.Unlock()
			continue
		}
		l.congested = false
		l.closed = l.closed || err != nil
		if l.closed {
			_ = l.conn.Close()
		} else {
			_ = l.conn.SetWriteDeadline(time.Time{})
		}
		s := l.session
		l.mu.Unlock()
		if s != nil {
			s.Ready(l)
		}
		return
	}
}

// write writes bytes that are framed already, unless the wire is congested.
func (l *socketLink) write(framed []byte) {
	b := batches.Get().(*batch)
	defer b.release()
	b.parts = append(b.parts, framed)
	l.writeParts(b, false)
}

func (l *socketLink) direct(frame []byte) {
	l.write(websocket.AppendFrame(nil, websocket.Text, frame))
}

func (l *socketLink) finish() {
	l.write(websocket.AppendClose(nil, websocket.StatusNormal, ""))
	l.shut()
}

func (l *socketLink) goAway() {
	l.write(websocket.AppendClose(nil, websocket.StatusGoingAway, "The server is shutting down."))
	l.shut()
}

// shut closes the wire, letting a write under way come to its end.
func (l *socketLink) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if !l.congested {
		_ = l.conn.Close()
		return
	}
	_ = l.conn.SetReadDeadline(time.Now())
}

// Cut implements realtime.Link.
func (l *socketLink) Cut(why realtime.CutReason) {
	switch why {
	case realtime.UserGone:
		l.direct(errorFrame(deniedBody("The user has been deleted.")))
		l.finish()
	case realtime.Superseded:
		l.finish()
	case realtime.TooSlow:
		l.write(websocket.AppendClose(nil, websocket.StatusTryAgainLater, "Too slow."))
		l.mu.Lock()
		l.closed = true
		_ = l.conn.Close()
		l.mu.Unlock()
	}
}
