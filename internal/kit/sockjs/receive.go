package sockjs

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// transport is a way to send frames in an HTTP response.
type transport struct {
	name, method, contentType string
	// prelude comes first in the response, before and after surround each
	// frame.
	prelude, before, after string
	// streaming responses carry more than one frame.
	streaming bool
	// percent signs in frames are percent-encoded.
	percent bool
}

func transportOf(name string) (transport, bool) {
	const script = "application/javascript; charset=UTF-8"
	switch name {
	case "xhr":
		return transport{name: name, method: http.MethodPost, contentType: script, after: "\n"}, true
	case "xhr_streaming":
		return transport{
			name: name, method: http.MethodPost, contentType: script,
			// Some browsers hold back the first 2 KiB.
			prelude: strings.Repeat("h", 2<<10) + "\n", after: "\n", streaming: true,
		}, true
	case "eventsource":
		return transport{
			name: name, method: http.MethodGet, contentType: "text/event-stream; charset=UTF-8",
			prelude: "\r\n", before: "data: ", after: "\r\n\r\n", streaming: true,
			// Clients undo percent-encoding in what they get by this one.
			percent: true,
		}, true
	}
	return transport{}, false
}

// receiver is a request that waits for the messages of a session. All its
// methods but those of outlet are called by the handler of that request.
type receiver struct {
	handler   *Handler
	transport transport
	w         http.ResponseWriter
	control   *http.ResponseController
	gone      <-chan struct{} // the client has hung up
	woken     chan struct{}   // holds at most one
	session   *Session
	sent      int // octets since the prelude
}

func (rx *receiver) wake() {
	select {
	case rx.woken <- struct{}{}:
	default:
	}
}

func (rx *receiver) hurry(d time.Duration) { _ = rx.control.SetWriteDeadline(in(d)) }

// serveReceive serves a request of one of the transports over HTTP.
func (h *Handler) serveReceive(w http.ResponseWriter, r *http.Request, id string, t transport) {
	if preflight(w, r, t.method) || !allow(w, r, t.method) {
		return
	}
	// A body means nothing, but that the client has gone is noticed only when
	// it has been read.
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, int64(h.opts.MaxPayload)))
	h.enter()
	defer h.leave()
	rx := &receiver{
		handler: h, transport: t, w: w, control: http.NewResponseController(w),
		gone: r.Context().Done(), woken: make(chan struct{}, 1),
	}
	s, opened, err := h.find(id, rx, r)
	if errors.Is(err, errUnavailable) {
		http.Error(w, "Service unavailable.", http.StatusServiceUnavailable)
		return
	}
	rx.session = s
	rx.begin(r)
	defer rx.end()
	if errors.Is(err, errConflict) {
		_ = rx.send(appendClose(nil, codeConflict, textConflict), true)
		return
	}
	if opened && !rx.open() {
		return
	}
	rx.run()
}

// begin sends the header, and of a streaming response the prelude.
func (rx *receiver) begin(r *http.Request) {
	// A server's timeouts are not made for requests that wait. Not every
	// response supports this, and without it nothing is lost but time.
	_ = rx.control.SetReadDeadline(time.Time{})
	allowOrigin(rx.w, r)
	forbidCaching(rx.w)
	rx.w.Header().Set("Content-Type", rx.transport.contentType)
	if rx.transport.streaming {
		// Asks reverse proxies that know it not to hold frames back.
		rx.w.Header().Set("X-Accel-Buffering", "no")
		// An error here comes back with the first frame.
		_, _ = io.WriteString(rx.w, rx.transport.prelude)
	}
}

// end leaves the connection without a deadline of ours, as it may carry other
// requests.
func (rx *receiver) end() {
	rx.session.detach(rx)
	_ = rx.control.SetWriteDeadline(time.Time{})
}

// open tells the client that its session is open, then accepts the session. It
// returns false if that was all for this request.
func (rx *receiver) open() bool {
	if err := rx.send([]byte(frameOpen), false); err != nil {
		rx.session.endTurn()
		return false
	}
	rx.session.start()
	return rx.transport.streaming
}

// run sends frames until the response is complete or the client has gone.
func (rx *receiver) run() {
	heartbeat := time.NewTimer(rx.handler.opts.Heartbeat)
	defer heartbeat.Stop()
	for {
		frame, last := rx.session.take()
		if frame == nil {
			select {
			case <-rx.woken:
				continue
			case <-rx.gone:
				rx.session.interrupt(rx)
				return
			case <-heartbeat.C:
				frame = []byte(frameHeartbeat)
			}
		}
		if err := rx.send(frame, last); err != nil || last || rx.complete() {
			return
		}
		heartbeat.Reset(rx.handler.opts.Heartbeat)
	}
}

// complete reports whether the client has to ask for another response.
// Browsers keep a whole response in memory, so that even a stream has to end.
func (rx *receiver) complete() bool {
	return !rx.transport.streaming || rx.sent >= rx.handler.opts.ResponseLimit
}

// send writes one frame, the last one of the response if it says so. An error
// has interrupted the session.
func (rx *receiver) send(frame []byte, last bool) error {
	t := rx.transport
	if t.percent {
		frame = bytes.ReplaceAll(frame, []byte("%"), []byte("%25"))
	}
	data := make([]byte, 0, len(t.before)+len(frame)+len(t.after))
	data = append(append(append(data, t.before...), frame...), t.after...)
	rx.sent += len(data)
	if !t.streaming {
		rx.w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	}
	if last || rx.complete() {
		// The client may ask again as soon as it has read this.
		rx.session.detach(rx)
	}
	_ = rx.control.SetWriteDeadline(in(rx.handler.opts.WriteTimeout))
	_, err := rx.w.Write(data)
	if err == nil {
		err = rx.control.Flush()
	}
	if err != nil {
		rx.session.interrupt(rx)
	}
	return err
}

// take returns the next frame that is waiting, nil if none is, and whether it
// is the last of the session.
func (s *Session) take() (frame []byte, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		frame, at := sealQueue(s.queue)
		s.queue = nil
		return frame[at:], false
	}
	if s.closed {
		return appendClose(nil, s.code, s.reason), true
	}
	return nil, false
}
