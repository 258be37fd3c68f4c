package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// receiver stands where an application's webhook leads to.
type receiver struct {
	*httptest.Server
	mu sync.Mutex
	// names are those of the pushes of each text, in the order in which they came.
	names map[string][]string
	some  chan struct{}
}

const webhookSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// newReceiver has a place push to a new receiver.
func newReceiver(t *testing.T, p place) *receiver {
	t.Helper()
	r := &receiver{names: map[string][]string{}, some: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var push struct{ Token, Body string }
		if err != nil || json.Unmarshal(body, &push) != nil || !strings.HasPrefix(request.Header.Get("webhook-signature"), "v1,") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		key := push.Token + " " + push.Body
		r.mu.Lock()
		r.names[key] = append(r.names[key], request.Header.Get("webhook-id"))
		r.mu.Unlock()
		select {
		case r.some <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(r.Close)
	p.Stop()
	p.Server.Set("outbound.allowed_networks", "127.0.0.1")
	p.Start()
	p.rest.Must(nil, "PUT", "/application/push-credentials/WEBHOOK", map[string]any{"url": r.URL, "secret": webhookSecret})
	return r
}

// await waits until a text has been pushed to a device.
func (r *receiver) await(t *testing.T, key string) {
	t.Helper()
	timeout := time.After(harness.ReconnectPatience)
	for {
		r.mu.Lock()
		there := len(r.names[key]) > 0
		r.mu.Unlock()
		if there {
			return
		}
		select {
		case <-r.some:
		case <-timeout:
			t.Fatalf("%q was never pushed", key)
		}
	}
}

// Every message is pushed to the devices of who is not there, though the server
// is killed between its commit and the push, again and again. What was accepted
// is not pushed again, but for what was under way at a crash: that comes under
// the same name.
func TestPushSurvivesCrashes(t *testing.T) {
	t.Parallel()
	harness.EachEngine(t, func(t *testing.T, engine harness.Engine) {
		crashes := 12
		if testing.Short() {
			crashes = 3
		}
		p := newPlace(t, engine)
		bob := p.rest.CreateUser("bob")
		p.rest.CreateUser("alice")
		// One channel a message, since messages of one channel collapse.
		var rooms []harness.Channel
		for i := range crashes {
			rooms = append(rooms, p.rest.CreateChannel("PUBLIC", fmt.Sprint("room", i), "alice", "bob"))
		}
		got := newReceiver(t, p)
		p.rest.Must(nil, "POST", fmt.Sprintf("/users/%d/devices", bob.ID), map[string]any{"kind": "WEBHOOK", "token": "phone"})
		for i, room := range rooms {
			p.rest.SendMessage(room.ID, "alice", fmt.Sprint("message ", i))
			p.Kill()
			p.Start()
		}
		for i := range rooms {
			got.await(t, fmt.Sprint("phone message ", i))
		}
		// What comes now is behind all of it: nothing is pushed out of turn.
		p.rest.SendMessage(rooms[0].ID, "alice", "last")
		got.await(t, "phone last")
		got.mu.Lock()
		defer got.mu.Unlock()
		for text, names := range got.names {
			for _, name := range names {
				if name != names[0] {
					t.Errorf("%q was pushed as %v", text, names)
				}
			}
			if len(names) > 2 {
				t.Errorf("%q was pushed %d times", text, len(names))
			}
		}
	})
}

// An app registers its device by the client protocol and is pushed when its user
// is away, and not while he is looking.
func TestPushToWhoIsAway(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		got := newReceiver(t, p)
		bob := p.start(sdk, "bob")
		alice := p.start(other(sdk), "alice")
		hers := alice.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		his := bob.Enter(hers.ID)
		guest := harness.StartGuest(t, p.Server, p.APIKey, "bob")
		if _, err := guest.Act("/application/v1/user.register_device", map[string]any{"kind": "WEBHOOK", "token": "phone"}); err != nil {
			t.Fatal(err)
		}
		session := bob.StartChatSession(his, harness.OnMessage)
		alice.SendMessage(hers, "seen")
		session.Messages().Await(t, 1)
		session.End()
		alice.SendMessage(hers, "unseen")
		got.await(t, "phone unseen")
		for _, m := range p.rest.History(hers.ID) {
			why := map[string]string{"seen": "CHATTING", "unseen": "PUSHED"}[m.Body]
			p.becomes(t, fmt.Sprintf("/messages/%d/deliveries/%d", m.ID, bob.CurrentUser().ID), why)
		}
		got.mu.Lock()
		defer got.mu.Unlock()
		if len(got.names) != 1 {
			t.Errorf("pushed were %v", got.names)
		}
	})
}

// becomes waits until the reason in what a path answers is a certain one: what is
// told of a push is written down a moment after it arrives.
func (p place) becomes(t *testing.T, path, want string) {
	t.Helper()
	var told struct {
		Reason string `json:"reason"`
	}
	for timeout := time.After(harness.ReconnectPatience); ; {
		p.rest.Must(&told, "GET", path, nil)
		if told.Reason == want {
			return
		}
		select {
		case <-time.After(pulse / 5):
		case <-timeout:
			t.Fatalf("%s: %s, want %s", path, told.Reason, want)
		}
	}
}
