package files

import (
	"mime"
	"net/http"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
)

// serveFile answers GET and HEAD /file/v1/{key}/{name}. The name is for people;
// the key alone decides.
func (d *door) serveFile(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		httpbase.WriteError(w, http.StatusMethodNotAllowed, "MethodNotAllowedError", "This resource does not have that method")
		return
	}
	f, err := d.Files.Open(r.Context(), r.PathValue("key"), r.URL.Query().Get("grant"))
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	defer func() { _ = f.Bytes.Close() }() // it was only read
	describe(w.Header(), f.File)
	if f.Public {
		w.Header().Set("Cache-Control", "public, max-age=604800, immutable")
	} else {
		w.Header().Set("Cache-Control", "private, max-age=3600")
	}
	httpbase.LimitDownload(w, f.Size)
	http.ServeContent(w, r, "", f.CreatedAt, f.Bytes)
}

// describe says what a file is and keeps a browser from making more of it.
// Whoever uploaded it is a stranger, and it comes from the server's own address.
func describe(h http.Header, f chat.File) {
	h.Set("Content-Type", f.ContentType)
	h.Set("Content-Disposition", disposition(f))
	h.Set("ETag", `"`+f.Key+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the address holds a grant
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox")
}

// disposition tells whether to show the file or to save it, and as what.
func disposition(f chat.File) string {
	kind := "attachment"
	if chat.ShownInline(f.ContentType) {
		kind = "inline"
	}
	if text := mime.FormatMediaType(kind, map[string]string{"filename": f.Name}); text != "" {
		return text
	}
	return kind
}
