package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Frame is a STOMP frame.
type Frame struct {
	Command string
	Headers map[string]string
	Body    string
}

var (
	escape   = strings.NewReplacer("\\", "\\\\", "\r", "\\r", "\n", "\\n", ":", "\\c")
	unescape = strings.NewReplacer("\\\\", "\\", "\\r", "\r", "\\n", "\n", "\\c", ":")
)

// Encode writes the frame as the SDKs do: CONNECT is not escaped, and only a
// body has a length.
func (f Frame) Encode() string {
	var text strings.Builder
	text.WriteString(f.Command + "\n")
	for _, name := range slices.Sorted(maps.Keys(f.Headers)) {
		value := f.Headers[name]
		if f.Command != "CONNECT" {
			value = escape.Replace(value)
		}
		text.WriteString(name + ":" + value + "\n")
	}
	if f.Body != "" {
		text.WriteString("content-length:" + strconv.Itoa(len(f.Body)) + "\n")
	}
	text.WriteString("\n" + f.Body + "\x00")
	return text.String()
}

// decodeFrame reads a frame; ok is false for a heart-beat.
func decodeFrame(message string) (decoded Frame, ok bool, err error) {
	message = strings.TrimLeft(message, "\r\n")
	if message == "" {
		return Frame{}, false, nil
	}
	head, body, found := strings.Cut(message, "\n\n")
	if !found || !strings.HasSuffix(body, "\x00") {
		return Frame{}, false, fmt.Errorf("not one whole frame: %q", message)
	}
	lines := strings.Split(head, "\n")
	decoded = Frame{Command: lines[0], Headers: map[string]string{}, Body: strings.TrimSuffix(body, "\x00")}
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return Frame{}, false, fmt.Errorf("a header without a colon: %q", message)
		}
		if _, repeated := decoded.Headers[name]; !repeated {
			if decoded.Command != "CONNECTED" {
				value = unescape.Replace(value)
			}
			decoded.Headers[name] = value
		}
	}
	return decoded, true, nil
}

// Guest is a bare STOMP client over a raw WebSocket. It does what no SDK does:
// break rules, or reconnect without waiting. It says nothing about
// compatibility.
//
// Like the SDKs it keeps the ids of its subscriptions and the receipts of its
// actions over reconnects, and acknowledges every event. Unlike them it sends
// an action that was not answered once more.
type Guest struct {
	t        testing.TB
	url      string
	username string
	Session  string

	mu        sync.Mutex
	conn      *websocket.Conn
	gone      chan struct{}
	lastID    int
	errorsID  string
	topics    []*topic
	answers   map[string]chan Frame
	unsettled []Frame
	others    *Log
	self      CurrentUser
}

type topic struct {
	id          string
	destination string
	log         *Log
}

// CurrentUser is the resource that a session starts from.
type CurrentUser struct {
	User
	Topics  map[string]string `json:"_topics"`
	Actions map[string]string `json:"_actions"`
	Relays  map[string]string `json:"_relays"`
}

// Event is one event of a topic.
type Event struct {
	Type     string          `json:"type"`
	Resource json.RawMessage `json:"resource"`
}

// NewGuest prepares a bare client of a user.
func NewGuest(t testing.TB, server *Server, apiKey, username string) *Guest {
	return &Guest{
		t:        t,
		url:      "ws://" + server.Host() + "/rtm/websocket?api-key=" + url.QueryEscape(apiKey),
		username: username,
		answers:  map[string]chan Frame{},
		others:   NewLog(username + ": frames that nothing waits for"),
	}
}

// StartGuest connects a bare client and brings it to where an SDK is after the
// start of a session.
func StartGuest(t testing.TB, server *Server, apiKey, username string) *Guest {
	t.Helper()
	guest := NewGuest(t, server, apiKey, username)
	if err := guest.Connect(); err != nil {
		t.Fatal(err)
	}
	if err := guest.begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(guest.HangUp)
	return guest
}

