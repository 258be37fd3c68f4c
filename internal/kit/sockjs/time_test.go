package sockjs_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

// call is a request served without a network, so that time can be made up.
type call struct {
	header http.Header
	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	code int
	body strings.Builder
	fail error
}

// call starts a request and returns when it has done what it can do now.
func (s *service) call(t *testing.T, method, path, body string) *call {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &call{header: http.Header{}, cancel: cancel, done: make(chan struct{}), code: http.StatusOK}
	r := httptest.NewRequestWithContext(ctx, method, "/echo"+path, strings.NewReader(body))
	go func() {
		defer close(c.done)
		s.handler.ServeHTTP(c, r)
	}()
	t.Cleanup(cancel)
	synctest.Wait()
	return c
}

func (c *call) Header() http.Header { return c.header }

func (c *call) WriteHeader(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.code = code
}

func (c *call) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return 0, c.fail
	}
	return c.body.Write(p)
}

func (c *call) Flush() {}

func (c *call) breakDown(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

// expect compares what has been written so far, and whether that is all.
func (c *call) expect(t *testing.T, code int, body string, ended bool) {
	t.Helper()
	c.mu.Lock()
	got := c.body.String()
	equal(t, "status", c.code, code)
	c.mu.Unlock()
	equal(t, "body", strings.ReplaceAll(got, prelude(), "HH\n"), body)
	select {
	case <-c.done:
		equal(t, "ended", true, ended)
	default:
		equal(t, "ended", false, ended)
	}
}

func (s *service) expectClosed(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	var got []string
	for len(s.closed) > 0 {
		got = append(got, <-s.closed)
	}
	equal(t, "closed", got, want)
}

func TestHeartbeatEndsPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		poll := s.call(t, "POST", "/0/s/xhr", "")
		time.Sleep(25*time.Second - 1)
		poll.expect(t, 200, "", false)
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		poll.expect(t, 200, "h\n", true)
		s.expectClosed(t)
		time.Sleep(6 * time.Second)
		s.expectClosed(t, "1002 Connection interrupted")
	})
}

func TestHeartbeatsOnStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		r := s.call(t, "POST", "/0/s/xhr_streaming", "")
		time.Sleep(20 * time.Second)
		s.call(t, "POST", "/0/s/xhr_send", `["x"]`).expect(t, 204, "", true)
		time.Sleep(24 * time.Second)
		r.expect(t, 200, "HH\no\na[\"x\"]\n", false)
		time.Sleep(26 * time.Second)
		synctest.Wait()
		r.expect(t, 200, "HH\no\na[\"x\"]\nh\nh\n", false)
		s.expectClosed(t)
		r.cancel()
		s.expectClosed(t, "1002 Connection interrupted")
		time.Sleep(10 * time.Second)
	})
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		time.Sleep(4 * time.Second)
		s.call(t, "POST", "/0/s/xhr_send", `["x"]`).expect(t, 204, "", true)
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "a[\"x\"]\n", true)
		time.Sleep(4 * time.Second)
		s.expectClosed(t)
		time.Sleep(2 * time.Second)
		s.expectClosed(t, "1002 Connection interrupted")
		s.call(t, "POST", "/0/s/xhr_send", `["x"]`).expect(t, 404, "404 page not found\n", true)
		equal(t, "write", (<-s.opened).Write([]byte("x")), sockjs.ErrClosed)
		// The id is free again.
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		time.Sleep(10 * time.Second)
	})
}

// A closed session is remembered for a time, however often the client asks.
func TestClosedSessionIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		s.call(t, "POST", "/0/s/xhr?close=1", "").expect(t, 200, "o\n", true)
		for range 4 {
			s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "c[3000,\"Go away!\"]\n", true)
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		time.Sleep(10 * time.Second)
	})
}

func TestAbortedPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		poll := s.call(t, "POST", "/0/s/xhr", "")
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "c[2010,\"Another connection still open\"]\n", true)
		poll.cancel()
		s.expectClosed(t, "1002 Connection interrupted")
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "c[1002,\"Connection interrupted\"]\n", true)
		time.Sleep(10 * time.Second)
	})
}

func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		r := s.call(t, "GET", "/0/s/eventsource", "")
		r.breakDown(errors.New("broken pipe"))
		if err := (<-s.opened).Write([]byte("x")); err != nil {
			t.Error(err)
		}
		s.expectClosed(t, "1002 Connection interrupted")
		r.expect(t, 200, "\r\ndata: o\r\n\r\n", true)
		time.Sleep(10 * time.Second)
	})
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{MaxQueue: 1000})
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		c := <-s.opened
		message := []byte(strings.Repeat("x", 400))
		equal(t, "1st", c.Write(message), nil)
		equal(t, "2nd", c.Write(message), nil)
		equal(t, "3rd", c.Write(message), sockjs.ErrSlow)
		equal(t, "4th", c.Write(message), sockjs.ErrClosed)
		s.expectClosed(t, "1013 Too slow")
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "c[1013,\"Too slow\"]\n", true)

		// What counts is the size as encoded.
		s.call(t, "POST", "/0/t/xhr", "").expect(t, 200, "o\n", true)
		equal(t, "escaped", (<-s.opened).Write([]byte(strings.Repeat("\x01", 400))), sockjs.ErrSlow)
		time.Sleep(10 * time.Second)
	})
}

func TestSessionsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{MaxSessions: 1})
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		s.call(t, "POST", "/0/t/xhr", "").expect(t, 503, "Service unavailable.\n", true)
		time.Sleep(6 * time.Second)
		s.call(t, "POST", "/0/t/xhr", "").expect(t, 200, "o\n", true)
		time.Sleep(10 * time.Second)
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, sockjs.Options{})
		s.call(t, "POST", "/0/idle/xhr", "").expect(t, 200, "o\n", true)
		s.call(t, "POST", "/0/poll/xhr", "").expect(t, 200, "o\n", true)
		poll := s.call(t, "POST", "/0/poll/xhr", "")
		stream := s.call(t, "POST", "/0/stream/xhr_streaming", "")
		if err := s.handler.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		poll.expect(t, 200, "c[1001,\"Going away\"]\n", true)
		stream.expect(t, 200, "HH\no\nc[1001,\"Going away\"]\n", true)
		s.expectClosed(t, "1001 Going away", "1001 Going away", "1001 Going away")
		s.call(t, "POST", "/0/new/xhr", "").expect(t, 503, "Service unavailable.\n", true)
		if err := s.handler.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// blocked is a receiver that takes its time.
type blocked struct{ release chan struct{} }

func (b blocked) Receive([]byte)     { <-b.release }
func (b blocked) Closed(int, string) {}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := blocked{make(chan struct{})}
		handler := sockjs.NewHandler("/echo", sockjs.Options{}, func(*sockjs.Session) sockjs.Receiver { return b })
		s := &service{handler: handler}
		s.call(t, "POST", "/0/s/xhr", "").expect(t, 200, "o\n", true)
		sending := s.call(t, "POST", "/0/s/xhr_send", `["x"]`)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := handler.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		close(b.release)
		if err := handler.Shutdown(t.Context()); err != nil {
			t.Errorf("error %v", err)
		}
		sending.expect(t, 204, "", true)
	})
}
