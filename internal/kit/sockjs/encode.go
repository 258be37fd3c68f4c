package sockjs

import (
	"strconv"
	"unicode/utf8"
)

const (
	frameOpen      = "o"
	frameHeartbeat = "h"
)

// reserve is room kept at the beginning of a queue for what comes before the
// messages when they are sent: "a[", and a WebSocket frame header or the start
// of an event.
const reserve = 16

// appendMessage appends a message to a queue of comma-separated JSON strings.
func appendMessage(queue, message []byte) []byte {
	if len(queue) == 0 {
		queue = make([]byte, reserve, reserve+len(message)+len(message)/8+8)
	} else {
		queue = append(queue, ',')
	}
	return appendQuoted(queue, message)
}

// sealQueue turns a queue into the frame a[…], in place. The frame begins at
// the returned offset.
func sealQueue(queue []byte) (frame []byte, at int) {
	at = reserve - 2
	queue[at], queue[at+1] = 'a', '['
	return append(queue, ']'), at
}

// prepend puts text in front of a sealed queue.
func prepend(frame []byte, at int, text string) []byte {
	at -= len(text)
	copy(frame[at:], text)
	return frame[at:]
}

// appendClose appends the frame c[code,"reason"].
func appendClose(dst []byte, code int, reason string) []byte {
	dst = append(dst, "c["...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, ',')
	return append(appendQuoted(dst, []byte(reason)), ']')
}

// appendQuoted appends a message as a JSON string. Besides what JSON requires
// it escapes the code points that the section "JSON Unicode Encoding" names,
// since browsers and proxies mangle them on some transports. What is not UTF-8,
// surrogates included, becomes U+FFFD.
func appendQuoted(dst, message []byte) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(message); {
		c := message[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRune(message[i:])
		if !mustEscape(r) {
			i += size
			continue
		}
		dst = appendEscape(append(dst, message[done:i]...), r)
		i += size
		done = i
	}
	return append(append(dst, message[done:]...), '"')
}

// mustEscape is the protocol's list, with quote and backslash from JSON. It has
// U+FFFD in it, and so everything that can not be decoded.
func mustEscape(r rune) bool {
	switch {
	case r < ' ', r == '"', r == '\\':
		return true
	case r >= 0x200C && r <= 0x200F,
		r >= 0x2028 && r <= 0x202F,
		r >= 0x2060 && r <= 0x206F,
		r >= 0xFFF0 && r <= 0xFFFF:
		return true
	}
	return false
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&0xF], digits[r>>8&0xF], digits[r>>4&0xF], digits[r&0xF])
}
