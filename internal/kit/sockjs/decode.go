package sockjs

import (
	"bytes"
	"encoding/json"
	"unicode/utf16"
	"unicode/utf8"
)

// payloadError is what is wrong with a payload, in the words of the protocol.
type payloadError string

func (e payloadError) Error() string { return string(e) }

const (
	errPayloadExpected payloadError = "Payload expected."
	errBrokenJSON      payloadError = "Broken JSON encoding."
)

// decodeArray returns the messages of a JSON array of strings. It decodes in
// place: the messages alias payload, which is spoiled.
func decodeArray(payload []byte) ([][]byte, error) {
	payload = trim(payload)
	if len(payload) == 0 {
		return nil, errPayloadExpected
	}
	// All is checked before anything is delivered, and simplifies what
	// follows.
	if !json.Valid(payload) || !utf8.Valid(payload) {
		return nil, errBrokenJSON
	}
	if payload[0] != '[' {
		return nil, errPayloadExpected
	}
	var messages [][]byte
	rest := trim(payload[1:])
	for rest[0] != ']' {
		if rest[0] != '"' {
			return nil, errBrokenJSON
		}
		var message []byte
		message, rest = decodeString(rest)
		messages = append(messages, message)
		if rest = trim(rest); rest[0] == ',' {
			rest = trim(rest[1:])
		}
	}
	return messages, nil
}

// decodeFrame returns the messages of a WebSocket message: an array of strings
// or a single string. An empty one has none.
func decodeFrame(payload []byte) ([][]byte, error) {
	payload = trim(payload)
	if len(payload) == 0 {
		return nil, nil
	}
	if payload[0] != '"' {
		return decodeArray(payload)
	}
	if !json.Valid(payload) || !utf8.Valid(payload) {
		return nil, errBrokenJSON
	}
	message, _ := decodeString(payload)
	return [][]byte{message}, nil
}

func trim(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// decodeString decodes the valid JSON string that data begins with, in place:
// no escape sequence is shorter than what it stands for.
func decodeString(data []byte) (text, rest []byte) {
	data = data[1:]
	end := 0
	for i := 0; ; {
		switch c := data[i]; c {
		case '"':
			return data[:end:end], data[i+1:]
		case '\\':
			r, size := unescape(data[i:])
			end += utf8.EncodeRune(data[end:end+utf8.RuneLen(r)], r)
			i += size
		default:
			data[end] = c
			end++
			i++
		}
	}
}

// unescape decodes one escape sequence, or two that make a surrogate pair, and
// returns their size. A surrogate on its own is no character and becomes
// U+FFFD.
func unescape(data []byte) (r rune, size int) {
	switch c := data[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(c), 2
	}
	r = hex4(data[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(data) >= 12 && data[6] == '\\' && data[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(data[8:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads four hexadecimal digits.
func hex4(data []byte) rune {
	var r rune
	for _, c := range data[:4] {
		r <<= 4
		switch {
		case c >= 'a':
			r |= rune(c-'a') + 10
		case c >= 'A':
			r |= rune(c-'A') + 10
		default:
			r |= rune(c - '0')
		}
	}
	return r
}
