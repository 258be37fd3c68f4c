package stomp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Assembler decodes frames out of a sequence of transport messages, each of
// which may hold several frames, and each frame of which may be spread over
// several messages (some client libraries split large frames). While no frame
// is pending it holds no memory of its own; a pending frame takes what has
// arrived of it, never more than MaxFrame of the decoder.
//
// Call [Assembler.Feed] with a message, then [Assembler.Next] until it returns
// io.EOF, then Feed the next. The zero value with a Decoder is ready to use.
type Assembler struct {
	// Decoder decodes the frames and sets the limits.
	Decoder Decoder

	data    []byte // not yet decoded: of the fed message, or of pending
	pending []byte // beginning of a frame, owned; nil if there is none
	need    int    // size of the pending frame, 0 if not known yet
	err     error  // fatal, sticky
}

// Feed hands over the next message. The message must be left alone until Next
// has returned io.EOF, and for as long as frames decoded from it are in use.
func (a *Assembler) Feed(message []byte) {
	if len(a.pending) == 0 {
		a.data = message
		return
	}
	if len(a.pending)+len(message) > a.Decoder.MaxFrame && !a.endsIn(message) {
		a.err = a.Decoder.tooLarge()
		return
	}
	a.pending = append(a.pending, message...)
	// Decoding from the start again with every little message would cost a
	// time quadratic in the size of the frame. It is in vain until the known
	// size is reached, or a NUL has come.
	if len(a.pending) < a.need || a.need == 0 && bytes.IndexByte(message, 0) < 0 {
		return
	}
	a.data, a.pending, a.need = a.pending, nil, 0
}

// endsIn reports whether the pending frame can end inside message and within
// the limit, in which case more frames may follow it in the same message.
func (a *Assembler) endsIn(message []byte) bool {
	room := a.Decoder.MaxFrame - len(a.pending)
	if a.need > 0 {
		return a.need <= a.Decoder.MaxFrame
	}
	return bytes.IndexByte(message[:min(room, len(message))], 0) >= 0
}

// Next decodes the next frame into f. It returns io.EOF when the next message
// has to be fed, and otherwise the fatal errors of [Decoder.Decode], again and
// again.
func (a *Assembler) Next(f *Frame) error {
	if a.err != nil {
		return a.err
	}
	if len(a.data) == 0 {
		f.reset(nil)
		return io.EOF
	}
	rest, need, err := a.Decoder.decode(f, a.data)
	switch {
	case err == nil:
		a.data = rest
		return nil
	case errors.Is(err, io.EOF):
		a.data = nil
		return io.EOF
	case errors.Is(err, ErrPartial):
		f.reset(nil)
		a.data, a.need = nil, need
		a.pending = append([]byte(nil), rest...)
		return io.EOF
	}
	a.err = fmt.Errorf("decode frame: %w", err)
	return a.err
}

// Pending returns the number of octets held of a frame that is not complete.
func (a *Assembler) Pending() int { return len(a.pending) }
