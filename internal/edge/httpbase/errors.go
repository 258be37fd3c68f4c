package httpbase

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// apiError is the error object of the Platform API.
type apiError struct {
	Error     string `json:"error"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
}

// WriteError answers with an error in the shape of the Platform API: a name that
// programs may rely on, and a message for people. It is JSON whatever was asked
// for.
func WriteError(w http.ResponseWriter, status int, name, message string) {
	writeError(w, status, name, message)
}

func writeError(w http.ResponseWriter, status int, name, message string) int {
	body, err := json.Marshal(apiError{
		Error:     name,
		Message:   message,
		Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	})
	if err != nil {
		panic(err) // strings always encode
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	w.WriteHeader(status)
	// Who has left does not hear it; there is nobody else to tell.
	n, _ := w.Write(append(body, '\n'))
	return n
}

// TooLarge reports whether reading a body failed because it exceeds its limit,
// which is to be answered with 413.
func TooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}

// WriteTooLarge answers a request whose body exceeds its limit.
func WriteTooLarge(w http.ResponseWriter) {
	WriteError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeError", "The body of the request is too large")
}
