package sockjs_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

// Section "XhrStreaming".
func TestXHRStreaming(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	equal(t, "content type", r.response.Header.Get("Content-Type"), "application/javascript; charset=UTF-8")
	equal(t, "caching", r.response.Header.Get("Cache-Control"), notCached)
	checkOrigin(t, r.response.Header, "*")
	r.expect(prelude() + "o\n")
	expect(t, s.post(t, "/000/s/xhr_send", `["x"]`), http.StatusNoContent, "")
	r.expect("a[\"x\"]\n")
	equal(t, "transport", (<-s.opened).Transport(), "xhr_streaming")
}

// Section "EventSource".
func TestEventSource(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	r := s.stream(t, http.MethodGet, "/000/s/eventsource")
	equal(t, "content type", r.response.Header.Get("Content-Type"), "text/event-stream; charset=UTF-8")
	equal(t, "caching", r.response.Header.Get("Cache-Control"), notCached)
	r.expect("\r\ndata: o\r\n\r\n")
	expect(t, s.post(t, "/000/s/xhr_send", `["  \u0000\n\r "]`), http.StatusNoContent, "")
	r.expect("data: a[\"  \\u0000\\n\\r \"]\r\n\r\n")
	equal(t, "transport", (<-s.opened).Transport(), "eventsource")
}

func TestResponseLimit(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{ResponseLimit: 4096}).listen(t)
	r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	r.expect(prelude() + "o\n")
	message := `["` + strings.Repeat("x", 128) + `"]`
	for range 31 {
		expect(t, s.post(t, "/000/s/xhr_send", message), http.StatusNoContent, "")
		r.expect("a" + message + "\n")
	}
	r.expectEnd()

	// The session goes on in the next response.
	expect(t, s.post(t, "/000/s/xhr_send", `["x"]`), http.StatusNoContent, "")
	r = s.stream(t, http.MethodGet, "/000/s/eventsource")
	r.expect("\r\ndata: a[\"x\"]\r\n\r\n")
	message = `["` + strings.Repeat("x", 4096) + `"]`
	expect(t, s.post(t, "/000/s/xhr_send", message), http.StatusNoContent, "")
	r.expect("data: a" + message + "\r\n\r\n")
	r.expectEnd()
}

// Section "Handling close".
func TestCloseWhileStreaming(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for range 2 {
		r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming?close=1")
		r.expect(prelude())
		if got, err := r.in.Peek(2); err == nil && string(got) == "o\n" {
			r.expect("o\n")
		}
		r.expect("c[3000,\"Go away!\"]\n")
		r.expectEnd()
	}
}

// Section "JSON Unicode Encoding".
func TestUnicode(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	r.expect(prelude() + "o\n")
	for sent, want := range map[string]string{
		`\u0000\u001f\u007f\u0600\u2000`:    "\\u0000\\u001f\x7f\u0600\u2000",
		"\u200c\u200f\u2028\u2029\u202f":    `\u200c\u200f\u2028\u2029\u202f`,
		`\u2060\u206f\ufff0\uffff`:          `\u2060\u206f\ufff0\uffff`,
		`\b\f\n\r\t\/\"\\`:                  `\u0008\u000c\n\r\t/\"\\`,
		`\ud83d\ude00 ` + "😀é":              "😀 😀é",
		`\ud83d \ude00 \ud83d\u0041\uD83Dx`: `\ufffd \ufffd \ufffdA\ufffdx`,
		``:                                  ``,
	} {
		expect(t, s.post(t, "/000/s/xhr_send", `["`+sent+`"]`), http.StatusNoContent, "")
		r.expect(`a["` + want + "\"]\n")
	}
}

// A client that does not read is cut when the queue is full, although a write
// to it is stuck.
func TestSlowStreamingClient(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{ResponseLimit: 1 << 30}).listen(t)
	r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	r.expect(prelude() + "o\n")
	c := <-s.opened
	message := []byte(strings.Repeat("x", 1<<18))
	var err error
	for err == nil {
		err = c.Write(message)
	}
	equal(t, "write", err, sockjs.ErrSlow)
	equal(t, "closed", <-s.closed, "1013 Too slow")
	if err := s.handler.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Everything at once, for the race detector. The calls of the receiver check
// that they do not overlap.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	r := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	r.expect(prelude() + "o\n")
	c := <-s.opened
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				_ = c.Write([]byte("written"))
			}
		})
		all.Go(func() {
			for range 5 {
				s.post(t, "/000/s/xhr_send", `["x","y"]`)
			}
		})
	}
	all.Wait()
	for range 4 {
		all.Go(func() { c.Close(3000, "Go away!") })
	}
	all.Wait()
	equal(t, "closed", <-s.closed, "3000 Go away!")
	rest, err := io.ReadAll(r.in)
	if err != nil || !strings.HasSuffix(string(rest), "\nc[3000,\"Go away!\"]\n") {
		t.Errorf("%v, %q", err, rest)
	}
	equal(t, "written", strings.Count(string(rest), "written"), 160)
	equal(t, "echoed", strings.Count(string(rest), `"x"`)+strings.Count(string(rest), `"y"`), 80)
}
