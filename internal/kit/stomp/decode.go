package stomp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Errors of the decoder. All but [ErrPartial] are fatal for a connection: the
// place where the next frame begins is no longer known.
var (
	// ErrPartial means that the buffer ends inside a frame.
	ErrPartial = errors.New("stomp: frame is not complete")
	// ErrCommand means that the first line of a frame is no command that the
	// peer may send.
	ErrCommand = errors.New("stomp: unknown command")
	// ErrHeader means that a header line is malformed.
	ErrHeader = errors.New("stomp: malformed header")
	// ErrEscape means that a header holds an undefined escape sequence.
	ErrEscape = errors.New("stomp: undefined escape sequence")
	// ErrContentLength means that content-length is no number or does not
	// agree with the frame.
	ErrContentLength = errors.New("stomp: content-length does not match the body")
	// ErrBody means that a frame has a body that may have none.
	ErrBody = errors.New("stomp: body not allowed")
	// ErrTooLarge means that a frame exceeds the limits of the decoder.
	ErrTooLarge = errors.New("stomp: frame too large")
)

// Decoder holds the limits that frames are decoded under, as section "Size
// Limits" suggests. All of them must be positive; [NewDecoder] gives defaults.
type Decoder struct {
	// MaxFrame is the size of a whole frame in octets, from the command to
	// the NUL.
	MaxFrame int
	// MaxHeader is the size in octets of the part up to and including the
	// blank line, which is held against MaxFrame as well.
	MaxHeader int
	// MaxHeaders is the number of header lines.
	MaxHeaders int
	// Server makes the decoder accept the commands of a server instead of
	// those of a client. It is for writing clients.
	Server bool
}

// NewDecoder returns a decoder of client frames of up to maxFrame octets, with
// up to 64 headers in up to 16 KiB.
func NewDecoder(maxFrame int) Decoder {
	return Decoder{MaxFrame: maxFrame, MaxHeader: min(maxFrame, 16<<10), MaxHeaders: 64}
}

// Decode decodes the first frame in data into f, which then aliases data, and
// returns what follows the frame. End-of-lines before a frame are skipped:
// section "Heart-beating" sends them on their own, section "STOMP Frames"
// allows them after a frame.
//
// It returns io.EOF if there is no frame in data, and ErrPartial with the
// beginning of the frame as rest if data ends before the frame does. Any other
// error wraps one of the errors of this package. After an error f holds nothing
// of use.
func (d *Decoder) Decode(f *Frame, data []byte) (rest []byte, err error) {
	rest, _, err = d.decode(f, data)
	return rest, err
}

// decode is Decode and tells, of a partial frame with a content-length, how
// many octets the whole frame has.
func (d *Decoder) decode(f *Frame, data []byte) (rest []byte, need int, err error) {
	data = skipEOLs(data)
	f.reset(data)
	if len(data) == 0 {
		return nil, 0, io.EOF
	}
	at, err := d.command(f)
	if err == nil {
		at, err = d.headers(f, at)
	}
	if err != nil {
		return data, 0, err
	}
	end, err := d.body(f, at)
	if err != nil {
		return data, end + 1, err
	}
	return data[end+1:], 0, nil
}

// skipEOLs drops leading end-of-lines. Section "Augmented BNF": an EOL is a
// line feed that may be preceded by a carriage return.
func skipEOLs(data []byte) []byte {
	for {
		switch {
		case len(data) > 0 && data[0] == '\n':
			data = data[1:]
		case len(data) > 1 && data[0] == '\r' && data[1] == '\n':
			data = data[2:]
		default:
			return data
		}
	}
}

