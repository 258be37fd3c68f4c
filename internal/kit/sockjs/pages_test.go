package sockjs_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/kit/sockjs"
)

const notCached = "no-store, no-cache, must-revalidate, max-age=0"

func cacheable(h http.Header) bool {
	return regexp.MustCompile(`public.*max-age=[1-9][0-9]{6}`).MatchString(h.Get("Cache-Control")) && h.Get("Expires") != ""
}

func checkOrigin(t *testing.T, h http.Header, want string) {
	t.Helper()
	equal(t, "allowed origin", h.Get("Access-Control-Allow-Origin"), want)
	equal(t, "allowed credentials", h.Get("Access-Control-Allow-Credentials"), "true")
}

// Section "Greeting url".
func TestGreeting(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for _, path := range []string{"", "/"} {
		got := s.do(t, http.MethodGet, path, "")
		expect(t, got, http.StatusOK, "Welcome to SockJS!\n")
		equal(t, "content type", got.header.Get("Content-Type"), "text/plain; charset=UTF-8")
	}
	for _, path := range []string{"/a", "/a.html", "//", "///", "/a/a", "/a/a/", "/a/", "/websocket"} {
		if got := s.do(t, http.MethodGet, path, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// Section "IFrame page".
func TestIframe(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{ClientURL: `/a"b.js`}).listen(t)
	for _, path := range []string{
		"/iframe.html", "/iframe-a.html", "/iframe-.html", "/iframe-0.1.2.html",
		"/iframe-0.1.2abc-dirty.2144.html", "/iframe-a.html?t=1234",
	} {
		got := s.do(t, http.MethodGet, path, "")
		equal(t, "status", got.status, http.StatusOK)
		equal(t, "content type", got.header.Get("Content-Type"), "text/html; charset=UTF-8")
		if !strings.Contains(got.body, `<script src="/a&#34;b.js"></script>`) {
			t.Errorf("%s", got.body)
		}
		etag := got.header.Get("ETag")
		if !cacheable(got.header) || etag == "" || got.header.Get("Last-Modified") != "" {
			t.Errorf("%v", got.header)
		}
		again := s.do(t, http.MethodGet, path, "", "If-None-Match", etag)
		expect(t, again, http.StatusNotModified, "")
		equal(t, "content type", again.header.Get("Content-Type"), "")
	}
	for _, path := range []string{
		"/iframe.htm", "/iframe", "/IFRAME.HTML", "/IFRAME", "/iframe.HTML", "/iframe.xml", "/iframe-/.html",
	} {
		if got := s.do(t, http.MethodGet, path, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// Section "Info test".
func TestInfo(t *testing.T) {
	t.Parallel()
	type info struct {
		Websocket    bool     `json:"websocket"`
		Origins      []string `json:"origins"`
		CookieNeeded *bool    `json:"cookie_needed"`
		Entropy      uint32   `json:"entropy"`
	}
	no := false
	for _, disabled := range []bool{false, true} {
		s := newService(t, sockjs.Options{DisableWebsocket: disabled}).listen(t)
		var all [2]info
		for i := range all {
			got := s.do(t, http.MethodGet, "/info?api-key=K", "")
			equal(t, "status", got.status, http.StatusOK)
			equal(t, "content type", got.header.Get("Content-Type"), "application/json; charset=UTF-8")
			equal(t, "caching", got.header.Get("Cache-Control"), notCached)
			checkOrigin(t, got.header, "*")
			if err := json.Unmarshal([]byte(got.body), &all[i]); err != nil {
				t.Fatal(err)
			}
		}
		if all[0].Entropy == all[1].Entropy {
			t.Error("entropy repeats")
		}
		equal(t, "info", all[0], info{!disabled, []string{"*:*"}, &no, all[0].Entropy})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for path, methods := range map[string]string{
		"/info":                  "OPTIONS, GET",
		"/abc/abc/xhr":           "OPTIONS, POST",
		"/abc/abc/xhr_send":      "OPTIONS, POST",
		"/abc/abc/xhr_streaming": "OPTIONS, POST",
		"/abc/abc/eventsource":   "OPTIONS, GET",
	} {
		for origin, allowed := range map[string]string{"": "*", "https://a.example": "https://a.example", "null": "null"} {
			header := []string{"Access-Control-Request-Headers", "a, b"}
			if origin != "" {
				header = append(header, "Origin", origin)
			}
			got := s.do(t, http.MethodOptions, path, "", header...)
			expect(t, got, http.StatusNoContent, "")
			checkOrigin(t, got.header, allowed)
			equal(t, "methods", got.header.Get("Access-Control-Allow-Methods"), methods)
			equal(t, "max age", got.header.Get("Access-Control-Max-Age"), "31536000")
			equal(t, "headers", got.header.Get("Access-Control-Allow-Headers"), "a, b")
			if !cacheable(got.header) {
				t.Errorf("%s: %v", path, got.header)
			}
		}
	}
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for path, method := range map[string]string{
		"": "POST", "/info": "POST", "/iframe.html": "PUT",
		"/a/a/xhr": "GET", "/a/a/xhr_send": "GET", "/a/a/xhr_streaming": "GET",
		"/a/a/eventsource": "POST", "/a/a/websocket": "POST",
	} {
		got := s.do(t, method, path, "")
		expect(t, got, http.StatusMethodNotAllowed, "")
		if got.header.Get("Allow") == "" || got.header.Get("Content-Type") != "" {
			t.Errorf("%s %s: %v", method, path, got.header)
		}
	}
}

// Section "Session URLs".
func TestSessionURLs(t *testing.T) {
	t.Parallel()
	s := newService(t, sockjs.Options{}).listen(t)
	for _, path := range []string{"/a/a", "/_/_", "/1/1", "/abcdefgh_i-j%20/abcdefg_i-j%20"} {
		expect(t, s.post(t, path+"/xhr", ""), http.StatusOK, "o\n")
	}
	for _, path := range []string{"//", "/a./a", "/a/a.", "/./.", "/", "///", "/a/" + strings.Repeat("x", 129)} {
		if got := s.post(t, path+"/xhr", ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for _, transport := range []string{"jsonp", "jsonp_send", "htmlfile", "other", ""} {
		if got := s.post(t, "/a/b/"+transport, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", transport, got.status)
		}
	}
	// The server part is ignored.
	expect(t, s.post(t, "/000/x/xhr", ""), http.StatusOK, "o\n")
	expect(t, s.post(t, "/000/x/xhr_send", `["a"]`), http.StatusNoContent, "")
	expect(t, s.post(t, "/999/x/xhr", ""), http.StatusOK, "a[\"a\"]\n")
}
