package httpbase

import (
	"io"
	"net/http"
	"time"
)

const (
	// patience is how long an upload may stand still.
	patience = time.Minute
	// slowest is the pace, in bytes a second, below which a download is given
	// up.
	slowest = 8 << 10
	// drained and drainTime bound what is read of a body that nobody wants, so
	// that its sender gets to read why.
	drained   = 16 << 20
	drainTime = 5 * time.Second
)

// LimitUpload bounds a request that is streamed in: it may have so many bytes,
// and may stand still for a minute, but may take as long as it likes beyond
// that.
func LimitUpload(w http.ResponseWriter, r *http.Request, limit int64) {
	connection := http.NewResponseController(w)
	r.Body = http.MaxBytesReader(w, &patient{ReadCloser: r.Body, connection: connection}, limit)
}

type patient struct {
	io.ReadCloser
	connection *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	// A writer without deadlines, as in some tests, has none to set.
	_ = p.connection.SetReadDeadline(time.Now().Add(patience))
	return p.ReadCloser.Read(b)
}

// LimitDownload bounds how long an answer of so many bytes may take.
func LimitDownload(w http.ResponseWriter, size int64) {
	// A writer without deadlines, as in some tests, has none to set.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience + time.Duration(size/slowest)*time.Second))
}

// RefuseHalfWay answers a request whose body is not read to its end, and goes on
// reading for a while: clients that are cut off while they send often do not
// look whether there is an answer.
func RefuseHalfWay(w http.ResponseWriter, r *http.Request, answer func()) {
	connection := http.NewResponseController(w)
	// Where there are no deadlines or no two ways at once, as in some tests, it
	// is answered all the same.
	_ = connection.EnableFullDuplex()
	w.Header().Set("Connection", "close")
	answer()
	_ = connection.Flush()
	_ = connection.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, r.Body, drained) // it ends as it likes
}
