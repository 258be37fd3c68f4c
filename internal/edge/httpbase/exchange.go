package httpbase

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

const requestIDHeader = "X-Request-Id"

// exchange is what the base knows of one request while it lasts.
type exchange struct {
	id        string
	begun     time.Time
	treatment Treatment
	request   *http.Request // the one given to the mux, which notes its pattern in it

	mu          sync.Mutex
	annotations []slog.Attr
	named       string // the route as a door named it
}

type exchangeKey struct{}

func of(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID is the identifier of the request whose context this is; empty where
// there is none.
func RequestID(ctx context.Context) string {
	if x := of(ctx); x != nil {
		return x.id
	}
	return ""
}

// Annotate adds to the line that the request will leave in the log: who it was,
// for instance. It does nothing where there is no request.
func Annotate(ctx context.Context, attrs ...slog.Attr) {
	if x := of(ctx); x != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.annotations = append(x.annotations, attrs...)
	}
}

// SetRoute names the route in log and metrics, for a door that routes on its own
// below a pattern of the mux. Routes come from a closed list: a path with
// somebody's identifier in it is none.
func SetRoute(ctx context.Context, route string) {
	if x := of(ctx); x != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.named = route
	}
}

// route is the pattern that was matched, without its method; empty when none
// was.
func (x *exchange) route() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.named != "" {
		return x.named
	}
	pattern := x.request.Pattern
	if i := strings.IndexByte(pattern, ' '); i >= 0 {
		pattern = strings.TrimLeft(pattern[i:], " ")
	}
	return pattern
}

func (x *exchange) notes() []slog.Attr {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.annotations
}

// loggedPath never holds the query: grants and keys travel there.
func (x *exchange) loggedPath() string {
	if x.treatment.SecretPath {
		return x.route()
	}
	return x.request.URL.EscapedPath()
}

// requestID takes over the identifier that a proxy or client gave, when it is
// one that may stand in a log and a header; else it makes one.
func requestID(r *http.Request) string {
	given := r.Header.Get(requestIDHeader)
	sane := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c)
	}
	if given != "" && len(given) <= 64 && strings.IndexFunc(given, func(c rune) bool { return !sane(c) }) < 0 {
		return given
	}
	return strings.ToLower(rand.Text()[:16])
}
