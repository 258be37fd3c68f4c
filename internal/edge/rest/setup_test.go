package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/blob/disk"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/rest"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/jobs"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

const (
	maxBody       = 1 << 20
	maxFile       = 4 << 20
	tokenLifetime = 12 * time.Hour

	kitty = "application/vnd.chatkitty+json"
)

// place is a server with a database of its own.
type place struct {
	t         *testing.T
	url       string
	handler   http.Handler
	clock     *clocktest.Manual
	accounts  *accounts.Accounts
	functions *functions.Functions
	faults    *bytes.Buffer // what the door logged; read it after the requests
	// reference is what every answer is held against.
	reference *reference
}

// newPlace starts a server. Options may change what it is built of.
func newPlace(t *testing.T, options ...func(*rest.Deps)) *place {
	t.Helper()
	clock := clocktest.New(time.Date(2026, 5, 4, 12, 30, 15, 123456000, time.UTC))
	db, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "purr.db"), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	ids := ident.New(0, clock.Now, 0)
	key, err := seal.Load(filepath.Join(t.TempDir(), "secrets.key"))
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, clock: clock, faults: &bytes.Buffer{}, reference: theReference(t)}
	p.accounts = &accounts.Accounts{
		DB: db, IDs: ids, TokenLifetime: tokenLifetime, PresenceGrace: time.Second, ResumeWindow: time.Minute,
		Secrets: key, Now: clock.Now,
	}
	deps := rest.Deps{
		Accounts: p.accounts,
		Channels: &channels.Channels{DB: db, IDs: ids},
		Messages: &messages.Messages{DB: db, IDs: ids},
		Notify:   &notify.Notify{DB: db},
		Files:    &files.Files{DB: db, IDs: ids, Accounts: p.accounts, Blobs: disk.New(t.TempDir()), MaxSize: maxFile},
		MaxBody:  maxBody,
		Now:      clock.Now,
		Log:      slog.New(slog.NewTextHandler(p.faults, nil)),
	}
	deps.Push = &push.Push{DB: db, IDs: ids, Secrets: key, Subject: "https://chat.example", Marks: unsettled{}}
	deps.Imports = &imports.Imports{
		DB: db, IDs: ids, Accounts: deps.Accounts, Channels: deps.Channels, Messages: deps.Messages, Files: deps.Files,
		Encode: wire.Style{Base: "https://chat.example"}, Wake: func() {},
	}
	deps.Functions = &functions.Functions{DB: db, IDs: ids, Secrets: key}
	p.functions = deps.Functions
	runner := jobs.New(jobs.Options{
		DB: db, Clock: clock, Log: deps.Log, Lane: imports.Lane,
		Workers: map[string]jobs.Worker{imports.Kind: func(ctx context.Context, j store.Job) error {
			return deps.Imports.Run(ctx, j.Application, imports.Work{Job: j.ID})
		}},
	})
	deps.Imports.Wake = runner.Wake
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runner.Stop(context.Background()) })
	for _, change := range options {
		change(&deps)
	}
	p.handler = rest.New(deps)
	server := httptest.NewServer(p.handler)
	t.Cleanup(server.Close)
	p.url = server.URL
	// No input may lead to a fault of ours.
	t.Cleanup(func() {
		server.Close()
		if p.faults.Len() > 0 && !t.Failed() {
			t.Errorf("the door logged: %s", p.faults)
		}
	})
	return p
}

// unsettled says of every session that it has acknowledged nothing: none is
// connected here.
type unsettled struct{}

func (unsettled) Settled(string, chat.Position, chat.Position, chat.UserID, chat.ChannelID) bool {
	return false
}

// client calls the Platform API for one application.
type client struct {
	*place
	app    chat.Application
	secret string
	token  string
	base   string // path before every operation
}

