package main

import (
	"bytes"
	"strings"
)

// stompFrame is a frame cut into its head, command and headers as they stand on
// the wire, and its body.
type stompFrame struct{ head, body []byte }

// cutStomp cuts the first STOMP frame off p, skipping the line ends between
// frames, which are heart-beats. whole is false where p holds only a part of
// one; a frame without a head says that p held none.
func cutStomp(p []byte) (f stompFrame, rest []byte, whole bool) {
	p = bytes.TrimLeft(p, "\r\n")
	if len(p) == 0 {
		return f, nil, true
	}
	end := bytes.Index(p, []byte("\n\n"))
	if end < 0 {
		return f, p, false
	}
	f.head = p[:end]
	body := p[end+2:]
	n := bytes.IndexByte(body, 0)
	if length := f.header("content-length"); length != nil {
		size, _ := number(length)
		n = int(size)
	}
	if n < 0 || len(body) <= n {
		return stompFrame{}, p, false
	}
	f.body = body[:n]
	return f, body[n+1:], true
}

// header finds the raw value of a header; of several the first counts.
func (f stompFrame) header(name string) []byte {
	for rest := f.head; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return nil
		}
		rest = rest[i+1:]
		if len(rest) > len(name) && rest[len(name)] == ':' && string(rest[:len(name)]) == name {
			value, _, _ := bytes.Cut(rest[len(name)+1:], []byte("\n"))
			return value
		}
	}
}

// text is a header's value without its escapes.
func (f stompFrame) text(name string) string { return unescape.Replace(string(f.header(name))) }

func (f stompFrame) command() string {
	command, _, _ := bytes.Cut(f.head, []byte("\n"))
	return string(command)
}

func (f stompFrame) clone() stompFrame {
	return stompFrame{bytes.Clone(f.head), bytes.Clone(f.body)}
}

var (
	escape   = strings.NewReplacer("\\", `\\`, "\r", `\r`, "\n", `\n`, ":", `\c`)
	unescape = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\c`, ":", `\\`, `\`)
)
