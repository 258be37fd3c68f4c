package httpbase

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// response notes what goes out. It hands through what streams and WebSockets
// need: Flush and Hijack for those who assert them, and Unwrap for
// http.ResponseController.
type response struct {
	http.ResponseWriter
	exchange *exchange

	status   int
	bytes    int64
	replaced bool     // the body was written by us in place of the mux's
	hijacked net.Conn // whose answer is out of our hands
}

var (
	_ http.Flusher  = (*response)(nil)
	_ http.Hijacker = (*response)(nil)
	_ io.ReaderFrom = (*response)(nil)
)

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	// Informational answers precede the real one, but for the one that is it.
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	if w.isOfMux(status) {
		w.replace(status)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// isOfMux tells that no route matched and that the mux, which speaks plain text,
// is about to say so.
func (w *response) isOfMux(status int) bool {
	return (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && w.exchange.route() == ""
}

// replace answers in the API's words. Those of the mux, which follow, are
// dropped.
func (w *response) replace(status int) {
	name, message := "ResourceNotFoundError", "Resource not found"
	if status == http.StatusMethodNotAllowed {
		name, message = "MethodNotAllowedError", "This resource does not have that method"
	}
	w.replaced = true
	n := writeError(w.ResponseWriter, status, name, message)
	w.bytes += int64(n)
}

func (w *response) Write(p []byte) (int, error) {
	w.writeImplicitHeader()
	if w.replaced {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom lets the server send a file without bringing it through here.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	w.writeImplicitHeader()
	if w.replaced {
		return io.Copy(io.Discard, src)
	}
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

func (w *response) writeImplicitHeader() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// Flush sends what is written so far.
func (w *response) Flush() {
	w.writeImplicitHeader()
	// A writer that cannot flush sends when it likes; http.Flusher has no word
	// for that.
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack hands the connection over.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked = conn
		if w.status == 0 {
			w.status = http.StatusSwitchingProtocols
		}
	}
	return conn, rw, err
}

// begun reports whether it is too late for another answer.
func (w *response) begun() bool { return w.status != 0 }

// sentStatus is what the client sees; a handler that wrote nothing sent 200.
func (w *response) sentStatus() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// abort ends the connection in the middle of the answer. It does not return.
func (w *response) abort() {
	if w.hijacked != nil {
		_ = w.hijacked.Close() // net/http no longer would
	}
	panic(http.ErrAbortHandler)
}
