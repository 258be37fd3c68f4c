package stomp

import (
	"strconv"
	"strings"
	"time"
)

// Heartbeat is what a side sends to show that it is there (section
// "Heart-beating": an end-of-line).
const Heartbeat = "\n"

// AppendCommand appends the first line of a frame. Header lines, a blank line
// ([AppendBlank]), a body and a NUL octet follow.
func AppendCommand(dst []byte, c Command) []byte {
	return append(append(dst, c.String()...), '\n')
}

// AppendHeader appends a header line with the wire form of name and value. It
// is not for CONNECT and CONNECTED frames, which are not escaped.
func AppendHeader(dst []byte, name, value string) []byte {
	dst = append(AppendEscaped(dst, name), ':')
	return append(AppendEscaped(dst, value), '\n')
}

// AppendRawHeader appends a header line with a value that is in its wire form
// already, such as one that [Frame.Header] returned. The name must need no
// escaping.
func AppendRawHeader(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), ':')
	return append(append(dst, value...), '\n')
}

// AppendIntHeader appends a header line with a decimal number. The name must
// need no escaping.
func AppendIntHeader(dst []byte, name string, value int64) []byte {
	dst = append(append(dst, name...), ':')
	return append(strconv.AppendInt(dst, value, 10), '\n')
}

// AppendBlank appends the blank line that ends the headers.
func AppendBlank(dst []byte) []byte { return append(dst, '\n') }

// AppendBody appends a content-length header, the blank line, the body and the
// NUL octet: everything after the other headers.
func AppendBody(dst, body []byte) []byte {
	dst = AppendIntHeader(dst, "content-length", int64(len(body)))
	dst = append(AppendBlank(dst), body...)
	return append(dst, 0)
}

// appendOptional appends a header line unless the value is empty.
func appendOptional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(dst, name...), ':')
	return append(AppendEscaped(dst, value), '\n')
}

// ConnectedFrame is the content of a CONNECTED frame (section "CONNECTED
// Frame"). Empty members are left out, but for the heart-beat.
type ConnectedFrame struct {
	// Version of the protocol; empty means 1.2.
	Version string
	Session string
	User    string // header user-name
	Server  string
	// Send is how often this side promises to send something at the latest,
	// Receive how often it wants to hear from the peer, in whole
	// milliseconds. Zero means never.
	Send, Receive time.Duration
}

// AppendConnected appends a whole CONNECTED frame. Its values can not be
// escaped (section "Value Encoding"); one that would need it for a line break
// or NUL is left out, as it could otherwise pass for another header.
func AppendConnected(dst []byte, c ConnectedFrame) []byte {
	if c.Version == "" {
		c.Version = "1.2"
	}
	dst = AppendCommand(dst, Connected)
	dst = appendLiteral(dst, "version", c.Version)
	dst = append(dst, "heart-beat:"...)
	dst = strconv.AppendInt(dst, c.Send.Milliseconds(), 10)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, c.Receive.Milliseconds(), 10)
	dst = append(dst, '\n')
	dst = appendLiteral(dst, "session", c.Session)
	dst = appendLiteral(dst, "server", c.Server)
	dst = appendLiteral(dst, "user-name", c.User)
	return append(dst, "\n\x00"...)
}

func appendLiteral(dst []byte, name, value string) []byte {
	if value == "" || strings.ContainsAny(value, "\r\n\x00") {
		return dst
	}
	dst = append(append(dst, name...), ':')
	return append(append(dst, value...), '\n')
}

// AppendReceipt appends a whole RECEIPT frame. The id is in its wire form: the
// receipt header of the client's frame as [Frame.Header] returned it.
func AppendReceipt(dst, id []byte) []byte {
	dst = append(dst, "RECEIPT\nreceipt-id:"...)
	dst = append(dst, id...)
	return append(dst, "\n\n\x00"...)
}

// ErrorFrame is the content of an ERROR frame but for its body (section "ERROR
// Frame"). Empty members are left out.
type ErrorFrame struct {
	// Message is a short text, in the header of the same name.
	Message string
	// ContentType of the body.
	ContentType string
	// ReceiptID is the receipt of the frame that caused the error.
	ReceiptID string
}

// AppendError appends a whole ERROR frame.
func AppendError(dst []byte, e ErrorFrame, body []byte) []byte {
	dst = AppendCommand(dst, Error)
	dst = appendOptional(dst, "content-type", e.ContentType)
	dst = appendOptional(dst, "message", e.Message)
	dst = appendOptional(dst, "receipt-id", e.ReceiptID)
	return AppendBody(dst, body)
}

// MessageFrame is the header of a MESSAGE frame (section "MESSAGE Frame").
// Empty members are left out.
type MessageFrame struct {
	Destination  string
	Subscription string
	ID           string // header message-id
	Ack          string
	ReceiptID    string // header receipt-id, an addition to STOMP
	ContentType  string
	// ContentLength is the size of the body in octets.
	ContentLength int
}

// AppendMessageHeader appends a MESSAGE frame up to and including its blank
// line. A body of ContentLength octets and a NUL octet have to follow.
func AppendMessageHeader(dst []byte, m *MessageFrame) []byte {
	dst = append(dst, "MESSAGE\n"...)
	dst = appendOptional(dst, "destination", m.Destination)
	dst = appendOptional(dst, "subscription", m.Subscription)
	dst = appendOptional(dst, "message-id", m.ID)
	dst = appendOptional(dst, "ack", m.Ack)
	dst = appendOptional(dst, "receipt-id", m.ReceiptID)
	dst = appendOptional(dst, "content-type", m.ContentType)
	dst = append(dst, "content-length:"...)
	dst = strconv.AppendInt(dst, int64(m.ContentLength), 10)
	return append(dst, "\n\n"...)
}
