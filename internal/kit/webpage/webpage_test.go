package webpage_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/purrchat/purr/internal/kit/outbound"
	"github.com/purrchat/purr/internal/kit/webpage"
)

// site is a server with pages by their paths, and a reader that may ask it.
func site(t *testing.T, pages map[string]http.HandlerFunc) (string, *webpage.Reader) {
	t.Helper()
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc(path, page)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	networks, err := outbound.ParseNetworks("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, webpage.NewReader(outbound.NewGuard(networks...).Transport())
}

// says is a page with a body and a content type.
func says(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
}

const utf8Page = "text/html; charset=utf-8"

func TestWhatPagesSay(t *testing.T) {
	t.Parallel()
	full := `<!doctype html><html><head><title>Plain</title>
		<meta property="og:title" content="Tom &amp; Jerry &#8211; the
			film"><meta property="og:title" content="second">
		<meta name="description" content="plain"><meta property="og:description" content="About a cat">
		<meta property="og:site_name" content="Films"><meta property="og:image" content="/poster.png?a=1&amp;b=2"></head><body></body></html>`
	want := webpage.Page{Title: "Tom & Jerry – the film", Description: "About a cat", SiteName: "Films", Image: "BASE/poster.png?a=1&b=2"}
	for what, c := range map[string]struct {
		kind, body string
		want       webpage.Page
	}{
		"Open Graph":     {utf8Page, full, want},
		"XHTML":          {"application/xhtml+xml", strings.ReplaceAll(full, `">`, `"/>`), want},
		"no end":         {utf8Page, strings.Split(full, "</head>")[0], want},
		"a Twitter card": {utf8Page, `<meta name="twitter:title" content="T"><meta name="twitter:image" content="https://i.example/x.png"><title>no</title>`, webpage.Page{Title: "T", Image: "https://i.example/x.png"}},
		"plain HTML":     {utf8Page, `<TITLE> a  b </TITLE><META NAME="Description" CONTENT="d">`, webpage.Page{Title: "a b", Description: "d"}},
		"the wrong way round": {utf8Page, `<meta name="og:title" content="T"><meta property="twitter:image" content="//i.example/x.png">`,
			webpage.Page{Title: "T", Image: "http://i.example/x.png"}},
		"another encoding":             {"text/html; charset=iso-8859-1", "<title>Gr\xfc\xdfe</title>", webpage.Page{Title: "Grüße"}},
		"an encoding told by the page": {"text/html", `<meta charset="shift_jis"><title>` + "\x93\xfa\x96\x7b</title>", webpage.Page{Title: "日本"}},
		"an unknown encoding":          {"text/html; charset=klingon", "<title>x</title>", webpage.Page{Title: "x"}},
		"a lie about the encoding":     {utf8Page, "<title>Gr\xfc\xdfe</title>", webpage.Page{}},
		"control characters":           {utf8Page, "<title>a\x00b\x01\u202ec</title>", webpage.Page{}}, // NUL becomes U+FFFD
		"bidirectional tricks":         {utf8Page, "<title>a\x01\u202ec\u2066</title>", webpage.Page{Title: "ac"}},
		"what the body says":           {utf8Page, `<title>t</title><body><meta property="og:title" content="no">`, webpage.Page{Title: "t"}},
		"a title in a picture":         {utf8Page, `<head></head><svg><title>no</title></svg>`, webpage.Page{}},
		"a commented one":              {utf8Page, `<!-- <title>no</title> --><script>"<title>no</title>"</script><title>yes</title>`, webpage.Page{Title: "yes"}},
		"a huge title":                 {utf8Page, "<title>" + strings.Repeat("x", webpage.MaxTitle+1) + "</title>", webpage.Page{}},
		"a long description": {utf8Page, `<meta name="description" content="` + strings.Repeat("ü", 2000) + `">`,
			webpage.Page{Description: strings.Repeat("ü", 510) + "…"}},
		"a picture in itself": {utf8Page, `<meta property="og:image" content="data:image/png;base64,AA">`, webpage.Page{}},
		"a script for one":    {utf8Page, `<meta property="og:image" content="javascript:alert(1)"><meta name="twitter:image" content="b.png">`, webpage.Page{Image: "BASE/b.png"}},
		"empty words":         {utf8Page, `<title> </title><meta property="og:title"><meta>`, webpage.Page{}},
	} {
		base, r := site(t, map[string]http.HandlerFunc{"/page": says(c.kind, c.body)})
		got, err := r.Read(t.Context(), base+"/page")
		c.want.URL, c.want.Image = base+"/page", strings.Replace(c.want.Image, "BASE", base, 1)
		if got != c.want || err != nil {
			t.Errorf("%s: %+v %v, want %+v", what, got, err, c.want)
		}
	}
}

func TestRedirectsAreFollowedAFewTimes(t *testing.T) {
	t.Parallel()
	hop := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	base, r := site(t, map[string]http.HandlerFunc{
		"/0": hop("/1"), "/1": hop("2"), "/2": hop("/deep/3"), "/deep/3": says(utf8Page, `<title>t</title><meta property="og:image" content="i.png">`),
		"/early": hop("/0"), "/loop": hop("/loop"), "/file": hop("file:///etc/passwd"), "/named": hop("http://a:b@127.0.0.1/"),
		"/inside": hop("http://[::1]:1/"),
	})
	got, err := r.Read(t.Context(), base+"/0")
	if want := (webpage.Page{URL: base + "/deep/3", Title: "t", Image: base + "/deep/i.png"}); got != want || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	for _, path := range []string{"/early", "/loop", "/file", "/named", "/inside"} {
		if got, err := r.Read(t.Context(), base+path); err == nil {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestWhatIsNoPage(t *testing.T) {
	t.Parallel()
	const page = "<title>t</title>"
	base, r := site(t, map[string]http.HandlerFunc{
		"/text": says("text/plain", page), "/image": says("image/svg+xml", page), "/odd": says("text/html;;=", page), "/none": says("x", page), "/empty": says(utf8Page, ""),
		"/gone": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", utf8Page)
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, page)
		},
		"/headers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", utf8Page)
			w.Header().Set("X-Filler", strings.Repeat("x", 1<<20))
		},
	})
	addresses := []string{"", "x", "/text", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a:b@127.0.0.1/", "http://[", "http://127.0.0.1:1/", "gopher://x"}
	for _, path := range []string{"/text", "/image", "/odd", "/none", "/empty", "/gone", "/headers", "/nothing", "/" + strings.Repeat("x", webpage.MaxAddress)} {
		addresses = append(addresses, base+path)
	}
	for _, address := range addresses {
		if got, err := r.Read(t.Context(), address); err == nil {
			t.Errorf("%.60s: %+v", address, got)
		}
	}
}

// However much a page has, no more than its share is read.
func TestEndlessPagesAreCutOff(t *testing.T) {
	t.Parallel()
	endless := func(w io.Writer, r *http.Request) {
		filler := bytes.Repeat([]byte("<meta>"), 10_000)
		for r.Context().Err() == nil {
			if _, err := w.Write(filler); err != nil {
				return
			}
		}
	}
	ended := make(chan string, 3)
	page := func(name, start string, packed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			defer func() { ended <- name }()
			w.Header().Set("Content-Type", utf8Page)
			if !packed {
				_, _ = io.WriteString(w, start)
				endless(w, r)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, start)
			endless(z, r)
		}
	}
	base, r := site(t, map[string]http.HandlerFunc{
		"/endless": page("endless", "<title>t</title>", false), "/bomb": page("bomb", "<title>t</title>", true), "/title": page("title", "<title>", false),
	})
	for path, title := range map[string]string{"/endless": "t", "/bomb": "t", "/title": ""} {
		if got, err := r.Read(t.Context(), base+path); got.Title != title {
			t.Errorf("%s: %.80s %v", path, fmt.Sprint(got), err)
		}
	}
	for range 3 {
		<-ended // the connections are closed
	}
}

func TestSlowPagesAreGivenUp(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	base, r := site(t, map[string]http.HandlerFunc{"/slow": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", utf8Page)
		_, _ = io.WriteString(w, "<title>t")
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-r.Context().Done()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	if got, err := r.Read(ctx, base+"/slow"); err == nil {
		t.Errorf("%+v", got)
	}

	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := webpage.NewReader(never{})
		if got, err := r.Read(t.Context(), "http://a.example/"); err == nil || time.Since(start) != webpage.Patience {
			t.Errorf("%+v %v after %s", got, err, time.Since(start))
		}
	})
}

// never is a network that does not answer.
type never struct{}

func (never) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
