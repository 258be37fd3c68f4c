package harness

import (
	"net"
	"os/exec"
	"testing"
	"time"
)

// StartNodes starts two nodes of one installation: they share a PostgreSQL
// database, a directory of files and a NATS server of their own.
func StartNodes(t testing.TB) (first, second *Server) {
	t.Helper()
	flags := []string{"--nats", startNATS(t), "--set", "files.directory=" + t.TempDir()}
	first = NewServer(t, Postgres)
	second = newServer(t, Postgres, first.dsn)
	for _, server := range []*Server{first, second} {
		server.flags = flags
		server.Start()
	}
	return first, second
}

// startNATS runs a NATS server for one test and returns its address.
func startNATS(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("nats-server")
	if err != nil {
		missing(t, "nats", err.Error())
	}
	address := freeAddr(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program, "-a", host, "-p", port)
	if err := process.Start(); err != nil {
		t.Fatalf("starting NATS: %v", err)
	}
	t.Cleanup(func() {
		// A killed process always reports that it was killed.
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	for deadline := time.Now().Add(ProcessPatience); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			closing(conn)
			return "nats://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("NATS was not ready within %s: %v", ProcessPatience, err)
		}
		<-time.After(5 * time.Millisecond)
	}
}
