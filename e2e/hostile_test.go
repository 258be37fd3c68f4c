package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// bystander is a well-meaning client whose connection must survive whatever
// others do.
type bystander struct {
	t       *testing.T
	client  *harness.Client
	channel *harness.Channel
	heard   *harness.Log
	offline *harness.Log
	drops   int
}

func (p place) newBystander(t *testing.T, sdk harness.SDK) *bystander {
	t.Helper()
	client := p.start(sdk, "bystander")
	channel := client.CreateChannel("PUBLIC", map[string]any{"name": "quiet room"})
	b := &bystander{t: t, client: client, channel: channel, offline: client.Observe("onCurrentUserOffline")}
	b.heard = client.StartChatSession(channel, harness.OnMessage).Messages()
	b.drops = b.offline.Len()
	return b
}

// fine checks that the bystander can write and hear, on the same connection.
func (b *bystander) fine() {
	b.t.Helper()
	heard := b.heard.Len()
	b.client.SendMessage(b.channel, "all quiet")
	b.heard.Await(b.t, heard+1)
	if b.offline.Len() != b.drops {
		b.t.Error("the bystander's connection broke")
	}
}

// answered checks that the guest is not left without an answer: either his
// connection still serves him, or it has been ended.
func answered(t *testing.T, guest *harness.Guest, after string) {
	t.Helper()
	_, err := guest.Relay("/application/v1/user.relay", nil)
	if err == nil {
		return
	}
	select {
	case <-guest.Gone():
	case <-time.After(harness.Patience):
		t.Errorf("after %s the connection is open but silent: %v", after, err)
	}
}

// Broken STOMP is the sender's own problem.
func TestBrokenFrames(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		bystander := p.newBystander(t, harness.Core)
		subscribe := "SUBSCRIBE\nid:a\ndestination:/application/v1/user.relay\n"
		for what, text := range map[string]string{
			"an empty message":              "",
			"nothing but NUL":               "\x00",
			"prose":                         "good morning",
			"an unknown command":            "DANCE\nid:1\n\n\x00",
			"a second CONNECT":              "CONNECT\nStompX-User:mallory\naccept-version:1.2\n\n\x00",
			"a frame without NUL":           subscribe + "\n",
			"a frame without an empty line": subscribe + "\x00",
			"a header without a colon":      "SUBSCRIBE\nid\n\n\x00",
			"an undefined escape":           "SUBSCRIBE\nid:\\t\ndestination:/application/v1/user.relay\n\n\x00",
			"a body that is cut short":      "SEND\ndestination:/x\nreceipt:r\ncontent-length:500\n\nshort\x00",
			"a negative length":             "SEND\ndestination:/x\nreceipt:r\ncontent-length:-1\n\nx\x00",
			"an absurd length":              "SEND\ndestination:/x\nreceipt:r\ncontent-length:99999999999999999999\n\nx\x00",
			"bytes that are no text":        "SEND\ndestination:/\xff\xfe\nreceipt:\xc3\x28\n\n\xff\x00",
			"ten thousand headers":          "SUBSCRIBE\n" + strings.Repeat("a:b\n", 10_000) + "\n\x00",
			"a header of a megabyte":        "SUBSCRIBE\nid:" + strings.Repeat("x", 1<<20) + "\n\n\x00",
			"a subscription without an id":  "SUBSCRIBE\ndestination:/application/v1/user.relay\n\n\x00",
			"an ACK of nothing":             "ACK\nid:undefined\nsubscription:undefined\n\n\x00",
			"an UNSUBSCRIBE of nothing":     "UNSUBSCRIBE\nid:never-heard-of\n\n\x00",
			"a transaction":                 "BEGIN\ntransaction:t\n\n\x00",
		} {
			guest := harness.StartGuest(t, p.Server, p.APIKey, "mallory")
			// The server may hang up before it has read everything.
			_ = guest.Write(text)
			answered(t, guest, what)
		}
		bystander.fine()
	})
}

