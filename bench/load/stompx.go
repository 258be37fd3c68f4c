package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stompx is the client protocol as the published JavaScript SDK speaks it: it
// follows the links of the resources, acknowledges every event and resumes as
// the SDK does.
type stompx struct {
	// channels are the identifiers of the rooms.
	channels []string
	// silent clients acknowledge nothing, to show what that costs.
	silent bool
}

// stompxState is what a session knows.
type stompxState struct {
	partial []byte       // of a frame that came in several messages
	waiting []stompFrame // received while the session was set up
	acks    []byte       // to be written after this read
	nonce   string       // makes our receipts unlike those of earlier connections
	kept    *stompxKept
}

// stompxKept is what the SDK's client object keeps across a lost connection.
type stompxKept struct {
	session string
	topics  []stompxTopic
	rooms   map[int]*channel
}

type stompxTopic struct{ id, receipt, destination string }

type links map[string]string

type channel struct {
	Topics  links `json:"_topics"`
	Actions links `json:"_actions"`
}

// userTopics and channelTopics are what the SDK listens to, besides the channel
// itself.
var (
	userTopics    = []string{"self", "channels", "messages", "notifications", "contacts", "participants", "users", "reactions", "threads", "calls"}
	channelTopics = []string{"messages", "keystrokes", "typing", "participants", "readReceipts", "reactions", "events"}
)

// ourBeat is how often the SDK promises a heart-beat, in milliseconds.
const ourBeat = 60_000

func (*stompx) protocol() string { return "v12.stomp" }

func (t *stompx) open(b *bench, s *session) error {
	if kept, ok := s.resumes.(*stompxKept); ok {
		return t.reopen(b, s, kept)
	}
	if err := t.connect(b, s, ""); err != nil {
		return err
	}
	var user struct {
		Topics links `json:"_topics"`
	}
	if err := t.relay(s, "/application/v1/user.relay", &user); err != nil {
		return err
	}
	if err := t.listenForErrors(s); err != nil {
		return err
	}
	// The SDK names these two by itself.
	for _, purpose := range []string{"write", "read"} {
		if err := t.relay(s, "/application/v1/user."+purpose+"_file_access_grant.relay", nil); err != nil {
			return err
		}
	}
	return t.listen(s, user.Topics, userTopics)
}

// reopen does what the SDK does after a lost connection: the old session, the
// error queue, every topic with its old ids and receipts, the user.
func (t *stompx) reopen(b *bench, s *session, kept *stompxKept) error {
	if err := t.connect(b, s, "StompX-Auth-Session-ID:"+kept.session+"\n"); err != nil {
		return err
	}
	state := s.state.(*stompxState)
	kept.session, state.kept = state.kept.session, kept
	if err := t.listenForErrors(s); err != nil {
		return err
	}
	receipts := map[string]bool{}
	for _, topic := range kept.topics {
		receipts[topic.receipt] = true
		if err := topic.subscribe(s); err != nil {
			return err
		}
	}
	user, err := t.ask(s, "/application/v1/user.relay")
	if err != nil {
		return err
	}
	if err := t.awaitReceipts(s, receipts); err != nil {
		return err
	}
	return t.answer(s, user, nil)
}

func (t *stompx) connect(b *bench, s *session, more string) error {
	state := &stompxState{nonce: token()[:8], kept: &stompxKept{rooms: map[int]*channel{}}}
	s.state = state
	err := s.send("CONNECT\nStompX-User:" + b.userName(s.index) + "\nStompX-User-Agent:ChatKitty-JS-Core/0.0.0-semantic-release\n" +
		more + "accept-version:1.2\nheart-beat:" + strconv.Itoa(ourBeat) + ",10000\n\n\x00")
	if err != nil {
		return err
	}
	connected, err := t.await(s, func(f stompFrame) bool { return f.command() == "CONNECTED" })
	if err != nil {
		return err
	}
	state.kept.session = string(connected.header("session"))
	if _, wants, ok := bytes.Cut(connected.header("heart-beat"), []byte(",")); ok {
		if ms, _ := number(wants); ms > 0 {
			s.beatEvery = max(ms, ourBeat) * int64(time.Millisecond)
			s.beatNext = time.Now().UnixNano() + s.beatEvery
		}
	}
	return nil
}

