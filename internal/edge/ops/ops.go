// Package ops answers those who run the server rather than use it: is it alive,
// is it ready, what does it measure, where does its time go.
//
//	GET /healthz   200 while the process can answer at all
//	GET /readyz    200 when every check passes, else 503 with the names of the failing ones
//	GET /metrics   for Prometheus, on whichever listener is given them
//	GET /debug/pprof/…  profiles, only on a listener of their own
//
// The package keeps no state; its handlers may be called by many goroutines. It
// knows nothing of what it asks: checks and metrics are handed in.
package ops

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"
)

// checkTimeout is less than what a load balancer commonly waits.
const checkTimeout = 2 * time.Second

// Check is one condition of being ready.
type Check struct {
	Name string                      // shown to whoever asks
	Run  func(context.Context) error // the error goes to the log only
}

// Health puts /healthz and /readyz on the mux.
func Health(mux *http.ServeMux, log *slog.Logger, checks ...Check) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.Handle("GET /readyz", readiness{log, checks})
}

// Metrics puts /metrics on the mux.
func Metrics(mux *http.ServeMux, handler http.Handler) {
	mux.Handle("GET /metrics", handler)
}

// Profiles puts the profiles of net/http/pprof on the mux. They tell a stranger
// too much and cost too much: never on a public listener.
func Profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

type readiness struct {
	log    *slog.Logger
	checks []Check
}

// ServeHTTP runs the checks side by side: the slowest decides, not the sum.
func (h readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	results := make([]error, len(h.checks))
	var wg sync.WaitGroup
	for i, check := range h.checks {
		wg.Go(func() { results[i] = check.Run(ctx) })
	}
	wg.Wait()

	status, answer := http.StatusOK, readyAnswer{Status: "ready", Checks: map[string]string{}}
	for i, check := range h.checks {
		answer.Checks[check.Name] = "ok"
		if results[i] != nil {
			h.log.WarnContext(r.Context(), "not ready", "check", check.Name, "error", results[i])
			answer.Checks[check.Name] = "failed"
			status, answer.Status = http.StatusServiceUnavailable, "not ready"
		}
	}
	writeJSON(w, status, answer)
}

type readyAnswer struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// Who asked and left needs no answer.
	_ = json.NewEncoder(w).Encode(body)
}

// errDraining is what the check of Draining answers with.
var errDraining = errors.New("the server is draining")

// Draining is the check that fails once the channel is closed, so that load
// balancers send nobody any more while what is under way ends.
func Draining(draining <-chan struct{}) Check {
	return Check{Name: "accepting", Run: func(context.Context) error {
		select {
		case <-draining:
			return errDraining
		default:
			return nil
		}
	}}
}
