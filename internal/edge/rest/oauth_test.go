package rest_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// tokenRequest is a request of the token endpoint with a Basic header.
func (c *client) tokenRequest(contentType, body string) *http.Request {
	c.t.Helper()
	r := c.request("POST", c.url+"/oauth/token", body)
	r.Header.Set("Content-Type", contentType)
	r.SetBasicAuth(c.app.ClientID, c.secret)
	return r
}

func (c *client) formRequest(pairs ...string) *http.Request {
	c.t.Helper()
	return c.tokenRequest("application/x-www-form-urlencoded", query(pairs...)[1:])
}

func (c *client) multipartRequest(pairs ...string) *http.Request {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.tokenRequest(w.FormDataContentType(), body.String())
}

// Every published client sends its credentials in its own way.
func TestTokenForms(t *testing.T) {
	t.Parallel()
	c := start(t)
	inForm := c.formRequest("grant_type", "client_credentials", "client_id", c.app.ClientID, "client_secret", c.secret)
	inForm.Header.Del("Authorization")
	forms := map[string]*http.Request{
		"multipart":                 c.multipartRequest("grant_type", "client_credentials"),
		"multipart and credentials": c.multipartRequest("grant_type", "client_credentials", "username", c.app.ClientID, "password", c.secret),
		"urlencoded":                c.formRequest("grant_type", "client_credentials"),
		"urlencoded and client_id":  c.formRequest("grant_type", "client_credentials", "client_id", c.app.ClientID, "client_secret", c.secret),
		"urlencoded and username":   c.formRequest("grant_type", "client_credentials", "username", c.app.ClientID, "password", c.secret),
		"without a header":          inForm,
		"with a scope":              c.formRequest("grant_type", "client_credentials", "scope", "read:user create:*"),
		"with its own scope":        c.formRequest("grant_type", "client_credentials", "scope", fmt.Sprintf("org:%d:app", c.app.ID)),
	}
	seen := map[string]bool{}
	for name, r := range forms {
		a := c.send(r)
		d := a.ok()
		if d.text("token_type") != "bearer" || d.text("scope") != fmt.Sprintf("org:%d:app", c.app.ID) {
			t.Errorf("%s: %s", name, a.body)
		}
		if seconds := d.number("expires_in"); seconds != int64(tokenLifetime/time.Second) {
			t.Errorf("%s: expires in %d", name, seconds)
		}
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", name, a.header)
		}
		token := d.text("access_token")
		if seen[token] {
			t.Errorf("%s: the same token twice", name)
		}
		seen[token] = true
	}
	for token := range seen {
		c.do("GET", "/application", nil, "Authorization", "Bearer "+token).ok()
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	c := start(t)
	other := c.newClient("other")
	with := func(r *http.Request, id, secret string) *http.Request {
		r.SetBasicAuth(id, secret)
		return r
	}
	header := func(value string) *http.Request {
		r := c.formRequest("grant_type", "client_credentials")
		r.Header.Set("Authorization", value)
		if value == "" {
			r.Header.Del("Authorization")
		}
		return r
	}
	grant := func() *http.Request { return c.formRequest("grant_type", "client_credentials") }
	cases := map[string]struct {
		request *http.Request
		status  int
		name    string
	}{
		"wrong secret":        {with(grant(), c.app.ClientID, "wrong"), 401, "invalid_client"},
		"empty secret":        {with(grant(), c.app.ClientID, ""), 401, "invalid_client"},
		"another's secret":    {with(grant(), c.app.ClientID, other.secret), 401, "invalid_client"},
		"unknown client":      {with(grant(), "nobody", c.secret), 401, "invalid_client"},
		"hostile client":      {with(grant(), "a\x00'; --\xff", c.secret), 401, "invalid_client"},
		"endless client":      {with(grant(), strings.Repeat("x", 10000), c.secret), 401, "invalid_client"},
		"no credentials":      {header(""), 401, "invalid_client"},
		"undecodable header":  {header("Basic !!!"), 401, "invalid_client"},
		"no colon":            {header("Basic bm9jb2xvbg=="), 401, "invalid_client"},
		"another scheme":      {header("Bearer " + c.token), 401, "invalid_client"},
		"no grant type":       {c.formRequest("x", "y"), 400, "invalid_request"},
		"no grant type parts": {c.multipartRequest("x", "y"), 400, "invalid_request"},
		"other grant type":    {c.formRequest("grant_type", "password"), 400, "unsupported_grant_type"},
		"unknown scope":       {c.formRequest("grant_type", "client_credentials", "scope", "read:minds"), 400, "invalid_scope"},
		"another's scope":     {c.formRequest("grant_type", "client_credentials", "scope", fmt.Sprintf("org:%d:app", other.app.ID)), 400, "invalid_scope"},
		"JSON":                {c.tokenRequest("application/json", `{"grant_type":"client_credentials"}`), 400, "invalid_request"},
		"no type":             {c.tokenRequest("", "grant_type=client_credentials"), 400, "invalid_request"},
		"no boundary":         {c.tokenRequest("multipart/form-data", "grant_type=client_credentials"), 400, "invalid_request"},
		"broken parts":        {c.tokenRequest("multipart/form-data; boundary=x", "--x\r\nContent-"), 400, "invalid_request"},
		"broken form":         {c.tokenRequest("application/x-www-form-urlencoded", "%zz=1;;&&&=%"), 400, "invalid_request"},
		"empty":               {c.tokenRequest("application/x-www-form-urlencoded", ""), 400, "invalid_request"},
	}
	for name, given := range cases {
		a := c.send(given.request)
		d := a.json()
		if a.status != given.status || d.text("error") != given.name || d.text("error_description") == "" {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
		}
		if a.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: no challenge", name)
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be kept", name)
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "filling": {strings.Repeat("x", 100<<10)}}
	c.send(c.tokenRequest("application/x-www-form-urlencoded", form.Encode())).refused(413)
}

func TestTokenEndpointTakesOnlyPost(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
		a := c.under("").do(method, "/oauth/token"+query("grant_type", "client_credentials"), nil)
		a.refused(405)
		if a.header.Get("Allow") != "OPTIONS, POST" {
			t.Errorf("%s: allowed are %q", method, a.header.Get("Allow"))
		}
	}
	c.do("POST", "/oauth/token", nil).refused(404)
}
