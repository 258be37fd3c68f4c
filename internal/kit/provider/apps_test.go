package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/purrchat/purr/internal/kit/provider"
)

func inPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// answers is a provider that says what it is told to, and remembers what it got.
type answers struct {
	mu     sync.Mutex
	status int
	text   string
	asked  int
	header http.Header
	path   string
	http   int
	body   map[string]any
}

func (a *answers) say(status int, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status, a.text = status, text
}

func (a *answers) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	a.header, a.path, a.http, a.body = r.Header, r.URL.Path, r.ProtoMajor, nil
	if err := json.NewDecoder(r.Body).Decode(&a.body); err != nil {
		t.Error(err)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.text)
}

func hello() provider.Note {
	return provider.Note{ID: "push-1-2", Collapse: "channel-7", Title: "ann sent a message", Body: "hello", Data: map[string]string{"id": "2"}, TTL: time.Hour}
}

func TestFCM(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	var url string
	grants, granting := 0, true
	got := &answers{status: 200, text: `{"name":"projects/cats/messages/1"}`}
	url, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			got.serve(t, w, r)
			return
		}
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(r.FormValue("assertion"), claims, func(token *jwt.Token) (any, error) {
			if token.Header["kid"] != "k1" {
				return nil, fmt.Errorf("the key is %v", token.Header["kid"])
			}
			return &key.PublicKey, nil
		}, jwt.WithAudience(url+"/token"), jwt.WithIssuer("push@cats.example"), jwt.WithTimeFunc(func() time.Time { return clock }))
		if err != nil || !granting || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			http.Error(w, fmt.Sprint("invalid_grant ", err), http.StatusBadRequest)
			return
		}
		grants++
		_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","expires_in":3600}`, grants)
	})
	fcm := &provider.FCM{Client: client, Now: func() time.Time { return clock }, URL: url, TokenURL: url + "/token"}
	by := provider.ServiceAccount{ProjectID: "cats", ClientEmail: "push@cats.example", KeyID: "k1", PrivateKey: inPEM(t, key)}
	send := func() provider.Answer { return fcm.Send(t.Context(), by, "device", hello()) }

	if a := send(); a.Verdict != provider.Accepted || !strings.Contains(a.Text, "messages/1") {
		t.Fatalf("%+v", a)
	}
	m, _ := got.body["message"].(map[string]any)
	if got.http != 2 || got.path != "/v1/projects/cats/messages:send" || got.header.Get("Authorization") != "Bearer access-1" || m["token"] != "device" ||
		fmt.Sprint(m["notification"]) != "map[body:hello title:ann sent a message]" || fmt.Sprint(m["data"]) != "map[id:2]" || !strings.Contains(fmt.Sprint(m["android"]), "collapse_key:channel-7") {
		t.Errorf("HTTP/%d %s %v %v", got.http, got.path, got.header, got.body)
	}
	send()
	if grants != 1 {
		t.Errorf("%d access tokens for two pushes", grants)
	}
	for _, c := range []struct {
		status  int
		text    string
		verdict provider.Verdict
	}{
		{404, `{"error":{"details":[{"errorCode":"UNREGISTERED"}]}}`, provider.Gone},
		{404, `{"error":{"message":"no such project"}}`, provider.Refused},
		{403, `{"error":{"details":[{"errorCode":"SENDER_ID_MISMATCH"}]}}`, provider.Gone},
		{400, `{"error":{"details":[{"errorCode":"INVALID_ARGUMENT"}]}}`, provider.Refused},
		{429, "", provider.Later}, {503, "<html>", provider.Later}, {401, "", provider.Later},
	} {
		got.say(c.status, c.text)
		if a := send(); a.Verdict != c.verdict || a.Status != c.status || a.Text != c.text {
			t.Errorf("%d %s: %+v", c.status, c.text, a)
		}
	}
	got.say(200, "{}")
	if a := send(); a.Verdict != provider.Accepted || got.header.Get("Authorization") != "Bearer access-2" {
		t.Errorf("after 401: %+v with %s", a, got.header.Get("Authorization"))
	}
	clock, granting = clock.Add(time.Hour), false
	if a := send(); a.Verdict != provider.Later || a.Status != 400 || !strings.Contains(a.Text, "no access token: invalid_grant") {
		t.Errorf("without an access token: %+v", a)
	}
	by.PrivateKey = "x"
	if a := send(); a.Verdict != provider.Refused {
		t.Errorf("without a key: %+v", a)
	}
}

