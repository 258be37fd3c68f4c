package stomp

import (
	"bytes"
	"encoding/binary"
)

// Unescape returns the text of a header name or value in its wire form. An
// escape sequence that is not defined, which a [Decoder] would have refused,
// is left as it stands.
//
// Section "Value Encoding": \r is carriage return, \n line feed, \c colon and
// \\ backslash.
func Unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	text := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			if c := unescaped(raw[i+1]); c != 0 {
				text = append(text, c)
				i++
				continue
			}
		}
		text = append(text, raw[i])
	}
	return string(text)
}

// unescaped returns the octet that a backslash and c stand for, 0 if the
// sequence is not defined.
func unescaped(c byte) byte {
	switch c {
	case 'r':
		return '\r'
	case 'n':
		return '\n'
	case 'c':
		return ':'
	case '\\':
		return '\\'
	}
	return 0
}

// validEscapes follows section "Value Encoding": undefined escape sequences
// such as \t must be treated as a fatal protocol error. A backslash at the end
// is one as well.
func validEscapes(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return true
		}
		if i+1 == len(raw) || unescaped(raw[i+1]) == 0 {
			return false
		}
		raw = raw[i+2:]
	}
}

// AppendEscaped appends the wire form of a header name or value. NUL, which
// STOMP can express in no header, is left out.
func AppendEscaped(dst []byte, text string) []byte {
	if plain(text) {
		return append(dst, text...)
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\n':
			dst = append(dst, '\\', 'n')
		case ':':
			dst = append(dst, '\\', 'c')
		case '\\':
			dst = append(dst, '\\', '\\')
		case 0:
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// plain reports that text is its own wire form. It may say false of text that
// is (tabs, anything beyond ASCII), but never true of text that is not. It
// looks at eight octets at a time because every header sent passes through it.
func plain(text string) bool {
	for len(text) >= 8 {
		word := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		if special(word) {
			return false
		}
		text = text[8:]
	}
	for i := range len(text) {
		if special(padding | uint64(text[i])) {
			return false
		}
	}
	return true
}

// plainBytes is plain for every ACK received.
func plainBytes(text []byte) bool {
	for len(text) >= 8 {
		if special(binary.LittleEndian.Uint64(text)) {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if special(padding | uint64(c)) {
			return false
		}
	}
	return true
}

// padding is seven plain octets above one to be tested.
const padding = 0x3030303030303000

// special reports whether any of eight octets is a control character, a colon,
// a backslash or not ASCII.
func special(word uint64) bool {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	colon := word ^ ones*':'
	slash := word ^ ones*'\\'
	// x - ones sets the high bit of an octet below one, x - ones*0x20 of one
	// below 0x20. A borrow can only set bits above an octet that is special
	// itself, so it makes no false alarm; octets with the high bit set are
	// special anyway.
	return (word|(word-ones*0x20)|(colon-ones)&^colon|(slash-ones)&^slash)&high != 0
}
