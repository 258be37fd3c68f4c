package websocket

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// ErrHandshake means that a request was no valid opening handshake. It has been
// answered with the HTTP status that fits.
var ErrHandshake = errors.New("websocket: not a valid handshake")

// handshakeTimeout bounds the writing of the answer, which fits into the
// buffers of any socket that is not broken.
const handshakeTimeout = 10 * time.Second

// IsUpgrade reports whether the request asks for a WebSocket. It does not say
// that the request is valid.
func IsUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// Upgrade answers an opening handshake (RFC 6455, section 4.2) and takes the
// connection over from net/http. Of the sub-protocols that the client offers,
// the first that is in protocols is chosen; if none is, the answer names none
// and it is the client's choice to go on.
//
// It returns the connection without deadlines, what the client has sent since
// (owned by the caller, to be given to [NewReader]), and the chosen
// sub-protocol. After an error the response has been written and the caller
// must just return.
//
// The request must have come by HTTP/1.1. Its context ends when the handler
// returns, as always.
func Upgrade(
	w http.ResponseWriter, r *http.Request, protocols []string,
) (conn net.Conn, early []byte, protocol string, err error) {
	if status, reason := checkHandshake(r); status != 0 {
		refuse(w, status, reason)
		return nil, nil, "", fmt.Errorf("%w: %s", ErrHandshake, reason)
	}
	upgrader := ws.HTTPUpgrader{
		Timeout:  handshakeTimeout,
		Protocol: func(offered string) bool { return slices.Contains(protocols, offered) },
	}
	conn, rw, handshake, err := upgrader.Upgrade(r, w)
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the answer was written or can not be
		}
		return nil, nil, "", fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	if n := rw.Reader.Buffered(); n > 0 {
		held, _ := rw.Reader.Peek(n) // what is buffered can be peeked at
		early = bytes.Clone(held)
	}
	return conn, early, handshake.Protocol, nil
}

// checkHandshake returns the status and the reason to refuse a request with, or
// zero. The checks of the upgrader come too late to answer in the ordinary way,
// after the connection has been taken from net/http.
func checkHandshake(r *http.Request) (status int, reason string) {
	switch {
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "method is not GET"
	case !hasToken(r.Header, "Upgrade", "websocket"):
		return http.StatusUpgradeRequired, "this is a WebSocket endpoint"
	case !hasToken(r.Header, "Connection", "upgrade"):
		return http.StatusBadRequest, "Connection is not Upgrade"
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return http.StatusHTTPVersionNotSupported, "HTTP version is not 1.1"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return http.StatusUpgradeRequired, "Sec-WebSocket-Version is not 13"
	case !validKey(r.Header.Get("Sec-WebSocket-Key")):
		return http.StatusBadRequest, "Sec-WebSocket-Key is not 16 octets in Base64"
	}
	return 0, ""
}

func refuse(w http.ResponseWriter, status int, reason string) {
	switch status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
	}
	http.Error(w, reason, status)
}

// validKey follows RFC 6455, section 4.1: a nonce of 16 octets in Base64.
func validKey(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(nonce) == 16
}

// hasToken looks for a token in a header that is a comma-separated list, such
// as "keep-alive, Upgrade".
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}
