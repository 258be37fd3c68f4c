// Package rest is the door of the Platform API: the operations that an
// application's own servers call, and the endpoint that gives them tokens.
//
// A request is decoded into a [chat.Actor] and an input, handed to one deed,
// and its result encoded with package wire. What is allowed, found or refused
// is the deeds' to say; the door only knows how that looks over HTTP.
//
//	routes.go   every operation there is, in one table
//	base.go     from path and method to an operation
//	serve.go    what all operations share: token, limits, media type, answer
//	errors.go   how a refusal looks
//	body.go     reading JSON objects
//	page.go     reading pages, filters and cursors
//	others      one for each resource
//
// A door keeps nothing but its rate limits and its description, and may be used
// by any number of goroutines. It starts none.
package rest

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/edge/openapi"
)

// Deps are the deeds behind the door and its limits. The deeds, Now and Log
// must be set.
type Deps struct {
	Accounts  *accounts.Accounts
	Channels  *channels.Channels
	Messages  *messages.Messages
	Files     *files.Files
	Imports   *imports.Imports
	Functions *functions.Functions
	Notify    *notify.Notify
	Push      *push.Push

	// PublicURL is what links begin with, without a slash at its end. Where it
	// is empty, links lead to the host that the request named.
	PublicURL string
	// MaxBody bounds the body of a request in bytes; 0 does not. Forms with a
	// file have the limit of Files.
	MaxBody int64
	// RequestsPerSecond is how many requests one access token may make, and
	// ApplicationRequestsPerSecond how many all those of an application may
	// make together; 0 does not limit them. Twice as many may come at once.
	RequestsPerSecond, ApplicationRequestsPerSecond int

	// Now is the clock.
	Now func() time.Time
	// Log hears of faults of ours, each once. Requests are logged by the base
	// under the door.
	Log *slog.Logger
}

type door struct {
	Deps
	// byToken and byApplication are nil where nobody is limited.
	byToken, byApplication *limiter
	// document and page give what is made of package openapi, once.
	document, page func() ([]byte, error)
}

// New makes the door. It serves the Platform API under /v1, under
// /v1/applications/{id} and without a prefix, and the token endpoint under
// /oauth/token. For everything else it answers that there is no such thing, so
// it belongs on the root of a mux on which other doors have their own, more
// specific places.
func New(d Deps) http.Handler {
	return newDoor(d).handler()
}

func newDoor(d Deps) *door {
	return &door{
		Deps:          d,
		byToken:       newLimiter(d.RequestsPerSecond, d.Now),
		byApplication: newLimiter(d.ApplicationRequestsPerSecond, d.Now),
		document:      sync.OnceValues(openapi.Document),
		page:          sync.OnceValues(openapi.Page),
	}
}

// baseURL is what links of an answer begin with.
func (d *door) baseURL(r *http.Request) string {
	if d.PublicURL != "" {
		return d.PublicURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
