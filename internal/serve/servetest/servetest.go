// Package servetest gives tests a whole node, as it is served, in this process:
// with real sockets on a free port and a real database in a directory of the
// test's own. [Client] speaks the client protocol to it, frame by frame.
package servetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/cli"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve"
)

// Patience is how long a test waits for what must happen.
const Patience = 20 * time.Second

// Server is a running node with one application. Its methods are for the test's
// own goroutine.
type Server struct {
	TB     testing.TB
	Config config.Config
	// Application is the one that was made at the start.
	Application cli.Credentials
	// Log is what the node has logged.
	Log *Log

	node  *serve.Node
	token string
}

// Start runs a node until the test ends.
func Start(tb testing.TB, change ...func(*config.Config)) *Server {
	tb.Helper()
	c := config.Default()
	c.Listen, c.Data = "127.0.0.1:0", tb.TempDir()
	for _, f := range change {
		f(&c)
	}
	s := &Server{TB: tb, Config: c, Log: &Log{}}
	s.Restart()
	tb.Cleanup(s.Stop)
	made, err := serve.CreateApplication(tb.Context(), c, "test")
	if err != nil {
		tb.Fatal(err)
	}
	s.Application = made
	return s
}

// Restart starts the node, after it has been stopped, on another port.
func (s *Server) Restart() {
	s.TB.Helper()
	node, err := serve.Start(context.WithoutCancel(s.TB.Context()), s.Config, slog.New(slog.NewTextHandler(s.Log, nil)), "test")
	if err != nil {
		s.TB.Fatal(err)
	}
	s.node = node
}

// Stop drains the node, which must succeed. A node that is not running is left
// alone.
func (s *Server) Stop() {
	s.TB.Helper()
	if s.node == nil {
		return
	}
	node := s.node
	s.node = nil
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := node.Stop(ctx); err != nil {
		s.TB.Errorf("stop the node: %v", err)
	}
}

// Host is the node's host and port.
func (s *Server) Host() string { return s.node.Address().String() }

// URL is an address of the node for HTTP.
func (s *Server) URL(path string) string {
	scheme := "http://"
	if s.Config.TLS.Enabled() {
		scheme = "https://"
	}
	return scheme + s.Host() + path
}

// Get asks for a path and gives the status and the body.
func (s *Server) Get(path string) (int, string) {
	s.TB.Helper()
	return s.do(http.MethodGet, path, "", nil)
}

// Post sends JSON to the Platform API and gives the created resource.
func (s *Server) Post(path string, body map[string]any) map[string]any {
	s.TB.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.TB.Fatal(err)
	}
	return s.create(path, "application/json", text)
}

// Upload sends a file to the Platform API and gives the created resource.
func (s *Server) Upload(path, name string, content []byte) map[string]any {
	s.TB.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		s.TB.Fatal(err)
	}
	return s.create(path, form.FormDataContentType(), body.Bytes())
}

func (s *Server) create(path, contentType string, body []byte) map[string]any {
	s.TB.Helper()
	status, answer := s.do(http.MethodPost, path, contentType, body)
	var made map[string]any
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status/100 != 2 {
		s.TB.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return made
}

// Delete deletes a resource of the Platform API.
func (s *Server) Delete(path string) {
	s.TB.Helper()
	if status, answer := s.do(http.MethodDelete, path, "", nil); status/100 != 2 {
		s.TB.Fatalf("DELETE %s: %d %s", path, status, answer)
	}
}

// Call sends a request to the Platform API, with a JSON body unless it is empty,
// and gives the status and the body of the answer.
func (s *Server) Call(method, path, body string) (int, string) {
	s.TB.Helper()
	contentType := ""
	if body != "" {
		contentType = "application/json"
	}
	return s.do(method, path, contentType, []byte(body))
}

// Of gives the same node to another application.
func (s *Server) Of(application cli.Credentials) *Server {
	other := *s
	other.Application, other.token = application, ""
	return &other
}

func (s *Server) do(method, path, contentType string, body []byte) (int, string) {
	s.TB.Helper()
	r, err := http.NewRequestWithContext(s.TB.Context(), method, s.URL(path), bytes.NewReader(body))
	if err != nil {
		s.TB.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Authorization", "Bearer "+s.bearer())
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.TB.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.TB.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// bearer is an access token of the application.
func (s *Server) bearer() string {
	s.TB.Helper()
	if s.token != "" {
		return s.token
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {s.Application.ClientID}, "client_secret": {s.Application.ClientSecret}}
	status, answer := s.do(http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", []byte(form.Encode()))
	var made struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer), &made); err != nil || made.AccessToken == "" {
		s.TB.Fatalf("token: %d %s", status, answer)
	}
	s.token = made.AccessToken
	return s.token
}

// Log collects what is logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Eventually waits for what no signal tells of.
func Eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
