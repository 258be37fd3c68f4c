package rest

import (
	"net/http"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Route is a row of the table of routes, for tests that go through all of them.
type Route struct {
	Method, Path string
	Open         bool
	Tenant, Root bool
}

// Routes lists all operations there are.
func Routes() []Route {
	var list []Route
	for _, r := range newDoor(Deps{}).routes() {
		list = append(list, Route{
			Method: r.method, Path: r.path, Open: r.open != nil, Tenant: r.bases&tenant != 0, Root: r.bases&root != 0,
		})
	}
	return list
}

// Descriptions are the document and the page as one door shows them.
func Descriptions() []func() ([]byte, error) {
	d := newDoor(Deps{})
	return []func() ([]byte, error){d.document, d.page}
}

// Negotiate, CheckBody and Initials are the parts that tests look at by themselves.
var (
	Negotiate  = negotiate
	NewLimiter = newLimiter
	Initials   = initials
)

// Offered lists the media types of answers.
func Offered() []string { return offered() }

// Challenge is the header with which a refusal says how to authenticate.
func Challenge(h http.Header) string { return h.Get("WWW-Authenticate") }

// Take is take, for tests.
func (l *limiter) Take(application chat.ApplicationID, token string) time.Duration {
	return l.take(application, token)
}

// Known counts the tokens that a limiter remembers.
func (l *limiter) Known() (n int) {
	for i := range l.shards {
		n += len(l.shards[i].used)
	}
	return n
}

// Refuse answers with an error.
func Refuse(d Deps, w http.ResponseWriter, r *http.Request, err error) { newDoor(d).refuse(w, r, err) }
