package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"sync"
	"testing"
)

// SockJSTransport is a transport of the SockJS protocol, by the last segment
// of its path.
type SockJSTransport string

// The transports that the classic SDK tries on Node.js, in its order.
const (
	SockJSWebSocket    SockJSTransport = "websocket"
	SockJSXHRStreaming SockJSTransport = "xhr_streaming"
	SockJSEventSource  SockJSTransport = "eventsource"
	SockJSXHRPolling   SockJSTransport = "xhr"
)

var sockJSTransports = []SockJSTransport{SockJSWebSocket, SockJSXHRStreaming, SockJSEventSource, SockJSXHRPolling}

// Gate is an HTTP proxy that lets one SockJS transport through and refuses the
// others, as some company networks do. An application cannot choose the
// transport, so this is the way to have each of them used.
type Gate struct {
	server *httptest.Server
	mu     sync.Mutex
	used   map[SockJSTransport]int
}

// NewGate opens a gate to the server.
func NewGate(t testing.TB, server *Server, only SockJSTransport) *Gate {
	t.Helper()
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	gate := &Gate{used: map[SockJSTransport]int{}}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
		ModifyResponse: func(response *http.Response) error {
			if path.Base(response.Request.URL.Path) == "info" && only != SockJSWebSocket {
				return withoutWebSocket(response)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	gate.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wanted := SockJSTransport(path.Base(r.URL.Path))
		for _, transport := range sockJSTransports {
			if wanted != transport {
				continue
			}
			if wanted != only {
				http.NotFound(w, r)
				return
			}
			gate.mu.Lock()
			gate.used[wanted]++
			gate.mu.Unlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		gate.server.CloseClientConnections()
		gate.server.Close()
	})
	return gate
}

// withoutWebSocket changes the answer of /info, which is where a SockJS server
// says that it has no WebSocket.
func withoutWebSocket(response *http.Response) error {
	var info map[string]any
	if err := json.NewDecoder(response.Body).Decode(&info); err != nil {
		return err
	}
	info["websocket"] = false
	changed, err := json.Marshal(info)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(changed))
	response.ContentLength = int64(len(changed))
	response.Header.Set("Content-Length", strconv.Itoa(len(changed)))
	return nil
}

// Host is what to give to an SDK as its host.
func (g *Gate) Host() string { return g.server.Listener.Addr().String() }

// Used is how many requests of the transport passed.
func (g *Gate) Used(transport SockJSTransport) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used[transport]
}
