package websocket

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// idleSize is what a [Reader] waits with. Most frames of a quiet connection fit,
// and it brings the Reader to 512 octets in all.
const idleSize = 352

// ReaderOptions are the choices of a [Reader]. All are required.
type ReaderOptions struct {
	// MaxMessage is the largest message in octets, fragments together.
	MaxMessage int
	// Buffers to borrow from.
	Buffers *Buffers
	// Ping is called by ReadMessage with the payload of a ping, valid during
	// the call, and has to see to it that a pong is sent ([AppendPong]). Its
	// error ends the Reader.
	Ping func(payload []byte) error
}

// Reader reads the messages of a client. It belongs to one goroutine.
type Reader struct {
	conn io.Reader
	opts ReaderOptions

	buf        []byte // idle, borrowed[:], or what was early
	start, end int    // buf[start:end] is received and not consumed
	filled     bool   // the last read left no room, there may be more
	borrowed   *buffer
	err        error // of the connection, sticky

	message []byte // assembled, if not to be had in one piece from buf
	op      Op     // of the fragmented message under way, 0 if there is none

	idle [idleSize]byte
}

// header is a frame header as received.
type header struct {
	fin    bool
	op     Op
	length int
	mask   [4]byte
}

// NewReader returns a Reader of conn which begins with early, as returned by
// [Upgrade]. It takes early over. Deadlines are the caller's, on the
// connection.
func NewReader(conn io.Reader, early []byte, opts ReaderOptions) *Reader {
	r := &Reader{conn: conn, opts: opts}
	r.buf, r.end = r.idle[:], 0
	if len(early) > 0 {
		r.buf, r.end = early, len(early)
	}
	return r
}

// Buffered returns how many received octets are waiting to be read. If there
// are none the next ReadMessage is likely to block, a good moment to flush what
// is to be written.
func (r *Reader) Buffered() int { return r.end - r.start }

// Release gives back what the Reader has borrowed. The Reader, and what it has
// last returned, must not be used any more.
func (r *Reader) Release() {
	r.giveBack()
	r.buf, r.start, r.end, r.message = nil, 0, 0, nil
	r.err = io.ErrClosedPipe
}

// ReadMessage returns the next text or binary message, which is valid until the
// next call and may be changed by the caller. Text is valid UTF-8. Control
// frames are dealt with on the way.
//
// The error is a [*CloseError] if the connection has to be closed with a close
// frame, and otherwise wraps what the connection or the ping function returned.
func (r *Reader) ReadMessage() (Op, []byte, error) {
	if r.op == 0 {
		r.message = nil
	}
	for {
		h, err := r.readHeader()
		if err != nil {
			return 0, nil, err
		}
		if h.op.control() {
			if err := r.control(h); err != nil {
				return 0, nil, err
			}
			continue
		}
		op, payload, err := r.data(h)
		if err != nil {
			return 0, nil, err
		}
		if !h.fin {
			continue
		}
		// RFC 6455, section 8.1: text that is not UTF-8 fails the connection.
		if op == Text && !utf8.Valid(payload) {
			return 0, nil, violation(StatusInvalidData, "text is not UTF-8")
		}
		return op, payload, nil
	}
}

// readHeader reads a frame header (RFC 6455, section 5.2).
func (r *Reader) readHeader() (header, error) {
	if err := r.need(2); err != nil {
		return header{}, err
	}
	first, second := r.buf[r.start], r.buf[r.start+1]
	size := 2 + 4 // the mask, which a client must use
	switch second & 0x7F {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	h := header{fin: first&0x80 != 0, op: Op(first & 0x0F), length: int(second & 0x7F)}
	if err := r.checkHeader(h, first, second); err != nil {
		return header{}, err
	}
	if err := r.need(size); err != nil {
		return header{}, err
	}
	raw := r.buf[r.start : r.start+size]
	r.start += size
	copy(h.mask[:], raw[size-4:])
	return h, r.readLength(&h, raw)
}

// checkHeader holds the first two octets against the rules, so that nonsense
// is not waited for.
func (r *Reader) checkHeader(h header, first, second byte) error {
	switch {
	case first&0x70 != 0:
		return violation(StatusProtocolError, "reserved bits are set")
	case !h.op.known():
		return violation(StatusProtocolError, "unknown opcode")
	case second&0x80 == 0: // section 5.1
		return violation(StatusProtocolError, "frame is not masked")
	case h.op.control() && (!h.fin || h.length > maxControl): // section 5.5
		return violation(StatusProtocolError, "control frame is fragmented or too long")
	case h.op == Continuation && r.op == 0: // section 5.4
		return violation(StatusProtocolError, "nothing to continue")
	case (h.op == Text || h.op == Binary) && r.op != 0: // section 5.4
		return violation(StatusProtocolError, "message within a message")
	}
	return nil
}

// readLength reads the extended payload length, which has to be in its shortest
// form, and holds it against the limit.
func (r *Reader) readLength(h *header, raw []byte) error {
	length := uint64(h.length)
	shortest := uint64(0)
	switch h.length {
	case 126:
		length, shortest = uint64(binary.BigEndian.Uint16(raw[2:])), 126
	case 127:
		length, shortest = binary.BigEndian.Uint64(raw[2:]), 1<<16
	}
	if length < shortest || length > 1<<63-1 {
		return violation(StatusProtocolError, "payload length is malformed")
	}
	if !h.op.control() && length > uint64(max(0, r.opts.MaxMessage-len(r.message))) {
		return violation(StatusTooBig, "message is too big")
	}
	h.length = int(length)
	return nil
}

// control reads the payload of a control frame and acts on it. Control frames
// may stand between the fragments of a message.
func (r *Reader) control(h header) error {
	payload, err := r.take(h)
	if err != nil {
		return err
	}
	switch h.op {
	case Ping:
		if err := r.opts.Ping(payload); err != nil {
			return fmt.Errorf("websocket: answer ping: %w", err)
		}
	case Close:
		return closed(payload)
	}
	return nil
}

// closed returns the error for a close frame (RFC 6455, section 5.5.1).
func closed(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: StatusNoCode, Peer: true}
	}
	if len(payload) == 1 {
		return violation(StatusProtocolError, "close frame is malformed")
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case !validStatus(code):
		return violation(StatusProtocolError, "close code is invalid")
	case !utf8.Valid(reason):
		return violation(StatusInvalidData, "close reason is not UTF-8")
	}
	return &CloseError{Code: code, Reason: string(reason), Peer: true}
}