// Frames can be large, because SDKs send whole resources back, but not
// without a limit.
func TestFrameSizes(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		bystander := p.newBystander(t, harness.Classic)
		guest := harness.StartGuest(t, p.Server, p.APIKey, "mallory")
		action := enter(t, guest, bystander.channel.ID)
		if _, err := guest.Act(action, map[string]any{
			"type": "TEXT", "body": "in good company", "baggage": strings.Repeat("x", 200<<10),
		}); err != nil {
			t.Errorf("a frame of 200 kB: %v", err)
		}
		bystander.heard.Await(t, 1)
		// The server may hang up before it has read everything.
		_ = guest.Write("SEND\ndestination:" + action + "\nreceipt:r\n\n" + strings.Repeat("x", 64<<20) + "\x00")
		select {
		case <-guest.Gone():
		case <-time.After(harness.Patience):
			t.Error("a frame of 64 MB did not end the connection")
		}
		bystander.fine()
	})
}

// Whatever is asked, an answer comes: the thing asked for, or an error that
// names the request it belongs to.
func TestNothingStaysUnanswered(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		p := newPlace(t, engine)
		bystander := p.newBystander(t, harness.Core)
		guest := harness.StartGuest(t, p.Server, p.APIKey, "mallory")
		message := enter(t, guest, bystander.channel.ID)
		channel := fmt.Sprintf("/application/v1/channels/%d", bystander.channel.ID)

		for _, relay := range []string{
			"/application/v1/nonsense.relay", "/application/nonsense", "/application/", "/application/v1/channels/abc.relay",
			"/application/v1/channels/-1.relay", "/application/v1/channels/0.relay",
			"/application/v1/channels/99999999999999999999.relay", "/application/v1/channels/1e3.relay",
			"/application/v1/messages/12345.relay", "/application/v1/users/12345.relay",
			channel + ".nonsense.relay", channel + ".message",
		} {
			if _, err := guest.Relay(relay, nil); !errors.Is(err, harness.ErrRefused) {
				t.Errorf("relay %s: %v", relay, err)
			}
		}
		// A cursor that nobody has handed out may be refused or be no cursor.
		if _, err := guest.Relay(channel+".messages.relay.cursor.nonsense.size.25.sort.", nil); err != nil && !errors.Is(err, harness.ErrRefused) {
			t.Error(err)
		}
		for _, parameters := range []map[string]string{
			{"name": "undefined", "subscribable": "undefined"}, {"name": "null"}, {"name": ""}, {"surprise": "header", "receipt": "r"},
		} {
			if _, err := guest.Relay(guest.Self().Relays["channels"], parameters); err != nil {
				t.Errorf("relay with %v: %v", parameters, err)
			}
		}

		for _, body := range []string{
			"", "{", "null", "[]", "42", `"text"`, "{}", `{"type":"TEXT"}`, `{"type":5,"body":"x"}`, `{"type":"TEXT","body":5}`,
			`{"type":"TEXT","body":{"a":1}}`, `{"type":"DANCE","body":"x"}`, `{"type":"FILE"}`, `{"type":"FILE","file":5}`,
			strings.Repeat("[", 100_000),
		} {
			if _, err := guest.Act(message, body); !errors.Is(err, harness.ErrRefused) {
				t.Errorf("message %.60q: %v", body, err)
			}
		}
		for _, destination := range []string{
			"/application/v1/nonsense", "/application/v1/channels/abc.message", "/application/v1/channels/1.message",
			"/application/v1/messages/1.react", "/topic/v1/users/1.messages", "undefined", "null",
			channel + ".messages.relay", channel + ".nonsense",
		} {
			if _, err := guest.Act(destination, "{}"); !errors.Is(err, harness.ErrRefused) {
				t.Errorf("action %s: %v", destination, err)
			}
		}
		for _, body := range []string{"{}", `{"type":"NONSENSE"}`, `{"type":"DIRECT"}`, `{"type":"DIRECT","members":{}}`, `{"type":"DIRECT","members":[{"id":"x"}]}`} {
			if _, err := guest.Act(guest.Self().Actions["createChannel"], body); !errors.Is(err, harness.ErrRefused) {
				t.Errorf("createChannel %s: %v", body, err)
			}
		}
		if _, err := guest.Relay("/application/v1/user.relay", nil); err != nil {
			t.Errorf("after all this: %v", err)
		}
		bystander.fine()
	})
}