// command reads the first line and returns where the headers begin.
func (d *Decoder) command(f *Frame) (int, error) {
	head := f.data[:min(len(f.data), maxCommandLine+1)]
	end := bytes.IndexByte(head, '\n')
	if end < 0 {
		if len(head) > maxCommandLine {
			return 0, ErrCommand
		}
		return 0, ErrPartial
	}
	f.Command = parseCommand(trimCR(head[:end]))
	if f.Command == Invalid || f.Command.FromServer() != d.Server {
		return 0, ErrCommand
	}
	return end + 1, nil
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// headers reads the header lines up to the blank line and returns where the
// body begins. It splits at the first colon (section "Augmented BNF"); colons
// further on, which CONNECT frames do not escape, belong to the value.
func (d *Decoder) headers(f *Frame, start int) (int, error) {
	window := f.data[:min(len(f.data), d.MaxHeader)]
	for at := start; ; {
		n := bytes.IndexByte(window[min(at, len(window)):], '\n')
		if n < 0 {
			return 0, d.unfinishedHeader(f, window)
		}
		line, next := trimCR(window[at:at+n]), at+n+1
		if len(line) == 0 {
			return next, f.checkHeaders(window[start:at])
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 {
			return 0, ErrHeader
		}
		if len(f.spans) == d.MaxHeaders {
			return 0, fmt.Errorf("%w: more than %d headers", ErrTooLarge, d.MaxHeaders)
		}
		f.spans = append(f.spans, span{uint32(at), uint32(at + colon), uint32(at + len(line))})
		at = next
	}
}

// unfinishedHeader tells apart a header that may still be completed from one
// that can not.
func (d *Decoder) unfinishedHeader(f *Frame, window []byte) error {
	switch {
	case bytes.IndexByte(window, 0) >= 0:
		return fmt.Errorf("%w: frame ends before the blank line", ErrHeader)
	case len(f.data) >= d.MaxHeader:
		return fmt.Errorf("%w: header exceeds %d octets", ErrTooLarge, d.MaxHeader)
	}
	return ErrPartial
}

// checkHeaders checks all header lines at once, because what it looks for is
// nearly never there and one pass over the block is cheaper than one a line.
func (f *Frame) checkHeaders(block []byte) error {
	// Section "Value Encoding": commands and headers are UTF-8.
	if !utf8.Valid(block) {
		return fmt.Errorf("%w: not UTF-8", ErrHeader)
	}
	// A NUL would leave both sides in doubt where the frame ends.
	if bytes.IndexByte(block, 0) >= 0 {
		return fmt.Errorf("%w: NUL", ErrHeader)
	}
	// Section "Augmented BNF": names and values hold no carriage return.
	if bytes.IndexByte(block, '\r') >= 0 {
		for _, s := range f.spans {
			if bytes.IndexByte(f.data[s.name:s.end], '\r') >= 0 {
				return fmt.Errorf("%w: carriage return", ErrHeader)
			}
		}
	}
	if f.Command.escapes() && bytes.IndexByte(block, '\\') >= 0 {
		f.escaped = true
		for _, s := range f.spans {
			if !validEscapes(f.data[s.name:s.colon]) || !validEscapes(f.data[s.colon+1:s.end]) {
				return ErrEscape
			}
		}
	}
	return nil
}

// body reads the body that begins at start and returns the place of the NUL
// that ends it. With ErrPartial it returns where that NUL is expected if this
// is known, else -1.
func (d *Decoder) body(f *Frame, start int) (end int, err error) {
	end, err = d.bodyEnd(f, start)
	if err != nil {
		return end, err
	}
	if end > start && !f.Command.mayHaveBody() {
		return -1, ErrBody
	}
	f.Body = f.data[start:end:end]
	return end, nil
}

func (d *Decoder) bodyEnd(f *Frame, start int) (int, error) {
	if length := f.Header("content-length"); length != nil {
		return d.measuredEnd(f.data, start, length)
	}
	// Section "Body": without content-length the body runs to the first NUL.
	window := f.data[:min(len(f.data), d.MaxFrame)]
	n := bytes.IndexByte(window[min(start, len(window)):], 0)
	switch {
	case n >= 0:
		return start + n, nil
	case len(f.data) >= d.MaxFrame:
		return -1, d.tooLarge()
	}
	return -1, ErrPartial
}

// measuredEnd follows section "Header content-length": the header is an octet
// count of the body, which may then hold NUL octets, and a NUL still ends the
// frame.
func (d *Decoder) measuredEnd(data []byte, start int, value []byte) (int, error) {
	length, err := parseLength(value)
	if err != nil {
		return -1, err
	}
	if length >= d.MaxFrame-start {
		return -1, d.tooLarge()
	}
	end := start + length
	switch {
	case end >= len(data):
		return end, ErrPartial
	case data[end] != 0:
		return -1, ErrContentLength
	}
	return end, nil
}

func (d *Decoder) tooLarge() error {
	return fmt.Errorf("%w: more than %d octets", ErrTooLarge, d.MaxFrame)
}

// parseLength reads a decimal number of at most nine digits, more than any
// limit in use, so that nothing can overflow.
func parseLength(value []byte) (int, error) {
	if len(value) == 0 || len(value) > 9 {
		return 0, ErrContentLength
	}
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, ErrContentLength
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}
