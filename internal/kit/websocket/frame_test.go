package websocket_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/websocket"
)

func TestAppendFrameHeader(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		0:       "\x81\x00",
		125:     "\x81\x7d",
		126:     "\x81\x7e\x00\x7e",
		65535:   "\x81\x7e\xff\xff",
		65536:   "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
		1 << 33: "\x81\x7f\x00\x00\x00\x02\x00\x00\x00\x00",
	} {
		got := websocket.AppendFrameHeader([]byte("-"), websocket.Text, n)
		if string(got) != "-"+want {
			t.Errorf("%d: %q", n, got)
		}
		if len(want) > websocket.MaxHeaderSize {
			t.Errorf("%d: longer than MaxHeaderSize", n)
		}
	}
}

func TestAppendControl(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 122) + "ä"
	tests := map[string]struct{ got, want []byte }{
		"pong":             {websocket.AppendPong(nil, []byte("p")), []byte("\x8a\x01p")},
		"close":            {websocket.AppendClose(nil, websocket.StatusGoingAway, "bye"), []byte("\x88\x05\x03\xe9bye")},
		"close, no code":   {websocket.AppendClose(nil, websocket.StatusNoCode, "bye"), []byte("\x88\x00")},
		"close, cut":       {websocket.AppendClose(nil, 3000, long), []byte("\x88\x7c\x0b\xb8" + long[:122])},
		"answer to close":  {(&websocket.CloseError{Code: 1000, Reason: "x", Peer: true}).Append(nil), []byte("\x88\x02\x03\xe8")},
		"answer to nocode": {(&websocket.CloseError{Code: 1005, Peer: true}).Append(nil), []byte("\x88\x00")},
		"violation":        {(&websocket.CloseError{Code: 1002, Reason: "x"}).Append(nil), []byte("\x88\x03\x03\xeax")},
		"whole frame":      {websocket.AppendFrame(nil, websocket.Binary, []byte("ab")), []byte("\x82\x02ab")},
	}
	for name, tt := range tests {
		if !bytes.Equal(tt.got, tt.want) {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

func BenchmarkAppendFrameHeader(b *testing.B) {
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = websocket.AppendFrameHeader(dst[:0], websocket.Text, 300)
	}
}
