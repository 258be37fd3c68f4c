package servetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Frame is a STOMP frame as it was received. Header values are as they were on
// the wire; of a header that repeats the first counts.
type Frame struct {
	Command string
	Headers map[string]string
	Body    string
}

func (f Frame) String() string {
	text := f.Command
	for _, name := range []string{"subscription", "subscription-id", "receipt-id", "destination"} {
		if v, ok := f.Headers[name]; ok {
			text += " " + name + ":" + v
		}
	}
	return text + " " + f.Body
}

// Type is the name of the event that a MESSAGE tells of.
func (f Frame) Type() string {
	var body struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal([]byte(f.Body), &body) // a reply has none
	return body.Type
}

// Refusal is the name of the error that an ERROR, or a MESSAGE of the error queue,
// tells of.
func (f Frame) Refusal() string {
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal([]byte(f.Body), &body) // what is no error has none
	return body.Error
}

// Client is one socket. It is a bare STOMP client that does what it is told:
// it acknowledges nothing by itself and sends no heart-beats.
type Client struct {
	tb     testing.TB
	Socket *websocket.Conn
	// Session is what CONNECTED said.
	Session string

	frames  chan Frame
	pending []Frame
	gate    chan struct{} // is empty while the client reads nothing
	// Beats counts the heart-beats; Ended is closed after the last frame.
	Beats chan struct{}
	Ended chan struct{}
	err   error
	next  int
}

// DialOptions are the ways in which clients differ.
type DialOptions struct {
	// Path is that of the endpoint with its query; empty means the usual one
	// with the key of the server's application.
	Path string
	// Dialer, if not nil, replaces the usual one.
	Dialer *websocket.Dialer
}

// Dial opens a socket.
func (s *Server) Dial(options ...DialOptions) *Client {
	s.TB.Helper()
	o := DialOptions{}
	if len(options) > 0 {
		o = options[0]
	}
	if o.Path == "" {
		o.Path = "/rtm/websocket?api-key=" + url.QueryEscape(s.Application.APIKey)
	}
	if o.Dialer == nil {
		o.Dialer = &websocket.Dialer{Subprotocols: []string{"v12.stomp"}}
	}
	socket, response, err := o.Dialer.DialContext(s.TB.Context(), "ws"+strings.TrimPrefix(s.URL(o.Path), "http"), nil)
	if err != nil {
		s.TB.Fatalf("open a socket: %v", err)
	}
	_ = response.Body.Close()
	c := &Client{
		tb: s.TB, Socket: socket, frames: make(chan Frame, 100_000), Beats: make(chan struct{}, 1000), Ended: make(chan struct{}), gate: make(chan struct{}, 1),
	}
	c.gate <- struct{}{}
	go c.read()
	s.TB.Cleanup(c.Cut)
	return c
}

// Connect opens a socket and a session for a user. Headers are further lines of
// the CONNECT frame.
func (s *Server) Connect(user string, headers ...string) *Client {
	s.TB.Helper()
	c := s.Dial()
	c.Connect(user, headers...)
	return c
}

// Connect sends CONNECT, as the SDKs do, and waits for CONNECTED.
func (c *Client) Connect(user string, headers ...string) Frame {
	c.tb.Helper()
	lines := append([]string{"StompX-User:" + user, "StompX-User-Agent:ChatKitty-JS/1.58.2", "accept-version:1.2", "heart-beat:60000,10000"}, headers...)
	c.Write("CONNECT", "", lines...)
	f := c.Next()
	if f.Command != "CONNECTED" {
		c.tb.Fatalf("answer to CONNECT: %v", f)
	}
	c.Session = f.Headers["session"]
	return f
}

// Write sends a frame. Headers are lines as they are on the wire.
func (c *Client) Write(command, body string, headers ...string) {
	c.tb.Helper()
	if body != "" {
		headers = append(slices.Clone(headers), "content-length:"+strconv.Itoa(len(body)))
	}
	text := command + "\n"
	for _, line := range headers {
		text += line + "\n"
	}
	c.WriteRaw(websocket.TextMessage, text+"\n"+body+"\x00")
}

// WriteRaw sends a message. That the peer has gone is no failure.
func (c *Client) WriteRaw(kind int, text string) {
	c.tb.Helper()
	_ = c.Socket.WriteMessage(kind, []byte(text))
}

// Ask subscribes a relay and waits for its one answer. Headers are parameters.
func (c *Client) Ask(destination string, headers ...string) Frame {
	c.tb.Helper()
	id := c.name("relay")
	c.Write("SUBSCRIBE", "", append(slices.Clone(headers), "id:"+id, "destination:"+destination)...)
	return c.Await("an answer of "+destination, func(f Frame) bool {
		return f.Headers["subscription"] == id || f.Headers["subscription-id"] == id
	})
}

// Listen subscribes a topic and waits for the RECEIPT. It gives the id.
func (c *Client) Listen(destination string) string {
	c.tb.Helper()
	id := c.name("topic")
	c.ListenAs(id, destination)
	return id
}

// ListenAs is Listen with an id.
func (c *Client) ListenAs(id, destination string) {
	c.tb.Helper()
	receipt := c.name("receipt")
	c.Write("SUBSCRIBE", "", "id:"+id, "receipt:"+receipt, "ack:client-individual", "destination:"+destination)
	c.AwaitReceipt(receipt)
}

