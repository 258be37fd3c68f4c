package rtm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/serve/servetest"
)

// An app registers its device, says when to be left alone, and takes the device
// away again.
func TestDevices(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c, self, channel := room(t, s, "ann", "room")
	c.Send(self.Actions["registerDevice"], `{"kind":"WEBHOOK","token":"phone"}`)
	device := servetest.Resource(t, c.AwaitEvent("user.device.registered"))
	if list := c.Ask(self.Relays["devices"]); !strings.Contains(list.Body, fmt.Sprintf(`"devices":[{"id":%d,"kind":"WEBHOOK","token":"phone"`, device.ID)) {
		t.Errorf("listed %s", list.Body)
	}
	if key := c.Ask(self.Relays["webPushKey"]); !strings.Contains(key.Body, `"publicKey":"B`) {
		t.Errorf("the key: %s", key.Body)
	}
	c.Send(self.Actions["updatePushPreferences"], fmt.Sprintf(
		`{"quietHours":{"start":"22:00","end":"07:00","timeZone":"UTC"},"channels":[{"channelId":%d,"push":"NONE"}]}`, channel.ID))
	c.AwaitEvent("user.push_preferences.updated")
	if p := c.Ask(self.Relays["pushPreferences"]); !strings.Contains(p.Body, `"start":"22:00"`) || !strings.Contains(p.Body, `"push":"NONE"`) {
		t.Errorf("preferences: %s", p.Body)
	}
	c.AwaitReceipt(c.Send(device.Actions["delete"], "{}"))
	if list := c.Ask(self.Relays["devices"]); strings.Contains(list.Body, "phone") {
		t.Errorf("after removing it: %s", list.Body)
	}
	for action, body := range map[string]string{
		self.Actions["registerDevice"]: `{"kind":"FCM","token":"?"}`, device.Actions["delete"]: "{}",
		self.Actions["updatePushPreferences"]: `{"quietHours":7}`,
	} {
		c.Send(action, body)
		c.Await("a refusal", func(f servetest.Frame) bool { return f.Refusal() != "" })
	}
}
