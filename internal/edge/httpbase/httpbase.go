// Package httpbase is the ground under every door that speaks HTTP.
//
// [New] wraps the mux of a listener in what all requests have in common: an
// identifier, one line in the log, metrics, limits of size and time, CORS for
// browsers, and a floor that panics do not fall through. [Server] listens and
// drains. The base knows no product word: it neither authenticates nor decides
// what a request may do. Errors that it answers itself have the shape of the
// Platform API's ([WriteError]).
//
// Everything here may be used by many goroutines at once. The base starts no
// goroutine but the one in which a Server accepts.
package httpbase

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// Options are the parts and limits of a base.
type Options struct {
	Log            *slog.Logger
	Metrics        *Metrics      // nil: nobody counts
	MaxBody        int64         // of a request, in bytes; 0: no limit
	RequestTimeout time.Duration // 0: no limit

	// Treat picks out the requests that want other than the usual treatment,
	// before they are routed. Nil: none does.
	Treat func(*http.Request) Treatment
}

// Treatment is how one request is handled. The zero value is the usual way.
type Treatment struct {
	// Streaming is for what lives as long as its client wants: WebSockets,
	// streams of events, downloads. It has no time limit, and its duration says
	// nothing of the server, so it is not in the metrics of durations.
	Streaming bool
	// Quiet requests come often and mean little, such as health checks: they
	// are logged at debug level, unless the server failed at them.
	Quiet bool
	// SecretPath is for paths that hold what would let others in: the log shows
	// the route in place of the path.
	SecretPath bool
	// Credentials lets a browser send its cookies from any origin, which
	// clients of SockJS insist on. Never for a door that trusts cookies.
	Credentials bool
	// MaxBody replaces that of the options when it is not 0; below 0 there is
	// no limit.
	MaxBody int64
}

// New puts the base under the mux.
func New(o Options, mux *http.ServeMux) http.Handler {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Treat == nil {
		o.Treat = func(*http.Request) Treatment { return Treatment{} }
	}
	return &base{options: o, mux: mux}
}

type base struct {
	options Options
	mux     *http.ServeMux
}

// ServeHTTP follows a request through the base, from the outside inwards.
func (b *base) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	treatment := b.options.Treat(r)
	x := &exchange{id: requestID(r), begun: time.Now(), treatment: treatment}
	answer := &response{ResponseWriter: w, exchange: x}
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if !treatment.Streaming && b.options.RequestTimeout > 0 {
		limited, cancel := context.WithTimeout(ctx, b.options.RequestTimeout)
		defer cancel()
		ctx = limited
	}
	r = r.WithContext(ctx)
	x.request = r

	b.options.Metrics.begin()
	defer b.finish(answer)

	answer.Header().Set(requestIDHeader, x.id)
	if allowOrigin(answer.Header(), r, treatment.Credentials); isPreflight(r) {
		answerPreflight(answer)
		return
	}
	b.limitTime(w, treatment)
	if !b.limitBody(w, answer, r, treatment) {
		return
	}
	b.contain(answer, r)
}

// contain calls the mux and keeps whatever happens there to this one request.
func (b *base) contain(answer *response, r *http.Request) {
	defer func() {
		switch p := recover(); {
		case p == nil:
			return
		case p != http.ErrAbortHandler: //nolint:errorlint // it is that very value, never wrapped
			b.options.Log.ErrorContext(r.Context(), "panic while serving a request",
				"panic", p, "route", answer.exchange.route(), "request", answer.exchange.id, "stack", string(debug.Stack()))
		}
		if answer.begun() {
			answer.abort() // half an answer must not pass for a whole one
		}
		WriteError(answer, http.StatusInternalServerError, "InternalServerError", "Something went wrong on our side")
	}()
	b.mux.ServeHTTP(answer, r)

	// A handler that gave up without a word did so because its time was up.
	if !answer.begun() && errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		WriteError(answer, http.StatusServiceUnavailable, "RequestTimeoutError", "The request took too long")
	}
}

// finish logs and counts, also when a panic passes through.
func (b *base) finish(answer *response) {
	x := answer.exchange
	took := time.Since(x.begun)
	status := answer.sentStatus()
	b.options.Metrics.end(x, status, took)

	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case x.treatment.Quiet:
		level = slog.LevelDebug
	}
	ctx := x.request.Context()
	if !b.options.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", x.request.Method),
		slog.String("path", x.loggedPath()),
		slog.Int("status", status),
		slog.Int64("bytes", answer.bytes),
		slog.Duration("took", took),
		slog.String("request", x.id),
	}
	b.options.Log.LogAttrs(ctx, level, "request", append(attrs, x.notes()...)...)
}
