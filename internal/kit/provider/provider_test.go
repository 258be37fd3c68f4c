package provider_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/purrchat/purr/internal/kit/outbound"
	"github.com/purrchat/purr/internal/kit/provider"
)

// now is a time at which the signatures of the Web Push library are good: it
// knows no clock but the machine's.
func now() time.Time { return time.Now() }

// serve starts a server that speaks TLS and HTTP/2, as providers do, and gives a
// client that trusts it.
func serve(t *testing.T, handler http.HandlerFunc) (string, *http.Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, provider.NewClient(s.Client().Transport)
}

const secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// The example is that of the Standard Webhooks specification.
func TestSign(t *testing.T) {
	t.Parallel()
	got, err := provider.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("signed %q, %v, want %q", got, err, want)
	}
}

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer private.Close()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		verdict provider.Verdict
		status  int
		text    string
		wait    time.Duration
	}{
		"taken":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, provider.Accepted, 204, "", 0},
		"gone":     {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusGone) }, provider.Gone, 410, "no", 0},
		"missing":  {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusNotFound) }, provider.Later, 404, "", 0},
		"bad":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "what?", http.StatusBadRequest) }, provider.Later, 400, "what?", 0},
		"redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, private.URL, http.StatusFound) }, provider.Later, 302, "", 0},
		"busy": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		}, provider.Later, 429, "", 90 * time.Second},
		"busy until": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "Mon, 01 Jan 2001 00:00:00 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, provider.Later, 503, "", 0},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte("\xffno")); err != nil {
					return
				}
			}
		}, provider.Later, 500, "", 0},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}, provider.Accepted, 200, "half", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, client := serve(t, c.handler)
			hook := provider.Webhook{Client: client, Now: now}
			a := hook.Send(t.Context(), provider.Hook{URL: url, Secret: secret, ID: "x", Body: []byte("{}")})
			if a.Verdict != c.verdict || a.Status != c.status || a.RetryAfter != c.wait || len(a.Text) > 3*provider.MaxAnswer ||
				c.text != "" && strings.TrimSpace(a.Text) != c.text {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	hanging, client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	slow, slowClient := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	guarded := provider.NewClient(outbound.NewGuard().Transport())
	send := func(c *http.Client, url string) provider.Answer {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		hook := provider.Webhook{Client: c, Now: now}
		return hook.Send(ctx, provider.Hook{URL: url, Secret: secret, ID: "x", Body: []byte("{}")})
	}
	if a := send(client, hanging); a.Verdict != provider.Later || a.Status != 0 || a.Text == "" {
		t.Errorf("a server that hangs: %+v", a)
	}
	if a := send(slowClient, slow); a.Verdict != provider.Accepted {
		t.Errorf("a body that never ends: %+v", a)
	}
	if a := send(guarded, "http://127.0.0.1:1/"); a.Verdict != provider.Later || !strings.Contains(a.Text, "not public") {
		t.Errorf("a private address: %+v", a)
	}
	for _, bad := range []string{"://", "http://x.example/\x7f"} {
		if a := send(client, bad); a.Verdict != provider.Refused {
			t.Errorf("%q: %+v", bad, a)
		}
	}
}

// browser is a subscription that can read what it is sent.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return browser{key, []byte("0123456789abcdef")}
}

// read decrypts a record (RFC 8291, RFC 8188).
func (b browser) read(t *testing.T, record []byte) string {
	t.Helper()
	salt, sender := record[:16], record[21:21+record[20]]
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, size int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, size)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	text, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), record[21+len(sender):], nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(string(text), "\x00")
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func TestWebPush(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	vapid, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusCreated
	var header http.Header
	var body []byte
	var protocol int
	url, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header, protocol = r.Header, r.ProtoMajor
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "said")
	})
	push := provider.WebPush{Client: client, Now: now}
	s := provider.Subscription{
		Endpoint: url + "/send/1", P256dh: encode(b.key.PublicKey().Bytes()), Auth: encode(b.auth),
		PublicKey: encode(vapid.PublicKey().Bytes()), PrivateKey: encode(vapid.Bytes()), Subject: "mailto:ops@cats.example",
	}
	send := func() provider.Answer {
		return push.Send(t.Context(), s, "channel-1", []byte(`{"title":"Hi"}`), time.Hour)
	}
	if a := send(); a.Verdict != provider.Accepted || a.Status != 201 || a.Text != "said" {
		t.Fatalf("%+v", a)
	}
	if got := b.read(t, body); got != "{\"title\":\"Hi\"}\x02" {
		t.Errorf("the browser reads %q", got)
	}
	if protocol != 2 || header.Get("TTL") != "3600" || header.Get("Content-Encoding") != "aes128gcm" || len(header.Get("Topic")) != 32 {
		t.Errorf("HTTP/%d, %v", protocol, header)
	}
	token, key, _ := strings.Cut(strings.TrimPrefix(header.Get("Authorization"), "vapid t="), ", k=")
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) {
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), vapid.PublicKey().Bytes())
	}, jwt.WithAudience(url)); err != nil || key != s.PublicKey || claims["sub"] != s.Subject {
		t.Errorf("signed as %v, %v", claims, err)
	}
	for code, want := range map[int]provider.Verdict{404: provider.Gone, 410: provider.Gone, 413: provider.Refused, 403: provider.Refused, 429: provider.Later, 502: provider.Later} {
		status = code
		if a := send(); a.Verdict != want {
			t.Errorf("%d: %+v", code, a)
		}
	}
}
