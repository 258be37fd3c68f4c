package sockjs_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

// Sections "Protocol and framing" and "XhrPolling".
func TestPolling(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	got := s.do(t, http.MethodPost, "/000/s/xhr?api-key=K", "", "Origin", "https://a.example", "Access-Control-Request-Headers", "a, b, c")
	expect(t, got, http.StatusOK, "o\n")
	equal(t, "content type", got.header.Get("Content-Type"), "application/javascript; charset=UTF-8")
	equal(t, "caching", got.header.Get("Cache-Control"), notCached)
	equal(t, "headers", got.header.Get("Access-Control-Allow-Headers"), "a, b, c")
	checkOrigin(t, got.header, "https://a.example")

	c := <-s.opened
	equal(t, "transport", c.Transport(), "xhr")
	equal(t, "query", c.Request().URL.RawQuery, "api-key=K")
	equal(t, "origin", c.Request().Header.Get("Origin"), "https://a.example")
	if err := c.Request().Context().Err(); err != nil {
		t.Errorf("context of the request has ended: %v", err)
	}

	got = s.do(t, http.MethodPost, "/000/s/xhr_send?api-key=K", `["x"]`)
	expect(t, got, http.StatusNoContent, "")
	equal(t, "content type", got.header.Get("Content-Type"), "text/plain; charset=UTF-8")
	equal(t, "caching", got.header.Get("Cache-Control"), notCached)
	checkOrigin(t, got.header, "*")
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "a[\"x\"]\n")

	// What was written while nobody asked goes out together.
	if err := c.Write([]byte("1"), []byte("2")); err != nil {
		t.Fatal(err)
	}
	if err := c.Write([]byte("3")); err != nil {
		t.Fatal(err)
	}
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "a[\"1\",\"2\",\"3\"]\n")
	expect(t, s.post(t, "/000/unknown/xhr_send", `["x"]`), http.StatusNotFound, "404 page not found\n")
}

func TestSendPayloads(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{MaxPayload: 100}).listen(t)
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "o\n")
	for body, want := range map[string]struct {
		status int
		body   string
	}{
		`["x`:                              {500, "Broken JSON encoding.\n"},
		`["x"]]`:                           {500, "Broken JSON encoding.\n"},
		`["x",1]`:                          {500, "Broken JSON encoding.\n"},
		"[\"\xff\"]":                       {500, "Broken JSON encoding.\n"},
		``:                                 {500, "Payload expected.\n"},
		` `:                                {500, "Payload expected.\n"},
		`"x"`:                              {500, "Payload expected.\n"},
		`{}`:                               {500, "Payload expected.\n"},
		`[]`:                               {204, ""},
		strings.Repeat(" ", 101) + `["x"]`: {413, "Payload too large.\n"},
	} {
		expect(t, s.post(t, "/000/s/xhr_send", body), want.status, want.body)
	}
	for _, contentType := range []string{"text/plain", "T", "application/json", "", "text/xml; charset=utf-8"} {
		got := s.do(t, http.MethodPost, "/000/s/xhr_send", ` [ "a" ] `, "Content-Type", contentType)
		expect(t, got, http.StatusNoContent, "")
	}
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, `a["a","a","a","a","a"]`+"\n")
}

func TestSecondReceiver(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	first := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	first.expect(prelude() + "o\n")
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "c[2010,\"Another connection still open\"]\n")
	second := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	second.expect(prelude() + "c[2010,\"Another connection still open\"]\n")
	second.expectEnd()
	// The first is none the worse for it.
	expect(t, s.post(t, "/000/s/xhr_send", `["x"]`), http.StatusNoContent, "")
	first.expect("a[\"x\"]\n")
}

// Section "Protocol and framing", close of a session.
func TestCloseWhilePolling(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	expect(t, s.post(t, "/000/s/xhr?close=1", ""), http.StatusOK, "o\n")
	for range 3 {
		expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "c[3000,\"Go away!\"]\n")
	}
	expect(t, s.post(t, "/000/s/xhr_send", `["x"]`), http.StatusNoContent, "")

	expect(t, s.post(t, "/000/t/xhr", ""), http.StatusOK, "o\n")
	c := <-s.opened
	_ = c.Write([]byte("last words"))
	c.Close(4001, `so "long"`)
	c.Close(4002, "too late")
	equal(t, "write", c.Write([]byte("x")), error(sockjs.ErrClosed))
	equal(t, "closed", <-s.closed, `4001 so "long"`)
	expect(t, s.post(t, "/000/t/xhr", ""), http.StatusOK, "a[\"last words\"]\n")
	expect(t, s.post(t, "/000/t/xhr", ""), http.StatusOK, `c[4001,"so \"long\""]`+"\n")
}

// Section "Handling close", aborted requests.
func TestAbortedStream(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	first := s.stream(t, http.MethodPost, "/000/s/xhr_streaming")
	first.expect(prelude() + "o\n")
	_ = first.response.Body.Close()
	equal(t, "closed", <-s.closed, "1002 Connection interrupted")
	expect(t, s.post(t, "/000/s/xhr", ""), http.StatusOK, "c[1002,\"Connection interrupted\"]\n")
}
