package serve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
)

func privateKey(t *testing.T, key any, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// What is pushed goes to the provider of its device: those that the operator
// names may be anywhere, those that others name may not.
func TestCarriers(t *testing.T) {
	t.Parallel()
	heard := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard[r.URL.Path] = string(body)
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(w, `{"access_token":"a","expires_in":3600}`)
		}
	}))
	defer s.Close()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	apple := privateKey(t, ec, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	google := privateKey(t, rs, err)
	parcel := func(d chat.Device, c chat.PushCredentials, secret string) push.Parcel {
		return push.Parcel{Device: d, Credentials: c, Secret: secret, Name: "push-1-2", Collapse: "channel-1", Title: "Hi", Body: "hello", Payload: []byte(`{"body":"hello"}`)}
	}
	hook := parcel(chat.Device{Kind: chat.Webhook}, chat.PushCredentials{URL: s.URL + "/hook"}, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	c := config.Default()
	c.Push.FCMURL, c.Push.FCMTokenURL, c.Push.APNSURL, c.Push.APNSSandboxURL = s.URL+"/", s.URL+"/token", s.URL, s.URL+"/sandbox/"
	k, err := newCarriers(c)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	for path, p := range map[string]push.Parcel{
		"/v1/projects/cats/messages:send": parcel(chat.Device{Kind: chat.FCM, Address: "token"}, chat.PushCredentials{ProjectID: "cats", ClientEmail: "x"}, google),
		"/3/device/0a":                    parcel(chat.Device{Kind: chat.APNS, Address: "0a", Topic: "org.example"}, chat.PushCredentials{KeyID: "k", TeamID: "t"}, apple),
		"/sandbox/3/device/0b":            parcel(chat.Device{Kind: chat.APNS, Address: "0b", Environment: chat.APNSSandbox}, chat.PushCredentials{KeyID: "k", TeamID: "t"}, apple),
	} {
		if a := k.Send(t.Context(), p); a.Outcome != chat.PushAccepted || !strings.Contains(heard[path], "hello") {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if a := k.Send(t.Context(), hook); a.Outcome != chat.PushDelayed || !strings.Contains(a.Text, "not public") || heard["/hook"] != "" {
		t.Errorf("a webhook in a private network: %+v", a)
	}
	c.Outbound.AllowedNetworks = "127.0.0.1"
	allowing, err := newCarriers(c)
	if err != nil {
		t.Fatal(err)
	}
	defer allowing.close()
	if a := allowing.Send(t.Context(), hook); a.Outcome != chat.PushAccepted || heard["/hook"] == "" {
		t.Errorf("a webhook in a network that is allowed: %+v", a)
	}
}
