package sockjs_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

// service is a SockJS service that echoes, except that "close" closes.
type service struct {
	handler *sockjs.Handler
	url     string
	opened  chan *client
	closed  chan string // code and reason of each session closed
}

// client is the service's side of a session.
type client struct {
	*sockjs.Session
	service *service
	busy    atomic.Int32
}

func newService(t *testing.T, opts sockjs.Options) *service {
	t.Helper()
	s := &service{opened: make(chan *client, 1000), closed: make(chan string, 1000)}
	if opts.ClientURL == "" {
		opts.ClientURL = "/sockjs.min.js"
	}
	s.handler = sockjs.NewHandler("/echo", opts, s.accept)
	return s
}

func (s *service) accept(session *sockjs.Session) sockjs.Receiver {
	if session.Request().URL.Query().Get("close") != "" {
		return nil
	}
	c := &client{Session: session, service: s}
	s.opened <- c
	return c
}

func (c *client) Receive(message []byte) {
	if c.busy.Add(1) != 1 {
		panic("calls overlap")
	}
	defer c.busy.Add(-1)
	if string(message) == "close" {
		c.Close(3000, "Go away!")
		return
	}
	_ = c.Write(message)
}

func (c *client) Closed(code int, reason string) {
	if c.busy.Add(1) != 1 {
		panic("calls overlap")
	}
	c.service.closed <- fmt.Sprintf("%d %s", code, reason)
}

// listen serves over TCP and shuts down at the end of the test.
func (s *service) listen(t *testing.T) *service {
	t.Helper()
	server := httptest.NewServer(s.handler)
	s.url = server.URL + "/echo"
	t.Cleanup(func() {
		if err := s.handler.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("shut down: %v", err)
		}
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request and reads the whole answer.
func (s *service) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	response := s.start(t, method, path, body, header...)
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(got)}
}

// start makes a request and returns when the answer has begun.
func (s *service) start(t *testing.T, method, path, body string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func (s *service) post(t *testing.T, path, body string) answer {
	t.Helper()
	return s.do(t, http.MethodPost, path, body)
}

// expect compares an answer's status and body.
func expect(t *testing.T, got answer, status int, body string) {
	t.Helper()
	if got.status != status || got.body != body {
		t.Errorf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

// stream reads a streaming response piece by piece.
type stream struct {
	t        *testing.T
	in       *bufio.Reader
	response *http.Response
}

func (s *service) stream(t *testing.T, method, path string) *stream {
	t.Helper()
	response := s.start(t, method, path, "")
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	return &stream{t, bufio.NewReader(response.Body), response}
}

func (s *stream) expect(want string) {
	s.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(s.in, got); err != nil || string(got) != want {
		s.t.Fatalf("got %q, %v, want %q", got[:n], err, want)
	}
}

func (s *stream) expectEnd() {
	s.t.Helper()
	if rest, err := io.ReadAll(s.in); err != nil || len(rest) > 0 {
		s.t.Errorf("got %q, %v, want the end", rest, err)
	}
}

func prelude() string { return strings.Repeat("h", 2048) + "\n" }

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}
