package websocket_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/kit/websocket"
)

// newEcho starts a server that sends back what it receives. It has timeouts,
// as a server should, which must not reach the upgraded connections.
func newEcho(t *testing.T) *httptest.Server {
	t.Helper()
	buffers := new(websocket.Buffers)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, early, _, err := websocket.Upgrade(w, r, []string{"v12.stomp", "other"})
		if err != nil {
			return
		}
		go echo(conn, early, buffers)
	}))
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func echo(conn net.Conn, early []byte, buffers *websocket.Buffers) {
	defer func() { _ = conn.Close() }()
	var out []byte
	r := websocket.NewReader(conn, early, websocket.ReaderOptions{
		MaxMessage: 1 << 20,
		Buffers:    buffers,
		Ping: func(payload []byte) error {
			out = websocket.AppendPong(out, payload)
			return nil
		},
	})
	defer r.Release()
	for {
		op, payload, err := r.ReadMessage()
		if closed := new(websocket.CloseError); errors.As(err, &closed) {
			_, _ = conn.Write(closed.Append(out))
			return
		}
		if err != nil {
			return
		}
		out = websocket.AppendFrame(out, op, payload)
		if r.Buffered() == 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

func dial(t *testing.T, server *httptest.Server, protocols ...string) *gorilla.Conn {
	t.Helper()
	dialer := gorilla.Dialer{Subprotocols: protocols, HandshakeTimeout: 10 * time.Second}
	header := http.Header{"Origin": {"https://elsewhere.example"}}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), header)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestEchoWithIndependentClient(t *testing.T) {
	t.Parallel()
	conn := dial(t, newEcho(t), "v12.stomp")
	if got := conn.Subprotocol(); got != "v12.stomp" {
		t.Errorf("sub-protocol %q", got)
	}
	var messages []string
	for _, n := range []int{0, 1, 125, 126, 352, 8191, 8192, 8193, 65535, 65536, 1 << 20} {
		messages = append(messages, strings.Repeat("x", n))
	}
	messages = append(messages, "münchen 😀\x00")
	for i, message := range messages {
		op := gorilla.TextMessage + i%2
		if err := conn.WriteMessage(op, []byte(message)); err != nil {
			t.Fatal(err)
		}
		gotOp, got, err := conn.ReadMessage()
		if err != nil || gotOp != op || string(got) != message {
			t.Fatalf("message of %d: op %d, %d octets, %v", len(message), gotOp, len(got), err)
		}
	}
}

func TestFragmentsPingAndCloseWithIndependentClient(t *testing.T) {
	t.Parallel()
	conn := dial(t, newEcho(t))
	pong := ""
	conn.SetPongHandler(func(data string) error { pong = data; return nil })
	w, err := conn.NextWriter(gorilla.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("0123456789", 1000) // beyond the client's buffer, so fragmented
	for range 3 {
		_, err = io.WriteString(w, long)
		if err == nil {
			err = conn.WriteControl(gorilla.PingMessage, []byte("p"), time.Now().Add(10*time.Second))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got, err := conn.ReadMessage(); err != nil || string(got) != long+long+long || pong != "p" {
		t.Fatalf("%d octets, pong %q, %v", len(got), pong, err)
	}
	goodbye := gorilla.FormatCloseMessage(4001, "bye")
	if err := conn.WriteControl(gorilla.CloseMessage, goodbye, time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, 4001) {
		t.Errorf("close code is not echoed: %v", err)
	}
}

func TestViolationIsToldToIndependentClient(t *testing.T) {
	t.Parallel()
	conn := dial(t, newEcho(t))
	if err := conn.WriteMessage(gorilla.TextMessage, []byte("\xff")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseInvalidFramePayloadData) {
		t.Errorf("got %v", err)
	}
}

// What is sent along with the handshake, before its answer, is not lost.
func TestUpgradeKeepsEarlyFrames(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	request := fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n", server.Listener.Addr())
	if _, err := io.WriteString(conn, request+frame(fin|text, "early")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
	if got := response.Header.Get("Sec-WebSocket-Accept"); got != "HSmrc0sMlYUkAGmm5OPpG2HaGWk=" {
		t.Errorf("Sec-WebSocket-Accept %q", got)
	}
	if got := response.Header.Values("Sec-WebSocket-Protocol"); len(got) != 0 {
		t.Errorf("sub-protocol %q, none was offered", got)
	}
	got := make([]byte, len("\x81\x05early"))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != "\x81\x05early" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestUpgradeRefuses(t *testing.T) {
	t.Parallel()
	server := newEcho(t)
	good := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
	}
	tests := map[string]struct {
		method, header, value string
		want                  int
	}{
		"method":     {"POST", "", "", http.StatusMethodNotAllowed},
		"no upgrade": {"GET", "Upgrade", "", http.StatusUpgradeRequired},
		"upgrade":    {"GET", "Upgrade", "h2c", http.StatusUpgradeRequired},
		"connection": {"GET", "Connection", "keep-alive", http.StatusBadRequest},
		"version":    {"GET", "Sec-WebSocket-Version", "8", http.StatusUpgradeRequired},
		"key":        {"GET", "Sec-WebSocket-Key", "short", http.StatusBadRequest},
		"no key":     {"GET", "Sec-WebSocket-Key", "", http.StatusBadRequest},
		"key alike":  {"GET", "Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==", http.StatusBadRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range good {
				request.Header.Set(name, value)
			}
			if tt.value != "" {
				request.Header.Set(tt.header, tt.value)
			} else {
				request.Header.Del(tt.header)
			}
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if response.StatusCode != tt.want {
				t.Errorf("status %d, want %d", response.StatusCode, tt.want)
			}
			if tt.want == http.StatusUpgradeRequired && response.Header.Get("Sec-WebSocket-Version") != "13" {
				t.Error("the version spoken here is not told")
			}
		})
	}
}

func TestUpgradeWithoutHijacker(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
	} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	if _, _, _, err := websocket.Upgrade(w, r, nil); !errors.Is(err, websocket.ErrHandshake) {
		t.Errorf("error %v", err)
	}
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}