// data reads the payload of a data frame and returns the message as far as it
// has come.
func (r *Reader) data(h header) (Op, []byte, error) {
	whole := h.fin && h.op != Continuation
	if whole && h.length <= bufferSize {
		payload, err := r.take(h)
		return h.op, payload, err
	}
	if err := r.assemble(h); err != nil {
		return 0, nil, err
	}
	op := r.op
	if h.op != Continuation {
		op = h.op
	}
	r.op = op
	if h.fin {
		r.op = 0
	}
	return op, r.message, nil
}

// take returns the unmasked payload of a frame that fits into a buffer, in
// place.
func (r *Reader) take(h header) ([]byte, error) {
	if err := r.need(h.length); err != nil {
		return nil, err
	}
	end := r.start + h.length
	payload := r.buf[r.start:end:end]
	r.start = end
	ws.Cipher(payload, h.mask, 0)
	return payload, nil
}

// assemble appends the unmasked payload of a frame to the message. What is
// not buffered yet is read straight into it.
func (r *Reader) assemble(h header) error {
	from := len(r.message)
	n := min(h.length, r.end-r.start)
	r.message = append(r.message, r.buf[r.start:r.start+n]...)
	r.start += n
	for missing := h.length - n; missing > 0; {
		// Doubling what has arrived keeps memory in step with the peer's
		// efforts instead of its promises.
		grow := min(missing, max(bufferSize, len(r.message)))
		r.message = slices.Grow(r.message, grow)
		at := len(r.message)
		n, err := r.read(r.message[at : at+grow])
		if err != nil {
			return err
		}
		r.message = r.message[:at+n]
		missing -= n
	}
	ws.Cipher(r.message[from:], h.mask, 0)
	return nil
}

// need makes at least n octets available in buf[start:end].
func (r *Reader) need(n int) error {
	for r.end-r.start < n {
		r.makeRoom(n)
		got, err := r.read(r.buf[r.end:])
		if err != nil {
			return err
		}
		r.end += got
		r.filled = r.end == len(r.buf)
	}
	return nil
}

// makeRoom prepares buf for reading more, up to at least n octets from start.
func (r *Reader) makeRoom(n int) {
	if r.start == r.end {
		// Drained. What the peer does next may take long; wait small, unless
		// the frame under way is known to be larger or a small read has just
		// been filled to the brim, as happens in the middle of a burst.
		r.start, r.end = 0, 0
		if n <= idleSize && (r.borrowed != nil || !r.filled) {
			r.giveBack()
			return
		}
	}
	switch {
	case r.borrowed == nil && (n > len(r.buf) || r.filled):
		r.borrow()
	case n > len(r.buf)-r.start || r.end == len(r.buf):
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
}

func (r *Reader) borrow() {
	r.borrowed = r.opts.Buffers.get()
	r.end = copy(r.borrowed[:], r.buf[r.start:r.end])
	r.start, r.buf = 0, r.borrowed[:]
}

// giveBack returns to the idle buffer. Nothing may be left in the other.
func (r *Reader) giveBack() {
	if r.borrowed != nil {
		r.opts.Buffers.put(r.borrowed)
		r.borrowed = nil
	}
	r.buf, r.filled = r.idle[:], false
}

// read reads at least one octet from the connection.
func (r *Reader) read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	const patience = 100 // with reads that return nothing, as in package bufio
	for range patience {
		n, err := r.conn.Read(p)
		if err != nil {
			r.err = fmt.Errorf("websocket: read: %w", err)
		}
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, r.err
		}
	}
	return 0, fmt.Errorf("websocket: read: %w", io.ErrNoProgress)
}