// ListenToErrors subscribes the error queue. Nothing tells when it is.
func (c *Client) ListenToErrors() {
	c.tb.Helper()
	c.Write("SUBSCRIBE", "", "id:errors", "destination:/user/queue/v1/errors")
}

// Send carries out an action and gives its receipt, without waiting.
func (c *Client) Send(destination, body string) string {
	c.tb.Helper()
	receipt := c.name("receipt")
	c.Write("SEND", body, "destination:"+destination, "content-type:application/json;charset=UTF-8", "receipt:"+receipt)
	return receipt
}

// AwaitReceipt waits for a RECEIPT.
func (c *Client) AwaitReceipt(receipt string) {
	c.tb.Helper()
	c.Await("receipt "+receipt, func(f Frame) bool { return f.Command == "RECEIPT" && f.Headers["receipt-id"] == receipt })
}

// Acknowledge acknowledges an event.
func (c *Client) Acknowledge(f Frame) {
	c.tb.Helper()
	c.Write("ACK", "", "id:"+f.Headers["ack"], "subscription:"+f.Headers["subscription"])
}

// name makes a name that this client has not used yet.
func (c *Client) name(kind string) string {
	c.next++
	return kind + "-" + strconv.Itoa(c.next)
}

// Next is the next frame.
func (c *Client) Next() Frame {
	c.tb.Helper()
	if len(c.pending) > 0 {
		f := c.pending[0]
		c.pending = c.pending[1:]
		return f
	}
	f, err := c.receive()
	if err != nil {
		c.tb.Fatal(err)
	}
	return f
}

// Await is the next frame that matches. Others keep their place.
func (c *Client) Await(what string, matches func(Frame) bool) Frame {
	c.tb.Helper()
	for i, f := range c.pending {
		if matches(f) {
			c.pending = slices.Delete(c.pending, i, i+1)
			return f
		}
	}
	for {
		f, err := c.receive()
		if err != nil {
			c.tb.Fatalf("wait for %s: %v; pending: %v", what, err, c.pending)
		}
		if matches(f) {
			return f
		}
		c.pending = append(c.pending, f)
	}
}

// AwaitEvent waits for an event of a type.
func (c *Client) AwaitEvent(name string) Frame {
	c.tb.Helper()
	return c.Await(name, func(f Frame) bool { return f.Type() == name })
}

// Rest ends the session with DISCONNECT and gives all frames that came before
// its RECEIPT.
func (c *Client) Rest() []Frame {
	c.tb.Helper()
	c.Write("DISCONNECT", "", "receipt:close-0")
	c.AwaitReceipt("close-0")
	rest := c.pending
	c.pending = nil
	return rest
}

// AwaitEnd waits for the end of the socket, and gives what it ended with and
// the frames before.
func (c *Client) AwaitEnd() (error, []Frame) { //nolint:revive,staticcheck // the end comes first
	c.tb.Helper()
	for {
		f, err := c.receive()
		if errors.Is(err, errEnded) {
			rest := c.pending
			c.pending = nil
			return c.err, rest
		}
		if err != nil {
			c.tb.Fatalf("the socket does not end: %v", err)
		}
		c.pending = append(c.pending, f)
	}
}

var errEnded = errors.New("the socket has ended")

func (c *Client) receive() (Frame, error) {
	limit := time.NewTimer(Patience)
	defer limit.Stop()
	select {
	case f, ok := <-c.frames:
		if !ok {
			return Frame{}, fmt.Errorf("%w: %w", errEnded, c.err)
		}
		return f, nil
	case <-limit.C:
		return Frame{}, errors.New("nothing came")
	}
}

// Pause stops reading from the socket after the next frame, Resume goes on.
func (c *Client) Pause() { <-c.gate }

// Resume goes on after Pause.
func (c *Client) Resume() { c.gate <- struct{}{} }

// Cut ends the socket without a word.
func (c *Client) Cut() { _ = c.Socket.NetConn().Close() }

func (c *Client) read() {
	defer close(c.Ended)
	defer close(c.frames)
	for {
		<-c.gate
		c.gate <- struct{}{}
		_, message, err := c.Socket.ReadMessage()
		if err != nil {
			c.err = err
			return
		}
		if string(message) == "\n" {
			select {
			case c.Beats <- struct{}{}:
			default:
			}
			continue
		}
		f, err := parse(string(message))
		if err != nil {
			c.err = err
			_ = c.Socket.Close()
			return
		}
		c.frames <- f
	}
}

// parse reads a message, which must be one whole frame.
func parse(message string) (Frame, error) {
	text, ended := strings.CutSuffix(message, "\x00")
	head, body, parted := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	f := Frame{Command: lines[0], Headers: map[string]string{}, Body: body}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return f, fmt.Errorf("a header without a colon: %q", message)
		}
		if _, repeated := f.Headers[name]; !repeated {
			f.Headers[name] = value
		}
	}
	if length, ok := f.Headers["content-length"]; !ended || !parted || (ok && length != strconv.Itoa(len(body))) {
		return f, fmt.Errorf("not one whole frame: %q", message)
	}
	return f, nil
}
