package rtm_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/purrchat/purr/internal/serve/servetest"
)

// TestMissedNotifications: a session that was away, and one whose server was
// restarted, are told what they missed, once and in order, as it was at the time.
func TestMissedNotifications(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, bob := s.Connect("ann"), s.Connect("bob")
	userOf := func(c *servetest.Client) int64 {
		var body struct {
			Resource struct {
				ID int64 `json:"id"`
			} `json:"resource"`
		}
		if err := json.Unmarshal([]byte(c.Ask("/application/v1/user.relay").Body), &body); err != nil {
			t.Fatal(err)
		}
		return body.Resource.ID
	}
	anns, bobs := userOf(ann), userOf(bob)
	room := int64(s.Post("/v1/channels", map[string]any{
		"type": "PUBLIC", "name": "room", "members": []any{map[string]any{"id": anns}, map[string]any{"id": bobs}},
	})["id"].(float64))
	say := func(text string) {
		s.Post(fmt.Sprintf("/v1/channels/%d/messages", room), map[string]any{"type": "TEXT", "body": text, "user": map[string]any{"id": anns}})
	}
	topic := fmt.Sprintf("/topic/v1/users/%d.notifications", bobs)
	told := func(c *servetest.Client, want ...string) {
		t.Helper()
		var got []string
		for range want {
			f := c.AwaitEvent("user.notification.created")
			var body struct {
				Resource struct {
					Body string `json:"body"`
					Data struct {
						Type      string `json:"type"`
						Recipient struct {
							Name string `json:"name"`
						} `json:"recipient"`
					} `json:"data"`
				} `json:"resource"`
			}
			if err := json.Unmarshal([]byte(f.Body), &body); err != nil {
				t.Fatalf("%v in %s", err, f.Body)
			}
			if body.Resource.Data.Recipient.Name != "bob" {
				t.Errorf("told to %q", body.Resource.Data.Recipient.Name)
			}
			got = append(got, body.Resource.Data.Type+" "+body.Resource.Body)
			c.Acknowledge(f)
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	bob.ListenAs("n", topic)
	say("live")
	told(bob, "USER:SENT:MESSAGE live")
	self := bob.Listen(fmt.Sprintf("/topic/v1/channels/%d.self", room))
	say("in the chat")
	bob.Write("UNSUBSCRIBE", "", "id:"+self, "receipt:left")
	bob.AwaitReceipt("left")
	say("before")
	told(bob, "USER:SENT:MESSAGE before")

	// A client that is cut has what it acknowledged taken note of before.
	cut := func(c *servetest.Client) {
		c.Ask("/application/v1/user.relay")
		c.Cut()
	}
	back := func() *servetest.Client {
		again := s.Connect("bob", "StompX-Auth-Session-ID:"+bob.Session)
		again.ListenAs("n", topic)
		again.Ask("/application/v1/user.relay")
		return again
	}
	cut(bob)
	say("away <@bob>")
	bob = back()
	told(bob, "USER:SENT:MESSAGE away <@bob>", "USER:MENTIONED:USER away <@bob>")
	cut(bob)
	s.Stop()
	s.Restart()
	say("restarted <#room>")
	bob = back()
	told(bob, "USER:SENT:MESSAGE restarted <#room>", "USER:MENTIONED:CHANNEL restarted <#room>")
	say("last")
	told(bob, "USER:SENT:MESSAGE last")
}
