package rest

import "net/http"

// showDocument answers GET /openapi.json and showPage answers GET /docs: what
// the Platform API is, for machines and for people. Both are open, and the same
// for everybody.
func (d *door) showDocument(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, mediaJSON, d.document)
}

func (d *door) showPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	d.show(w, r, "text/html; charset=utf-8", d.page)
}

func (d *door) show(w http.ResponseWriter, r *http.Request, media string, reference func() ([]byte, error)) {
	text, err := reference()
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	write(w, http.StatusOK, media, text)
}
