package serve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve/servetest"
	"github.com/purrchat/purr/internal/store/storetest"
)

// TestTwoNodesAreOneInstallation, even without a bus: what one commits reaches
// listeners of the other, in the same order, and a session moves between them.
func TestTwoNodesAreOneInstallation(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	onDatabase := func(c *config.Config) { c.Database = dsn }
	a, b := servetest.Start(t, onDatabase), servetest.Start(t, onDatabase)
	b.Application = a.Application

	ann := a.Connect("ann")
	ann.ListenToErrors()
	self := servetest.Self(t, ann)
	ann.ListenAs("channels", self.Topics["channels"])
	ann.ListenAs("own", self.Topics["messages"])
	ann.Send(self.Actions["createChannel"], `{"type":"PUBLIC","name":"room"}`)
	made := ann.AwaitEvent("user.channel.created")
	ann.Acknowledge(made)
	room := servetest.Resource(t, made)
	ann.ListenAs("room", room.Topics["messages"])
	bob := b.Connect("bob")
	bob.ListenToErrors()
	bob.ListenAs("channels", servetest.Self(t, bob).Topics["channels"])
	bob.Send(fmt.Sprintf("/application/v1/channels/%d.join", room.ID), "{}")
	bob.AwaitEvent("user.channel.joined")
	bob.ListenAs("room", room.Topics["messages"])

	const each = 20
	for i := range each {
		ann.Send(room.Actions["message"], fmt.Sprintf(`{"type":"TEXT","body":"ann %d"}`, i))
		bob.Send(room.Actions["message"], fmt.Sprintf(`{"type":"TEXT","body":"bob %d"}`, i))
	}
	hear := func(c *servetest.Client, n int) []string {
		var got []string
		for range n {
			f := c.AwaitEvent("channel.message.created")
			c.Acknowledge(f)
			got = append(got, servetest.Resource(t, f).Body)
		}
		return got
	}
	heardByAnn, heardByBob := hear(ann, 2*each), hear(bob, 2*each)
	if diff := cmp.Diff(heardByAnn, heardByBob); diff != "" {
		t.Errorf("they heard differently:\n%s", diff)
	}
	ofAnn := slices.DeleteFunc(slices.Clone(heardByBob), func(s string) bool { return strings.HasPrefix(s, "bob") })
	for i, text := range ofAnn {
		if text != fmt.Sprint("ann ", i) {
			t.Errorf("out of order: %v", ofAnn)
			break
		}
	}

	// Ann moves to the other node, after what she acknowledged has been kept.
	ann.Ask("/application/v1/user.relay")
	a.Stop()
	bob.AwaitReceipt(bob.Send(room.Actions["message"], `{"type":"TEXT","body":"meanwhile"}`))
	moved := b.Dial()
	if f := moved.Connect("ann", "StompX-Auth-Session-ID:"+ann.Session); f.Headers["session"] != ann.Session {
		t.Fatal("the session is another")
	}
	moved.ListenToErrors()
	moved.ListenAs("room", room.Topics["messages"])
	moved.Ask("/application/v1/user.relay")
	if got := hear(moved, 1); got[0] != "meanwhile" {
		t.Errorf("heard %q", got)
	}
	for _, f := range moved.Rest() {
		if f.Type() == "channel.message.created" {
			t.Errorf("heard twice: %v", f)
		}
	}
}
