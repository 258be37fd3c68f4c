package store_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

func TestLostConnectionsAreReplacedUnnoticed(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	cable := newCable(t, dsn)
	f := newFixture(t, storetest.Open(t, store.Options{DSN: cable.dsn}))
	room := f.channel(f.application("app").ID, chat.Public, "room")
	server := raw(t, dsn)
	for what, cut := range map[string]func(){
		"ended by the server": func() {
			_, err := server.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE application_name = current_schema() AND pid <> pg_backend_pid()`)
			if err != nil {
				t.Fatal(err)
			}
		},
		"cut on the way": cable.cut,
	} {
		cut()
		want(t, "messages before", len(f.events())%2, 0)
		cut()
		f.message(room, nil, what)
		cut()
		whole := true
		err := f.db.Update(t.Context(), func(tx *store.Tx) error {
			if whole { // in the midst of a transaction, once
				whole = false
				cut()
			}
			return f.say(room, what)(tx)
		})
		wantError(t, what, err, nil)
	}
	want(t, "messages", len(f.events()), 4)
}

// cable leads to a server and can be cut.
type cable struct {
	dsn string

	mu    sync.Mutex
	lines []net.Conn
}

func newCable(t *testing.T, dsn string) *cable {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	u.Host = listener.Addr().String()
	c := &cable{dsn: u.String()}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				_ = near.Close()
				continue
			}
			c.mu.Lock()
			c.lines = append(c.lines, near, far)
			c.mu.Unlock()
			go func() { _, _ = io.Copy(near, far) }()
			go func() { _, _ = io.Copy(far, near) }()
		}
	}()
	return c
}

// cut ends all connections that there are; new ones may be made.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		_ = line.Close()
	}
	c.lines = nil
}
