package harness

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Wire is a bad network: a TCP proxy for WebSocket connections between an SDK
// and the server that cuts them when it is told to.
//
// A cut can be fair or brutal. Between a handler's run and the arrival of its
// acknowledgement nobody can know whether the message was handled, so after a
// brutal cut the server has to repeat what it cannot know to be handled. A fair
// cut first stops everything towards the client, lets the acknowledgements of
// what did arrive through, and then cuts: every message was either handled and
// acknowledged or never seen. That is what "exactly once" can be asked of.
type Wire struct {
	t        testing.TB
	listener net.Listener

	mu          sync.Mutex
	server      string
	links       map[*link]bool
	attempts    int
	established int
	beats       int
	changed     chan struct{}
	onSend      chan struct{}
}

// link is one connection through the wire.
type link struct {
	client *net.TCPConn
	server *net.TCPConn

	mu        sync.Mutex
	progress  *sync.Cond
	frozen    bool
	delivered int
	acked     int
	over      bool
}

// NewWire opens a wire to the server.
func NewWire(t testing.TB, server *Server) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wire := &Wire{
		t: t, listener: listener, server: server.Host(),
		links: map[*link]bool{}, changed: make(chan struct{}),
	}
	go wire.accept()
	t.Cleanup(func() {
		_ = listener.Close()
		// Usually there is nothing left to cut.
		_ = wire.Break()
	})
	return wire
}

// Host is what to give to an SDK as its host.
func (w *Wire) Host() string { return w.listener.Addr().String() }

// LeadTo makes connections from now on go to another server.
func (w *Wire) LeadTo(server *Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = server.Host()
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.change(func() { w.attempts++ })
		go w.serve(client.(*net.TCPConn))
	}
}

// change changes what is counted and wakes those who wait for it.
func (w *Wire) change(counted func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counted()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *Wire) serve(client *net.TCPConn) {
	defer closing(client)
	w.mu.Lock()
	to := w.server
	w.mu.Unlock()
	dialed, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	server := dialed.(*net.TCPConn)
	defer closing(server)
	fromClient, fromServer := bufio.NewReader(client), bufio.NewReader(server)

	request, err := http.ReadRequest(fromClient)
	if err != nil {
		return
	}
	// Compressed frames could not be told apart.
	request.Header.Del("Sec-WebSocket-Extensions")
	if err := request.Write(server); err != nil {
		return
	}
	response, err := http.ReadResponse(fromServer, request)
	if err != nil {
		return
	}
	defer closing(response.Body)
	if err := response.Write(client); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		return
	}

	l := &link{client: client, server: server}
	l.progress = sync.NewCond(&l.mu)
	w.change(func() {
		w.established++
		w.links[l] = true
	})
	defer func() {
		w.mu.Lock()
		delete(w.links, l)
		w.mu.Unlock()
	}()

	down := make(chan struct{})
	go func() {
		defer close(down)
		l.relayDown(fromServer, func() { w.change(func() { w.beats++ }) })
		_ = client.Close()
	}()
	w.relayUp(l, fromClient)
	// The server still reads what was sent before the end, and what it says
	// now is thrown away. Closing at once could take back what it has not read.
	l.freeze()
	_ = server.CloseWrite()
	<-down
	l.mu.Lock()
	l.over = true
	l.progress.Broadcast()
	l.mu.Unlock()
}

// relayDown passes frames to the client until the server ends the connection,
// and tells of heart-beats.
func (l *link) relayDown(server *bufio.Reader, beat func()) {
	for {
		frame, err := readFrame(server)
		if err != nil {
			return
		}
		l.mu.Lock()
		if !l.frozen {
			if bytes.HasPrefix(frame.text, []byte("MESSAGE\n")) && bytes.Contains(headersOf(frame.text), []byte("\nack:")) {
				l.delivered++
			}
			err = frame.writeTo(l.client)
		}
		l.mu.Unlock()
		if err != nil {
			// The client is gone; the server is drained until it notices.
			l.freeze()
		}
		if string(frame.text) == "\n" {
			beat()
		}
	}
}

// relayUp passes frames to the server until the client is gone or cut off.
func (w *Wire) relayUp(l *link, client *bufio.Reader) {
	var cut chan struct{}
	for {
		frame, err := readFrame(client)
		if err != nil {
			return
		}
		if cut == nil && bytes.HasPrefix(frame.text, []byte("SEND\n")) {
			if cut = w.takeOnSend(); cut != nil {
				l.freeze()
			}
		}
		if err := frame.writeTo(l.server); err != nil {
			return
		}
		if bytes.HasPrefix(frame.text, []byte("ACK\n")) {
			l.acknowledge()
		}
		if cut != nil && l.settled() {
			l.cutClient()
			close(cut)
			return
		}
	}
}

