package rtm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/edge/rtm"
	"github.com/purrchat/purr/internal/serve/servetest"
)

// room connects a user and makes a public channel of hers.
func room(t *testing.T, s *servetest.Server, user, name string) (c *servetest.Client, self, channel servetest.Entity) {
	t.Helper()
	c = s.Connect(user)
	c.ListenToErrors()
	self = servetest.Self(t, c)
	for _, topic := range []string{"self", "channels", "messages"} {
		c.ListenAs(topic, self.Topics[topic])
	}
	c.Send(self.Actions["createChannel"], fmt.Sprintf(`{"type":"PUBLIC","name":%q}`, name))
	return c, self, servetest.Resource(t, c.AwaitEvent("user.channel.created"))
}

// join makes a second user a member, who listens to the channel's messages.
func join(t *testing.T, s *servetest.Server, user string, channel servetest.Entity) *servetest.Client {
	t.Helper()
	c := s.Connect(user)
	c.ListenToErrors()
	self := servetest.Self(t, c)
	c.ListenAs("channels", self.Topics["channels"])
	c.ListenAs("messages", self.Topics["messages"])
	c.Send(fmt.Sprintf("/application/v1/channels/%d.join", channel.ID), "{}")
	joined := servetest.Resource(t, c.AwaitEvent("user.channel.joined"))
	c.ListenAs("room", joined.Topics["messages"])
	return c
}

func TestARelayIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c, self, channel := room(t, s, "ann", "room")
	for name, destination := range self.Relays {
		f := c.Ask(destination)
		if f.Refusal() == "InvalidRequestError" || f.Refusal() == "UnknownDestinationError" {
			continue // it wants parameters, or is yet to come
		}
		if f.Command != "MESSAGE" || f.Headers["destination"] != destination || f.Headers["message-id"] == "" || f.Headers["content-type"] != "application/json" || f.Headers["ack"] != "" || f.Headers["receipt-id"] != "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	// As iOS and Android ask, with what is of no meaning here.
	f := c.Ask("/application/user.relay", "receipt:r", "ack:client-individual", "x:undefined")
	if servetest.Resource(t, f).Name != "ann" {
		t.Errorf("without a version: %v", f)
	}
	for _, destination := range []string{
		"/application/v1/nothing.relay", "/application/v1/user", "/application/v1/channels/1.relay", "/application/v1/messages/1.relay",
		"/application/v1/channels/x.relay", "/application/v1/.relay", "/application/",
	} {
		f := c.Ask(destination)
		if f.Headers["destination"] != "/user/queue/v1/errors" || f.Headers["subscription"] != "errors" || f.Headers["receipt-id"] != "" || f.Refusal() == "" {
			t.Errorf("%s: %+v", destination, f)
		}
	}
	if f := c.Ask(fmt.Sprintf("/application/v1/users/%d.channel_member.relay", self.ID), fmt.Sprint("channelId:", channel.ID)); !strings.Contains(f.Body, `{"exists":true}`) {
		t.Errorf("member: %v", f)
	}
	for _, f := range c.Rest() {
		if f.Command != "RECEIPT" && f.Type() == "" {
			t.Errorf("nobody asked for %v", f)
		}
	}
}

func TestAnEscapedParameter(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c, _, _ := room(t, s, "ann", `a:b\c`)
	for value, want := range map[string]int{`a\cb\\c`: 1, `undefined`: 1, `null`: 1, ``: 1, `a\cb`: 1, "other": 0} {
		f := c.Ask("/application/v1/user.channels.relay.size..sort.", "name:"+value)
		if got := strings.Count(f.Body, `"name":"a:b\\c"`); got != want {
			t.Errorf("name %q finds %d: %v", value, got, f)
		}
	}
}

