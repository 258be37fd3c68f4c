package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// stub is a small server that speaks the client protocol strictly: all
// destinations but the few that the SDK names by itself are random, so that a
// client that does not follow the links fails.
type stub struct {
	t *testing.T
	// split cuts frames in two messages, and puts heart-beats beside others.
	split bool

	subscribed, resumed, sent, delivered, acked atomic.Int64

	mu       sync.Mutex
	users    map[string]bool
	sessions map[string]string            // session -> user
	known    map[string]map[string]string // session -> topic -> subscription
	channels map[int64]*stubChannel
	actions  map[string]*stubChannel
	heard    map[string][]*stubConn // topic -> who listens
	messages int
}

type stubChannel struct {
	members map[string]bool
	topics  map[string]string
	message string
}

type stubConn struct {
	net.Conn
	stub          *stub
	user, session string
	topics        map[string]string // topic -> subscription

	mu     sync.Mutex
	frames int
}

func newStub(t *testing.T, split bool) (*stub, *httptest.Server) {
	t.Helper()
	s := &stub{
		t: t, split: split, users: map[string]bool{}, sessions: map[string]string{}, known: map[string]map[string]string{},
		channels: map[int64]*stubChannel{}, actions: map[string]*stubChannel{}, heard: map[string][]*stubConn{},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	switch {
	case r.URL.Path == "/oauth/token" && id == "id" && secret == "secret" && r.FormValue("grant_type") == "client_credentials":
		_, _ = io.WriteString(w, `{"access_token":"token","token_type":"bearer","expires_in":3600}`)
	case strings.HasPrefix(r.URL.Path, "/v1/") && r.Header.Get("Authorization") == "Bearer token":
		s.platform(w, r)
	case r.URL.Path == "/rtm/websocket" && r.FormValue("api-key") == "the key" && r.Header.Get("Sec-WebSocket-Protocol") == "v12.stomp":
		s.socket(w, r)
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

func (s *stub) platform(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Name, DisplayName, Type, Username string
		Members                           []struct{ Username string }
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	path := strings.Split(r.URL.Path, "/")
	switch {
	case r.URL.Path == "/v1/users" && body.Name != "" && body.DisplayName != "":
		s.users[body.Name] = true
		fmt.Fprint(w, `{}`)
	case r.URL.Path == "/v1/channels" && (body.Type == "PUBLIC" && body.Name != "" || body.Type == "DIRECT" && len(body.Members) == 2):
		c := &stubChannel{members: map[string]bool{}, topics: map[string]string{}, message: "/app/x:" + token()}
		for _, name := range append([]string{"self"}, channelTopics...) {
			c.topics[name] = "/topic/" + token() + ":" + name
		}
		for _, m := range body.Members {
			c.members[m.Username] = s.users[m.Username]
		}
		id := int64(1000 + len(s.channels))
		s.channels[id], s.actions[c.message] = c, c
		fmt.Fprintf(w, `{"id":%d}`, id)
	case len(path) == 5 && path[4] == "members" && s.users[body.Username]:
		id, _ := strconv.ParseInt(path[3], 10, 64)
		s.channels[id].members[body.Username] = true
		fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (s *stub) socket(w http.ResponseWriter, r *http.Request) {
	accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.t.Error(err)
		return
	}
	defer func() { _ = nc.Close() }()
	fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v12.stomp\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(accept[:]))
	c := &stubConn{Conn: nc, stub: s, topics: map[string]string{}}
	for {
		p, err := readMasked(rw.Reader)
		if err != nil {
			return
		}
		if string(p) == "\n" {
			continue
		}
		f, rest, whole := cutStomp(p)
		if !whole || len(bytes.Trim(rest, "\n")) > 0 {
			s.t.Errorf("not one whole frame: %q", p)
			return
		}
		s.handle(c, f)
	}
}

func readMasked(r *bufio.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return nil, err
	}
	if head[1]&0x80 == 0 {
		return nil, errors.New("a client's frame without a mask")
	}
	n := int(head[1] & 127)
	if n == 126 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return nil, err
		}
		n = int(binary.BigEndian.Uint16(head[2:]))
	}
	p := make([]byte, 4+n)
	_, err := io.ReadFull(r, p)
	for i := range n {
		p[4+i] ^= p[i&3]
	}
	return p[4:], err
}

func (c *stubConn) send(frame string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames++
	switch {
	case !c.stub.split:
	case c.frames%3 == 0:
		c.write(frame[:len(frame)/2])
		frame = frame[len(frame)/2:]
	case c.frames%4 == 0:
		frame = "\n" + frame + "\n"
	}
	c.write(frame)
}

func (c *stubConn) write(text string) {
	head := []byte{0x81, byte(len(text))}
	if len(text) > 125 {
		head = []byte{0x81, 126, byte(len(text) >> 8), byte(len(text))}
	}
	_, _ = c.Write(append(head, text...)) // whoever is gone hears nothing
}