// Dial opens the WebSocket and sends nothing.
func (g *Guest) Dial() error {
	dialer := websocket.Dialer{Subprotocols: []string{"v12.stomp"}, HandshakeTimeout: Patience}
	conn, response, err := dialer.Dial(g.url, nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if conn.Subprotocol() != "v12.stomp" {
		_ = conn.Close()
		return fmt.Errorf("the server chose the sub-protocol %q", conn.Subprotocol())
	}
	g.mu.Lock()
	g.conn, g.gone = conn, make(chan struct{})
	g.mu.Unlock()
	return nil
}

// Connect dials, sends CONNECT and waits for CONNECTED. With a session from an
// earlier connection it asks to go on with that, and repeats what an SDK
// repeats.
func (g *Guest) Connect() error {
	if err := g.Dial(); err != nil {
		return err
	}
	conn, gone := g.connection()
	if err := g.introduce(); err != nil {
		_ = conn.Close()
		close(gone)
		return err
	}
	go g.listen(conn, gone)
	if err := g.resubscribe(); err != nil {
		_ = conn.Close()
		return err
	}
	return nil
}

// introduce exchanges CONNECT and CONNECTED.
func (g *Guest) introduce() error {
	headers := map[string]string{
		"StompX-User": g.username, "StompX-User-Agent": "Purr-Guest/1",
		"accept-version": "1.2", "heart-beat": "0,0",
	}
	if g.Session != "" {
		headers["StompX-Auth-Session-ID"] = g.Session
	}
	if err := g.Write(Frame{Command: "CONNECT", Headers: headers}.Encode()); err != nil {
		return err
	}
	connected, err := g.readOne()
	if err != nil {
		return err
	}
	if connected.Command != "CONNECTED" {
		return fmt.Errorf("%s: %s instead of CONNECTED: %s", g.username, connected.Command, connected.Body)
	}
	g.Session = connected.Headers["session"]
	return nil
}

func (g *Guest) connection() (*websocket.Conn, chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conn, g.gone
}

// readOne reads the next frame, before anybody listens.
func (g *Guest) readOne() (Frame, error) {
	conn, _ := g.connection()
	_ = conn.SetReadDeadline(time.Now().Add(Patience))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return Frame{}, err
		}
		read, ok, err := decodeFrame(string(message))
		if err != nil || ok {
			return read, err
		}
	}
}

