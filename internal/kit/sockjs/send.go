package sockjs

import (
	"errors"
	"io"
	"net/http"
)

// serveSend serves xhr_send, by which clients of all HTTP transports send. It
// answers when the messages have been received.
func (h *Handler) serveSend(w http.ResponseWriter, r *http.Request, id string) {
	if preflight(w, r, http.MethodPost) || !allow(w, r, http.MethodPost) {
		return
	}
	h.enter()
	defer h.leave()
	allowOrigin(w, r)
	forbidCaching(w)
	s := h.lookup(id)
	if s == nil {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(h.opts.MaxPayload)))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		http.Error(w, "Payload too large.", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "Payload incomplete.", http.StatusBadRequest)
		return
	}
	messages, err := decodeArray(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // as prescribed
		return
	}
	if err := s.deliver(r.Context(), messages); err != nil {
		return // the client has gone
	}
	// Without a content type some browsers take the empty body for broken XML.
	w.Header().Set("Content-Type", plainText)
	w.WriteHeader(http.StatusNoContent)
}
