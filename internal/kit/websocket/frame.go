package websocket

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Op is the opcode of a frame (RFC 6455, section 5.2).
type Op byte

// The opcodes in use.
const (
	Continuation Op = 0x0
	Text         Op = 0x1
	Binary       Op = 0x2
	Close        Op = 0x8
	Ping         Op = 0x9
	Pong         Op = 0xA
)

func (o Op) control() bool { return o&0x8 != 0 }

func (o Op) known() bool { return o <= Binary || o >= Close && o <= Pong }

// Status codes of close frames (RFC 6455, section 7.4.1).
const (
	StatusNormal        = 1000
	StatusGoingAway     = 1001
	StatusProtocolError = 1002
	StatusNoCode        = 1005 // of a close frame without code; never sent
	StatusInvalidData   = 1007
	StatusPolicy        = 1008
	StatusTooBig        = 1009
	StatusInternalError = 1011
	StatusTryAgainLater = 1013
)

// MaxHeaderSize is the most that [AppendFrameHeader] appends, in octets.
const MaxHeaderSize = 10

// maxControl is the largest payload of a control frame (RFC 6455, section 5.5).
const maxControl = 125

// AppendFrameHeader appends the header of an unmasked, unfragmented frame with
// a payload of n octets, which has to follow.
func AppendFrameHeader(dst []byte, op Op, n int) []byte {
	first := 0x80 | byte(op)
	switch {
	case n <= 125:
		return append(dst, first, byte(n))
	case n <= 0xFFFF:
		return append(dst, first, 126, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(n))
}

// AppendFrame appends a whole unmasked frame.
func AppendFrame(dst []byte, op Op, payload []byte) []byte {
	return append(AppendFrameHeader(dst, op, len(payload)), payload...)
}

// AppendPong appends the answer to a ping, which returns its payload.
func AppendPong(dst, payload []byte) []byte {
	return AppendFrame(dst, Pong, payload[:min(len(payload), maxControl)])
}

// AppendClose appends a close frame. A code that may not be sent, such as
// [StatusNoCode], makes an empty one. A reason that is too long is cut.
func AppendClose(dst []byte, code int, reason string) []byte {
	if !validStatus(code) {
		return AppendFrameHeader(dst, Close, 0)
	}
	reason = cut(reason, maxControl-2)
	dst = AppendFrameHeader(dst, Close, 2+len(reason))
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

// cut shortens text to at most n octets of whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// validStatus tells the codes that a close frame may carry (RFC 6455, section
// 7.4, and the registry it founded) from those reserved or out of range.
func validStatus(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	case code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// CloseError is how a [Reader] ends in order: the peer has sent a close frame,
// or has broken the protocol. [CloseError.Append] makes the close frame that
// has to be sent before the connection is closed.
type CloseError struct {
	// Code is what the peer sent, StatusNoCode if it sent none, or what it is
	// to be told.
	Code   int
	Reason string
	// Peer is true if the peer has closed.
	Peer bool
}

// Error implements error.
func (e *CloseError) Error() string {
	if e.Peer {
		return fmt.Sprintf("websocket: closed by peer: %d %s", e.Code, e.Reason)
	}
	return fmt.Sprintf("websocket: %s (%d)", e.Reason, e.Code)
}

// Append appends the close frame to send: the peer's code (RFC 6455, section
// 5.5.1) or what it did wrong.
func (e *CloseError) Append(dst []byte) []byte {
	if e.Peer {
		return AppendClose(dst, e.Code, "")
	}
	return AppendClose(dst, e.Code, e.Reason)
}

func violation(code int, reason string) error {
	return &CloseError{Code: code, Reason: reason}
}
