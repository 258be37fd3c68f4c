package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/edge/rest"
)

// stock is an application with one of everything.
type stock struct {
	*client
	alice, bob, square, pair, message, session, job int64
	function, version, device                       int64
}

func stocked(c *client) stock {
	c.t.Helper()
	s := stock{client: c}
	s.alice, s.bob = c.createUser("alice"), c.createUser("bob")
	s.square = c.createChannel("PUBLIC", "square", s.alice)
	s.pair = c.createChannel("DIRECT", "", s.alice, s.bob)
	s.message = c.sendMessage(s.square, "hello")
	s.session = c.startSession("bob").end().ID
	c.do("PUT", path("/users/%d/secrets/name", s.alice), object{"secret": "hush"}).ok()
	return s
}

// withFunction is the same application with a function.
func (s stock) withFunction() stock {
	s.t.Helper()
	s.function = s.createFunction("first")
	s.version = s.deploy(s.function, "x")
	return s
}

// withDevice is the same application with a device and credentials for push.
func (s stock) withDevice() stock {
	s.t.Helper()
	s.device = s.do("POST", path("/users/%d/devices", s.alice), object{"kind": "WEBHOOK", "token": "phone"}).ok().id()
	s.do("PUT", "/application/push-credentials/WEB_PUSH", object{}).ok()
	return s
}

// fill names real things in a route's path.
func (s stock) fill(route string) string {
	thing := s.square
	switch {
	case strings.HasPrefix(route, "/users"):
		thing = s.alice
	case strings.HasPrefix(route, "/messages"):
		thing = s.message
	case strings.HasPrefix(route, "/functions"):
		thing = s.function
	case strings.HasPrefix(route, "/function-versions"):
		thing = s.version
	case strings.HasPrefix(route, "/jobs"):
		thing = s.job
	case strings.HasPrefix(route, "/user-sessions"):
		thing = s.session
	}
	if strings.HasPrefix(route, "/application/push-credentials") {
		route = strings.Replace(route, "{name}", "WEB_PUSH", 1)
	}
	return strings.NewReplacer("{device}", strconv.FormatInt(s.device, 10), "{id}", strconv.FormatInt(thing, 10), "{user}", strconv.FormatInt(s.alice, 10), "{name}", "name").Replace(route)
}

// request is a call of a route that would succeed.
func (s stock) call(c *client, r rest.Route, headers ...string) answer {
	c.t.Helper()
	if r.Path == "/jobs/{id}" && s.job == 0 {
		s.job = s.startJob()
	}
	if strings.HasPrefix(r.Path, "/function") && s.function == 0 {
		s = s.withFunction()
	}
	if (strings.Contains(r.Path, "{device}") || strings.Contains(r.Path, "/push-credentials/")) && s.device == 0 {
		s = s.withDevice()
	}
	target := s.fill(r.Path)
	if r.Method+" "+r.Path == "HEAD /users" {
		target += "?name=alice"
	}
	if strings.HasPrefix(r.Path, "/imports/") {
		text, kind := form(c.t, "x.json", "application/json", "[]")
		return c.upload(target, text, kind, headers...)
	}
	return c.do(r.Method, target, s.body(r), headers...)
}