// REST answers bad input with 4xx and JSON, never with 5xx.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		server := harness.StartServer(t, engine)
		rest := server.NewREST(server.CreateApplication("story"))
		channel := fmt.Sprintf("/channels/%d", rest.CreateChannel("PUBLIC", "lobby").ID)
		for _, request := range []struct {
			method, path, body string
		}{
			{http.MethodPost, "/users", `{`},
			{http.MethodPost, "/users", `[]`},
			{http.MethodPost, "/users", `{"name":5,"displayName":"x"}`},
			{http.MethodPost, "/users", `{"displayName":"nobody"}`},
			{http.MethodPost, "/channels", `{"type":"SECRET"}`},
			{http.MethodPost, "/channels", `{"type":"DIRECT"}`},
			{http.MethodPost, "/channels", `{"type":"DIRECT","members":{}}`},
			{http.MethodPost, "/channels", `{"type":"PUBLIC","members":[{"username":"nobody"}]}`},
			{http.MethodPost, channel + "/messages", `{"type":"TEXT"}`},
			{http.MethodPost, channel + "/messages", `{"type":"TEXT","body":"x","user":{"username":"nobody"}}`},
			{http.MethodPost, channel + "/members", `{}`},
			{http.MethodPost, channel + "/members", `{"id":9007199254740993}`},
			{http.MethodGet, channel + "/messages?relation=SIDEWAYS&start=1", ""},
			{http.MethodGet, "/channels/abc", ""},
			{http.MethodGet, "/channels/9223372036854775808", ""},
			{http.MethodGet, "/channels?type=SECRET", ""},
			{http.MethodGet, "/channels?startTime=yesterday", ""},
			{http.MethodGet, "/nonsense", ""},
			{http.MethodPut, "/channels", ""},
			{http.MethodGet, "/applications/1/channels", ""},
		} {
			var body any
			if request.body != "" {
				body = request.body
			}
			if status := rest.Status(request.method, request.path, body); status/100 != 4 {
				t.Errorf("%s %s %s: status %d", request.method, request.path, request.body, status)
			}
		}
	})
}

// A flood is answered, every single request of it, by what was asked for or a
// refusal; others do not notice.
func TestFlood(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		const sends, relays = 500, 500
		p := newPlace(t, engine)
		bystander := p.newBystander(t, harness.Core)
		guest := harness.StartGuest(t, p.Server, p.APIKey, "mallory")
		flooded := p.rest.CreateChannel("PUBLIC", "flooded")
		message := enter(t, guest, flooded.ID)

		var open []func() error
		for i := range sends {
			settle, err := guest.BeginAct(message, fmt.Sprintf(`{"type":"TEXT","body":"flood %d"}`, i))
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, func() error {
				_, err := settle(harness.Patience)
				return err
			})
		}
		asked := make(chan error, relays)
		for range relays {
			go func() {
				_, err := guest.Relay(guest.Self().Relays["channels"], nil)
				asked <- err
			}()
		}
		bystander.fine()

		made := 0
		for _, settled := range open {
			err := settled()
			if err != nil && !errors.Is(err, harness.ErrRefused) {
				t.Fatal(err)
			}
			if err == nil {
				made++
			}
		}
		for range relays {
			if err := <-asked; err != nil && !errors.Is(err, harness.ErrRefused) {
				t.Fatal(err)
			}
		}
		if history := p.rest.History(flooded.ID); len(history) != made {
			t.Errorf("%d messages were acknowledged, %d are there", made, len(history))
		}
		bystander.fine()
	})
}