func TestAPNS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	got, sandbox := &answers{status: 200}, &answers{status: 200}
	url, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "bearer ")
		claims := jwt.MapClaims{}
		parsed, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }, jwt.WithoutClaimsValidation())
		if err != nil || claims["iss"] != "DEF123GHIJ" || parsed.Header["kid"] != "ABC123DEFG" || parsed.Header["alg"] != "ES256" {
			t.Errorf("signed as %v, %v", claims, err)
		}
		if path, is := strings.CutPrefix(r.URL.Path, "/sandbox"); is {
			r.URL.Path = path
			sandbox.serve(t, w, r)
			return
		}
		got.serve(t, w, r)
	})
	apns := &provider.APNS{Client: client, Now: func() time.Time { return clock }, URL: url, SandboxURL: url + "/sandbox"}
	by := provider.AppleKey{KeyID: "ABC123DEFG", TeamID: "DEF123GHIJ", PrivateKey: inPEM(t, key)}
	to := provider.AppleDevice{Token: "0af9", Topic: "org.example.chat"}
	send := func() provider.Answer { return apns.Send(t.Context(), by, to, hello()) }

	if a := send(); a.Verdict != provider.Accepted || a.Status != 200 {
		t.Fatalf("%+v", a)
	}
	first := got.header
	if got.http != 2 || got.path != "/3/device/0af9" || first.Get("apns-topic") != "org.example.chat" || first.Get("apns-push-type") != "alert" ||
		first.Get("apns-collapse-id") != "channel-7" || len(first.Get("apns-id")) != 36 || first.Get("apns-expiration") != fmt.Sprint(clock.Add(time.Hour).Unix()) {
		t.Errorf("HTTP/%d %s %v", got.http, got.path, first)
	}
	aps, _ := got.body["aps"].(map[string]any)
	if fmt.Sprint(aps["alert"]) != "map[body:hello title:ann sent a message]" || got.body["id"] != "2" {
		t.Errorf("told %v", got.body)
	}
	clock = clock.Add(39 * time.Minute)
	send()
	if got.header.Get("authorization") != first.Get("authorization") || got.header.Get("apns-id") != first.Get("apns-id") {
		t.Error("a provider token that is good was not used again, or the name of the push has changed")
	}
	clock = clock.Add(2 * time.Minute)
	if send(); got.header.Get("authorization") == first.Get("authorization") {
		t.Error("an old provider token was used")
	}
	before := got.header.Get("authorization")
	for _, c := range []struct {
		status  int
		text    string
		verdict provider.Verdict
	}{
		{410, `{"reason":"Unregistered","timestamp":1}`, provider.Gone}, {400, `{"reason":"BadDeviceToken"}`, provider.Gone},
		{400, `{"reason":"PayloadEmpty"}`, provider.Refused}, {404, `{"reason":"BadPath"}`, provider.Refused}, {404, "<html>", provider.Refused},
		{429, `{"reason":"TooManyRequests"}`, provider.Later}, {503, `{"reason":"Shutdown"}`, provider.Later},
		{403, `{"reason":"ExpiredProviderToken"}`, provider.Later},
	} {
		got.say(c.status, c.text)
		if a := send(); a.Verdict != c.verdict || a.Status != c.status || a.Text != c.text {
			t.Errorf("%d %s: %+v", c.status, c.text, a)
		}
	}
	clock = clock.Add(time.Second)
	got.say(200, "")
	if send(); got.header.Get("authorization") == before {
		t.Error("a provider token that was refused was used again")
	}
	to.Sandbox = true
	if send(); sandbox.asked != 1 || sandbox.path != "/3/device/0af9" {
		t.Errorf("the sandbox was asked %d times", sandbox.asked)
	}
	by.PrivateKey = "x"
	if a := send(); a.Verdict != provider.Refused {
		t.Errorf("without a key: %+v", a)
	}
}