// body is what a route takes, nil where that is nothing or a file.
func (s stock) body(r rest.Route) any {
	switch r.Method + " " + r.Path {
	case "POST /users":
		return object{"name": "carol", "displayName": "Carol"}
	case "POST /channels":
		return object{"type": "PUBLIC", "name": "new", "members": []any{object{"id": s.bob}}}
	case "POST /channels/{id}/members":
		return object{"id": s.bob}
	case "POST /channels/{id}/moderators":
		return object{"id": s.alice}
	case "POST /channels/{id}/invites":
		return object{"user": object{"id": s.bob}}
	case "POST /channels/{id}/events":
		return object{"type": "wave", "properties": object{}}
	case "POST /channels/{id}/keystrokes", "POST /threads/{id}/keystrokes":
		return object{"keys": "h", "user": object{"id": s.alice}}
	case "PUT /users/{id}/secrets/{name}":
		return object{"secret": object{"a": 1}}
	case "POST /channels/{id}/messages", "POST /threads/{id}/messages":
		return object{"type": "TEXT", "body": "hi", "user": object{"id": s.alice}}
	case "POST /users/{id}/display-picture":
		return object{"url": "https://p.example/a.png", "name": "a.png", "contentType": "image/png", "size": 1}
	case "POST /users/{id}/devices":
		return object{"kind": "WEBHOOK", "token": "tablet"}
	case "PUT /users/{id}/push-preferences", "PUT /application/push-credentials/{name}":
		return object{}
	case "PUT /application/settings":
		return object{"guestUsers": "DISABLED"}
	case "PUT /runtimes/nodejs/dependencies":
		return []any{object{"name": "firebase", "version": "^9.8.2"}}
	case "PUT /runtimes/nodejs/environment-variables":
		return object{"REGION": "us-east-1"}
	case "PUT /runtimes/nodejs/initialization-script":
		return object{"script": "var foo = 8;"}
	case "POST /runtimes/nodejs/functions":
		return object{"type": "user.sent.message", "name": "second"}
	case "POST /functions/{id}/versions":
		return object{"handlerScript": "y"}
	case "PATCH /users/{id}", "PATCH /channels/{id}":
		return object{"displayName": "Changed"}
	}
	return nil
}

// startJob starts a job of the application's own.
func (s stock) startJob() int64 {
	s.t.Helper()
	return s.do("POST", "/analytics/users", nil).accepted("MESSAGE_ANALYTICS_EXPORT").id()
}

// done tells the statuses of a success.
func done(status int) bool { return status == http.StatusOK || status == http.StatusAccepted }

// Nobody gets anywhere without a good token of the right application.
func TestEveryOperationIsGuarded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	mine := stocked(p.newClient("mine")).withFunction().withDevice()
	mine.job = mine.startJob()
	stranger := p.newClient("stranger")
	stranger.createUser("alice")
	before := mine.snapshot()

	tokens := map[string]string{
		"none":          "",
		"no scheme":     mine.token,
		"garbage":       "Bearer garbage",
		"tampered":      "Bearer " + mine.token[:len(mine.token)-1] + "_",
		"empty":         "Bearer ",
		"other scheme":  "Token " + mine.token,
		"Basic":         "Basic " + mine.token,
		"client secret": "Bearer " + mine.secret,
		"API key":       "Bearer " + mine.app.Key,
		"SQL":           "Bearer ' OR 1=1 --",
		"kilobytes":     "Bearer " + strings.Repeat("x", 5000),
		"not ASCII":     "Bearer \xff\xfe",
	}
	routes := 0
	for _, r := range rest.Routes() {
		if r.Open {
			continue
		}
		routes++
		c := mine.client
		if r.Path == "" {
			c = mine.under(fmt.Sprintf("/v1/applications/%d", mine.app.ID))
		}
		for name, value := range tokens {
			a := mine.call(c, r, "Authorization", value)
			if a.status != 401 || !strings.HasPrefix(rest.Challenge(a.header), "Bearer ") {
				t.Errorf("%s %s with %s: status %d, challenge %q", r.Method, r.Path, name, a.status, rest.Challenge(a.header))
			}
			if r.Method != http.MethodHead {
				a.refused(401)
			}
		}
		foreign := stranger
		if r.Path == "" {
			foreign = stranger.under(c.base)
		}
		a := mine.call(foreign, r)
		// A kind of credentials is the same word for everybody.
		namesSomething := strings.Contains(r.Path, "{") && r.Path != "/application/push-credentials/{name}" || r.Path == "" || r.Path == "/channels" && r.Method == "POST"
		if namesSomething && a.status != 404 {
			t.Errorf("%s %s with another application's token: status %d: %s", r.Method, r.Path, a.status, a.body)
		}
		if r.Method == "GET" && !namesSomething && !strings.HasPrefix(r.Path, "/application") && r.Path != "/jobs" && r.Path != "/runtimes/nodejs" && len(a.ok().ids()) > 1 {
			t.Errorf("%s shows another application's things: %s", r.Path, a.body)
		}
		if r.Path == "/jobs" && slices.Contains(a.ok().ids(), mine.job) {
			t.Errorf("another application's job is shown: %s", a.body)
		}
		a = mine.call(stranger.under(fmt.Sprintf("/v1/applications/%d", mine.app.ID)), r)
		if a.status != 404 {
			t.Errorf("%s %s in another application: status %d", r.Method, r.Path, a.status)
		}
	}
	if routes < 20 {
		t.Errorf("only %d routes", routes)
	}
	if after := mine.snapshot(); after != before {
		t.Errorf("somebody changed something:\n%s\n%s", before, after)
	}

	// A job that runs while the clock leaps loses its lease.
	for _, c := range []*client{mine.client, stranger} {
		for _, id := range c.do("GET", "/jobs?running=true&size=100", nil).ok().ids() {
			c.ended(c.do("GET", path("/jobs/%d", id), nil).ok())
		}
	}
	mine.clock.Advance(tokenLifetime)
	mine.do("GET", "/application", nil).ok() // as announced
	mine.clock.Advance(2 * time.Minute)
	for _, r := range rest.Routes() {
		if !r.Open && r.Path != "" {
			if a := mine.call(mine.client, r); a.status != 401 || !strings.Contains(rest.Challenge(a.header), "invalid_token") {
				t.Errorf("%s %s with an expired token: status %d", r.Method, r.Path, a.status)
			}
		}
	}
}