func (*stompx) listenForErrors(s *session) error {
	return s.send("SUBSCRIBE\nid:subscription-id-" + token() + "\ndestination:/user/queue/v1/errors\n\n\x00")
}

// join starts a chat session: the channel itself, after its receipt the rest.
func (t *stompx) join(_ *bench, s *session, room int) error {
	if s.resumes != nil {
		return nil // its topics came back with the session
	}
	c := &channel{}
	if err := t.relay(s, "/application/v1/channels/"+t.channels[room]+".relay", c); err != nil {
		return err
	}
	if c.Actions["message"] == "" {
		return fmt.Errorf("channel %s cannot be written to", t.channels[room])
	}
	c.Actions["message"] = escape.Replace(c.Actions["message"])
	s.state.(*stompxState).kept.rooms[room] = c
	if err := t.listen(s, c.Topics, []string{"self"}); err != nil {
		return err
	}
	return t.listen(s, c.Topics, channelTopics)
}

// listen subscribes to topics of a resource and waits for the receipts.
func (t *stompx) listen(s *session, topics links, names []string) error {
	kept := s.state.(*stompxState).kept
	receipts := map[string]bool{}
	for _, name := range names {
		if topics[name] == "" {
			return fmt.Errorf("the server's resource lacks the topic %s", name)
		}
		topic := stompxTopic{"subscription-id-" + token(), "receipt-" + token(), escape.Replace(topics[name])}
		kept.topics = append(kept.topics, topic)
		receipts[topic.receipt] = true
		if err := topic.subscribe(s); err != nil {
			return err
		}
	}
	return t.awaitReceipts(s, receipts)
}

func (topic stompxTopic) subscribe(s *session) error {
	return s.send("SUBSCRIBE\nid:" + topic.id + "\nreceipt:" + topic.receipt + "\nack:client-individual\ndestination:" + topic.destination + "\n\n\x00")
}

// relay asks for a resource and waits for it.
func (t *stompx) relay(s *session, destination string, into any) error {
	id, err := t.ask(s, destination)
	if err == nil {
		err = t.answer(s, id, into)
	}
	if err != nil {
		return fmt.Errorf("relay %s: %w", destination, err)
	}
	return nil
}

// ask subscribes to a relay; answer waits for what comes. Like the SDK they
// never unsubscribe.
func (*stompx) ask(s *session, destination string) (id string, err error) {
	id = "subscription-id-" + token()
	return id, s.send("SUBSCRIBE\nid:" + id + "\ndestination:" + escape.Replace(destination) + "\n\n\x00")
}

