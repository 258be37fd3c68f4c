package files_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/apptest"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/files"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/store/storetest"
)

// place is the door over a world of its own, on the base that all doors are on.
type place struct {
	*apptest.World
	t      *testing.T
	url    string
	server *httptest.Server
}

func start(t *testing.T) *place {
	t.Helper()
	var p *place
	faults := &bytes.Buffer{}
	mux := http.NewServeMux()
	log := slog.New(slog.NewTextHandler(faults, nil))
	server := httptest.NewServer(httpbase.New(httpbase.Options{
		Log: slog.New(slog.DiscardHandler), MaxBody: 1000,
		Treat: func(*http.Request) httpbase.Treatment { return httpbase.Treatment{Streaming: true, MaxBody: -1} },
	}, mux))
	w := apptest.New(t, storetest.SQLite(t))
	files.Mount(mux, files.Deps{
		Accounts: w.Accounts, Messages: w.Messages, Files: w.Files, BaseURL: server.URL, Now: w.Clock.Now, Log: log,
	})
	t.Cleanup(func() {
		server.Close()
		if faults.Len() > 0 {
			t.Errorf("the door logged: %s", faults)
		}
	})
	p = &place{World: w, t: t, url: server.URL, server: server}
	return p
}

func (p *place) grant(u chat.User, purpose string) string {
	p.t.Helper()
	g, err := p.Accounts.FileGrant(p.t.Context(), p.As(u), purpose)
	if err != nil {
		p.t.Fatal(err)
	}
	return g
}

type answer struct {
	status int
	header http.Header
	body   string
	value  map[string]any
}

