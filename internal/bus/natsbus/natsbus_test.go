package natsbus_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/bus"
	"github.com/purrchat/purr/internal/bus/bustest"
	"github.com/purrchat/purr/internal/bus/natsbus"
	"github.com/purrchat/purr/internal/chat"
)

const patience = 20 * time.Second

// server is a NATS server of the test's own.
type server struct {
	address string
	process *exec.Cmd
}

// startServer starts a server on an address, or on a free one.
func startServer(t *testing.T, address string) *server {
	t.Helper()
	program, err := exec.LookPath("nats-server")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("PURR_TEST_REQUIRE"), ","), "nats") {
			t.Fatal("NATS is required by PURR_TEST_REQUIRE: ", err)
		}
		t.Skip("no NATS server: ", err)
	}
	if address == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr().String()
		_ = l.Close()
	}
	_, port, _ := net.SplitHostPort(address)
	s := &server{address: address, process: exec.CommandContext(context.Background(), program, "-a", "127.0.0.1", "-p", port)}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return s
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func connect(t *testing.T, s *server, installation string) *natsbus.Bus {
	t.Helper()
	b, err := natsbus.Connect(natsbus.Options{URL: "nats://" + s.address, Installation: installation, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBus(t *testing.T) {
	t.Parallel()
	s := startServer(t, "")
	var installations atomic.Int32
	bustest.Run(t, func(t *testing.T) []bus.Bus {
		name := fmt.Sprint("installation", installations.Add(1))
		return []bus.Bus{connect(t, s, name), connect(t, s, name), connect(t, s, name)}
	})
}

// ear hears of growth.
type ear struct {
	mu     sync.Mutex
	users  []chat.UserID
	growth chan chat.Position
}

func (e *ear) Grown(p chat.Position) { e.growth <- p }

func (e *ear) Signal(s chat.Signal) {
	e.mu.Lock()
	e.users = append(e.users, s.User)
	e.mu.Unlock()
}

func (e *ear) await(t *testing.T, want chat.Position) {
	t.Helper()
	for limit := time.After(patience); ; {
		select {
		case got := <-e.growth:
			if got == want {
				return
			}
		case <-limit:
			t.Fatalf("waited in vain for growth to %d", want)
		}
	}
}

func start(t *testing.T, b *natsbus.Bus) *ear {
	t.Helper()
	e := &ear{growth: make(chan chat.Position, 1000)}
	if err := b.Start(e); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return e
}

// TestAServerThatReturnsIsAHint: what was missed is in the log.
func TestAServerThatReturnsIsAHint(t *testing.T) {
	t.Parallel()
	s := startServer(t, "")
	a, b := connect(t, s, "one"), connect(t, s, "one")
	ea, eb := start(t, a), start(t, b)
	s.kill()
	a.Announce(1) // is lost, and waits for nothing
	a.Publish(chat.Signal{User: 1})
	startServer(t, s.address)
	ea.await(t, 0)
	eb.await(t, 0)
	a.Announce(2)
	eb.await(t, 2)
}

func TestInstallationsDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	s := startServer(t, "")
	a, same, other := connect(t, s, "one"), connect(t, s, "one"), connect(t, s, "two")
	start(t, a)
	es, eo := start(t, same), start(t, other)
	a.Publish(chat.Signal{User: 1})
	a.Announce(3)
	es.await(t, 3)
	// A hint within the other installation comes after what it must not hear.
	second := connect(t, s, "two")
	start(t, second)
	second.Announce(4)
	if got := <-eo.growth; got != 4 {
		t.Errorf("heard of growth to %d", got)
	}
	eo.mu.Lock()
	defer eo.mu.Unlock()
	if len(eo.users) > 0 {
		t.Errorf("heard of %v", eo.users)
	}
}

func TestWithoutAServerThereIsNoBus(t *testing.T) {
	t.Parallel()
	if b, err := natsbus.Connect(natsbus.Options{URL: "nats://127.0.0.1:1", Installation: "x", Log: slog.New(slog.DiscardHandler)}); err == nil {
		b.Stop()
		t.Error("connected to nothing")
	}
}
