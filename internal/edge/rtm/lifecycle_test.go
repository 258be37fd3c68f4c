package rtm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/edge/rtm"
	"github.com/purrchat/purr/internal/serve/servetest"
)

func deadline() time.Time { return time.Now().Add(servetest.Patience) }

func TestDisconnecting(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	c := s.Connect("ann")
	c.Rest() // waits for the RECEIPT
	if err, rest := c.AwaitEnd(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) || len(rest) > 0 {
		t.Errorf("ended with %v, %v", err, rest)
	}
	// The session has ended with it.
	again := s.Dial()
	if f := again.Connect("ann", "StompX-Auth-Session-ID:"+c.Session); f.Headers["session"] == c.Session {
		t.Error("a session that has ended was resumed")
	}
	without := s.Connect("ann")
	without.Write("DISCONNECT", "")
	if _, rest := without.AwaitEnd(); len(rest) > 0 {
		t.Errorf("left: %v", rest)
	}
}

func TestASecondSocketTakesOver(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, channel := room(t, s, "ann", "room")
	ann.ListenAs("room", channel.Topics["messages"])
	ann.Ask("/application/v1/user.relay")
	second := s.Dial()
	second.Connect("ann", "StompX-Auth-Session-ID:"+ann.Session)
	if err, _ := ann.AwaitEnd(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the first ended with %v", err)
	}
	second.ListenAs("messages", self.Topics["messages"])
	second.ListenAs("room", channel.Topics["messages"])
	second.Send(channel.Actions["message"], `{"type":"TEXT","body":"still here"}`)
	second.AwaitEvent("user.message.created")
	second.AwaitEvent("channel.message.created")
	// Only who has the secret may.
	eve := s.Dial()
	if f := eve.Connect("eve", "StompX-Auth-Session-ID:"+ann.Session); f.Headers["session"] == ann.Session {
		t.Error("another user has taken the session over")
	}
	second.Ask("/application/v1/user.relay")
}

// TestAnAnswerSurvivesTheSocket: an action whose socket is lost is answered on
// the next one.
func TestAnAnswerSurvivesTheSocket(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, channel := room(t, s, "ann", "room")
	watcher := join(t, s, "bob", channel)
	var receipts []string
	for i := range 5 {
		receipts = append(receipts, ann.Send(channel.Actions["message"], fmt.Sprintf(`{"type":"TEXT","body":"%d"}`, i)))
	}
	for range 5 {
		watcher.AwaitEvent("channel.message.created")
	}
	ann.Cut()
	again := s.Dial()
	again.Connect("ann", "StompX-Auth-Session-ID:"+ann.Session)
	again.ListenToErrors()
	again.ListenAs("messages", self.Topics["messages"])
	again.ListenAs("channels", self.Topics["channels"])
	again.Ask("/application/v1/user.relay")
	var got []string
	for range receipts {
		got = append(got, again.AwaitEvent("user.message.created").Headers["receipt-id"])
	}
	if !slices.Equal(got, receipts) {
		t.Errorf("answered %v, want %v", got, receipts)
	}
	// The same action again, as a client would that does not know: once.
	again.Write("SEND", `{"type":"TEXT","body":"0"}`, "destination:"+channel.Actions["message"], "receipt:"+receipts[0])
	f := again.AwaitEvent("user.message.created")
	if f.Headers["receipt-id"] != receipts[0] || servetest.Resource(t, f).Body != "0" {
		t.Errorf("the repetition: %v", f)
	}
	page := again.Ask(channel.Relays["messages"])
	if n := strings.Count(page.Body, `"body":"0"`); n != 1 {
		t.Errorf("the message is there %d times", n)
	}
}

// TestALongAbsenceIsFilledFromTheLog: more than the queue of a session holds,
// and more than one page of the log.
func TestALongAbsenceIsFilledFromTheLog(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, channel := room(t, s, "ann", "room")
	ann.ListenAs("room", channel.Topics["messages"])
	bob := join(t, s, "bob", channel)
	const missed = 3*rtm.MissedPage + 7
	send := func(from, to int) {
		for i := from; i < to; i++ {
			bob.Send(channel.Actions["message"], fmt.Sprintf(`{"type":"TEXT","body":"%d"}`, i))
		}
		bob.Ask("/application/v1/user.relay")
	}
	send(0, 1)
	ann.Acknowledge(ann.AwaitEvent("channel.message.created"))
	ann.Ask("/application/v1/user.relay")
	s.Stop() // so that nothing is held in memory
	s.Restart()
	bobAgain := s.Connect("bob")
	bobAgain.ListenToErrors()
	servetest.Self(t, bobAgain)
	bob = bobAgain
	send(1, missed/2)
	again := s.Dial()
	again.Connect("ann", "StompX-Auth-Session-ID:"+ann.Session)
	again.ListenAs("messages", self.Topics["messages"])
	again.ListenAs("room", channel.Topics["messages"])
	again.Write("SUBSCRIBE", "", "id:first", "destination:/application/v1/user.relay")
	send(missed/2, missed) // while she reads the log
	for i := 1; i < missed; i++ {
		f := again.AwaitEvent("channel.message.created")
		again.Acknowledge(f)
		if body := servetest.Resource(t, f).Body; body != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, body)
		}
	}
	for _, f := range again.Rest() {
		if f.Type() == "channel.message.created" {
			t.Fatalf("told twice: %v", f)
		}
	}
}

// TestWhoLeavesHearsNothingMore, whatever he has subscribed.
func TestWhoLeavesHearsNothingMore(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, _, channel := room(t, s, "ann", "room")
	bob := join(t, s, "bob", channel)
	bob.Send(fmt.Sprintf("/application/v1/channels/%d.leave", channel.ID), "{}")
	bob.AwaitEvent("user.channel.left")
	bob.AwaitEvent("me.channel.left")
	ann.AwaitReceipt(ann.Send(channel.Actions["message"], `{"type":"TEXT","body":"secret"}`))
	bob.Write("SUBSCRIBE", "", "id:again", "receipt:again", "ack:client-individual", "destination:"+channel.Topics["messages"])
	ann.AwaitReceipt(ann.Send(channel.Actions["message"], `{"type":"TEXT","body":"secret"}`))
	for _, f := range bob.Rest() {
		if strings.Contains(f.Body, "secret") || f.Headers["receipt-id"] == "again" {
			t.Errorf("bob hears %v", f)
		}
	}
}

func TestTheSocketsOfADeletedUserEnd(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	ann, self, _ := room(t, s, "ann", "room")
	second := s.Connect("ann")
	ann.Send(fmt.Sprintf("/application/v1/users/%d.delete", self.ID), "{}")
	_, frames := ann.AwaitEnd()
	if !slices.ContainsFunc(frames, func(f servetest.Frame) bool { return f.Type() == "user.self.deleted" && f.Headers["receipt-id"] != "" }) {
		t.Errorf("the answer is missing: %v", frames)
	}
	_, frames = second.AwaitEnd()
	if len(frames) == 0 || frames[len(frames)-1].Refusal() != "AccessDeniedError" {
		t.Errorf("the other client: %v", frames)
	}
}