// newClient makes an application and gets a token for it.
func (p *place) newClient(name string) *client {
	p.t.Helper()
	c, err := p.accounts.CreateApplication(p.t.Context(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := p.accounts.IssueToken(p.t.Context(), c.Application.ClientID, c.ClientSecret)
	if err != nil {
		p.t.Fatal(err)
	}
	return &client{place: p, app: c.Application, secret: c.ClientSecret, token: token.Value, base: "/v1"}
}

// start is a server with one application.
func start(t *testing.T, options ...func(*rest.Deps)) *client {
	t.Helper()
	return newPlace(t, options...).newClient("first")
}

// under is the same client below another base path.
func (c *client) under(base string) *client {
	other := *c
	other.base = base
	return &other
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// do sends a request: body is nil, a string as it is, or anything else as JSON;
// headers come in pairs, and an empty value takes one away.
func (c *client) do(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	r := c.request(method, c.url+c.base+path, body)
	r.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.send(r)
}

func (p *place) request(method, address string, body any) *http.Request {
	p.t.Helper()
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, content)
	if err != nil {
		p.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (p *place) send(r *http.Request) answer {
	p.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	a := answer{p.t, r.Method + " " + r.URL.RequestURI(), response.StatusCode, response.Header, text}
	if a.status >= 500 {
		p.t.Errorf("%s: status %d: %s", a.what, a.status, text)
	}
	if err := p.reference.check(r, a); err != nil {
		p.t.Errorf("%s: not as the OpenAPI document says: %v", a.what, err)
	}
	return a
}

// follow gets what a link leads to.
func (c *client) follow(href string, headers ...string) answer {
	c.t.Helper()
	if !strings.HasPrefix(href, c.url+"/v1/applications/") {
		c.t.Fatalf("the link %q does not lead into the application at %s", href, c.url)
	}
	return c.under("").do("GET", strings.TrimPrefix(href, c.url), nil, headers...)
}

// ok wants a success and gives its body.
func (a answer) ok() document {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("%s: status %d: %s", a.what, a.status, a.body)
	}
	return a.json()
}

func (a answer) json() document {
	a.t.Helper()
	d := document{t: a.t}
	if err := json.Unmarshal(a.body, &d.value); err != nil {
		a.t.Fatalf("%s: %v in %s", a.what, err, a.body)
	}
	return d
}

// refused wants one of the statuses and a well-made error.
func (a answer) refused(statuses ...int) document {
	a.t.Helper()
	fits := false
	for _, s := range statuses {
		fits = fits || s == a.status
	}
	if !fits {
		a.t.Fatalf("%s: status %d, want %v: %s", a.what, a.status, statuses, a.body)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		a.t.Errorf("%s: an error of the type %q", a.what, kind)
	}
	d := a.json()
	if d.text("error") == "" {
		a.t.Errorf("%s: an error without a name: %s", a.what, a.body)
	}
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		if d.text("error_description") == "" {
			a.t.Errorf("%s: no AuthenticationError: %s", a.what, a.body)
		}
	default:
		if _, err := time.Parse(time.RFC3339, d.text("timestamp")); err != nil || d.text("message") == "" {
			a.t.Errorf("%s: no ApiError: %s", a.what, a.body)
		}
	}
	return d
}

// document is a JSON value that a test looks into.
type document struct {
	t     *testing.T
	value any
}

// at goes down by member names and list positions; a missing one gives nil.
func (d document) at(path ...any) document {
	value := d.value
	for _, step := range path {
		switch step := step.(type) {
		case string:
			members, _ := value.(map[string]any)
			value = members[step]
		case int:
			items, _ := value.([]any)
			if step >= len(items) {
				return document{d.t, nil}
			}
			value = items[step]
		}
	}
	return document{d.t, value}
}

func (d document) text(path ...any) string {
	text, _ := d.at(path...).value.(string)
	return text
}

func (d document) number(path ...any) int64 {
	d.t.Helper()
	n, ok := d.at(path...).value.(float64)
	if !ok {
		d.t.Fatalf("no number at %v in %v", path, d.value)
	}
	return int64(n)
}

func (d document) id() int64 {
	d.t.Helper()
	return d.number("id")
}

func (d document) has(path ...any) bool { return d.at(path...).value != nil }

func (d document) link(relation string) string { return d.text("_links", relation, "href") }

// ids are the identifiers of the items of a page.
func (d document) ids() []int64 {
	d.t.Helper()
	embedded, _ := d.at("_embedded").value.(map[string]any)
	if len(embedded) != 1 {
		d.t.Fatalf("no page: %v", d.value)
	}
	ids := []int64{}
	for name := range embedded {
		items, ok := embedded[name].([]any)
		if !ok {
			d.t.Fatalf("no list: %v", d.value)
		}
		for i := range items {
			ids = append(ids, d.at("_embedded", name, i).id())
		}
	}
	return ids
}

// object is a JSON object to send.
type object = map[string]any

func (c *client) createUser(name string) int64 {
	c.t.Helper()
	return c.do("POST", "/users", object{"name": name, "displayName": name, "isGuest": true}).ok().id()
}

// startSession starts a session of a user, as a client does.
func (c *client) startSession(name string) started {
	c.t.Helper()
	s, err := c.accounts.StartSession(c.t.Context(), accounts.StartSessionInput{Key: c.app.Key, Username: name, UserAgent: "a client"})
	if err != nil {
		c.t.Fatal(err)
	}
	return started{int64(s.Session.ID), s.Session, c}
}

// started is a session with its identifier as answers have it.
type started struct {
	ID      int64
	session chat.Session
	client  *client
}

func (s started) end() started {
	s.client.t.Helper()
	if err := s.client.accounts.EndSession(s.client.t.Context(), s.session); err != nil {
		s.client.t.Fatal(err)
	}
	return s
}

func (c *client) createChannel(kind, name string, members ...int64) int64 {
	c.t.Helper()
	refs := []any{}
	for _, id := range members {
		refs = append(refs, object{"id": id})
	}
	return c.do("POST", "/channels", object{"type": kind, "name": name, "members": refs}).ok().id()
}

func (c *client) sendMessage(channel int64, body string) int64 {
	c.t.Helper()
	return c.do("POST", fmt.Sprintf("/channels/%d/messages", channel), object{"type": "TEXT", "body": body}).ok().id()
}

// path fills in a path and escapes nothing.
func path(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// query encodes pairs of names and values.
func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
