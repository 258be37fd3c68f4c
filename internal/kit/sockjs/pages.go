package sockjs

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	oneYear   = 365 * 24 * time.Hour
	plainText = "text/plain; charset=UTF-8"
)

// serveGreeting follows the section "Greeting url".
func (h *Handler) serveGreeting(w http.ResponseWriter, r *http.Request) {
	if preflight(w, r, http.MethodGet) || !allow(w, r, http.MethodGet) {
		return
	}
	w.Header().Set("Content-Type", plainText)
	_, _ = io.WriteString(w, "Welcome to SockJS!\n")
}

// serveInfo follows the section "Info test". Clients measure the round trip
// with it.
func (h *Handler) serveInfo(w http.ResponseWriter, r *http.Request) {
	if preflight(w, r, http.MethodGet) || !allow(w, r, http.MethodGet) {
		return
	}
	allowOrigin(w, r)
	forbidCaching(w)
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	var entropy [4]byte
	_, _ = rand.Read(entropy[:]) // never fails
	_, _ = fmt.Fprintf(w, `{"websocket":%t,"origins":["*:*"],"cookie_needed":false,"entropy":%d}`,
		!h.opts.DisableWebsocket, binary.LittleEndian.Uint32(entropy[:]))
}

// page is a document that never changes.
type page struct{ body, etag string }

// newIframePage makes the document of the section "IFrame page", whose text is
// prescribed. Some clients load it to reach this origin from another.
func newIframePage(clientURL string) page {
	if clientURL == "" {
		return page{}
	}
	body := `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script>
    document.domain = document.domain;
    _sockjs_onload = function(){SockJS.bootstrap_iframe();};
  </script>
  <script src="` + html.EscapeString(clientURL) + `"></script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`
	sum := sha256.Sum256([]byte(body))
	return page{body: body, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// isIframe matches /iframe*.html, where clients may put a version.
func isIframe(path string) bool {
	version, ok := strings.CutPrefix(path, "/iframe")
	if !ok {
		return false
	}
	version, ok = strings.CutSuffix(version, ".html")
	return ok && !strings.Contains(version, "/")
}

func (h *Handler) serveIframe(w http.ResponseWriter, r *http.Request) {
	if h.iframe.body == "" {
		http.NotFound(w, r)
		return
	}
	if preflight(w, r, http.MethodGet) || !allow(w, r, http.MethodGet) {
		return
	}
	w.Header().Set("ETag", h.iframe.etag)
	allowCaching(w)
	if strings.Contains(r.Header.Get("If-None-Match"), h.iframe.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = io.WriteString(w, h.iframe.body)
}

// allow answers requests of other methods with 405 and returns false.
func allow(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method || r.Method == http.MethodHead && method == http.MethodGet {
		return true
	}
	w.Header().Set("Allow", "OPTIONS, "+method)
	w.WriteHeader(http.StatusMethodNotAllowed)
	return false
}

// preflight answers OPTIONS requests and returns true if it did.
func preflight(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method != http.MethodOptions {
		return false
	}
	allowOrigin(w, r)
	allowCaching(w)
	w.Header().Set("Access-Control-Allow-Methods", "OPTIONS, "+method)
	w.Header().Set("Access-Control-Max-Age", seconds(oneYear))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin allows every origin, with credentials. The protocol's text
// answers the origin "null" with "*", which browsers of today refuse where
// credentials are in play; the echo of "null" they accept.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		origin = "*"
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Add("Vary", "Origin")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		header.Set("Access-Control-Allow-Headers", wanted)
	}
}

func allowCaching(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "public, max-age="+seconds(oneYear))
	w.Header().Set("Expires", in(oneYear).UTC().Format(http.TimeFormat))
}

func forbidCaching(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
}

func seconds(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }
