package rtm

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/purrchat/purr/internal/kit/stomp"
	"github.com/purrchat/purr/internal/realtime"
)

// newWire makes a link and its other end. What the kernel takes at once is little, so
// that the link is congested soon. Plain hides that writes can be tried, as TLS
// does.
func newWire(t *testing.T, plain bool) (*socketLink, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	far, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	if err := near.(*net.TCPConn).SetWriteBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	_ = far.SetDeadline(time.Now().Add(20 * time.Second))
	if plain {
		return newSocketLink(struct{ net.Conn }{near}), far
	}
	return newSocketLink(near), far
}

// frames reads what a link has written, to its end: the number in the body of
// each message, or what it is else.
func frames(t *testing.T, far net.Conn) string {
	t.Helper()
	octets, err := io.ReadAll(far)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for r := bytes.NewReader(octets); r.Len() > 0; {
		first, _ := r.ReadByte()
		second, _ := r.ReadByte()
		length := int(second)
		if extra := map[byte]int{126: 2, 127: 8}[second]; extra > 0 {
			length = 0
			for range extra {
				b, _ := r.ReadByte()
				length = length<<8 | int(b)
			}
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(r, payload); err != nil {
			t.Fatalf("after %v the wire is torn: %v", words, err)
		}
		switch first & 0x0f {
		case gorilla.CloseMessage:
			words = append(words, "close")
		case gorilla.PongMessage:
			words = append(words, "pong")
		default:
			text := string(payload)
			if command, _, _ := strings.Cut(text, "\n"); command == "RECEIPT" || command == "ERROR" {
				words = append(words, command)
				continue
			}
			_, body, _ := strings.Cut(text, "\n\n")
			number, _, _ := strings.Cut(body, " ")
			if !strings.HasSuffix(text, "\x00") || !strings.Contains(text, "\ncontent-length:"+strconv.Itoa(len(body)-1)+"\n") {
				t.Fatalf("torn: %.200q", text)
			}
			words = append(words, number)
		}
	}
	return strings.Join(words, " ")
}

// numbered makes items with bodies of some size, for a listener.
func numbered(size int, numbers ...int) []realtime.Item {
	sub := &realtime.Subscription{ID: "sub", Destination: "/topic/x"}
	var items []realtime.Item
	for _, n := range numbers {
		body := strconv.Itoa(n) + " " + strings.Repeat("x", size) + "\x00"
		items = append(items, realtime.Item{Subscription: sub, Frame: &realtime.Frame{Mark: realtime.Mark(n), Body: []byte(body)}})
	}
	return items
}

// TestACongestedWireTearsNothing: whatever comes while a write is under way,
// what arrives is whole, and nothing that is needed is missing.
func TestACongestedWireTearsNothing(t *testing.T) {
	t.Parallel()
	for name, plain := range map[string]bool{"tried": false, "waited for": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, far := newWire(t, plain)
			const huge = 8 << 20 // more than the kernel takes
			if l.Deliver(numbered(huge, 1)) {
				t.Fatal("not congested")
			}
			l.direct([]byte("RECEIPT\n\n\x00")) // is not worth waiting for
			if l.Deliver(numbered(10, 2, 3)) || l.Deliver(numbered(1000, 4)) {
				t.Error("not congested any more")
			}
			l.finish()
			if !l.Deliver(numbered(10, 5)) { // too late
				t.Error("a closed wire is congested")
			}
			if got, want := frames(t, far), "1 2 3 4"; got != want {
				t.Errorf("written: %s, want %s", got, want)
			}
		})
	}
}

func TestAWireEndsInOrder(t *testing.T) {
	t.Parallel()
	for want, end := range map[string]func(*socketLink){
		"1 close":       (*socketLink).finish,
		"1 close ":      (*socketLink).goAway,
		"1 close  ":     func(l *socketLink) { l.Cut(realtime.Superseded) },
		"1 close   ":    func(l *socketLink) { l.Cut(realtime.TooSlow) },
		"1 ERROR close": func(l *socketLink) { l.Cut(realtime.UserGone) },
	} {
		l, far := newWire(t, false)
		if !l.Deliver(numbered(10, 1)) {
			t.Error("congested")
		}
		end(l)
		end(l) // a second time does nothing
		if got := frames(t, far); got != strings.TrimSpace(want) {
			t.Errorf("written: %s, want %s", got, want)
		}
	}
}

func TestManyItemsAreWrittenAsTheyAre(t *testing.T) {
	t.Parallel()
	l, far := newWire(t, false)
	var want []string
	var numbers []int
	for n := range 128 {
		numbers = append(numbers, n+1)
	}
	for size := range 6 {
		l.Deliver(numbered(size*200, numbers...))
		for _, n := range numbers {
			want = append(want, strconv.Itoa(n))
		}
		if size == 3 {
			l.write([]byte{0x80 | gorilla.PongMessage, 0})
		}
	}
	done := make(chan string, 1)
	go func() { done <- frames(t, far) }()
	for {
		l.mu.Lock()
		congested := l.congested
		l.mu.Unlock()
		if !congested {
			break
		}
		time.Sleep(time.Millisecond) // nothing tells of it without a session
	}
	l.finish()
	got := strings.ReplaceAll(<-done, " pong", "")
	if got != strings.Join(want, " ")+" close" {
		t.Errorf("written: %s", got)
	}
}

func TestTheHeadOfAnEvent(t *testing.T) {
	t.Parallel()
	it := realtime.Item{
		Subscription: &realtime.Subscription{ID: `s\c1`, Destination: "/topic/v1/users/7.self", Slot: 37},
		Frame:        &realtime.Frame{Mark: realtime.MarkOf(5, 2), Request: "r:1\n", Body: []byte("{}\x00")},
	}
	var f stomp.Frame
	decoder := stomp.NewDecoder(1 << 20)
	decoder.Server = true
	message := append(appendHead(nil, &it), it.Frame.Body...)
	if _, err := decoder.Decode(&f, message); err != nil {
		t.Fatalf("%v: %q", err, message)
	}
	for name, want := range map[string]string{
		"subscription": `s\c1`, "destination": "/topic/v1/users/7.self", "message-id": "11-2a", "ack": "11-2a", "receipt-id": `r\c1\n`,
		"content-type": "application/json", "content-length": "2",
	} {
		if got := string(f.Header(name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
