package rtm

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// connect lets the client in or refuses it (client-protocol 1.4, 1.5, 1.11).
// Only a final refusal is called AccessDeniedError, since it stops the client
// from trying again.
func (c *connection) connect(f *stomp.Frame) bool {
	if !speaks12(f) {
		c.fail(chat.Invalid, "UnsupportedVersionError", "This server speaks STOMP 1.2.")
		return false
	}
	params, err := authParams(string(f.Header("StompX-Auth-Params")))
	if err != nil {
		c.fail(chat.Unauthenticated, chat.ErrAccessDenied.Reason, "The authentication parameters are not JSON.")
		return false
	}
	agent := string(f.Header("StompX-User-Agent"))
	ctx, cancel := c.context()
	defer cancel()
	started, err := c.server.Accounts.StartSession(ctx, accounts.StartSessionInput{
		Key: c.key, Username: string(f.Header("StompX-User")), AuthParams: params,
		Resume: string(f.Header("StompX-Auth-Session-ID")), UserAgent: printable(agent),
	})
	if err != nil {
		c.refuseConnect(err)
		return false
	}
	c.account = started.Session
	if started.Moved {
		// What this node may still hold of the session is older than what the
		// other one has kept.
		c.server.Hub.Release(started.Session.ID)
	}
	s, err := c.server.Hub.Attach(ctx, realtime.Client{
		Session: started.Session, Resumed: started.Resumed, Kept: started.Acknowledged, Since: started.Since,
		Acknowledges: strings.HasPrefix(agent, "ChatKitty-JS") || strings.HasPrefix(agent, "ChatKitty-ChatUI"),
		Endings:      c.server.endings(&started.User),
	}, c.link)
	if err != nil {
		c.log(c.server.Accounts.EndSession(ctx, started.Session), "end session")
		c.refuseConnect(err)
		return false
	}
	c.link.bind(s)
	c.session = s
	c.actor = chat.Actor{Application: started.Session.Application, User: started.User.ID, Session: started.Session.ID}
	s.Reply(stomp.AppendConnected(nil, stomp.ConnectedFrame{
		Version: "1.2", Session: started.Token, User: printable(started.User.Name),
		Send: c.server.Limits.HeartbeatSend, Receive: c.server.Limits.HeartbeatReceive,
	}))
	c.live.Store(s)
	return true
}

func speaks12(f *stomp.Frame) bool {
	versions := f.Header("accept-version")
	if versions == nil {
		return false
	}
	for _, v := range strings.Split(string(versions), ",") {
		if strings.TrimSpace(v) == "1.2" {
			return true
		}
	}
	return false
}

// authParams decodes StompX-Auth-Params (client-protocol 1.4): Base64 of JSON
// whose bytes are UTF-8 or Latin-1, or the JSON itself.
func authParams(text string) (json.RawMessage, error) {
	if absent(text) {
		return nil, nil
	}
	raw := []byte(text)
	if !strings.ContainsAny(text[:1], `{["`) {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		raw = decoded
	}
	if !utf8.Valid(raw) {
		runes := make([]rune, len(raw))
		for i, b := range raw {
			runes[i] = rune(b)
		}
		raw = []byte(string(runes))
	}
	if !json.Valid(raw) {
		return nil, errors.New("not JSON")
	}
	return raw, nil
}

// absent tells a header value that the SDKs send for "not given".
func absent(v string) bool { return v == "" || v == "undefined" || v == "null" }

// printable makes text safe for the CONNECTED frame, which knows no escapes,
// and for the store.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

func (c *connection) refuseConnect(err error) {
	var refusal *chat.Error
	if !errors.As(err, &refusal) {
		c.server.Log.Error("start session", "error", err)
		refusal = unavailable
	}
	c.link.direct(errorFrame(errorBody(refusal)))
}

// unavailable is what a client hears of a fault at CONNECT: it tries again.
var unavailable = &chat.Error{Code: chat.Unavailable, Reason: "ServiceUnavailableError", Message: "The server cannot start a session now."} //nolint:gochecknoglobals // a constant
