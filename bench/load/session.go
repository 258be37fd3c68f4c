package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The WebSocket opcodes in use.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// appendFrame appends a WebSocket frame from a client. It must be masked; a mask
// of zeroes is valid and leaves the payload as it is, so that masking costs the
// generator nothing.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	n := len(payload)
	dst = append(dst, 0x80|op)
	switch {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}

// cutFrame cuts the first WebSocket frame off p; ok is false where p holds only a
// part of it.
func cutFrame(p []byte) (final bool, op byte, payload, rest []byte, ok bool) {
	if len(p) < 2 {
		return false, 0, nil, p, false
	}
	n, head := int(p[1]&127), 2
	switch n {
	case 126:
		if head = 4; len(p) >= head {
			n = int(binary.BigEndian.Uint16(p[2:]))
		}
	case 127:
		if head = 10; len(p) >= head {
			n = int(binary.BigEndian.Uint64(p[2:]))
		}
	}
	if len(p) < head+n {
		return false, 0, nil, p, false
	}
	return p[0]&0x80 != 0, p[0] & 15, p[head : head+n], p[head+n:], true
}

var errClosed = errors.New("connection closed")

// session is one client. While it is set up, the goroutine that opened it reads
// it with receive; then detach hands its descriptor to a loop, which feeds it.
type session struct {
	index  int
	target target
	rooms  []int

	nc   net.Conn // nil once detached
	loop *loop
	fd   atomic.Int32

	in      []byte // read, and not yet a whole frame
	partial []byte // the fragments of a message under way

	mu      sync.Mutex // guards what follows, and writing
	out     []byte     // waits for the socket to take more
	waiting bool       // the loop looks for that
	dead    atomic.Bool
	closed  bool // by us, on purpose

	sending sync.Mutex // one sender at a time, with these buffers
	payload []byte
	frame   []byte

	state   any // the target's own
	resumes any // what an earlier connection of the same client left behind

	lastID uint32
	// sentAt is when the message of an id, modulo its length, was sent.
	sentAt [256]atomic.Int64
	// beatEvery and beatNext are when heart-beats are due, in nanoseconds.
	beatEvery, beatNext int64

	onAck func(*session)
}

// dial opens the socket. Source addresses are taken in turn, since one has not
// ports enough.
func (b *bench) dial(s *session) error {
	u, err := url.Parse(b.options.url)
	if err != nil {
		return err
	}
	source := net.IPv4(127, 0, 0, byte(2+s.index%sources))
	d := net.Dialer{Timeout: setUpTimeout, LocalAddr: &net.TCPAddr{IP: source}, Control: bindLate}
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	c, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	_ = c.SetDeadline(time.Now().Add(setUpTimeout))
	early, err := handshake(c, u, s.target.protocol())
	if err != nil {
		_ = c.Close()
		return err
	}
	s.nc, s.in = c, early
	return nil
}

// sources is how many addresses of the loopback network clients come from.
const sources = 16

// bindLate leaves the choice of the port to connect, so that each destination
// has all of them.
func bindLate(_, _ string, c syscall.RawConn) error {
	const bindAddressNoPort = 24
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, bindAddressNoPort, 1)
	})
	return errors.Join(err, failed)
}

// handshake asks for the WebSocket and gives what arrived after the answer.
func handshake(c net.Conn, u *url.URL, protocol string) (early []byte, err error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	request := "GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nOrigin: http://" + u.Host +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
		base64.StdEncoding.EncodeToString(key) + "\r\n"
	if protocol != "" {
		request += "Sec-WebSocket-Protocol: " + protocol + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		return nil, err
	}
	r := bufio.NewReader(c)
	status, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if !strings.Contains(status, " 101 ") {
		return nil, fmt.Errorf("upgrade refused: %s", strings.TrimSpace(status))
	}
	taken := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		name, value, named := strings.Cut(strings.TrimSpace(line), ":")
		if !named {
			break
		}
		if strings.EqualFold(name, "Sec-WebSocket-Protocol") {
			taken = strings.TrimSpace(value)
		}
	}
	if taken != protocol { // a browser would refuse it too
		return nil, fmt.Errorf("the server took sub-protocol %q of %q", taken, protocol)
	}
	early, err = r.Peek(r.Buffered())
	return append([]byte(nil), early...), err
}

// receive gives the next message while the session is set up.
func (s *session) receive() ([]byte, error) {
	var message []byte
	for {
		final, op, payload, rest, ok := cutFrame(s.in)
		if !ok {
			var more [4096]byte
			n, err := s.nc.Read(more[:])
			if err != nil {
				return nil, err
			}
			s.in = append(s.in, more[:n]...)
			continue
		}
		s.in = rest
		switch op {
		case opPing:
			if err := s.write(appendFrame(nil, opPong, payload)); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			return nil, fmt.Errorf("closed by the server: %q", payload)
		default:
			if message = append(message, payload...); final {
				return message, nil
			}
		}
	}
}

// detach hands the session to a loop.
func (s *session) detach(l *loop) error {
	c, ok := s.nc.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("%T has no descriptor", s.nc)
	}
	_ = c.SetDeadline(time.Time{})
	f, err := c.File()
	if err != nil {
		return err
	}
	fd, err := syscall.Dup(int(f.Fd()))
	_ = f.Close()
	if err != nil {
		return err
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	s.mu.Lock()
	_ = c.Close()
	s.nc = nil
	s.fd.Store(int32(fd))
	s.mu.Unlock()
	return l.add(s)
}

// send writes one text message.
func (s *session) send(text string) error { return s.write(appendFrame(nil, opText, []byte(text))) }

// write writes whole frames. Once the session is detached it never waits.
func (s *session) write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.nc != nil:
		_, err := s.nc.Write(p)
		return err
	case s.dead.Load():
		return errClosed
	case len(s.out) > 0:
		s.out = append(s.out, p...)
		return nil
	}
	n, err := rawWrite(int(s.fd.Load()), p)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		s.dead.Store(true)
		return err
	}
	if n < len(p) {
		s.out = append(s.out, p[n:]...)
		s.loop.watch(s, true)
	}
	return nil
}

func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.nc != nil {
		_ = s.nc.Close()
		return
	}
	if s.loop != nil {
		s.loop.drop(s)
	}
	s.dead.Store(true)
}

// feed hands on the messages in what was read, and keeps the rest.
func (s *session) feed(data []byte, now int64) error {
	if len(s.in) > 0 {
		s.in = append(s.in, data...)
		data = s.in
	}
	for {
		final, op, payload, rest, ok := cutFrame(data)
		if !ok {
			break
		}
		data = rest
		switch {
		case op == opPing:
			if err := s.write(appendFrame(nil, opPong, payload)); err != nil {
				return err
			}
		case op == opPong:
		case op == opClose:
			return fmt.Errorf("closed by the server: %q", payload)
		case final && len(s.partial) == 0:
			s.target.message(s, payload, now)
		default:
			if s.partial = append(s.partial, payload...); final {
				s.target.message(s, s.partial, now)
				s.partial = s.partial[:0]
			}
		}
	}
	switch {
	case len(data) > 0:
		s.in = append([]byte(nil), data...)
	case cap(s.in) > 16<<10:
		s.in = nil
	default:
		s.in = s.in[:0]
	}
	return nil
}
