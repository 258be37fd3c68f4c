package sockjs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

func (s *service) dial(t *testing.T, path string) *gorilla.Conn {
	t.Helper()
	conn, response, err := gorilla.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn *gorilla.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(gorilla.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, conn *gorilla.Conn, want string) {
	t.Helper()
	op, got, err := conn.ReadMessage()
	if err != nil || op != gorilla.TextMessage || string(got) != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// Section "WebSocket protocols".
func TestWebsocket(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	conn := s.dial(t, "/000/s/websocket?api-key=K")
	receive(t, conn, "o")
	send(t, conn, "")
	send(t, conn, `["a"]`)
	receive(t, conn, `a["a"]`)
	send(t, conn, `"b"`)
	receive(t, conn, `a["b"]`)
	c := <-s.opened
	equal(t, "transport", c.Transport(), "websocket")
	equal(t, "query", c.Request().URL.RawQuery, "api-key=K")
	if err := c.Write([]byte("1"), []byte("2")); err != nil {
		t.Fatal(err)
	}
	receive(t, conn, `a["1","2"]`)
	long := strings.Repeat("x", 70_000)
	send(t, conn, `["`+long+`"]`)
	receive(t, conn, `a["`+long+`"]`)

	// The same id is another session.
	other := s.dial(t, "/000/s/websocket")
	receive(t, other, "o")
	send(t, other, `["other"]`)
	receive(t, other, `a["other"]`)
}

func TestWebsocketPing(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	pong := make(chan string, 1)
	conn.SetPongHandler(func(data string) error { pong <- data; return nil })
	if err := conn.WriteControl(gorilla.PingMessage, []byte("p"), time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	send(t, conn, `["a"]`)
	receive(t, conn, `a["a"]`)
	equal(t, "pong", <-pong, "p")
}

func TestWebsocketClosedByServer(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for _, path := range []string{"/000/s/websocket?close=1", "/000/s/websocket"} {
		conn := s.dial(t, path)
		receive(t, conn, "o")
		if !strings.Contains(path, "close") {
			send(t, conn, `["last","close","ignored"]`)
			receive(t, conn, `a["last"]`)
		}
		receive(t, conn, `c[3000,"Go away!"]`)
		if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseNormalClosure) {
			t.Errorf("got %v", err)
		}
	}
	equal(t, "closed", <-s.closed, "3000 Go away!")
}

func TestWebsocketClosedByClient(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	goodbye := gorilla.FormatCloseMessage(4000, "bye")
	if err := conn.WriteControl(gorilla.CloseMessage, goodbye, time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, 4000) {
		t.Errorf("got %v", err)
	}
	equal(t, "closed", <-s.closed, "4000 bye")
	equal(t, "write", (<-s.opened).Write([]byte("x")), sockjs.ErrClosed)
}

func TestWebsocketBrokenJSON(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	send(t, conn, `["a`)
	if _, _, err := conn.ReadMessage(); err == nil || gorilla.IsCloseError(err, gorilla.CloseNormalClosure) {
		t.Errorf("got %v", err)
	}
	equal(t, "closed", <-s.closed, "1006 Connection interrupted")
}

func TestWebsocketMessageTooBig(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{MaxPayload: 1000}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	send(t, conn, `["`+strings.Repeat("x", 1000)+`"]`)
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseMessageTooBig) {
		t.Errorf("got %v", err)
	}
}

func TestWebsocketHTTPErrors(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	expect(t, s.do(t, http.MethodGet, "/0/0/websocket", ""), 400, "Can \"Upgrade\" only to \"WebSocket\".\n")
	expect(t, s.do(t, http.MethodGet, "/0/0/websocket", "", "Upgrade", "WebSocket", "Connection", "close"),
		400, "\"Connection\" must be \"Upgrade\".\n")
	s = newService(t, sockjs.Options{DisableWebsocket: true}).listen(t)
	equal(t, "status", s.do(t, http.MethodGet, "/0/0/websocket", "").status, http.StatusNotFound)
}

func TestWebsocketHeartbeat(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{Heartbeat: time.Millisecond}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	receive(t, conn, "h")
	receive(t, conn, "h")
}

// A client that does not read is cut when the queue is full, although a write
// to it is stuck.
func TestWebsocketSlowClient(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{MaxQueue: 1 << 20}).listen(t)
	conn := s.dial(t, "/000/s/websocket")
	receive(t, conn, "o")
	c := <-s.opened
	message := []byte(strings.Repeat("x", 1<<18))
	var err error
	for err == nil {
		err = c.Write(message)
	}
	equal(t, "write", err, sockjs.ErrSlow)
	equal(t, "closed", <-s.closed, "1013 Too slow")
	equal(t, "write", c.Write(message), sockjs.ErrClosed)
	if err := s.handler.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
