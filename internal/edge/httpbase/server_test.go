package httpbase_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/edge/httpbase"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func start(t *testing.T, o httpbase.ServerOptions) *httpbase.Server {
	t.Helper()
	o.Address = "127.0.0.1:0"
	if o.Log == nil {
		o.Log = quiet()
	}
	s := httpbase.NewServer(o)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Drain(context.Background()) })
	return s
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestDrainWaitsForWhatWasBegunAndTakesNothingNew(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	s := start(t, httpbase.ServerOptions{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-release
		hello(w, r)
	})})
	url := "http://" + s.Address().String()
	client := &http.Client{Transport: &http.Transport{}}
	got := make(chan string, 1)
	go func() {
		body, err := get(t.Context(), client, url)
		got <- body
		if err != nil {
			t.Error(err)
		}
	}()
	<-begun
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(t.Context()) }()
	// The listener closes first; then the drain waits for us.
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Address().String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-drained:
		t.Fatalf("did not wait: %v", err)
	default:
	}
	close(release)
	if body := <-got; body != "hello" {
		t.Errorf("the request under way was answered %q", body)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	select {
	case err := <-s.Failed():
		t.Errorf("draining passes for a failure: %v", err)
	default:
	}
}

func TestDrainCutsOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	s := start(t, httpbase.ServerOptions{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	})})
	go func() {
		_, _ = get(t.Context(), &http.Client{Transport: &http.Transport{}}, "http://"+s.Address().String())
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain: %v", err)
	}
	<-ended
}

func TestAnAddressInUseIsToldAtOnce(t *testing.T) {
	t.Parallel()
	first := start(t, httpbase.ServerOptions{Handler: http.NewServeMux()})
	second := httpbase.NewServer(httpbase.ServerOptions{Address: first.Address().String(), Handler: http.NewServeMux(), Log: quiet()})
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Start: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, key, pool := selfSigned(t)
	var log journal
	s := start(t, httpbase.ServerOptions{
		Handler: http.HandlerFunc(hello), Certificate: certificate, Key: key,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if body, err := get(t.Context(), client, "https://"+s.Address().String()); err != nil || body != "hello" {
		t.Errorf("%q, %v", body, err)
	}
	stranger := &http.Client{Transport: &http.Transport{}}
	if _, err := get(t.Context(), stranger, "https://"+s.Address().String()); err == nil {
		t.Error("an unknown certificate was trusted")
	}
	client.CloseIdleConnections()
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if bytes.Contains(log.b.Bytes(), []byte("handshake")) {
		t.Errorf("failed handshakes fill the log: %s", &log.b)
	}
}

func TestAMissingCertificateIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s := httpbase.NewServer(httpbase.ServerOptions{Address: "127.0.0.1:0", Certificate: "none.pem", Key: "none.pem", Log: quiet()})
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Start: %v", err)
	}
}

// selfSigned writes a certificate for the loopback address.
func selfSigned(t *testing.T) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
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
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER), pool
}
