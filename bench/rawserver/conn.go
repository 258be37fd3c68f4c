package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// shareFrom is the size from which receivers share one copy of a frame.
const shareFrom = 512

// conn is one WebSocket.
type conn struct {
	net.Conn
	rooms []int // belongs to the reader

	mu sync.Mutex
	// shared and own wait to be written, in this order.
	shared net.Buffers
	own    []byte
	due    bool
}

// appendHeader appends the header of a text frame from the server.
func appendHeader(dst []byte, n int) []byte {
	dst = append(dst, 0x81)
	switch {
	case n < 126:
		return append(dst, byte(n))
	case n < 1<<16:
		return append(dst, 126, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
}

// queue adds a frame and tells whether the connection has become due for a
// flush.
func (c *conn) queue(frame []byte) (due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(frame) >= shareFrom {
		if len(c.own) > 0 {
			c.shared = append(c.shared, c.own)
			c.own = nil
		}
		c.shared = append(c.shared, frame)
	} else {
		c.own = append(c.own, frame...)
	}
	due = !c.due
	c.due = true
	return due
}

// flush writes all that waits with one call. Errors are for the reader to
// notice.
func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = false
	if len(c.shared) == 0 {
		_, _ = c.Write(c.own)
		if c.own = c.own[:0]; cap(c.own) > 4096 {
			c.own = nil
		}
		return
	}
	all := append(c.shared, c.own)
	_, _ = all.WriteTo(c.Conn)
	clear(c.shared)
	c.shared, c.own = c.shared[:0], nil
}

// send writes one frame past the queue.
func (c *conn) send(payload []byte) {
	frame := append(appendHeader(nil, len(payload)), payload...)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.Write(frame)
}

// read hands every message to handle, until the connection ends. Fragments are
// taken for messages; our generator makes none.
func (c *conn) read(handle func([]byte)) {
	r := bufio.NewReaderSize(c.Conn, 1024)
	var head [14]byte
	var buffer []byte
	for {
		if _, err := io.ReadFull(r, head[:2]); err != nil {
			return
		}
		n, more := int(head[1]&127), 0
		switch n {
		case 126:
			more = 2
		case 127:
			more = 8
		}
		if _, err := io.ReadFull(r, head[2:2+more+4]); err != nil {
			return
		}
		switch more {
		case 2:
			n = int(binary.BigEndian.Uint16(head[2:]))
		case 8:
			n = int(binary.BigEndian.Uint64(head[2:]))
		}
		if n > maxPayload {
			return
		}
		if cap(buffer) < n {
			buffer = make([]byte, n)
		}
		payload, mask := buffer[:n], head[2+more:]
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		for i := range payload {
			payload[i] ^= mask[i&3]
		}
		switch op := head[0] & 15; {
		case op == 8:
			return
		case op <= 2 && n > 0:
			handle(payload)
		}
	}
}

const maxPayload = 1 << 20
