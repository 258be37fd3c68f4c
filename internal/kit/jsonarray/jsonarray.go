// Package jsonarray reads the elements of a JSON array (RFC 8259) one by one
// from a stream of any length, in memory that is bounded by the greatest element
// that its caller takes.
//
// It finds where elements begin and end and looks no deeper: whether an element
// is valid JSON is for who parses it. So one broken element does not spoil those
// behind it. Reading may be taken up again behind any element.
//
// A Reader has one user at a time.
package jsonarray

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge says that an element exceeds the limit. It has been passed over.
var ErrTooLarge = errors.New("jsonarray: the element is too large")

// SyntaxError says that the text is no array, or ceases to be one; nothing can
// be read behind it.
type SyntaxError struct {
	// Offset is where, in octets from the beginning of the text.
	Offset int64
	// Message says what is wrong, in a few words.
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at octet %d", e.Message, e.Offset) }

// bufferSize is how much is read at a time.
const bufferSize = 64 << 10

// Reader reads an array.
type Reader struct {
	source io.Reader
	limit  int

	buffer []byte
	at     int   // the next octet in buffer
	base   int64 // the offset of the buffer's first octet
	// fault is what source ended with.
	fault error

	state state
	// behind is the offset right behind the last element.
	behind  int64
	element []byte
}

// state is what may come next.
type state int

const (
	start state = iota
	firstElement
	anElement
	comma
	end
)

// New reads an array from its beginning. No element of more than limit octets
// is handed out.
func New(source io.Reader, limit int) *Reader {
	return &Reader{source: source, limit: limit}
}

// Resume reads on behind an element. source begins at offset, which Offset told.
func Resume(source io.Reader, offset int64, limit int) *Reader {
	return &Reader{source: source, limit: limit, base: offset, behind: offset, state: comma}
}

// Offset is right behind the element that Next gave, or passed over.
func (r *Reader) Offset() int64 { return r.behind }

// Next gives the next element, which is good until the call after it. At the
// array's end it gives io.EOF. After ErrTooLarge it may be called again; after
// any other error it gives the same again.
func (r *Reader) Next() ([]byte, error) {
	for {
		c, err := r.token()
		if err != nil {
			return nil, err
		}
		switch {
		case r.state == start && c == '[':
			r.state = firstElement
		case r.state == start:
			return nil, r.wrong("a JSON array must begin here")
		case r.state == end:
			return nil, r.wrong("nothing may follow the array")
		case c == ']' && r.state != anElement:
			r.at++
			r.state = end
			continue
		case r.state == comma && c == ',':
			r.state = anElement
		case r.state == comma:
			return nil, r.wrong("a comma or the end of the array is missing")
		case c == ',' || c == ']' || c == '}' || c == ':':
			return nil, r.wrong("an element is missing")
		default:
			return r.read(c)
		}
		r.at++
	}
}

// byteOrderMark may stand before a text; some editors put it there.
const byteOrderMark = "\xef\xbb\xbf"

// token looks at the next octet that is no white space.
func (r *Reader) token() (byte, error) {
	for {
		for ; r.at < len(r.buffer); r.at++ {
			switch c := r.buffer[r.at]; c {
			case ' ', '\t', '\n', '\r':
			case byteOrderMark[0]:
				if r.base+int64(r.at) != 0 || !bytes.HasPrefix(r.buffer, []byte(byteOrderMark)) {
					return c, nil
				}
				r.at += len(byteOrderMark) - 1
			default:
				return c, nil
			}
		}
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) && r.state == end {
				return 0, io.EOF
			}
			return 0, r.broken(err)
		}
	}
}

// fill replaces the buffer, which has been read.
func (r *Reader) fill() error {
	if r.fault != nil {
		return r.fault
	}
	if r.buffer == nil {
		r.buffer = make([]byte, 0, bufferSize)
	}
	r.base += int64(len(r.buffer))
	n, err := io.ReadFull(r.source, r.buffer[:cap(r.buffer)])
	r.buffer, r.at = r.buffer[:n], 0
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if r.fault = err; n > 0 {
		return nil
	}
	return err
}

func (r *Reader) wrong(message string) error {
	return &SyntaxError{Offset: r.base + int64(r.at), Message: message}
}

// broken is an array that ends too early, or what else its source failed with.
func (r *Reader) broken(err error) error {
	if errors.Is(err, io.EOF) {
		return r.wrong("the text ends before the array does")
	}
	return err
}

// read reads the element that begins with c.
func (r *Reader) read(c byte) ([]byte, error) {
	r.element = r.element[:0]
	size := 0
	keep := func(part []byte) {
		if size += len(part); size <= r.limit {
			r.element = append(r.element, part...)
		}
	}
	nested := c == '{' || c == '['
	depth, quoted, escaped := 0, false, false
	for {
		from := r.at
		for ; r.at < len(r.buffer); r.at++ {
			c := r.buffer[r.at]
			switch {
			case escaped:
				escaped = false
				continue
			case quoted:
				escaped = c == '\\'
				if quoted = c != '"'; quoted || depth > 0 {
					continue
				}
			case c == '"':
				quoted = true
				continue
			case c == '{' || c == '[':
				depth++
				continue
			case c == '}' || c == ']':
				if depth == 0 { // the array's own
					keep(r.buffer[from:r.at])
					return r.done(size)
				}
				if depth--; depth > 0 || !nested {
					continue
				}
			case depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r'):
				keep(r.buffer[from:r.at])
				return r.done(size)
			default:
				continue
			}
			// This octet closes the element.
			r.at++
			keep(r.buffer[from:r.at])
			return r.done(size)
		}
		keep(r.buffer[from:])
		if err := r.fill(); err != nil {
			return nil, r.broken(err)
		}
	}
}

func (r *Reader) done(size int) ([]byte, error) {
	r.state, r.behind = comma, r.base+int64(r.at)
	if size > r.limit {
		return nil, ErrTooLarge
	}
	return r.element, nil
}