// Write sends text as one WebSocket message, whatever it is.
func (g *Guest) Write(text string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn == nil {
		return errors.New("not connected")
	}
	_ = g.conn.SetWriteDeadline(time.Now().Add(Patience))
	return g.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// begin does what an SDK does at the start of a session.
func (g *Guest) begin() error {
	g.mu.Lock()
	g.errorsID = g.newID("subscription")
	errorsID := g.errorsID
	g.mu.Unlock()
	if err := g.Write(subscribeFrame(errorsID, "/user/queue/v1/errors").Encode()); err != nil {
		return err
	}
	resource, err := g.Relay("/application/v1/user.relay", nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(resource, &g.self); err != nil {
		return err
	}
	for _, name := range []string{"self", "channels", "messages", "notifications", "contacts", "users", "reactions", "threads"} {
		if _, err := g.Listen(g.self.Topics[name]); err != nil {
			return err
		}
	}
	return nil
}

// Self is the user of the session.
func (g *Guest) Self() CurrentUser { return g.self }

// resubscribe repeats the subscriptions and the unanswered actions of earlier
// connections.
func (g *Guest) resubscribe() error {
	g.mu.Lock()
	var frames []Frame
	if g.errorsID != "" {
		frames = append(frames, subscribeFrame(g.errorsID, "/user/queue/v1/errors"))
	}
	for _, topic := range g.topics {
		frames = append(frames, topic.frame())
	}
	frames = append(frames, g.unsettled...)
	g.mu.Unlock()
	for _, repeated := range frames {
		if err := g.Write(repeated.Encode()); err != nil {
			return err
		}
	}
	return nil
}

// newID makes an id that is unique for this guest. The caller holds the lock.
func (g *Guest) newID(kind string) string {
	g.lastID++
	return fmt.Sprintf("%s-%s-%d", kind, strings.Map(letters, g.username), g.lastID)
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

func subscribeFrame(id, destination string) Frame {
	return Frame{Command: "SUBSCRIBE", Headers: map[string]string{"id": id, "destination": destination}}
}

func (t *topic) frame() Frame {
	subscribe := subscribeFrame(t.id, t.destination)
	subscribe.Headers["ack"] = "client-individual"
	subscribe.Headers["receipt"] = "receipt-of-" + t.id
	return subscribe
}

// listen sorts what arrives until the connection ends.
func (g *Guest) listen(conn *websocket.Conn, gone chan struct{}) {
	defer close(gone)
	defer closing(conn)
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		heard, ok, err := decodeFrame(string(message))
		if err != nil {
			g.others.Add(Call{quote("unreadable"), quote(err.Error())})
			return
		}
		if ok {
			g.hear(heard)
		}
	}
}

func (g *Guest) hear(heard Frame) {
	subscription := heard.Headers["subscription"]
	receipt := heard.Headers["receipt-id"]
	g.mu.Lock()
	isError := subscription == g.errorsID && heard.Command == "MESSAGE"
	var to *topic
	for _, topic := range g.topics {
		if topic.id == subscription && heard.Command == "MESSAGE" {
			to = topic
		}
	}
	var waiting chan Frame
	switch {
	case isError && heard.Headers["subscription-id"] != "":
		waiting = g.take(heard.Headers["subscription-id"])
	case isError || to != nil || heard.Command == "RECEIPT":
		// A RECEIPT answers a subscription. Actions are answered by the event
		// that carries what they made.
		if heard.Command != "RECEIPT" || g.isSubscription(receipt) {
			waiting = g.take(receipt)
		}
	case heard.Command == "MESSAGE":
		waiting = g.take(subscription)
	}
	g.mu.Unlock()

	if waiting != nil {
		waiting <- heard
	}
	if to != nil {
		to.log.Add(Call{json.RawMessage(heard.Body)})
		if ack := heard.Headers["ack"]; ack != "" {
			// A connection that breaks now will repeat the event.
			_ = g.Write(Frame{Command: "ACK", Headers: map[string]string{"id": ack, "subscription": subscription}}.Encode())
		}
		return
	}
	if waiting == nil {
		g.others.Add(Call{quote(heard.Command), quote(receipt + heard.Headers["message"]), quote(heard.Body)})
	}
}

func (g *Guest) isSubscription(receipt string) bool {
	return strings.HasPrefix(receipt, "receipt-of-")
}

// take removes and returns who waits for an answer. The caller holds the lock.
func (g *Guest) take(key string) chan Frame {
	waiting := g.answers[key]
	delete(g.answers, key)
	g.unsettled = slices.DeleteFunc(g.unsettled, func(sent Frame) bool { return sent.Headers["receipt"] == key })
	return waiting
}

func quote(text string) json.RawMessage {
	quoted, _ := json.Marshal(text)
	return quoted
}

// Unexpected lists RECEIPTs of actions, ERRORs and whatever else nothing
// waited for.
func (g *Guest) Unexpected() *Log { return g.others }

// ErrRefused is wrapped by answers from the error queue.
var ErrRefused = errors.New("refused")

func (g *Guest) expect(key string) chan Frame {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := make(chan Frame, 1)
	g.answers[key] = waiting
	return waiting
}

func (g *Guest) await(what string, waiting <-chan Frame, patience time.Duration) (Frame, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case got := <-waiting:
		g.mu.Lock()
		refused := got.Command == "MESSAGE" && got.Headers["subscription"] == g.errorsID
		g.mu.Unlock()
		if refused {
			return got, fmt.Errorf("%s: %s: %w: %s", g.username, what, ErrRefused, got.Body)
		}
		return got, nil
	case <-timeout.C:
		return Frame{}, fmt.Errorf("%s: %s was not answered within %s", g.username, what, patience)
	}
}

// Relay reads a resource.
func (g *Guest) Relay(destination string, parameters map[string]string) (json.RawMessage, error) {
	g.mu.Lock()
	id := g.newID("subscription")
	g.mu.Unlock()
	waiting := g.expect(id)
	subscribe := subscribeFrame(id, destination)
	for name, value := range parameters {
		subscribe.Headers[name] = value
	}
	if err := g.Write(subscribe.Encode()); err != nil {
		return nil, err
	}
	answered, err := g.await("relay "+destination, waiting, Patience)
	if err != nil {
		return nil, err
	}
	var body struct {
		Resource json.RawMessage `json:"resource"`
	}
	err = json.Unmarshal([]byte(answered.Body), &body)
	return body.Resource, err
}

// BeginListen subscribes a topic and does not wait for the receipt. The topic
// is subscribed again after reconnects.
func (g *Guest) BeginListen(destination string) (*Log, func(patience time.Duration) error, error) {
	g.mu.Lock()
	subscribed := &topic{id: g.newID("subscription"), destination: destination, log: NewLog(g.username + " on " + destination)}
	g.topics = append(g.topics, subscribed)
	g.mu.Unlock()
	waiting := g.expect(subscribed.frame().Headers["receipt"])
	receipt := func(patience time.Duration) error {
		_, err := g.await("topic "+destination, waiting, patience)
		return err
	}
	return subscribed.log, receipt, g.Write(subscribed.frame().Encode())
}

// Listen subscribes a topic and returns its log once the receipt is there.
func (g *Guest) Listen(destination string) (*Log, error) {
	log, receipt, err := g.BeginListen(destination)
	if err != nil {
		return nil, err
	}
	return log, receipt(Patience)
}

// BeginAct sends an action and returns the wait for what it made. An action
// that is not answered is sent again after a reconnect, under the same
// receipt.
func (g *Guest) BeginAct(destination, body string) (func(patience time.Duration) (json.RawMessage, error), error) {
	g.mu.Lock()
	receipt := g.newID("receipt")
	send := Frame{Command: "SEND", Headers: map[string]string{
		"destination": destination, "content-type": "application/json;charset=UTF-8", "receipt": receipt,
	}, Body: body}
	g.unsettled = append(g.unsettled, send)
	g.mu.Unlock()
	waiting := g.expect(receipt)
	wait := func(patience time.Duration) (json.RawMessage, error) {
		answered, err := g.await("action "+destination, waiting, patience)
		if err != nil {
			return nil, err
		}
		var event Event
		err = json.Unmarshal([]byte(answered.Body), &event)
		return event.Resource, err
	}
	return wait, g.Write(send.Encode())
}

// Act sends an action and returns the resource of the event that answers it.
func (g *Guest) Act(destination string, body any) (json.RawMessage, error) {
	text, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = string(encoded)
	}
	wait, err := g.BeginAct(destination, text)
	if err != nil {
		return nil, err
	}
	return wait(Patience)
}

// Channel reads a channel.
func (g *Guest) Channel(id int64) (Channel, error) {
	var channel Channel
	resource, err := g.Relay(fmt.Sprintf("/application/v1/channels/%d.relay", id), nil)
	if err != nil {
		return channel, err
	}
	return channel, json.Unmarshal(resource, &channel)
}

// Gone is closed when the connection has ended.
func (g *Guest) Gone() <-chan struct{} {
	_, gone := g.connection()
	return gone
}

// HangUp ends the connection without a goodbye.
func (g *Guest) HangUp() {
	conn, _ := g.connection()
	if conn != nil {
		_ = conn.Close()
	}
}
