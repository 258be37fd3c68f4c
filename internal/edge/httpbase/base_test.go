package httpbase_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/purrchat/purr/internal/edge/httpbase"
)

// site is a real server on the base, with its log in memory.
type site struct {
	*httptest.Server
	log *journal
}

func serve(t *testing.T, o httpbase.Options, routes map[string]http.HandlerFunc) site {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	log := &journal{}
	o.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := httptest.NewServer(httpbase.New(o, mux))
	t.Cleanup(server.Close)
	return site{server, log}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s site) do(t *testing.T, method, path string, body io.Reader, headers ...string) (answer, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.Client().Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text)}, err
}

func (s site) must(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	a, err := s.do(t, method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// apiError decodes an error answer and checks that it is one.
func (a answer) apiError(t *testing.T) string {
	t.Helper()
	var e struct{ Error, Message, Timestamp string }
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("no error object: %q", a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: %s", got)
	}
	if _, err := time.Parse(time.RFC3339, e.Timestamp); err != nil || e.Message == "" {
		t.Errorf("incomplete error object: %s", a.body)
	}
	return e.Error
}

// journal is a log that tests may read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

// records gives the records with that message. The base logs before the server
// ends the answer, but a client may have all of a longer one before that; call
// it after the server was closed.
func (s site) records(t *testing.T, message string) []map[string]any {
	t.Helper()
	s.Close()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var all []map[string]any
	for line := range bytes.Lines(s.log.b.Bytes()) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		if record["msg"] == message {
			all = append(all, record)
		}
	}
	return all
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestARequestKeepsASaneIdentifierAndIsGivenOneElse(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /id": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, httpbase.RequestID(r.Context()))
		},
	})
	if a := s.must(t, "GET", "/id", nil, "X-Request-Id", "proxy-1.2_3"); a.body != "proxy-1.2_3" || a.header.Get("X-Request-Id") != a.body {
		t.Errorf("%q, %q", a.body, a.header)
	}
	seen := map[string]bool{}
	for _, insane := range []string{"", "a b", `"quoted"`, strings.Repeat("x", 65), "naïve"} {
		a := s.must(t, "GET", "/id", nil, "X-Request-Id", insane)
		if a.body == insane || len(a.body) != 16 || a.header.Get("X-Request-Id") != a.body || seen[a.body] {
			t.Errorf("%q is given %q, the header says %q", insane, a.body, a.header.Get("X-Request-Id"))
		}
		seen[a.body] = true
	}
}

func TestOneLineARequestWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{Treat: func(r *http.Request) httpbase.Treatment {
		return httpbase.Treatment{Quiet: r.URL.Path == "/healthz", SecretPath: strings.HasPrefix(r.URL.Path, "/rtm/")}
	}}, map[string]http.HandlerFunc{
		"GET /v1/users/{id}": func(w http.ResponseWriter, r *http.Request) {
			httpbase.Annotate(r.Context(), slog.Int("application", 7))
			hello(w, r)
		},
		"GET /rtm/":    hello,
		"GET /healthz": hello,
		"GET /broken":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
	})
	for _, path := range []string{"/v1/users/12?grant=hunter2", "/rtm/000/hunter2/xhr", "/healthz", "/broken"} {
		s.must(t, "GET", path, nil, "X-Request-Id", "r1")
	}
	records := s.records(t, "request")
	for _, r := range records {
		if took, ok := r["took"].(float64); !ok || took <= 0 {
			t.Errorf("took: %v", r["took"])
		}
		delete(r, "took")
		delete(r, "time")
	}
	line := func(level, path string, status, size int) map[string]any {
		return map[string]any{"level": level, "msg": "request", "method": "GET", "path": path,
			"status": float64(status), "bytes": float64(size), "request": "r1"}
	}
	first := line("INFO", "/v1/users/12", 200, 5)
	first["application"] = float64(7)
	want := []map[string]any{first, line("INFO", "/rtm/", 200, 5), line("DEBUG", "/healthz", 200, 5), line("WARN", "/broken", 502, 0)}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicIsAnsweredAndLoggedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /boom": func(http.ResponseWriter, *http.Request) { panic("the secret reason") },
		"GET /ok":   hello,
	})
	a := s.must(t, "GET", "/boom", nil, "Origin", "https://page.example")
	if a.status != http.StatusInternalServerError || a.apiError(t) != "InternalServerError" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if strings.Contains(a.body, "secret") || a.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%v %s", a.header, a.body)
	}
	if a := s.must(t, "GET", "/ok", nil); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
	records := s.records(t, "panic while serving a request")
	if len(records) != 1 {
		t.Fatalf("logged %d times", len(records))
	}
	if r := records[0]; r["panic"] != "the secret reason" || r["route"] != "/boom" || !strings.Contains(r["stack"].(string), "base_test.go") {
		t.Errorf("%v", r)
	}
	if lines := s.records(t, "request"); len(lines) != 2 || lines[0]["status"] != 500.0 {
		t.Errorf("%v", lines)
	}
}

