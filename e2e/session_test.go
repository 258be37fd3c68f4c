package e2e

import (
	"testing"
	"time"

	"github.com/purrchat/purr/e2e/harness"
)

// Usernames are arbitrary text and come back as they were given.
func TestUsernamesRoundTrip(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		for _, username := range []string{"jane@x:y", "münchen 😀", `back\slash "quoted"`} {
			client := p.start(sdk, username)
			if me := client.CurrentUser(); me.Name != username || !me.IsGuest {
				t.Errorf("%q became %+v", username, me)
			}
			client.EndSession()
		}
	})
}

// Applications end sessions when a page closes and must not be kept waiting. A
// client can start again afterwards, as somebody else.
func TestEndSession(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		client := p.start(sdk, "alice")
		channel := client.CreateChannel("PUBLIC", map[string]any{"name": "lobby"})
		client.StartChatSession(channel, harness.OnMessage)
		began := time.Now()
		client.EndSession()
		// A second is promised where the machine has nothing else to do. What the
		// SDKs do when an answer is missing takes five or more.
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("endSession took %s", took)
		}
		client.StartSession("bob")
		if me := client.CurrentUser(); me.Name != "bob" {
			t.Errorf("the second session belongs to %q", me.Name)
		}
	})
}

// An API key that nobody has heard of is refused for good: the SDK says so and
// does not keep knocking.
func TestUnknownAPIKey(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		wire := harness.NewWire(t, p.Server)
		client := p.node.NewClient(sdk, harness.WebSocket, wire.Host(), "no-such-key")
		failure := client.FailureOf("startSession", map[string]any{"username": "mallory"})
		if failure.Name != "AccessDeniedError" || failure.Message == "" {
			t.Errorf("the start failed with %v", failure)
		}
		if attempts := wire.Attempts(); attempts != 1 {
			t.Errorf("%d attempts for one refusal", attempts)
		}
		// The SDK's reconnect delay is five seconds.
		wire.StaysQuiet(7 * time.Second)
	})
}

// What is wrong with one request is the caller's to know: a failed result with
// a name, and a session that goes on.
func TestFailedResults(t *testing.T) {
	t.Parallel()
	eachSDK(t, func(t *testing.T, p place, sdk harness.SDK) {
		alice := p.start(sdk, "alice")
		if failure := alice.FailureOf("retrieveChannel", 4711); failure.Name == "" || failure.Message == "" {
			t.Errorf("an unknown channel fails with %v", failure)
		}
		if failure := alice.FailureOf("createChannel", map[string]any{"type": "SECRET"}); failure.Name == "" {
			t.Errorf("an unknown type of channel fails with %v", failure)
		}
		if name := alice.CurrentUser().Name; name != "alice" {
			t.Errorf("the session now belongs to %q", name)
		}
	})
}
