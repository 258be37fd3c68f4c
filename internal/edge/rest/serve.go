package rest

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/formdata"
)

// call is a request that was let in.
type call struct {
	*http.Request

	actor chat.Actor
	// style is how its answer is written, media what that is called.
	style wire.Style
	media string
	// status is that of an answer that refuses nothing.
	status int
}

// handler carries out one operation and gives the body of its answer, nil for
// none.
type handler func(*call) ([]byte, error)

// serve is the way of every operation: in, through its deed, and out.
func (d *door) serve(row route, w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && formdata.Is(r) {
		d.serveForm(row, w, r)
		return
	}
	if d.MaxBody > 0 && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, d.MaxBody)
	}
	c, err := d.admit(w, r)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	body, err := row.handle(c)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	write(w, c.status, c.media, body)
}

// admit finds out who calls and how the answer is to be written, and refuses
// who may not go on.
func (d *door) admit(w http.ResponseWriter, r *http.Request) (*call, error) {
	token, err := bearer(r)
	if err != nil {
		return nil, err
	}
	c := &call{Request: r, status: http.StatusOK}
	if c.actor, err = d.Accounts.AuthenticateToken(r.Context(), token); err != nil {
		return nil, err
	}
	own := strconv.FormatInt(int64(c.actor.Application), 10)
	httpbase.Annotate(r.Context(), slog.String("application", own))
	if named := r.PathValue("application"); named != "" && named != own {
		return nil, chat.ErrUnknownApplication
	}
	if wait := d.pace(c.actor.Application, token); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		return nil, errTooManyRequests
	}
	if c.actor.Request, err = idempotencyKey(r); err != nil {
		return nil, err
	}
	if c.media, err = negotiate(r.Header.Values("Accept")); err != nil {
		return nil, err
	}
	c.style = wire.Style{Base: d.baseURL(r), Tenant: c.actor.Application, Spelling: spelling(c.media), Links: wire.HAL}
	return c, nil
}

// bearer reads the access token (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	return token, nil
}

// idempotencyKey reads the name that the caller gave the request, so that it
// is carried out once however often it is sent.
func idempotencyKey(r *http.Request) (string, error) {
	const name = "Idempotency-Key"
	key := r.Header.Get(name)
	return key, chat.CheckOptionalText(name, key, chat.MaxRequest)
}

// id reads an identifier of the path. What cannot be one names nothing.
func (c *call) id(name string, unknown *chat.Error) (int64, error) {
	id, ok := chat.ParseID(c.PathValue(name))
	if !ok {
		return 0, unknown
	}
	return id, nil
}

func (c *call) userID(name string) (chat.UserID, error) {
	id, err := c.id(name, chat.ErrUnknownUser)
	return chat.UserID(id), err
}

func (c *call) channelID() (chat.ChannelID, error) {
	id, err := c.id("id", chat.ErrUnknownChannel)
	return chat.ChannelID(id), err
}

func (c *call) messageID() (chat.MessageID, error) {
	id, err := c.id("id", chat.ErrUnknownMessage)
	return chat.MessageID(id), err
}

// write sends an answer. No answer of the API may be kept: they are for one
// application, and stale as soon as somebody writes.
func write(w http.ResponseWriter, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// Who has left does not hear it; there is nobody else to tell.
	_, _ = w.Write(body)
}