func (a answer) text(path ...string) string {
	var v any = a.value
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

func (p *place) do(method, address string, body io.Reader, headers ...string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	_ = json.Unmarshal(text, &a.value) // a file is no JSON
	return a
}

func (p *place) upload(path, grant, name, contentType, content string, fields ...string) answer {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="file"; filename=%q`, name))
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	part, _ := w.CreatePart(h) // a buffer takes everything
	_, _ = io.WriteString(part, content)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	_ = w.Close()
	return p.do("POST", p.url+path, &b, "Content-Type", w.FormDataContentType(), "Grant", grant, "Origin", "https://app.example")
}

func (p *place) refused(what string, a answer, status int) {
	p.t.Helper()
	if a.status != status || a.text("error") == "" || a.text("message") == "" || a.header.Get("Access-Control-Allow-Origin") != "*" {
		p.t.Errorf("%s: status %d: %s %v", what, a.status, a.body, a.header)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann, eve := p.User("ann"), p.User("eve")
	room := p.Channel(chat.Private, "room", ann)
	path := fmt.Sprintf("/stream/v1/channels/%d.messages", room.ID)
	hers := p.grant(ann, accounts.WriteFiles)

	a := p.upload(path, hers, "../a b.txt", "text/plain", "hello", "groupTag", `"g1"`, "properties", `{"k":1}`)
	if a.status != 200 || a.text("type") != "FILE" || a.text("user", "name") != "ann" || a.text("groupTag") != "g1" || a.text("file", "name") != "a b.txt" {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if a.text("_relays", "self") == "" || a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.body, `"properties":{"k":1}`) {
		t.Errorf("%s %v", a.body, a.header)
	}
	if news := p.News(); news != "message.created" {
		t.Errorf("news: %s", news)
	}
	if a := p.upload(strings.Replace(path, "/v1", "", 1), hers, "x", "", ""); a.status != 200 || a.text("file", "contentType") != "text/plain; charset=utf-8" {
		t.Errorf("without a version, empty: %d %s", a.status, a.body)
	}

	var parent struct{ ID int64 }
	if err := json.Unmarshal([]byte(a.body), &parent); err != nil {
		t.Fatal(err)
	}
	reply := p.upload(fmt.Sprintf("/stream/v1/messages/%d.replies", parent.ID), hers, "r", "", "x")
	if reply.status != 200 || reply.text("_relays", "parent") == "" || reply.text("file", "name") != "r" {
		t.Errorf("a reply: %d %s", reply.status, reply.body)
	}
	if news := p.News(); !strings.HasSuffix(news, "message.created") {
		t.Errorf("news of a reply: %s", news)
	}

	read := p.grant(ann, accounts.ReadFiles)
	for grant, what := range map[string]string{"": "no grant", read: "a read grant", "x": "nonsense", hers + "0": "a long one"} {
		p.refused(what, p.upload(path, grant, "a", "", "x"), 403)
	}
	p.refused("a stranger", p.upload(path, p.grant(eve, accounts.WriteFiles), "a", "", "x"), 404)
	square := p.Channel(chat.Public, "square", ann)
	p.refused("no member", p.upload(fmt.Sprintf("/stream/v1/channels/%d.messages", square.ID), p.grant(eve, accounts.WriteFiles), "a", "", "x"), 403)
	p.refused("no channel", p.upload("/stream/v1/channels/1.messages", hers, "a", "", "x"), 404)
	p.refused("no stream", p.upload("/stream/v1/channels/1.nothing", hers, "a", "", "x"), 404)
	p.refused("no message to reply to", p.upload("/stream/v1/messages/1.replies", hers, "a", "", "x"), 404)
	p.refused("a bare group tag", p.upload(path, hers, "a", "", "x", "groupTag", "g"), 400)
	p.refused("bare properties", p.upload(path, hers, "a", "", "x", "properties", "g"), 400)
	p.refused("properties that are no object", p.upload(path, hers, "a", "", "x", "properties", "[]"), 400)
	p.refused("no form", p.do("POST", p.url+path, strings.NewReader("{}"), "Grant", hers, "Origin", "x", "Content-Type", "application/json"), 400)
	p.refused("another method", p.do("PUT", p.url+path, nil, "Grant", hers, "Origin", "x"), 405)
	p.refused("one byte too much", p.upload(path, hers, "a", "", strings.Repeat("x", apptest.MaxFile+1)), 413)
	p.refused("far too much", p.upload(path, hers, "a", "", strings.Repeat("x", 8*apptest.MaxFile)), 413)
	if news := p.News(); news != "" {
		t.Errorf("news of what was refused: %s", news)
	}
	p.onlyKept(3)
}

// onlyKept checks how many files there are bytes of.
func (p *place) onlyKept(n int) {
	p.t.Helper()
	if err := p.Files.Sweep(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	var rows int
	for range p.keys() {
		rows++
	}
	if rows != n {
		p.t.Errorf("%d files are kept, want %d", rows, n)
	}
}

func (p *place) keys() (keys []string) {
	p.t.Helper()
	folders, err := os.ReadDir(p.Blobs.Directory())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.t.Fatal(err)
	}
	for _, folder := range folders {
		list, err := os.ReadDir(p.Blobs.Directory() + "/" + folder.Name())
		if err != nil {
			p.t.Fatal(err)
		}
		for _, file := range list {
			keys = append(keys, file.Name())
		}
	}
	return keys
}

// A client that goes away half way leaves nothing behind, neither bytes nor a
// row nor an error in our log.
func TestUploadThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"closed", "reset"} {
		p := start(t)
		ann := p.User("ann")
		room := p.Channel(chat.Public, "room", ann)
		c, err := net.Dial("tcp", p.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST /stream/v1/channels/%d.messages HTTP/1.1\r\nHost: x\r\nGrant: %s\r\n"+
			"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 500000\r\n\r\n"+
			"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n%s",
			room.ID, p.grant(ann, accounts.WriteFiles), strings.Repeat("x", 100_000))
		if tcp, ok := c.(*net.TCPConn); ok && ending == "reset" {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
		p.server.Close() // it waits for the request to end
		p.onlyKept(0)
		if news := p.News(); news != "" {
			t.Errorf("%s: news: %s", ending, news)
		}
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.do("OPTIONS", p.url+"/stream/v1/channels/1.messages", nil,
		"Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "grant")
	h := a.header
	if a.status/100 != 2 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Grant") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("%d %v", a.status, h)
	}
}

func TestDisplayPicture(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann := p.User("ann")
	a := p.upload("/stream/v1/user.display_picture", p.grant(ann, accounts.WriteFiles), "me.png", "image/png", "bytes")
	address := a.text("displayPictureUrl")
	if a.status != 200 || a.text("_topics", "self") == "" || !strings.HasPrefix(address, p.url+"/file/v1/") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := p.do("GET", address, nil); got.status != 200 || got.body != "bytes" || !strings.HasPrefix(got.header.Get("Cache-Control"), "public") {
		t.Errorf("%d %q %v", got.status, got.body, got.header)
	}
	if news := p.News(); news != "user.updated" {
		t.Errorf("news: %s", news)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann, eve := p.User("ann"), p.User("eve")
	room := p.Channel(chat.Private, "room", ann)
	a := p.upload(fmt.Sprintf("/stream/v1/channels/%d.messages", room.ID), p.grant(ann, accounts.WriteFiles), "münchen \"1\".txt", "text/plain", "0123456789")
	address := a.text("file", "url")
	good := address + "?grant=" + p.grant(ann, accounts.ReadFiles)

	got := p.do("GET", good, nil)
	h := got.header
	if got.status != 200 || got.body != "0123456789" || h.Get("Content-Type") != "text/plain" || h.Get("Content-Length") != "10" ||
		h.Get("Access-Control-Allow-Origin") != "*" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Accept-Ranges") != "bytes" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.HasPrefix(h.Get("Cache-Control"), "private") ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "inline; filename*=utf-8''m%C3%BCnchen") {
		t.Errorf("%d %q %v", got.status, got.body, h)
	}
	if head := p.do("HEAD", good, nil); head.status != 200 || head.body != "" || head.header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	if part := p.do("GET", good, nil, "Range", "bytes=3-5"); part.status != 206 || part.body != "345" || part.header.Get("Content-Range") != "bytes 3-5/10" {
		t.Errorf("range: %d %q %v", part.status, part.body, part.header)
	}
	if part := p.do("GET", good, nil, "Range", "bytes=50-"); part.status != 416 {
		t.Errorf("a range beyond: %d", part.status)
	}
	if same := p.do("GET", good, nil, "If-None-Match", h.Get("ETag")); same.status != 304 {
		t.Errorf("the same: %d", same.status)
	}
	if same := p.do("GET", good, nil, "If-Modified-Since", h.Get("Last-Modified")); same.status != 304 {
		t.Errorf("not newer: %d", same.status)
	}

	p.refused("no grant", p.do("GET", address, nil, "Origin", "x"), 403)
	p.refused("eve's", p.do("GET", address+"?grant="+p.grant(eve, accounts.ReadFiles), nil, "Origin", "x"), 403)
	p.refused("a write grant", p.do("GET", address+"?grant="+p.grant(ann, accounts.WriteFiles), nil, "Origin", "x"), 403)
	p.refused("no such file", p.do("GET", p.url+"/file/v1/aaaaaaaaaaaaaaaaaaaaaaaaaa/x?"+strings.SplitN(good, "?", 2)[1], nil, "Origin", "x"), 404)
	p.refused("another method", p.do("POST", good, nil, "Origin", "x"), 405)
	for _, path := range []string{"..%2F..%2Fpurr.db/x", "..%5c/x", url.PathEscape("\x00") + "/x", "%ff/x"} {
		p.refused(path, p.do("GET", p.url+"/file/v1/"+path, nil, "Origin", "x"), 404)
	}
}

// Nobody's upload runs in the name of this server.
func TestActiveContentIsSaved(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann := p.User("ann")
	for contentType, want := range map[string]string{
		"text/html": "attachment", "image/svg+xml": "attachment", "application/xhtml+xml": "attachment", "nonsense": "attachment",
		"image/png": "inline", "video/mp4": "inline", "application/pdf": "inline",
	} {
		a := p.upload("/stream/user.display_picture", p.grant(ann, accounts.WriteFiles), "x.html", contentType, "<script>alert(1)</script>")
		got := p.do("GET", a.text("displayPictureUrl"), nil)
		if d := got.header.Get("Content-Disposition"); !strings.HasPrefix(d, want+";") || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", contentType, d)
		}
	}
	p.onlyKept(1)
}
