package harness

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Outage is a TCP proxy before the database, which can be away for a while.
type Outage struct {
	to string

	mu    sync.Mutex
	away  bool
	conns map[net.Conn]bool
}

// StartServerWithOutages starts a server on PostgreSQL whose way to the database
// can be cut.
func StartServerWithOutages(t testing.TB) (*Server, *Outage) {
	t.Helper()
	dsn, err := url.Parse(newPostgresDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	outage := &Outage{to: dsn.Host, conns: map[net.Conn]bool{}}
	go outage.accept(listener)
	t.Cleanup(func() {
		closing(listener)
		outage.Begin()
	})
	dsn.Host = listener.Addr().String()
	server := newServer(t, Postgres, dsn.String())
	server.Start()
	return server, outage
}

func (o *Outage) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go o.serve(conn)
	}
}

func (o *Outage) serve(conn net.Conn) {
	defer closing(conn)
	database, err := net.Dial("tcp", o.to)
	if err != nil {
		return
	}
	defer closing(database)
	if !o.keep(conn) {
		return
	}
	go func() {
		_, _ = io.Copy(database, conn)
		closing(database)
	}()
	_, _ = io.Copy(conn, database)
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, conn)
}

// keep notes a connection; while the database is away there is none.
func (o *Outage) keep(conn net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.away {
		o.conns[conn] = true
	}
	return !o.away
}

// Begin ends all connections to the database and refuses new ones.
func (o *Outage) Begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = true
	for conn := range o.conns {
		closing(conn)
	}
}

// End lets the database be reached again.
func (o *Outage) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = false
}
