package httpbase_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/edge/httpbase"
)

const page = "https://page.example"

func corsSite(t *testing.T) site {
	t.Helper()
	return serve(t, httpbase.Options{Treat: func(r *http.Request) httpbase.Treatment {
		return httpbase.Treatment{Credentials: strings.HasPrefix(r.URL.Path, "/rtm/")}
	}}, map[string]http.HandlerFunc{
		"POST /stream": hello,
		"GET /refused": func(w http.ResponseWriter, _ *http.Request) {
			httpbase.WriteError(w, http.StatusForbidden, "AccessDeniedError", "No")
		},
		"/rtm/": hello,
	})
}

func TestPagesOfAnyOriginMayReadAnswersAndErrors(t *testing.T) {
	t.Parallel()
	s := corsSite(t)
	for path, status := range map[string]int{"/stream": 200, "/refused": 405, "/nowhere": 404} {
		a := s.must(t, "POST", path, nil, "Origin", page)
		if a.status != status || a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		if got := a.header.Get("Access-Control-Allow-Credentials"); got != "" {
			t.Errorf("%s: credentials are allowed with the star", path)
		}
	}
	if a := s.must(t, "POST", "/stream", nil); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the header is sent to those who did not ask")
	}
}

func TestSockJSRequestsComeWithCredentials(t *testing.T) {
	t.Parallel()
	s := corsSite(t)
	for _, origin := range []string{page, "null"} {
		a := s.must(t, "POST", "/rtm/000/abc/xhr", nil, "Origin", origin)
		if a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Allow-Credentials") != "true" ||
			a.header.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, a.header)
		}
	}
}

func TestAPreflightIsAlwaysGranted(t *testing.T) {
	t.Parallel()
	s := corsSite(t)
	for _, path := range []string{"/stream", "/refused", "/nowhere", "/rtm/000/abc/xhr_send"} {
		a := s.must(t, "OPTIONS", path, nil, "Origin", page,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "grant")
		if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		for _, header := range []string{"Grant", "Content-Type", "Authorization"} {
			if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), header) {
				t.Errorf("%s: %s is not allowed", path, header)
			}
		}
		if !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "POST") {
			t.Errorf("%s: %v", path, a.header)
		}
	}
}

func TestOptionsThatIsNoPreflightIsRouted(t *testing.T) {
	t.Parallel()
	s := corsSite(t)
	if a := s.must(t, "OPTIONS", "/rtm/info", nil, "Origin", page); a.body != "hello" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.must(t, "OPTIONS", "/stream", nil); a.status != http.StatusMethodNotAllowed {
		t.Errorf("%d", a.status)
	}
}
