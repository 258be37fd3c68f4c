package ops_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/edge/ops"
)

func get(t *testing.T, mux *http.ServeMux, path string) (int, string) {
	t.Helper()
	server := httptest.NewServer(mux)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(body))
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func passes(name string) ops.Check {
	return ops.Check{Name: name, Run: func(context.Context) error { return nil }}
}

func TestHealthIsTheProcessAlone(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	ops.Health(mux, quiet(), ops.Check{Name: "database", Run: func(context.Context) error { return errors.New("gone") }})
	if status, body := get(t, mux, "/healthz"); status != http.StatusOK || body != `{"status":"ok"}` {
		t.Errorf("%d %s", status, body)
	}
}

func TestReadinessIsEveryCheck(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	draining := make(chan struct{})
	mux := http.NewServeMux()
	ops.Health(mux, slog.New(slog.NewTextHandler(&log, nil)), passes("database"), ops.Draining(draining))

	status, body := get(t, mux, "/readyz")
	if diff := cmp.Diff(`{"status":"ready","checks":{"accepting":"ok","database":"ok"}}`, body); status != http.StatusOK || diff != "" {
		t.Error(status, diff)
	}
	close(draining)
	status, body = get(t, mux, "/readyz")
	if diff := cmp.Diff(`{"status":"not ready","checks":{"accepting":"failed","database":"ok"}}`, body); status != http.StatusServiceUnavailable || diff != "" {
		t.Error(status, diff)
	}
	if !strings.Contains(log.String(), "draining") {
		t.Errorf("the log does not say why: %s", &log)
	}
}

func TestTheReasonStaysInside(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	ops.Health(mux, quiet(), ops.Check{Name: "database", Run: func(context.Context) error {
		return errors.New("dial postgres://purr:hunter2@db")
	}})
	if _, body := get(t, mux, "/readyz"); strings.Contains(body, "hunter2") {
		t.Error(body)
	}
}

func TestMetricsAndProfilesAreServedWhereTheyArePut(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	ops.Health(mux, quiet())
	if status, _ := get(t, mux, "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles unasked: %d", status)
	}
	ops.Metrics(mux, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "purr 1") }))
	ops.Profiles(mux)
	if status, body := get(t, mux, "/metrics"); status != http.StatusOK || body != "purr 1" {
		t.Errorf("metrics: %d %s", status, body)
	}
	if status, body := get(t, mux, "/debug/pprof/goroutine?debug=1"); status != http.StatusOK || !strings.HasPrefix(body, "goroutine profile") {
		t.Errorf("profiles: %d", status)
	}
}