func TestASubscriptionThatLeadsNowhereIsSwallowed(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, _ := room(t, s, "ann", "room")
	_, other, _ := room(t, s, "bob", "hall")
	ann.Write("SUBSCRIBE", "", "id:sub-0", "destination:undefined")
	ann.Write("SUBSCRIBE", "", "id:sub-1", "destination:null")
	ann.Write("SUBSCRIBE", "", "id:sub-2")
	ann.Write("SUBSCRIBE", "", "destination:/topic/v1/users/1.self")
	for i, destination := range []string{
		"/topic/v1/nothing", "/topic/v1/users/1.self", other.Topics["self"], "/topic/v1/channels/1.messages", "/queue/other", "x",
	} {
		ann.Write("SUBSCRIBE", "", fmt.Sprint("id:none-", i), fmt.Sprint("receipt:none-", i), "ack:client-individual", "destination:"+destination)
	}
	ann.Write("UNSUBSCRIBE", "", "id:unknown")
	ann.Write("UNSUBSCRIBE", "")
	ann.Write("UNSUBSCRIBE", "", "id:self", "receipt:gone")
	ann.AwaitReceipt("gone")
	if servetest.Self(t, ann).ID != self.ID {
		t.Error("the connection is confused")
	}
	for _, f := range ann.Rest() {
		if strings.HasPrefix(f.Headers["receipt-id"], "none-") || f.Command == "ERROR" {
			t.Errorf("answered: %v", f)
		}
	}
}

func TestAnErrorNamesWhatFailed(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c, self, channel := room(t, s, "ann", "room")
	for _, bad := range []struct{ destination, body, name string }{
		{"/application/v1/nothing", "{}", "UnknownDestinationError"},
		{"/topic/v1/users/1.self", "{}", "UnknownDestinationError"},
		{"undefined", "{}", "UnknownDestinationError"},
		{channel.Actions["message"], "", ""},
		{channel.Actions["message"], "{", ""},
		{channel.Actions["message"], `{"type":"TEXT","body":7}`, ""},
		{channel.Actions["message"], `{"type":"TEXT","body":""}`, ""},
		{channel.Actions["message"], `{"type":"NONE","body":"x"}`, ""},
		{"/application/v1/channels/1.message", `{"type":"TEXT","body":"x"}`, ""},
		{"/application/v1/channels/1.join", "{}", ""},
		{"/application/v1/channels/0.message", `{"type":"TEXT","body":"x"}`, "UnknownDestinationError"},
		{self.Actions["createChannel"], `[]`, ""},
		{self.Actions["update"], `"text"`, ""},
	} {
		receipt := c.Send(bad.destination, bad.body)
		f := c.Await("an answer of "+receipt, func(f servetest.Frame) bool { return f.Headers["receipt-id"] == receipt })
		if f.Command != "MESSAGE" || f.Headers["subscription"] != "errors" || f.Headers["subscription-id"] != "" || f.Refusal() == "" ||
			f.Refusal() == "InternalError" || (bad.name != "" && f.Refusal() != bad.name) {
			t.Errorf("%s %s: %+v", bad.destination, bad.body, f)
		}
	}
	for _, command := range []string{"BEGIN", "COMMIT", "ABORT", "CONNECT"} {
		c.Write(command, "", "transaction:t", "receipt:r-"+command)
		f := c.Await("an answer of "+command, func(f servetest.Frame) bool { return f.Headers["receipt-id"] == "r-"+command })
		if f.Refusal() == "" {
			t.Errorf("%s: %+v", command, f)
		}
	}
	// One without a name would fail whatever else is pending, and is not sent.
	c.Write("SEND", "{}", "destination:/application/v1/nothing")
	c.Write("NACK", "", "id:x")
	c.Write("ACK", "", "id:undefined")
	c.Write("ACK", "", "id:0-zzzzzzzzzzzzzzzzzz", "subscription:x")
	for _, f := range c.Rest() {
		if f.Refusal() != "" || f.Command == "ERROR" {
			t.Errorf("left: %v", f)
		}
	}
}

// TestAnActionIsAnsweredOnce: a RECEIPT and the event with its name for who
// acted, the event without it for everybody else.
func TestAnActionIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, channel := room(t, s, "ann", "room")
	ann.ListenAs("room", channel.Topics["messages"])
	ann.ListenAs("room twice", channel.Topics["messages"])
	second := s.Connect("ann")
	second.ListenAs("messages", self.Topics["messages"])
	second.ListenAs("room", channel.Topics["messages"])
	bob := join(t, s, "bob", channel)

	receipt := ann.Send(channel.Actions["message"], `{"type":"TEXT","body":"höllo \n 🐈","groupTag":"g","_relays":{"x":1}}`)
	ann.AwaitReceipt(receipt)
	own := ann.AwaitEvent("user.message.created")
	all := ann.AwaitEvent("channel.message.created")
	if own.Headers["receipt-id"] != receipt || own.Headers["subscription"] != "messages" || own.Headers["destination"] != self.Topics["messages"] {
		t.Errorf("the answer: %+v", own)
	}
	if all.Headers["receipt-id"] != "" || all.Headers["subscription"] != "room" || all.Headers["ack"] == "" || all.Headers["message-id"] == "" {
		t.Errorf("the event: %+v", all)
	}
	for who, c := range map[string]*servetest.Client{"ann": ann, "her second client": second, "bob": bob} {
		if who != "ann" {
			f := c.AwaitEvent("channel.message.created")
			if f.Body != all.Body || f.Headers["receipt-id"] != "" {
				t.Errorf("%s: %+v", who, f)
			}
		}
		for _, f := range c.Rest() {
			if strings.Contains(f.Type(), "message") {
				t.Errorf("%s hears twice: %v", who, f)
			}
		}
	}
}

func TestPipelinedActionsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, _, channel := room(t, s, "ann", "room")
	ann.ListenAs("room", channel.Topics["messages"])
	const many = 4 * rtm.MaxUnderWay
	var receipts []string
	for i := range many {
		body := fmt.Sprintf(`{"type":"TEXT","body":"%d"}`, i)
		if i%10 == 3 {
			body = "{" // fails, in its place
		}
		receipts = append(receipts, ann.Send(channel.Actions["message"], body))
	}
	// What is asked afterwards comes after all of them.
	last := servetest.Resource(t, ann.Ask(fmt.Sprintf("/application/v1/channels/%d.last_received_message.relay", channel.ID)))
	if last.Body != fmt.Sprint(many-1) {
		t.Errorf("the last message is %q", last.Body)
	}
	var done, failed, created, heard, wantDone, wantFailed, wantHeard []string
	for _, f := range ann.Rest() {
		switch receipt := f.Headers["receipt-id"]; {
		case f.Type() == "user.message.created":
			created = append(created, receipt)
		case f.Type() == "channel.message.created":
			heard = append(heard, servetest.Resource(t, f).Body)
		case !slices.Contains(receipts, receipt):
		case f.Command == "RECEIPT":
			done = append(done, receipt)
		default:
			failed = append(failed, receipt)
		}
	}
	for i, r := range receipts {
		if i%10 == 3 {
			wantFailed = append(wantFailed, r)
		} else {
			wantDone, wantHeard = append(wantDone, r), append(wantHeard, fmt.Sprint(i))
		}
	}
	for what, c := range map[string][2][]string{
		"receipts": {wantDone, done}, "errors": {wantFailed, failed}, "answers": {wantDone, created}, "events": {wantHeard, heard},
	} {
		if diff := cmp.Diff(c[0], c[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestBinaryMessagesAreFrames(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c := s.Dial()
	c.WriteRaw(websocket.BinaryMessage, "CONNECT\nStompX-User:ann\naccept-version:1.2\n\n\x00")
	if f := c.Next(); f.Command != "CONNECTED" {
		t.Fatal(f)
	}
	// Two frames in one message, with an end-of-line between them.
	c.WriteRaw(websocket.BinaryMessage, "SUBSCRIBE\nid:a\ndestination:/application/v1/user.relay\n\n\x00\nSUBSCRIBE\r\nid:b\r\ndestination:/application/v1/user.relay\r\n\r\n\x00\n")
	for _, id := range []string{"a", "b"} {
		if f := c.Next(); f.Headers["subscription"] != id {
			t.Errorf("want the answer of %s: %v", id, f)
		}
	}
}

func TestAFloodIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *config.Config) { c.Connection.FramesPerSecond = 2 }) // and 20 at once
	c := s.Connect("ann")
	c.ListenToErrors()
	limited := 0
	for range 40 {
		f := c.Ask("/application/v1/user.relay")
		if f.Refusal() != "RateLimitedError" {
			continue
		}
		limited++
		if f.Headers["subscription-id"] == "" || !strings.Contains(f.Body, `"coolOffDuration":"PT1S"`) {
			t.Fatalf("%+v", f)
		}
	}
	if limited < 15 || limited > 20 {
		t.Errorf("%d of 40 requests were refused", limited)
	}
	receipt := c.Send("/application/v1/user.create_channel", "{}")
	f := c.Await("an answer", func(f servetest.Frame) bool { return f.Headers["receipt-id"] == receipt })
	if f.Refusal() != "RateLimitedError" || !strings.Contains(f.Body, `"coolOffDuration":"PT1S"`) {
		t.Errorf("an action: %+v", f)
	}
	// Nobody else is slowed down.
	if f := s.Connect("bob").Ask("/application/v1/user.relay"); f.Refusal() != "" {
		t.Errorf("somebody else: %v", f)
	}
}
