package servetest

import (
	"encoding/json"
	"testing"
)

// Entity is what tests look at of a resource, whatever it is.
type Entity struct {
	ID      int64             `json:"id"`
	Name    string            `json:"name"`
	Body    string            `json:"body"`
	Relays  map[string]string `json:"_relays"`
	Topics  map[string]string `json:"_topics"`
	Actions map[string]string `json:"_actions"`
}

// Resource is the resource of an answer or an event.
func Resource(tb testing.TB, f Frame) Entity {
	tb.Helper()
	var body struct {
		Resource *Entity `json:"resource"`
	}
	if err := json.Unmarshal([]byte(f.Body), &body); err != nil || body.Resource == nil {
		tb.Fatalf("no resource: %v", f)
	}
	return *body.Resource
}

// Self is the current user of a client.
func Self(tb testing.TB, c *Client) Entity {
	tb.Helper()
	return Resource(tb, c.Ask("/application/v1/user.relay"))
}
