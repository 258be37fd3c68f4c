package serve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve"
	"github.com/purrchat/purr/internal/serve/servetest"
)

func TestANodeStartsAndStops(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	if status, body := s.Get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, body)
	}
	if status, body := s.Get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"database":"ok"`) {
		t.Errorf("/readyz: %d %s", status, body)
	}
	address := s.Host()
	s.Stop()
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Error("a stopped node listens")
	}
	s.Restart()
	if status, _ := s.Get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz after a restart: %d", status)
	}
}

func TestASecondServerOfADataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	n, err := serve.Start(t.Context(), s.Config, slog.New(slog.DiscardHandler), "test")
	if err == nil {
		_ = n.Stop(t.Context())
		t.Fatal("two servers on one directory")
	}
	if !strings.Contains(err.Error(), "another server is using the data directory") {
		t.Errorf("refused with: %v", err)
	}
	if status, _ := s.Get("/readyz"); status != http.StatusOK {
		t.Error("the first server is disturbed")
	}
}

func TestAnAddressInUseIsAnErrorAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c := config.Default()
	c.Listen, c.Data = s.Host(), t.TempDir()
	if _, err := serve.Start(t.Context(), c, slog.New(slog.DiscardHandler), "test"); err == nil {
		t.Fatal("two servers on one address")
	}
	c.Listen = "127.0.0.1:0"
	n, err := serve.Start(t.Context(), c, slog.New(slog.DiscardHandler), "test")
	if err != nil {
		t.Fatalf("the failed start holds the data directory: %v", err)
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCommandsWorkBesideAServer(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	made, err := serve.CreateApplication(t.Context(), s.Config, "second")
	if err != nil {
		t.Fatal(err)
	}
	list, err := serve.ListApplications(t.Context(), s.Config)
	if err != nil || len(list) != 2 || list[1].Name != "second" || list[1].APIKey != made.APIKey {
		t.Errorf("applications: %+v %v", list, err)
	}
	// It is there at once.
	c := s.Dial(servetest.DialOptions{Path: "/rtm/websocket?api-key=" + made.APIKey})
	c.Connect("ann")
	rotated, err := serve.RotateSecret(t.Context(), s.Config, made.ID)
	if err != nil || rotated.ClientSecret == made.ClientSecret || rotated.ClientSecret == "" {
		t.Errorf("rotated: %v", err)
	}
	if _, err := serve.RotateSecret(t.Context(), s.Config, 1); err == nil {
		t.Error("the secret of no application was rotated")
	}
}

func TestANodeSpeaksTLS(t *testing.T) {
	t.Parallel()
	certificate, key, roots := selfSigned(t)
	s := servetest.Start(t, func(c *config.Config) { c.TLS.Certificate, c.TLS.Key = certificate, key })
	trust := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	c := s.Dial(servetest.DialOptions{Dialer: &websocket.Dialer{Subprotocols: []string{"v12.stomp"}, TLSClientConfig: trust}})
	c.Connect("ann")
	if f := c.Ask("/application/v1/user.relay"); !strings.Contains(f.Body, `"name":"ann"`) {
		t.Errorf("current user: %v", f)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	response, err := client.Get(s.URL("/readyz"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	client.CloseIdleConnections()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %d", response.StatusCode)
	}
}

// selfSigned writes a certificate for the loopback address.
func selfSigned(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", keyDER), roots
}

// TestADrainingNodeIsNotReady: its operations listener says so while what is
// under way ends.
func TestADrainingNodeIsNotReady(t *testing.T) {
	t.Parallel()
	private := freeAddress(t)
	s := servetest.Start(t, func(c *config.Config) { c.OperationsListen = private })
	ready := func() int {
		response, err := http.Get("http://" + private + "/readyz")
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := ready(); got != http.StatusOK {
		t.Fatalf("before: %d", got)
	}
	client := s.Connect("ann")
	// A request whose body is not complete keeps the node from ending.
	slow, err := net.Dial("tcp", s.Host())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	_, _ = io.WriteString(slow, "POST /oauth/token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n")
	answer := make([]byte, 512)
	if n, err := slow.Read(answer); err != nil || !strings.Contains(string(answer[:n]), "100 Continue") {
		t.Fatalf("the request is not under way: %s %v", answer[:n], err)
	}
	stopped := make(chan struct{})
	go func() {
		s.Stop()
		close(stopped)
	}()
	if err, _ := client.AwaitEnd(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the socket ended with: %v", err)
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("while draining: %d", got)
	}
	_, _ = io.WriteString(slow, "0123456789")
	if n, err := slow.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 4") {
		t.Errorf("the request under way: %s %v", answer[:n], err)
	}
	select {
	case <-stopped:
	case <-time.After(servetest.Patience):
		t.Fatal("the node does not stop")
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestASessionOutlivesARestart: nothing is lost, nothing is told twice, and what
// was sent is answered.
func TestASessionOutlivesARestart(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann := s.Connect("ann")
	ann.ListenToErrors()
	user := servetest.Self(t, ann)
	ann.ListenAs("own", user.Topics["messages"])
	ann.ListenAs("channels", user.Topics["channels"])
	ann.Send(user.Actions["createChannel"], `{"type":"PUBLIC","name":"room"}`)
	made := ann.AwaitEvent("user.channel.created")
	ann.Acknowledge(made)
	room := servetest.Resource(t, made)
	ann.ListenAs("room", room.Topics["messages"])
	ann.Send(room.Actions["message"], `{"type":"TEXT","body":"one"}`)
	ann.Acknowledge(ann.AwaitEvent("user.message.created"))
	ann.Acknowledge(ann.AwaitEvent("channel.message.created"))
	ann.Send(room.Actions["message"], `{"type":"TEXT","body":"two"}`)
	second := ann.AwaitEvent("user.message.created") // which she does not acknowledge
	ann.AwaitEvent("channel.message.created")
	ann.Ask("/application/v1/user.relay") // her acknowledgements have arrived
	s.Stop()
	s.Restart()
	s.Post("/v1/applications/"+fmt.Sprint(s.Application.ID)+"/channels/"+fmt.Sprint(room.ID)+"/messages", map[string]any{
		"type": "TEXT", "body": "three", "user": map[string]any{"id": user.ID},
	})

	again := s.Dial()
	connected := again.Connect("ann", "StompX-Auth-Session-ID:"+ann.Session)
	if connected.Headers["session"] != ann.Session {
		t.Fatal("the session is another")
	}
	again.ListenToErrors()
	again.ListenAs("own", user.Topics["messages"])
	again.ListenAs("channels", user.Topics["channels"])
	again.ListenAs("room", room.Topics["messages"])
	again.Ask("/application/v1/user.relay")
	again.Await("the third message", func(f servetest.Frame) bool {
		return f.Type() == "channel.message.created" && strings.Contains(f.Body, `"three"`)
	})
	var got []string
	for _, f := range again.Rest() {
		if f.Type() == "" {
			continue
		}
		got = append(got, f.Headers["subscription"]+" "+f.Type()+" "+servetest.Resource(t, f).Body)
		if f.Type() == "user.message.created" && f.Headers["receipt-id"] != second.Headers["receipt-id"] {
			t.Errorf("the answer is of %q", f.Headers["receipt-id"])
		}
	}
	if want := []string{"own user.message.created two", "room channel.message.created two"}; !slices.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
}

func TestMetricsAreNamed(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	s.Connect("ann").Ask("/application/v1/user.relay")
	_, body := s.Get("/metrics")
	for _, name := range []string{
		"purr_rtm_connections_count", "purr_realtime_sessions_count", "purr_realtime_users_count", "purr_realtime_topics_count",
		"purr_realtime_position_count", "purr_build_info", "go_goroutines", "process_start_time_seconds",
	} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
	if !regexp.MustCompile(`(?m)^purr_realtime_users_count 1$`).MatchString(body) {
		t.Error("the user is not counted")
	}
}

func TestProfilesAreOnAListenerOfTheirOwn(t *testing.T) {
	t.Parallel()
	private := freeAddress(t)
	s := servetest.Start(t, func(c *config.Config) { c.OperationsListen = private })
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if status, _ := s.Get(path); status != http.StatusNotFound {
			t.Errorf("%s in public: %d", path, status)
		}
		response, err := http.Get("http://" + private + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s in private: %d", path, response.StatusCode)
		}
	}
}

// TestRunWelcomes: an empty installation gets an application, and the next run
// tells of the same.
func TestRunWelcomes(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Listen, c.Data = "127.0.0.1:0", t.TempDir()
	run := func() string {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out := &servetest.Log{}
		ended := make(chan error, 1)
		go func() { ended <- serve.Run(ctx, c, slog.New(slog.DiscardHandler), out) }()
		servetest.Eventually(t, "the welcome", func() bool { return strings.Contains(out.String(), "Back-ends get tokens at") })
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return out.String()
	}
	first, second := run(), run()
	key := regexp.MustCompile(`Clients connect with API key (\S+)`)
	if !strings.Contains(first, "Client secret") || strings.Contains(second, "Client secret") {
		t.Errorf("the secret is shown once:\n%s\n%s", first, second)
	}
	if a, b := key.FindStringSubmatch(first), key.FindStringSubmatch(second); a == nil || b == nil || a[1] != b[1] {
		t.Errorf("keys %v and %v", a, b)
	}
}