func (t *stompx) answer(s *session, id string, into any) error {
	f, err := t.await(s, func(f stompFrame) bool {
		return f.command() == "MESSAGE" && f.text("subscription") == id
	})
	if err != nil {
		return err
	}
	var body struct {
		Resource json.RawMessage `json:"resource"`
	}
	if err := json.Unmarshal(f.body, &body); err != nil || body.Resource == nil {
		return fmt.Errorf("no resource in %.200s", f.body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body.Resource, into)
}

func (t *stompx) awaitReceipts(s *session, left map[string]bool) error {
	if len(left) == 0 {
		return nil
	}
	_, err := t.await(s, func(f stompFrame) bool {
		if f.command() == "RECEIPT" {
			delete(left, f.text("receipt-id"))
		}
		return len(left) == 0
	})
	return err
}

// await gives the first frame that is wanted. It acknowledges every event that
// it passes over, and fails at an ERROR or an error for the user.
func (t *stompx) await(s *session, wanted func(stompFrame) bool) (stompFrame, error) {
	state := s.state.(*stompxState)
	for {
		for len(state.waiting) > 0 {
			f := state.waiting[0]
			state.waiting = state.waiting[1:]
			if f.command() == "ERROR" {
				return f, fmt.Errorf("%s %s", f.head, f.body)
			}
			if wanted(f) {
				return f, nil
			}
			if bytes.HasPrefix(f.body, errorBody) {
				return f, fmt.Errorf("the server says %s", f.body)
			}
			state.acknowledge(f)
		}
		if err := state.writeAcks(s); err != nil {
			return stompFrame{}, err
		}
		p, err := s.receive()
		if err != nil {
			return stompFrame{}, err
		}
		state.frames(p, func(f stompFrame) { state.waiting = append(state.waiting, f.clone()) })
	}
}

// frames calls f with each frame in a message; what is cut short waits for the
// next.
func (state *stompxState) frames(p []byte, f func(stompFrame)) {
	if len(state.partial) > 0 {
		p = append(state.partial, p...)
		state.partial = nil
	}
	for len(p) > 0 {
		frame, rest, whole := cutStomp(p)
		if !whole {
			state.partial = bytes.Clone(rest)
			return
		}
		if frame.head != nil {
			f(frame)
		}
		p = rest
	}
}

// acknowledge answers an event, once writeAcks is called.
func (state *stompxState) acknowledge(f stompFrame) {
	id := f.header("ack")
	if len(id) == 0 {
		return
	}
	var room [512]byte
	ack := append(room[:0], "ACK\nid:"...)
	ack = append(ack, id...)
	ack = append(ack, "\nsubscription:"...)
	ack = append(ack, f.header("subscription")...)
	ack = append(ack, "\n\n\x00"...)
	state.acks = appendFrame(state.acks, opText, ack)
}

func (state *stompxState) writeAcks(s *session) error {
	if len(state.acks) == 0 {
		return nil
	}
	err := s.write(state.acks)
	state.acks = state.acks[:0]
	return err
}

func (*stompx) frame(dst []byte, s *session, room int, id uint32, body []byte) []byte {
	const before, after = `{"type":"TEXT","body":"`, `"}`
	state := s.state.(*stompxState)
	p := append(s.payload[:0], "SEND\ndestination:"...)
	p = append(p, state.kept.rooms[room].Actions["message"]...)
	p = append(p, "\ncontent-type:application/json;charset=UTF-8\nreceipt:receipt-"...)
	p = strconv.AppendUint(p, uint64(id), 10)
	p = append(p, '-')
	p = append(p, state.nonce...) // a server takes a known receipt for a repeat
	p = append(p, "-8a52-d3b07384d113\ncontent-length:"...)
	p = strconv.AppendInt(p, int64(len(before)+len(body)+len(after)), 10)
	p = append(p, "\n\n"+before...)
	p = append(p, body...)
	p = append(p, after+"\x00"...)
	s.payload = p
	return appendFrame(dst, opText, p)
}

var (
	messageCreated = []byte(`"channel.message.created"`)
	receiptPrefix  = []byte("receipt-")
	errorBody      = []byte(`{"error":`)
)

func (t *stompx) message(s *session, p []byte, now int64) {
	state := s.state.(*stompxState)
	state.frames(p, func(f stompFrame) {
		switch {
		case f.head[0] == 'E' || bytes.HasPrefix(f.body, errorBody):
			if s.loop.bench.errors.Add(1) <= 3 {
				say("the server says %s %s", f.head, f.body)
			}
			return
		case f.head[0] != 'M':
			return
		}
		if !t.silent {
			state.acknowledge(f)
		}
		// The first event with our receipt settles the message, on whatever
		// topic; its delivery is the event on the channel's topic.
		if receipt, ok := bytes.CutPrefix(f.header("receipt-id"), receiptPrefix); ok {
			id, _ := number(receipt)
			s.loop.acknowledged(s, uint32(id), now)
		}
		if bytes.Contains(f.body[:min(len(f.body), 120)], messageCreated) {
			s.loop.heard(f.body, now)
		}
	})
}

func (*stompx) flush(s *session) {
	_ = s.state.(*stompxState).writeAcks(s) // whoever is gone is noticed by reading
}

// token is a random name in the form of a UUID.
func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	text := fmt.Sprintf("%x", b)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
