package httpbase

import "net/http"

const (
	allowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	allowedHeaders = "Authorization, Content-Type, Grant, Accept, Idempotency-Key, Range, X-Request-Id"
	exposedHeaders = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After, X-Request-Id"
)

// allowOrigin lets pages of any origin read the answer, errors included: without
// the header a page sees a network error and no reason. What a caller may do
// hangs on the token, key or grant it sends, which no browser adds on its own, so
// the origin decides nothing. Where credentials are allowed the standard wants
// the very origin in place of the star.
func allowOrigin(h http.Header, r *http.Request, credentials bool) {
	origin := r.Header.Get("Origin")
	if credentials {
		h.Add("Vary", "Origin") // also to those without: a cache may sit between
	}
	if origin == "" {
		return
	}
	if credentials {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	} else {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
}

// isPreflight tells the question a browser asks before a request from any other
// use of OPTIONS.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

// answerPreflight says yes to every path: whether it exists and takes the method
// is for the request itself to learn, in an answer that the page can read.
func answerPreflight(w http.ResponseWriter) {
	h := w.Header()
	h.Del("Access-Control-Expose-Headers")
	h.Set("Access-Control-Allow-Methods", allowedMethods)
	h.Set("Access-Control-Allow-Headers", allowedHeaders)
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}
