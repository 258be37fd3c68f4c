// Package files is the door through which the SDKs upload files and everybody
// downloads them.
//
//	POST /stream/v1/channels/{id}.messages   a message with a file
//	POST /stream/v1/user.display_picture     the user's own picture
//	GET  /file/v1/{key}/{name}               a file
//
// An upload has no other credential than the header Grant, a download none but
// the query parameter grant, which the SDKs add to the addresses that they hand
// to an application. Files pass through as streams; none is held in memory.
//
// The door keeps nothing and may be used by any number of goroutines.
package files

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	form "github.com/purrchat/purr/internal/edge/upload"
	"github.com/purrchat/purr/internal/edge/wire"
)

// Deps are what the door needs. All must be set.
type Deps struct {
	Accounts *accounts.Accounts
	Messages *messages.Messages
	Files    *files.Files
	// BaseURL is the public URL of the server without a slash at its end.
	BaseURL string
	// Now is the clock.
	Now func() time.Time
	// Log hears of faults of ours, each once.
	Log *slog.Logger
}

type door struct {
	Deps
	style wire.Style
}

// Mount adds the door's paths. Requests to them need a treatment as streams
// without a limit of their bodies; the door has its own.
func Mount(mux *http.ServeMux, d Deps) {
	made := &door{Deps: d, style: wire.Style{Base: d.BaseURL, Links: wire.Client}}
	mux.HandleFunc("/stream/", made.serveStream)
	mux.HandleFunc("/file/v1/{key}/{name}", made.serveFile)
}

// stream takes an upload and gives the resource that it made.
type stream func(d *door, u *upload) ([]byte, error)

// streams are what can be uploaded to: POST /stream/v1/{path}.
var streams = map[string]stream{ //nolint:gochecknoglobals // the table of contents
	"user.display_picture":   uploadPicture,
	"channels/{id}.messages": uploadMessage,
	"messages/{id}.replies":  uploadReply,
	"threads/{id}.messages":  uploadIntoThread,
}

// serveStream is the way of every upload: in, through its deed, and out.
func (d *door) serveStream(w http.ResponseWriter, r *http.Request) {
	path, id := splitID(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/stream/"), "v1/"))
	take, known := streams[path]
	switch {
	case !known:
		d.refuse(w, r, chat.ErrUnknownResource)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "OPTIONS, POST")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		httpbase.WriteError(w, http.StatusMethodNotAllowed, "MethodNotAllowedError", "This resource does not have that method")
		return
	}
	httpbase.SetRoute(r.Context(), "/stream/v1/"+path)
	body, err := d.take(take, w, r, id)
	if err != nil {
		httpbase.RefuseHalfWay(w, r, func() { d.refuse(w, r, err) })
		return
	}
	write(w, http.StatusOK, body)
}

// take lets an upload in.
func (d *door) take(take stream, w http.ResponseWriter, r *http.Request, id int64) ([]byte, error) {
	actor, err := d.Accounts.VerifyFileGrant(r.Context(), r.Header.Get("Grant"), accounts.WriteFiles)
	if err != nil {
		return nil, err
	}
	httpbase.Annotate(r.Context(), slog.Int64("application", int64(actor.Application)))
	if err := form.Limit(w, r, d.Files); err != nil {
		return nil, err
	}
	return take(d, &upload{Request: r, actor: actor, id: id})
}

// splitID takes the identifier out of a path such as channels/702.messages.
func splitID(path string) (string, int64) {
	collection, rest, ok := strings.Cut(path, "/")
	text, name, named := strings.Cut(rest, ".")
	id, isID := chat.ParseID(text)
	if !ok || !named || !isID {
		return path, 0
	}
	return collection + "/{id}." + name, id
}

// status is what HTTP calls an error. A grant is no login, so that who has none
// is refused and not asked for one.
func status(code chat.Code) int {
	if code == chat.Unauthenticated {
		return http.StatusForbidden
	}
	return wire.HTTPStatus(code)
}

// refuse answers with an error. What stays inside goes to the log instead.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *chat.Error
	if !errors.As(err, &e) || e.Code == chat.Internal {
		if r.Context().Err() == nil {
			d.Log.ErrorContext(r.Context(), "a file request failed", "error", err, "request", httpbase.RequestID(r.Context()))
		}
		e = &chat.Error{Code: chat.Internal, Reason: "InternalError", Message: "Something went wrong on the server."}
	}
	w.Header().Set("Cache-Control", "no-store")
	write(w, status(e.Code), wire.AppendError(nil, e.Reason, e.Message, e.Field, d.Now()))
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// Who has left does not hear it; there is nobody else to tell.
	_, _ = w.Write(body)
}