func (s *stub) handle(c *stubConn, f stompFrame) {
	switch f.command() {
	case "CONNECT":
		s.connect(c, f)
	case "SUBSCRIBE":
		s.subscribed.Add(1)
		s.subscribe(c, f)
		if receipt := f.text("receipt"); receipt != "" {
			c.send("RECEIPT\nreceipt-id:" + receipt + "\n\n\x00")
		}
	case "SEND":
		s.sent.Add(1)
		s.publish(c, f)
	case "ACK":
		s.acked.Add(1)
		if !strings.HasPrefix(f.text("id"), "ack-") || !strings.HasPrefix(f.text("subscription"), "subscription-id-") {
			s.t.Errorf("a bad ACK: %q", f.head)
		}
	default:
		s.t.Errorf("unexpected: %q", f.head)
	}
}

func (s *stub) connect(c *stubConn, f stompFrame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.user, c.session = f.text("StompX-User"), f.text("StompX-Auth-Session-ID")
	if !s.users[c.user] || f.text("accept-version") != "1.2" {
		c.send("ERROR\n\n{\"error\":\"AccessDeniedError\"}\x00")
		return
	}
	switch {
	case c.session == "":
		c.session = token()
		s.sessions[c.session], s.known[c.session] = c.user, map[string]string{}
	case s.sessions[c.session] != c.user:
		s.t.Errorf("session %q is not one of %s", c.session, c.user)
	default:
		s.resumed.Add(1)
	}
	c.send("CONNECTED\nversion:1.2\nheart-beat:10000,60000\nsession:" + c.session + "\n\n\x00")
}

func (s *stub) subscribe(c *stubConn, f stompFrame) {
	id, destination := f.text("id"), f.text("destination")
	answer := func(resource any) {
		body, _ := json.Marshal(map[string]any{"resource": resource})
		c.send(fmt.Sprintf("MESSAGE\nsubscription:%s\nmessage-id:1\ncontent-length:%d\n\n%s\x00", id, len(body), body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	channelID := strings.TrimSuffix(strings.TrimPrefix(destination, "/application/v1/channels/"), ".relay")
	n, _ := strconv.ParseInt(channelID, 10, 64)
	switch {
	case destination == "/user/queue/v1/errors":
	case destination == "/application/v1/user.relay":
		topics := links{}
		for _, name := range userTopics {
			topics[name] = "/topic/" + c.user + ":" + name
		}
		answer(map[string]any{"_topics": topics})
	case strings.HasSuffix(destination, "_file_access_grant.relay"):
		answer(map[string]string{"grant": "g"})
	case s.channels[n] != nil && s.channels[n].members[c.user]:
		answer(map[string]any{"_topics": s.channels[n].topics, "_actions": links{"message": s.channels[n].message}})
	case strings.HasPrefix(destination, "/topic/"):
		if f.text("ack") != "client-individual" {
			s.t.Errorf("%s is subscribed with ack %q", destination, f.text("ack"))
		}
		if before := s.known[c.session][destination]; before != "" && before != id {
			s.t.Errorf("%s came back as %s, it was %s", destination, id, before)
		}
		c.topics[destination], s.known[c.session][destination] = id, id
		s.heard[destination] = append(s.heard[destination], c)
	default:
		s.t.Errorf("nothing is at %q", destination)
	}
}

func (s *stub) publish(c *stubConn, f stompFrame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room, receipt := s.actions[f.text("destination")], f.text("receipt")
	var body struct{ Type, Body string }
	if err := json.Unmarshal(f.body, &body); err != nil || room == nil || !room.members[c.user] || body.Type != "TEXT" {
		s.t.Errorf("a bad message: %q %q, %v", f.head, f.body, err)
		return
	}
	s.messages++
	deliver := func(to *stubConn, topic, name, more string) {
		s.delivered.Add(1)
		event := fmt.Sprintf(`{"type":%q,"version":"1","resource":{"id":%d,"type":"TEXT","body":%q}}`, name, s.messages, body.Body)
		to.send(fmt.Sprintf("MESSAGE\nsubscription:%s\nmessage-id:%d\nack:ack-%d\n%scontent-length:%d\n\n%s\x00",
			to.topics[topic], s.messages, s.messages, more, len(event), event))
	}
	c.send("RECEIPT\nreceipt-id:" + receipt + "\n\n\x00")
	deliver(c, "/topic/"+c.user+":messages", "user.message.created", "receipt-id:"+receipt+"\n")
	for _, to := range s.heard[room.topics["messages"]] {
		deliver(to, room.topics["messages"], "channel.message.created", "")
	}
}

// measured runs a workload against a stub and gives the windows' results.
func measured(t *testing.T, server *httptest.Server, args ...string) []result {
	t.Helper()
	out := t.TempDir() + "/out.jsonl"
	address := "ws" + strings.TrimPrefix(server.URL, "http") + "/rtm/websocket?api-key=the%20key"
	args = append([]string{"-url", address, "-client-id", "id", "-client-secret", "secret", "-out", out,
		"-repeat", "1", "-d", "300ms", "-warm", "100ms", "-pid", strconv.Itoa(os.Getpid())}, args...)
	if err := run(args); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	for line := range bytes.Lines(text) {
		var r result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	return results
}