func TestAPanicInTheMiddleOfAnAnswerCutsItOff(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /boom": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "half of ")
			panic("gone")
		},
	})
	if a, err := s.do(t, "GET", "/boom", nil); err == nil {
		t.Errorf("half an answer passed for a whole one: %d %q", a.status, a.body)
	}
	if lines := s.records(t, "request"); len(lines) != 1 {
		t.Errorf("%v", lines)
	}
}

func TestAPanicAfterAHijackClosesTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /ws": func(w http.ResponseWriter, _ *http.Request) {
			if _, _, err := w.(http.Hijacker).Hijack(); err != nil {
				t.Error(err)
			}
			panic("gone")
		},
	})
	if a, err := s.do(t, "GET", "/ws", nil); err == nil {
		t.Errorf("answered %d", a.status)
	}
}

func TestABodyMayNotExceedItsLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{MaxBody: 10, Treat: func(r *http.Request) httpbase.Treatment {
		switch r.URL.Path {
		case "/upload":
			return httpbase.Treatment{MaxBody: 100}
		case "/import":
			return httpbase.Treatment{MaxBody: -1}
		}
		return httpbase.Treatment{}
	}}, map[string]http.HandlerFunc{
		"POST /": func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); httpbase.TooLarge(err) {
				httpbase.WriteTooLarge(w)
			} else if err != nil {
				t.Error(err)
			}
		},
	})
	announced := func(n int) io.Reader { return strings.NewReader(strings.Repeat("x", n)) }
	chunked := func(n int) io.Reader { return io.MultiReader(announced(n)) }
	for _, c := range []struct {
		name, path string
		body       io.Reader
		want       int
	}{
		{"within", "/", announced(10), http.StatusOK},
		{"announced", "/", announced(11), http.StatusRequestEntityTooLarge},
		{"chunked within", "/", chunked(10), http.StatusOK},
		{"chunked", "/", chunked(11), http.StatusRequestEntityTooLarge},
		{"another limit", "/upload", announced(100), http.StatusOK},
		{"beyond that", "/upload", chunked(101), http.StatusRequestEntityTooLarge},
		{"none", "/import", chunked(100_000), http.StatusOK},
		{"no body", "/", nil, http.StatusOK},
	} {
		a := s.must(t, "POST", c.path, c.body)
		if a.status != c.want {
			t.Errorf("%s: %d, want %d", c.name, a.status, c.want)
		}
		if a.status != http.StatusOK && a.apiError(t) != "RequestTooLargeError" {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
}

func TestWhatTakesTooLongIsToldSo(t *testing.T) {
	t.Parallel()
	wait := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	s := serve(t, httpbase.Options{RequestTimeout: time.Millisecond}, map[string]http.HandlerFunc{"GET /slow": wait})
	a := s.must(t, "GET", "/slow", nil)
	if a.status != http.StatusServiceUnavailable || a.apiError(t) != "RequestTimeoutError" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAClientThatStopsSendingIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	s := serve(t, httpbase.Options{RequestTimeout: 20 * time.Millisecond}, map[string]http.HandlerFunc{
		"POST /": func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			failed <- err
		},
	})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf of"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("the handler read to the end of a body that has none")
	}
}

func TestAStreamHasNoTimeLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{RequestTimeout: time.Nanosecond, Treat: func(*http.Request) httpbase.Treatment {
		return httpbase.Treatment{Streaming: true}
	}}, map[string]http.HandlerFunc{
		"GET /": func(w http.ResponseWriter, r *http.Request) {
			if deadline, limited := r.Context().Deadline(); limited {
				t.Errorf("to end at %v", deadline)
			}
			w.(http.Flusher).Flush()
			hello(w, r)
		},
	})
	if a := s.must(t, "GET", "/", nil); a.body != "hello" || a.header.Get("Content-Length") != "" {
		t.Errorf("%v %s", a.header, a.body)
	}
}

func TestWhereThereIsNoRouteTheAnswerIsAnErrorObject(t *testing.T) {
	t.Parallel()
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /v1/users": hello,
		"GET /own":      http.NotFound,
	})
	if a := s.must(t, "GET", "/nowhere", nil); a.status != http.StatusNotFound || a.apiError(t) != "ResourceNotFoundError" {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := s.must(t, "PUT", "/v1/users", nil)
	if a.status != http.StatusMethodNotAllowed || a.apiError(t) != "MethodNotAllowedError" || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := s.must(t, "HEAD", "/nowhere", nil); a.status != http.StatusNotFound || a.body != "" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := s.must(t, "GET", "/own", nil); a.body != "404 page not found\n" {
		t.Errorf("a handler's own words were replaced: %q", a.body)
	}
}

func TestRequestsAreCountedByTheirRoute(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	s := serve(t, httpbase.Options{Metrics: httpbase.NewMetrics(registry), Treat: func(r *http.Request) httpbase.Treatment {
		return httpbase.Treatment{Streaming: r.URL.Path == "/rtm"}
	}}, map[string]http.HandlerFunc{
		"GET /v1/users/{id}": hello,
		"/rtm":               hello,
		"/v1/": func(_ http.ResponseWriter, r *http.Request) {
			httpbase.SetRoute(r.Context(), "/v1/channels/{id}")
		},
	})
	for _, path := range []string{"/v1/users/1", "/v1/users/2", "/v1/channels/3", "/rtm", "/nowhere"} {
		s.must(t, "GET", path, nil)
	}
	s.must(t, "BREW", "/rtm", nil)
	s.Close()
	want := `
# HELP purr_http_requests_total Requests answered, by the pattern that routed them.
# TYPE purr_http_requests_total counter
purr_http_requests_total{method="GET",route="/rtm",status="2xx"} 1
purr_http_requests_total{method="GET",route="/v1/channels/{id}",status="2xx"} 1
purr_http_requests_total{method="GET",route="/v1/users/{id}",status="2xx"} 2
purr_http_requests_total{method="GET",route="unmatched",status="4xx"} 1
purr_http_requests_total{method="other",route="/rtm",status="2xx"} 1
# HELP purr_http_requests_in_flight Requests being answered now, streams and held connections included.
# TYPE purr_http_requests_in_flight gauge
purr_http_requests_in_flight 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "purr_http_requests_total", "purr_http_requests_in_flight"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "purr_http_request_duration_seconds"); n != 3 || err != nil {
		t.Errorf("%d series of durations, %v; a stream is not to be one", n, err)
	}
}

func TestHelpersAreHarmlessWithoutARequest(t *testing.T) {
	t.Parallel()
	httpbase.Annotate(t.Context(), slog.Int("a", 1))
	httpbase.SetRoute(t.Context(), "/")
	if id := httpbase.RequestID(t.Context()); id != "" {
		t.Error(id)
	}
}

func TestAFileIsSentWhole(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 20_000)
	s := serve(t, httpbase.Options{}, map[string]http.HandlerFunc{
		"GET /file": func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(content))
		},
	})
	if a := s.must(t, "GET", "/file", nil, "Range", "bytes=5-14"); a.status != http.StatusPartialContent || a.body != "5678901234" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := s.must(t, "GET", "/file", nil); a.body != content {
		t.Errorf("%d bytes of %d", len(a.body), len(content))
	}
	if lines := s.records(t, "request"); lines[1]["bytes"] != float64(len(content)) {
		t.Errorf("logged as %v bytes", lines[1]["bytes"])
	}
}