// snapshot is all that an application holds.
func (s stock) snapshot() string {
	s.t.Helper()
	text := ""
	for _, list := range []string{
		"/application/settings", "/application/push-credentials", path("/users/%d/devices", s.alice), "/runtimes/nodejs", "/runtimes/nodejs/functions", path("/functions/%d/versions", s.function), "/users", "/channels", "/messages", "/user-sessions", path("/users/%d/secrets/name", s.alice),
		path("/channels/%d/members", s.square), path("/channels/%d/moderators", s.square), path("/channels/%d/invites", s.square),
		path("/channels/%d/messages", s.square), path("/threads/%d/messages", s.square),
	} {
		text += string(s.do("GET", list, nil).body)
	}
	return text
}

func TestScheme(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		c.do("GET", "/application", nil, "Authorization", scheme+c.token).ok()
	}
	if d := c.do("GET", "/application", nil, "Authorization", "").refused(401); d.text("error") != "unauthorized" {
		t.Errorf("without a token: %v", d.value)
	}
	if d := c.do("GET", "/application", nil, "Authorization", "Bearer x").refused(401); d.text("error") != "invalid_token" {
		t.Errorf("with a bad token: %v", d.value)
	}
}

// Each operation lives under all the bases that SDKs put before it.
func TestBasePaths(t *testing.T) {
	t.Parallel()
	own := func(c *client) string { return fmt.Sprintf("/v1/applications/%d", c.app.ID) }
	for _, base := range []func(*client) string{
		func(*client) string { return "" }, func(*client) string { return "/v1" }, own,
	} {
		s := stocked(start(t))
		c := s.under(base(s.client))
		for _, r := range rest.Routes() {
			switch {
			case r.Open, r.Path == "" && c.base != own(s.client):
				continue
			case r.Method == "DELETE" && strings.Count(r.Path, "/") == 2:
				continue // the others still need it
			}
			if a := s.call(c, r); !done(a.status) {
				t.Errorf("%s %s%s: status %d: %s", r.Method, c.base, r.Path, a.status, a.body)
			}
		}
	}
	c := start(t)
	if id := c.under(own(c)).do("GET", "", nil).ok().id(); id != int64(c.app.ID) {
		t.Errorf("the application is %d", id)
	}
	for _, other := range []string{"0", "-1", "x", "9223372036854775808", "1"} {
		c.under("/v1/applications/"+other).do("GET", "", nil).refused(404)
		c.under("/v1/applications/"+other).do("GET", "/users", nil).refused(404)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	c := start(t)
	for _, unknown := range []string{"/", "/nothing", "/users/1/nothing", "/channels/1/2/3", "/v1/users", "/applications"} {
		if d := c.do("GET", unknown, nil).refused(404); d.text("error") != "ResourceNotFoundError" {
			t.Errorf("%s: %v", unknown, d.value)
		}
		c.do("POST", unknown, "{}").refused(404)
	}
	for _, door := range []string{"/rtm", "/stompx", "/files/1", "/support", "/healthz", "/readyz", "/metrics"} {
		c.under("").do("GET", door, nil, "Authorization", "").refused(404)
	}
	for target, allowed := range map[string]string{
		"/application": "GET, HEAD, OPTIONS",
		"/users":       "GET, HEAD, OPTIONS, POST",
		"/users/1":     "DELETE, GET, HEAD, OPTIONS, PATCH",
		"/messages/1":  "DELETE, GET, HEAD, OPTIONS, PATCH",
	} {
		for _, method := range []string{"PUT", "TRACE", "BREW"} {
			a := c.do(method, target, nil)
			a.refused(405)
			if a.header.Get("Allow") != allowed {
				t.Errorf("%s %s: allowed are %q", method, target, a.header.Get("Allow"))
			}
		}
		if a := c.do("OPTIONS", target, nil); a.status != 204 || a.header.Get("Allow") != allowed {
			t.Errorf("OPTIONS %s: status %d, allowed are %q", target, a.status, a.header.Get("Allow"))
		}
	}
	for _, dots := range []string{"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/users/..%2f..%2fetc%2fpasswd", "/users/%00"} {
		if a := c.do("GET", dots, nil); a.status == 200 {
			t.Errorf("%s: %s", dots, a.body)
		}
	}
}

// HEAD answers as GET does, without the body.
func TestHead(t *testing.T) {
	t.Parallel()
	s := stocked(start(t))
	for _, target := range []string{"/application", path("/users/%d", s.alice), "/channels"} {
		get, head := s.do("GET", target, nil), s.do("HEAD", target, nil)
		if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != strconv.Itoa(len(get.body)) {
			t.Errorf("HEAD %s: status %d, %v, %q", target, head.status, head.header, head.body)
		}
	}
	if a := s.do("HEAD", "/users/1", nil); a.status != 404 || len(a.body) != 0 {
		t.Errorf("HEAD of nobody: %d %q", a.status, a.body)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	p := newPlace(t, func(d *rest.Deps) { d.RequestsPerSecond = 2 })
	c := p.newClient("busy")
	calm := p.newClient("calm")
	for range 4 {
		c.do("GET", "/application", nil).ok()
	}
	a := c.do("GET", "/application", nil)
	a.refused(429)
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("try again after %q", a.header.Get("Retry-After"))
	}
	calm.do("GET", "/application", nil).ok()
	c.clock.Advance(500 * time.Millisecond)
	c.do("GET", "/application", nil).ok()
	c.do("GET", "/application", nil).refused(429)
}

// All tokens of an application share its limit.
func TestApplicationRateLimit(t *testing.T) {
	t.Parallel()
	p := newPlace(t, func(d *rest.Deps) { d.RequestsPerSecond, d.ApplicationRequestsPerSecond = 2, 3 })
	c := p.newClient("busy")
	other := *c
	token, err := p.accounts.IssueToken(t.Context(), c.app.ClientID, c.secret)
	if err != nil {
		t.Fatal(err)
	}
	other.token = token.Value
	for range 4 {
		c.do("GET", "/application", nil).ok()
	}
	c.do("GET", "/application", nil).refused(429) // its own limit, which the application does not feel
	for range 2 {
		other.do("GET", "/application", nil).ok()
	}
	if a := other.do("GET", "/application", nil); a.status != 429 || a.header.Get("Retry-After") != "1" {
		t.Errorf("status %d, try again after %q", a.status, a.header.Get("Retry-After"))
	}
	p.newClient("calm").do("GET", "/application", nil).ok()
}

// Many tokens share a bounded memory, and none can borrow another's.
func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l := rest.NewLimiter(1, p.clock.Now)
	for i := range 200_000 {
		l.Take(1, strconv.Itoa(i))
	}
	if n := l.Known(); n > 16*4096 {
		t.Errorf("%d tokens are remembered", n)
	}
	p.clock.Advance(time.Minute)
	for range 2 {
		if wait := l.Take(2, "fresh"); wait != 0 {
			t.Errorf("a fresh token waits %v", wait)
		}
	}
	if wait := l.Take(2, "fresh"); wait != time.Second {
		t.Errorf("a used token waits %v", wait)
	}
	if wait := l.Take(3, "fresh"); wait != 0 {
		t.Errorf("the same text for another application waits %v", wait)
	}
}
