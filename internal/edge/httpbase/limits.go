package httpbase

import (
	"net/http"
	"time"
)

const (
	// readGrace lets the context's deadline come first. The server takes a
	// deadline of the connection for a client that has left and cancels the
	// context, which would hide that the time was up.
	readGrace = 250 * time.Millisecond
	// answerGrace is how long after its time is up a request may still say so.
	answerGrace = 5 * time.Second
)

// limitTime sets the deadlines of the connection beside that of the context: the
// context ends the work, these end the waiting for a client that neither sends
// nor takes. What was set for an earlier request on the same connection is
// lifted for a stream.
func (b *base) limitTime(w http.ResponseWriter, t Treatment) {
	connection := http.NewResponseController(w)
	var read, write time.Time
	if limit := b.options.RequestTimeout; !t.Streaming && limit > 0 {
		now := time.Now()
		read = now.Add(limit + readGrace)
		write = now.Add(limit + answerGrace)
	}
	// A writer without deadlines, as in some tests, has none to set.
	_ = connection.SetReadDeadline(read)
	_ = connection.SetWriteDeadline(write)
}

// limitBody refuses a body that says it is too large, and cuts off one that turns
// out to be. It reports whether to go on.
func (b *base) limitBody(w http.ResponseWriter, answer *response, r *http.Request, t Treatment) bool {
	limit := b.options.MaxBody
	if t.MaxBody != 0 {
		limit = t.MaxBody
	}
	if limit <= 0 || r.Body == nil || r.Body == http.NoBody {
		return true
	}
	if r.ContentLength > limit {
		answer.Header().Set("Connection", "close") // rather than read what nobody wants
		WriteTooLarge(answer)
		return false
	}
	// It is given the server's own writer: that one it can tell to close.
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	return true
}
