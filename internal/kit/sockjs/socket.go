package sockjs

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/kit/websocket"
)

const (
	// closeWait is how long the client may take to answer a close frame.
	closeWait = 2 * time.Second
	// maxControl is how many octets of pongs wait, for a client that sends
	// pings and does not read.
	maxControl = 4 << 10
)

// socket is a session's WebSocket. It lives as long as the session.
type socket struct {
	session *Session
	conn    net.Conn
	writers sync.WaitGroup // at most one writer

	// Guarded by the lock of the session:

	control   []byte // WebSocket frames to send first: pongs
	heartbeat bool   // a heart-beat is due
	farewell  []byte // WebSocket frame to send last, instead of the usual ones
	said      bool   // the last frames have been taken, nothing may follow
	writing   bool   // there is a writer
	patience  time.Duration
	beat      *time.Timer
}

// serveWebsocket follows the section "WebSocket protocols". The session lives
// and ends with its WebSocket, so that its id is of no interest.
func (h *Handler) serveWebsocket(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.opts.DisableWebsocket:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case r.Header.Get("Upgrade") == "":
		http.Error(w, `Can "Upgrade" only to "WebSocket".`, http.StatusBadRequest)
		return
	case !websocket.IsUpgrade(r):
		http.Error(w, `"Connection" must be "Upgrade".`, http.StatusBadRequest)
		return
	}
	h.enter()
	if !h.upgrade(w, r) {
		h.leave()
	}
}

// upgrade starts a session and returns whether it did. The session leaves the
// handler at its end.
func (h *Handler) upgrade(w http.ResponseWriter, r *http.Request) bool {
	h.mu.Lock()
	s, err := h.open(r, "websocket", nil)
	h.mu.Unlock()
	if err != nil {
		http.Error(w, "Service unavailable.", http.StatusServiceUnavailable)
		return false
	}
	conn, early, _, err := websocket.Upgrade(w, r, nil)
	if err != nil {
		h.forget(s)
		return false
	}
	k := &socket{session: s, conn: conn, patience: h.opts.WriteTimeout}
	// Not on this goroutine, whose stack and buffers net/http can then reuse.
	go func() {
		defer h.leave()
		k.run(early)
	}()
	return true
}

// run serves the connection to its end.
func (k *socket) run(early []byte) {
	k.session.mu.Lock()
	k.control = websocket.AppendFrame(nil, websocket.Text, []byte(frameOpen))
	k.beat = time.AfterFunc(k.session.handler.opts.Heartbeat, k.beatNow)
	k.session.outlet = k
	k.wake()
	k.session.mu.Unlock()

	k.session.start()
	k.finish(k.read(early))
}

// read receives messages until the connection ends.
func (k *socket) read(early []byte) error {
	opts := k.session.handler.opts
	r := websocket.NewReader(k.conn, early, websocket.ReaderOptions{
		MaxMessage: opts.MaxPayload,
		Buffers:    opts.Buffers,
		Ping:       k.pong,
	})
	defer r.Release()
	for {
		_, payload, err := r.ReadMessage()
		if err != nil {
			return err
		}
		messages, err := decodeFrame(payload)
		if err != nil {
			return fmt.Errorf("sockjs: %w", err)
		}
		if err := k.session.deliver(k.session.request.Context(), messages); err != nil {
			return err
		}
	}
}

var errPings = errors.New("sockjs: too many pings")

func (k *socket) pong(payload []byte) error {
	k.session.mu.Lock()
	defer k.session.mu.Unlock()
	if len(k.control)+len(payload) > maxControl {
		return errPings
	}
	k.control = websocket.AppendPong(k.control, payload)
	k.wake()
	return nil
}

// beatNow runs on the timer.
func (k *socket) beatNow() {
	k.session.mu.Lock()
	defer k.session.mu.Unlock()
	if k.session.closed {
		return
	}
	k.heartbeat = true
	k.wake()
	k.beat.Reset(k.session.handler.opts.Heartbeat)
}

// finish closes session and connection after reading has ended. An orderly end
// is answered as RFC 6455 wants it, anything else ends the connection abruptly,
// as the protocol's text wants it for broken JSON.
func (k *socket) finish(err error) {
	s := k.session
	s.mu.Lock()
	k.beat.Stop()
	closed := new(websocket.CloseError)
	orderly := errors.As(err, &closed)
	if orderly && !k.said {
		k.farewell = closed.Append(nil)
	}
	if !s.closed {
		s.closed, s.code, s.reason = true, codeAbnormal, textInterrupted
		if orderly {
			s.code, s.reason = closed.Code, closed.Reason
		}
	}
	if orderly {
		k.wake()
	}
	k.said = k.said || !orderly
	s.outlet = nil // no further writer will start
	s.mu.Unlock()

	if !orderly {
		_ = k.conn.Close()
	}
	k.writers.Wait()
	_ = k.conn.Close()
	s.handler.forget(s)
	s.settle()
}

// wake starts a writer if there is none.
func (k *socket) wake() {
	if k.writing {
		return
	}
	k.writing = true
	k.writers.Go(k.write)
}

func (k *socket) hurry(d time.Duration) {
	k.patience = d
	_ = k.conn.SetDeadline(in(d))
}

// write writes until there is nothing left to write.
func (k *socket) write() {
	for {
		data, patience := k.take()
		if data == nil {
			return
		}
		_ = k.conn.SetWriteDeadline(in(patience))
		if _, err := k.conn.Write(data); err != nil {
			// The reader notices, and ends everything.
			_ = k.conn.Close()
		}
	}
}

// take returns all that is waiting as WebSocket frames. If there is nothing the
// writer has ended.
func (k *socket) take() ([]byte, time.Duration) {
	s := k.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.said {
		k.writing = false
		return nil, 0
	}
	data := k.control
	k.control = nil
	if len(s.queue) > 0 {
		frame, at := sealQueue(s.queue)
		s.queue = nil
		var header [websocket.MaxHeaderSize]byte
		frame = prepend(frame, at, string(websocket.AppendFrameHeader(header[:0], websocket.Text, len(frame)-at)))
		data = join(data, frame)
	}
	if k.heartbeat {
		k.heartbeat = false
		data = websocket.AppendFrame(data, websocket.Text, []byte(frameHeartbeat))
	}
	if s.closed {
		data = k.appendLast(data)
	}
	k.writing = data != nil
	return data, k.patience
}

// join avoids copying where there is nothing to put in front.
func join(head, tail []byte) []byte {
	if len(head) == 0 {
		return tail
	}
	return append(head, tail...)
}

// appendLast appends what ends the connection.
func (k *socket) appendLast(data []byte) []byte {
	k.said = true
	if k.farewell != nil {
		return append(data, k.farewell...)
	}
	_ = k.conn.SetReadDeadline(in(closeWait))
	frame := appendClose(nil, k.session.code, k.session.reason)
	data = websocket.AppendFrame(data, websocket.Text, frame)
	return websocket.AppendClose(data, websocket.StatusNormal, "")
}
