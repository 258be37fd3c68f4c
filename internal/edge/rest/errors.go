package rest

import (
	"errors"
	"net/http"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/wire"
)

// protocolError is a refusal of HTTP itself, which no deed knows of.
type protocolError struct {
	status       int
	name, reason string
}

func (e *protocolError) Error() string { return e.reason }

// What the door itself refuses.
var (
	errUnknownPath     = chat.ErrUnknownResource
	errUnknownMethod   = &protocolError{http.StatusMethodNotAllowed, "MethodNotAllowedError", "This resource does not have that method"}
	errNotAcceptable   = &protocolError{http.StatusNotAcceptable, "NotAcceptableError", "The answer can be had as JSON only"}
	errMediaType       = &protocolError{http.StatusUnsupportedMediaType, "UnsupportedMediaTypeError", "The body of the request is of a type that cannot be read here"}
	errNoToken         = &chat.Error{Code: chat.Unauthenticated, Reason: "unauthorized", Message: "Full authentication is required to access this resource"}
	errUTF8            = chat.Invalidf("", "the body of the request must be UTF-8")
	errTooManyRequests = &chat.Error{Code: chat.RateLimited, Reason: "TooManyRequestsError", Message: "Too many requests, try again later"}
	errTooLarge        = &chat.Error{Code: chat.TooLarge, Reason: "RequestTooLargeError", Message: "The body of the request is too large"}
	errOutOfTime       = &chat.Error{Code: chat.Unavailable, Reason: "RequestTimeoutError", Message: "The request took too long"}
	errInternal        = &chat.Error{Code: chat.Internal, Reason: "InternalServerError", Message: "Something went wrong on our side"}
)

// refuse answers with an error, as JSON whatever was asked for.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var p *protocolError
	if errors.As(err, &p) {
		write(w, p.status, mediaJSON, wire.AppendError(nil, p.name, p.reason, "", d.Now()))
		return
	}
	e := d.shown(r, err)
	switch e.Code {
	case chat.Unauthenticated:
		w.Header().Set("WWW-Authenticate", challenge(e))
		write(w, wire.HTTPStatus(e.Code), mediaJSON, wire.AppendAuthenticationError(nil, e.Reason, e.Message))
	case chat.Forbidden:
		write(w, wire.HTTPStatus(e.Code), mediaJSON, wire.AppendAuthenticationError(nil, "access_denied", e.Message))
	default:
		write(w, wire.HTTPStatus(e.Code), mediaJSON, wire.AppendError(nil, e.Reason, e.Message, e.Field, d.Now()))
	}
}

// shown is what the caller may see of an error. What stays inside goes to the
// log instead.
func (d *door) shown(r *http.Request, err error) *chat.Error {
	var e *chat.Error
	if errors.As(err, &e) && e.Code != chat.Internal {
		return e
	}
	ctx := r.Context()
	if ctx.Err() != nil {
		return errOutOfTime
	}
	d.Log.ErrorContext(ctx, "a request failed", "error", err, "method", r.Method, "pattern", r.Pattern, "request", httpbase.RequestID(ctx))
	return errInternal
}

// challenge says how to authenticate (RFC 6750 section 3).
func challenge(e *chat.Error) string {
	const realm = `Bearer realm="platform"`
	if e.Reason == chat.ErrInvalidToken.Reason {
		return realm + `, error="invalid_token"`
	}
	return realm
}
