package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/rest"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC) }
	const stamp = `"timestamp":"2026-01-02T03:04:05.000006Z"}`
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	coded := func(code chat.Code) error {
		return fmt.Errorf("wrapped: %w", &chat.Error{Code: code, Reason: "SomeError", Message: `It "failed".`})
	}
	for name, want := range map[string]struct {
		ctx    context.Context
		err    error
		status int
		body   string
		logged int
	}{
		"invalid":         {nil, coded(chat.Invalid), 400, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"a field":         {nil, chat.Invalidf("a.b", "is %d", 5), 400, `{"error":"InvalidRequestError","message":"is 5","properties":{"field":"a.b"},` + stamp, 0},
		"conflict":        {nil, coded(chat.Conflict), 400, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"unauthenticated": {nil, coded(chat.Unauthenticated), 401, `{"error":"SomeError","error_description":"It \"failed\"."}`, 0},
		"forbidden":       {nil, coded(chat.Forbidden), 403, `{"error":"access_denied","error_description":"It \"failed\"."}`, 0},
		"not found":       {nil, coded(chat.NotFound), 404, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"too large":       {nil, coded(chat.TooLarge), 413, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"rate limited":    {nil, coded(chat.RateLimited), 429, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"unavailable":     {nil, coded(chat.Unavailable), 503, `{"error":"SomeError","message":"It \"failed\".",` + stamp, 0},
		"internal":        {nil, coded(chat.Internal), 500, `{"error":"InternalServerError","message":"Something went wrong on our side",` + stamp, 1},
		"unknown":         {nil, errors.New("secret /path SELECT"), 500, `{"error":"InternalServerError","message":"Something went wrong on our side",` + stamp, 1},
		"out of time":     {gone, errors.New("secret"), 503, `{"error":"RequestTimeoutError","message":"The request took too long",` + stamp, 0},
	} {
		var log bytes.Buffer
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/users", nil)
		if want.ctx != nil {
			r = r.WithContext(want.ctx)
		}
		w := httptest.NewRecorder()
		rest.Refuse(rest.Deps{Now: now, Log: slog.New(slog.NewTextHandler(&log, nil))}, w, r, want.err)
		if w.Code != want.status || w.Body.String() != want.body || strings.Count(log.String(), "\n") != want.logged {
			t.Errorf("%s: status %d, body %s, log %q", name, w.Code, w.Body, log.String())
		}
		if err := theReference(t).check(r, answer{t, name, w.Code, w.Header(), w.Body.Bytes()}); err != nil {
			t.Errorf("%s: not as the OpenAPI document says: %v", name, err)
		}
	}
}

// On the root of a mux under the base of all HTTP doors, the door says itself
// what it has not, and leaves the more specific places to others.
func TestOnTheBase(t *testing.T) {
	t.Parallel()
	c := start(t)
	var log bytes.Buffer
	mux := http.NewServeMux()
	mux.Handle("/", c.handler)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	base := httptest.NewServer(httpbase.New(httpbase.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), MaxBody: 1000}, mux))
	t.Cleanup(base.Close)
	c.url = base.URL
	c.do("GET", "/application", nil).ok()
	c.do("GET", "/nothing", nil).refused(404)
	c.do("PUT", "/users", nil).refused(405)
	c.do("POST", "/users", object{"name": strings.Repeat("x", 2000)}).refused(413)
	if a := c.under("").do("GET", "/healthz", nil); a.status != http.StatusTeapot {
		t.Errorf("another door's place: %d", a.status)
	}
	base.Close()
	if want := fmt.Sprintf("application=%d", c.app.ID); !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say who it was: %s", log.String())
	}
}
