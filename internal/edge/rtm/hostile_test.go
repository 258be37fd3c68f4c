package rtm_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/serve/servetest"
)

// TestWhatIsNoSTOMPEndsTheConnection with an ERROR, and nobody else notices.
func TestWhatIsNoSTOMPEndsTheConnection(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *config.Config) { c.Connection.MaxFrame = 64 << 10 })
	ann, _, channel := room(t, s, "ann", "room")
	ann.ListenAs("room", channel.Topics["messages"])
	for what, message := range map[string]string{
		"no frame":             "GET / HTTP/1.1\r\n\r\n",
		"no NUL":               "SEND\ndestination:x\n\n{}",
		"an unknown command":   "NONSENSE\n\n\x00",
		"a server's command":   "MESSAGE\n\n\x00",
		"a header without end": "SEND\ndestination",
		"a header without a :": "SEND\ndestination\n\n\x00",
		"a wrong escape":       "SEND\ndestination:\\x\n\n\x00",
		"a wrong length":       "SEND\ndestination:x\ncontent-length:99\n\n{}\x00",
		"a nonsense length":    "SEND\ndestination:x\ncontent-length:-1\n\n{}\x00",
		"many headers":         "SEND\n" + strings.Repeat("a:b\n", 5000) + "\n\x00",
		"a huge message":       "SEND\ndestination:x\n\n" + strings.Repeat("x", 100<<10) + "\x00",
	} {
		for _, connected := range []bool{false, true} {
			c := s.Dial()
			if connected {
				c.Connect("eve")
			}
			c.WriteRaw(websocket.TextMessage, message)
			_, frames := c.AwaitEnd()
			if len(frames) != 1 || frames[0].Command != "ERROR" || frames[0].Refusal() == "" || frames[0].Refusal() == "AccessDeniedError" {
				t.Errorf("%s, connected %v: %v", what, connected, frames)
			}
		}
	}
	receipt := ann.Send(channel.Actions["message"], `{"type":"TEXT","body":"hello"}`)
	ann.AwaitReceipt(receipt)
	ann.AwaitEvent("channel.message.created")
}

func TestATransportThatIsBroken(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	for what, octets := range map[string]string{
		"an unmasked frame": "\x81\x01\n",
		"reserved bits":     "\xf1\x80\x00\x00\x00\x00",
		"a huge length":     "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"no UTF-8":          "\x81\x82\x00\x00\x00\x00\xff\xfe",
	} {
		c := s.Connect("eve")
		if _, err := c.Socket.NetConn().Write([]byte(octets)); err != nil {
			t.Fatal(err)
		}
		err, frames := c.AwaitEnd()
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code == websocket.CloseNormalClosure {
			t.Errorf("%s: ended with %v", what, err)
		}
		if len(frames) != 1 || frames[0].Command != "ERROR" {
			t.Errorf("%s: %v", what, frames)
		}
	}
}

func TestSocketsThatGoAwayAreForgotten(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t)
	for i := range 50 {
		c := s.Dial()
		switch i % 5 {
		case 0:
			c.Connect("ann")
		case 1:
			c.Connect("ann")
			c.Rest()
		case 2:
			c.Write("CONNECT", "", "StompX-User:ann", "accept-version:1.2") // and is not there for the answer
		case 3:
			_ = c.Socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline())
		}
		c.Cut()
	}
	servetest.Eventually(t, "the end of the sockets", func() bool {
		_, metrics := s.Get("/metrics")
		return strings.Contains(metrics, "\npurr_rtm_connections_count 0\n")
	})
	if log := s.Log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("logged:\n%s", log)
	}
}

// TestASlowReaderIsCut and comes back to everything that it missed.
func TestASlowReaderIsCut(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *config.Config) { c.Connection.MaxQueue = 512 << 10 })
	ann, _, channel := room(t, s, "ann", "room")
	slow := s.Dial()
	slow.Connect("bob")
	self := servetest.Self(t, slow)
	slow.ListenAs("channels", self.Topics["channels"])
	slow.Send(fmt.Sprintf("/application/v1/channels/%d.join", channel.ID), "{}")
	slow.AwaitEvent("user.channel.joined")
	slow.ListenAs("room", channel.Topics["messages"])
	slow.Pause()
	quick := join(t, s, "carl", channel)
	text := strings.Repeat("x", 100<<10)
	sent := 0
	for range 1000 {
		receipt := ann.Send(channel.Actions["message"], fmt.Sprintf(`{"type":"TEXT","body":"%d %s"}`, sent, text))
		ann.AwaitReceipt(receipt)
		sent++
		if sent%10 == 0 {
			if _, metrics := s.Get("/metrics"); !strings.Contains(metrics, "\npurr_rtm_connections_count 3\n") {
				break
			}
		}
	}
	slow.Resume()
	_, before := slow.AwaitEnd()
	for i := range sent {
		f := quick.AwaitEvent("channel.message.created")
		quick.Acknowledge(f)
		if body := servetest.Resource(t, f).Body; !strings.HasPrefix(body, fmt.Sprint(i, " ")) {
			t.Fatalf("message %d is %.20s", i, body)
		}
	}
	// All of them, each at least once and in order.
	again := s.Dial()
	again.Connect("bob", "StompX-Auth-Session-ID:"+slow.Session)
	again.ListenAs("channels", self.Topics["channels"])
	again.ListenAs("room", channel.Topics["messages"])
	again.Ask("/application/v1/user.relay")
	next := 0
	take := func(f servetest.Frame) {
		if f.Type() != "channel.message.created" {
			return
		}
		var n int
		_, _ = fmt.Sscan(servetest.Resource(t, f).Body, &n)
		if n > next {
			t.Fatalf("message %d came before %d", n, next)
		}
		next = max(next, n+1)
	}
	for _, f := range before {
		take(f)
	}
	for next < sent {
		f := again.AwaitEvent("channel.message.created")
		again.Acknowledge(f)
		take(f)
	}
}
