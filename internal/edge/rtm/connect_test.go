package rtm_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve/servetest"
)

func TestConnecting(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	for _, name := range []string{
		"jane", "jane@chatkitty.com:x", "münchen 😀", "with blanks", `back\slash`, `looks\cescaped\n`, strings.Repeat("ü", 100),
	} {
		c := s.Dial()
		f := c.Connect(name)
		if f.Headers["version"] != "1.2" || f.Headers["heart-beat"] != "10000,60000" || f.Headers["user-name"] != name ||
			!regexp.MustCompile(`^[A-Za-z0-9_-]{20,}$`).MatchString(f.Headers["session"]) {
			t.Errorf("%q: %+v", name, f)
		}
		if self := servetest.Self(t, c); self.Name != name {
			t.Errorf("%q is known as %q", name, self.Name)
		}
	}
}

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	key := url.QueryEscape(s.Application.APIKey)
	usual := []string{"StompX-User:jane", "accept-version:1.2"}
	for _, c := range []struct {
		what, path, command string
		headers             []string
		refused             string // an error's name, empty for nobody
	}{
		{"the STOMP command", "/rtm/websocket?api-key=" + key, "STOMP", usual, ""},
		{"the older names of path and key", "/stompx/websocket?api_key=" + key, "CONNECT", usual, ""},
		{"the older path", "/stompx/websocket?api-key=" + key, "CONNECT", usual, ""},
		{"an Android version list", "", "CONNECT", []string{"StompX-User:jane", "host:x", "accept-version:1.1,1.2"}, ""},
		{"a repeated header", "", "CONNECT", []string{"StompX-User:jane", "StompX-User:eve", "accept-version:1.2"}, ""},
		{"a session of nobody", "", "CONNECT", append([]string{"StompX-Auth-Session-ID:undefined"}, usual...), ""},
		{"a forged session", "", "CONNECT", append([]string{"StompX-Auth-Session-ID:" + strings.Repeat("1", 43)}, usual...), ""},
		{"parameters nobody asked for", "", "CONNECT", append([]string{"StompX-Auth-Params:eyJwIjoi6SJ9"}, usual...), ""},
		{"parameters as they are", "", "CONNECT", append([]string{`StompX-Auth-Params:{"password":"p:w"}`}, usual...), ""},
		{"no parameters", "", "CONNECT", append([]string{"StompX-Auth-Params:undefined"}, usual...), ""},
		{"parameters that are nothing", "", "CONNECT", append([]string{"StompX-Auth-Params:%%%"}, usual...), "AccessDeniedError"},
		{"an unknown key", "/rtm/websocket?api-key=unknown", "CONNECT", usual, "AccessDeniedError"},
		{"no key", "/rtm/websocket", "CONNECT", usual, "AccessDeniedError"},
		{"a key that cannot be", "/rtm/websocket?api-key=%00%ff", "CONNECT", usual, "AccessDeniedError"},
		{"no user", "", "CONNECT", []string{"accept-version:1.2"}, "AccessDeniedError"},
		{"a user without a name", "", "CONNECT", []string{"StompX-User:", "accept-version:1.2"}, "AccessDeniedError"},
		{"no version", "", "CONNECT", []string{"StompX-User:jane"}, "UnsupportedVersionError"},
		{"another version", "", "CONNECT", []string{"StompX-User:jane", "accept-version:1.0,1.1"}, "UnsupportedVersionError"},
		{"another command", "", "SEND", usual, "NotConnectedError"},
	} {
		client := s.Dial(servetest.DialOptions{Path: c.path})
		client.Write(c.command, "", c.headers...)
		f := client.Next()
		if c.refused == "" {
			if f.Command != "CONNECTED" || f.Headers["user-name"] != "jane" {
				t.Errorf("%s: %v", c.what, f)
			}
			continue
		}
		if f.Command != "ERROR" || f.Refusal() != c.refused || f.Headers["content-type"] != "application/json" || f.Headers["message"] == "" ||
			!regexp.MustCompile(`"timestamp":"\d{4}-\d\d-\d\dT[\d:.]+Z"`).MatchString(f.Body) {
			t.Errorf("%s: %+v, want %s", c.what, f, c.refused)
		}
		if _, rest := client.AwaitEnd(); len(rest) > 0 {
			t.Errorf("%s: after the ERROR came %v", c.what, rest)
		}
	}
}

func TestTheSubProtocolIsEchoed(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	if got := s.Dial().Socket.Subprotocol(); got != "v12.stomp" {
		t.Errorf("%q", got)
	}
	c := s.Dial(servetest.DialOptions{Dialer: &websocket.Dialer{Subprotocols: []string{"other"}}})
	if got := c.Socket.Subprotocol(); got != "" {
		t.Errorf("%q", got)
	}
	c.Connect("ann")
	if status, _ := s.Get("/rtm/websocket"); status/100 != 4 {
		t.Errorf("without an upgrade: %d", status)
	}
	foreign := http.Header{"Origin": {"https://elsewhere.example"}}
	socket, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+s.Host()+"/rtm/websocket?api-key=x", foreign)
	if err != nil {
		t.Fatalf("a page from elsewhere: %v", err)
	}
	_ = response.Body.Close()
	_ = socket.Close()
}

func TestParametersReachNobodyButTheApplication(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	secret := base64.StdEncoding.EncodeToString([]byte(`{"password":"swordfish"}`))
	c := s.Connect("ann", "StompX-Auth-Params:"+secret)
	c.Ask("/application/v1/user.relay")
	c.Cut()
	s.Stop()
	if log := s.Log.String(); strings.Contains(log, "swordfish") || strings.Contains(log, secret) {
		t.Error("the log knows the password")
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *config.Config) { c.Connection.HeartbeatSend = 100 * time.Millisecond })
	c := s.Dial()
	if f := c.Connect("ann"); f.Headers["heart-beat"] != "100,60000" {
		t.Errorf("%+v", f)
	}
	limit := time.After(servetest.Patience)
	for range 5 {
		select {
		case <-c.Beats:
		case <-limit:
			t.Fatal("no heart-beat came")
		}
	}
	// Traffic does not take their place: Android counts nothing else.
	for beats := 0; beats < 5; {
		c.Ask("/application/v1/user.relay")
		select {
		case <-c.Beats:
			beats++
		case <-limit:
			t.Fatal("no heart-beat came while there was traffic")
		default:
		}
	}
	for _, beat := range []string{"\n", "\n\n", "\r\n"} { // of JavaScript, of Android, of nobody
		c.WriteRaw(websocket.TextMessage, beat)
	}
	c.Ask("/application/v1/user.relay")
}
