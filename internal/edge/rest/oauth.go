package rest

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/wire"
)

// Errors of the token endpoint (RFC 6749 section 5.2).
const (
	invalidRequest       = "invalid_request"
	unsupportedGrantType = "unsupported_grant_type"
	invalidScope         = "invalid_scope"
)

// maxTokenRequest bounds the form of a token request, in bytes.
const maxTokenRequest = 64 << 10

// issueToken answers POST /oauth/token: client credentials for an access token
// (RFC 6749 section 4.4, platform-api A.1).
func (d *door) issueToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Pragma", "no-cache")
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	form, err := readForm(r)
	switch {
	case httpbase.TooLarge(err):
		d.refuse(w, r, errTooLarge)
	case err != nil:
		refuseToken(w, invalidRequest, "The body of the request must be a form")
	case form.Get("grant_type") == "":
		refuseToken(w, invalidRequest, "grant_type is missing")
	case form.Get("grant_type") != "client_credentials":
		refuseToken(w, unsupportedGrantType, "The only grant type here is client_credentials")
	default:
		d.issueTokenFor(w, r, form)
	}
}

func (d *door) issueTokenFor(w http.ResponseWriter, r *http.Request, form url.Values) {
	id, secret := clientOf(r, form)
	token, err := d.Accounts.IssueToken(r.Context(), id, secret)
	if errors.Is(err, chat.ErrInvalidClient) {
		w.Header().Set("WWW-Authenticate", `Basic realm="platform"`)
		write(w, http.StatusUnauthorized, mediaJSON,
			wire.AppendAuthenticationError(nil, chat.ErrInvalidClient.Reason, chat.ErrInvalidClient.Message))
		return
	}
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	scope := "org:" + strconv.FormatInt(int64(token.Application), 10) + ":app"
	for _, wanted := range strings.Fields(form.Get("scope")) {
		if wanted != scope && !knownScope(wanted) {
			refuseToken(w, invalidScope, "There is no such scope")
			return
		}
	}
	body := append([]byte(`{"access_token":`), wire.AppendString(nil, token.Value)...)
	body = append(body, `,"token_type":"bearer","expires_in":`...)
	body = strconv.AppendInt(body, int64(token.Lifetime/time.Second), 10)
	body = append(body, `,"scope":`...)
	body = append(wire.AppendString(body, scope), '}')
	write(w, http.StatusOK, mediaJSON, body)
}

func refuseToken(w http.ResponseWriter, name, description string) {
	write(w, http.StatusBadRequest, mediaJSON, wire.AppendAuthenticationError(nil, name, description))
}

// clientOf reads the client's credentials: from the Basic header or, where
// there is no header at all, from the form.
func clientOf(r *http.Request, form url.Values) (id, secret string) {
	if r.Header.Get("Authorization") == "" {
		return form.Get("client_id"), form.Get("client_secret")
	}
	id, secret, _ = r.BasicAuth()
	return id, secret
}

// knownScope tells the scopes that the published reference names. A token is
// good for all of them whichever are asked for (decision D1), and says so.
func knownScope(scope string) bool {
	verb, resource, ok := strings.Cut(scope, ":")
	return ok && slices.Contains([]string{"create", "read", "update", "delete"}, verb) &&
		slices.Contains([]string{
			"application", "channel", "channel_event", "channel_invite", "channel_membership", "channel_moderator",
			"channels", "chat_session", "function", "function_invocation", "function_version", "job", "keystrokes",
			"message", "notifications", "read_receipt", "runtime", "thread", "user", "user_secret", "user_session", "*",
		}, resource)
}

// errNoForm says that a body is no form.
var errNoForm = errors.New("the body is no form")

// readForm reads a form in either encoding. Fields of the query are none.
func readForm(r *http.Request) (url.Values, error) {
	media, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch media {
	case "application/x-www-form-urlencoded":
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		return url.ParseQuery(string(text))
	case "multipart/form-data":
		return readParts(multipart.NewReader(r.Body, parameters["boundary"]))
	}
	return nil, errNoForm
}

// readParts keeps the fields of a multipart form in memory, which the limit of
// the body bounds.
func readParts(parts *multipart.Reader) (url.Values, error) {
	form := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		form.Add(part.FormName(), string(text))
	}
}