func (l *link) acknowledge() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked++
	l.progress.Broadcast()
}

// settled says whether everything delivered is acknowledged.
func (l *link) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked >= l.delivered
}

func (l *link) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = true
}

// cutClient ends the client's connection without a goodbye.
func (l *link) cutClient() {
	_ = l.client.SetLinger(0)
	_ = l.client.Close()
}

// awaitAcknowledgements waits until everything delivered is acknowledged.
func (l *link) awaitAcknowledgements() error {
	timeout := time.AfterFunc(Patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.progress.Broadcast()
	})
	defer timeout.Stop()
	deadline := time.Now().Add(Patience)
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.acked < l.delivered && !l.over {
		if !time.Now().Before(deadline) {
			return fmt.Errorf("of %d messages only %d were acknowledged within %s", l.delivered, l.acked, Patience)
		}
		l.progress.Wait()
	}
	return nil
}

func (w *Wire) current() []*link {
	w.mu.Lock()
	defer w.mu.Unlock()
	var links []*link
	for l := range w.links {
		links = append(links, l)
	}
	return links
}

var errNoLink = errors.New("nothing is connected to the wire")

// Freeze stops everything towards the client and returns when the server has
// the acknowledgements of all that arrived before. The connection stays until
// the server, or Cut, ends it.
func (w *Wire) Freeze() error {
	links := w.current()
	if len(links) == 0 {
		return errNoLink
	}
	for _, l := range links {
		l.freeze()
		if err := l.awaitAcknowledgements(); err != nil {
			return err
		}
	}
	return nil
}

// Cut cuts all connections fairly.
func (w *Wire) Cut() error {
	if err := w.Freeze(); err != nil {
		return err
	}
	return w.Break()
}

// Break cuts all connections brutally, whatever is under way.
func (w *Wire) Break() error {
	links := w.current()
	if len(links) == 0 {
		return errNoLink
	}
	for _, l := range links {
		l.cutClient()
	}
	return nil
}

// CutOnSend prepares a fair cut for the next SEND frame: the server receives
// the frame, the client never hears of it. The channel is closed after the cut.
func (w *Wire) CutOnSend() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onSend = make(chan struct{})
	return w.onSend
}

func (w *Wire) takeOnSend() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	armed := w.onSend
	w.onSend = nil
	return armed
}

// Attempts is the number of connections that clients have tried so far.
func (w *Wire) Attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.attempts
}

// AwaitConnections returns when, over time, that many connections have been
// established.
func (w *Wire) AwaitConnections(count int) error {
	return w.await(count, "connections", &w.established, ReconnectPatience)
}

// AwaitBeats returns when, over time, the server has sent that many heart-beats.
func (w *Wire) AwaitBeats(count int) error {
	return w.await(count, "heart-beats", &w.beats, time.Duration(count)*Patience)
}

func (w *Wire) await(count int, what string, counter *int, patience time.Duration) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		w.mu.Lock()
		counted, changed := *counter, w.changed
		w.mu.Unlock()
		if counted >= count {
			return nil
		}
		select {
		case <-changed:
		case <-timeout.C:
			return fmt.Errorf("%d %s within %s, want %d", counted, what, patience, count)
		}
	}
}

// StaysQuiet fails the test if a client connects while the wire is watched.
func (w *Wire) StaysQuiet(watch time.Duration) {
	w.t.Helper()
	w.mu.Lock()
	changed := w.changed
	w.mu.Unlock()
	select {
	case <-changed:
		w.t.Fatal("a client connected although it should have stayed away")
	case <-time.After(watch):
	}
}

// frame is a WebSocket frame as it came, and its payload unmasked.
type frame struct {
	header  ws.Header
	payload []byte
	text    []byte
}

func readFrame(from *bufio.Reader) (frame, error) {
	header, err := ws.ReadHeader(from)
	if err != nil {
		return frame{}, err
	}
	payload := make([]byte, header.Length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return frame{}, err
	}
	text := payload
	if header.Masked {
		text = bytes.Clone(payload)
		ws.Cipher(text, header.Mask, 0)
	}
	return frame{header: header, payload: payload, text: text}, nil
}

func (f frame) writeTo(conn net.Conn) error {
	var whole bytes.Buffer
	if err := ws.WriteHeader(&whole, f.header); err != nil {
		return err
	}
	whole.Write(f.payload)
	_, err := conn.Write(whole.Bytes())
	return err
}

func headersOf(stomp []byte) []byte {
	headers, _, _ := bytes.Cut(stomp, []byte("\n\n"))
	return headers
}
