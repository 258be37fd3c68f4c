package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is one `purr serve` on a data directory and a port of its own. The
// process may come and go; directory, database and port stay.
type Server struct {
	t        testing.TB
	binary   string
	addr     string
	dataDir  string
	engine   Engine
	dsn      string
	flags    []string // further ones of serve
	stdout   output
	stderr   output
	mu       sync.Mutex
	process  *exec.Cmd
	exited   chan struct{}
	exitErr  error
	httpPool *http.Transport
}

// Application is what the operator is told when an application is created.
type Application struct {
	ID           json.Number `json:"id"`
	Name         string      `json:"name"`
	APIKey       string      `json:"apiKey"`
	ClientID     string      `json:"clientId"`
	ClientSecret string      `json:"clientSecret"`
}

// NewServer prepares a server without starting it.
func NewServer(t testing.TB, engine Engine) *Server {
	t.Helper()
	dsn := ""
	if engine == Postgres {
		dsn = newPostgresDatabase(t)
	}
	return newServer(t, engine, dsn)
}

// newServer prepares a server on a database that is there.
func newServer(t testing.TB, engine Engine, dsn string) *Server {
	t.Helper()
	server := &Server{
		t:        t,
		binary:   Binary(t),
		addr:     freeAddr(t),
		dataDir:  t.TempDir(),
		engine:   engine,
		dsn:      dsn,
		httpPool: &http.Transport{MaxIdleConnsPerHost: 32},
	}
	t.Cleanup(func() {
		server.httpPool.CloseIdleConnections()
		server.Kill()
		if t.Failed() {
			t.Logf("log of the server at %s:\n%s", server.addr, server.stderr.tail(64<<10))
		}
	})
	return server
}

// StartServer prepares a server and starts it.
func StartServer(t testing.TB, engine Engine) *Server {
	t.Helper()
	server := NewServer(t, engine)
	server.Start()
	return server
}

// Host is the address as SDKs want it: name and port, no scheme.
func (s *Server) Host() string { return s.addr }

// URL is the server's base URL.
func (s *Server) URL() string { return "http://" + s.addr }

// DataDir is the server's data directory.
func (s *Server) DataDir() string { return s.dataDir }

// Output is everything that was printed on standard output and standard error
// so far, over all starts.
func (s *Server) Output() string { return s.stdout.String() + s.stderr.String() }

// storage are the flags that serve and the application commands share.
func (s *Server) storage() []string {
	flags := []string{"--data", s.dataDir}
	if s.dsn != "" {
		flags = append(flags, "--database", s.dsn)
	}
	return flags
}

// Set decides a setting of the server, from its next start on.
func (s *Server) Set(key, value string) { s.flags = append(s.flags, "--set", key+"="+value) }

// Start runs the server and returns when it is ready.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.TryStart(); err != nil {
		s.t.Fatalf("%v\n%s", err, s.stderr.tail(16<<10))
	}
}

// TryStart is Start for callers that have no test to end.
func (s *Server) TryStart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return errors.New("the server is already running")
	}
	process := exec.Command(s.binary, slices.Concat([]string{"serve", "--listen", s.addr}, s.flags, s.storage())...)
	process.Env = quietEnvironment()
	process.Stdout, process.Stderr = &s.stdout, &s.stderr
	if err := process.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	exited := make(chan struct{})
	s.process, s.exited = process, exited
	go func() {
		s.exitErr = process.Wait()
		close(exited)
	}()
	return s.awaitReady(exited)
}

func (s *Server) awaitReady(exited <-chan struct{}) error {
	client := http.Client{Transport: s.httpPool, Timeout: Patience}
	deadline := time.Now().Add(ProcessPatience)
	for time.Now().Before(deadline) {
		response, err := client.Get(s.URL() + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-exited:
			return fmt.Errorf("the server ended while starting: %w", s.exitErr)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("the server was not ready within %s", ProcessPatience)
}

// Stop asks the server to end, as a service manager does, and waits for it. It
// must end by itself and without an error.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.end(syscall.SIGTERM); err != nil {
		s.t.Fatalf("stopping the server: %v", err)
	}
}

// Kill ends the server as a power cut would. Killing one that does not run is
// no error.
func (s *Server) Kill() {
	// A killed process always reports that it was killed.
	_ = s.end(syscall.SIGKILL)
}

func (s *Server) end(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	process, exited := s.process, s.exited
	if err := process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
	case <-time.After(ProcessPatience):
		_ = process.Process.Kill()
		<-exited
		return fmt.Errorf("the server was still running %s after %s", ProcessPatience, signal)
	}
	s.process = nil
	return s.exitErr
}

// CreateApplication creates an application on the command line, as operators
// do, whether the server runs or not.
func (s *Server) CreateApplication(name string) Application {
	s.t.Helper()
	var application Application
	s.CommandJSON(&application, "application", "create", name, "--json")
	if application.APIKey == "" || application.ClientID == "" || application.ClientSecret == "" {
		s.t.Fatalf("the new application has no complete credentials: %+v", application)
	}
	return application
}

// Command runs another command of the program on the same storage and returns
// what it printed on standard output.
func (s *Server) Command(args ...string) string {
	s.t.Helper()
	return RunCommand(s.t, append(args, s.storage()...)...)
}

// CommandJSON runs Command and decodes what it printed.
func (s *Server) CommandJSON(into any, args ...string) {
	s.t.Helper()
	printed := s.Command(args...)
	if err := json.Unmarshal([]byte(printed), into); err != nil {
		s.t.Fatalf("purr %s printed something else than JSON: %v\n%s", strings.Join(args, " "), err, printed)
	}
}

// RunCommand runs the program and returns its standard output.
func RunCommand(t testing.TB, args ...string) string {
	t.Helper()
	program := Binary(t) // the first who asks builds it, which takes its time
	ctx, cancel := context.WithTimeout(t.Context(), ProcessPatience)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Env = quietEnvironment()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("purr %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// quietEnvironment is the environment without what could configure the server
// or lead local traffic through a web proxy.
func quietEnvironment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if strings.HasPrefix(upper, "PURR_") || strings.HasSuffix(upper, "_PROXY") {
			continue
		}
		kept = append(kept, entry)
	}
	return kept
}

var taken sync.Map

// freeAddr finds a port below the range from which the kernel takes the ports
// of outgoing connections. A server that is down for a moment would otherwise
// lose its port to one of the many connections these tests make.
func freeAddr(t testing.TB) string {
	t.Helper()
	const lowest, count = 20_000, 12_000
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(count))
		if _, used := taken.LoadOrStore(addr, true); used {
			continue
		}
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = listener.Close()
		return addr
	}
	t.Fatal("no free port")
	return ""
}

// output keeps what a process printed.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

func (o *output) tail(limit int) string {
	printed := o.String()
	if len(printed) > limit {
		return "…" + printed[len(printed)-limit:]
	}
	return printed
}
