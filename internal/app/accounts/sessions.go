package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// StartSessionInput is what a client says when it connects.
type StartSessionInput struct {
	// Key is the application's public API key.
	Key      string
	Username string
	// AuthParams is what the client gives its application to authenticate it,
	// as JSON, empty where it gave nothing.
	AuthParams json.RawMessage
	// Resume is the token of the session that the client had before, empty or
	// nonsense where it had none.
	Resume    string
	UserAgent string
}

// StartedSession is a session with a socket attached.
type StartedSession struct {
	Session chat.Session
	// Token is what the client must present to resume the session. It is a
	// bearer secret.
	Token string
	User  chat.User
	// Resumed tells that the session had been there before, Moved that it was
	// on another node the last time.
	Resumed, Moved bool
	// Acknowledged is what a resumed session had acknowledged, as
	// KeepAcknowledged was given it, empty where that never happened; Since
	// is the head of the log when the session began.
	Acknowledged string
	Since        chat.Position
}

// StartSession lets a client in, resuming its earlier session where it proves
// to have had one, and otherwise following the table of client-protocol 8.1.
// chat.ErrAccessDenied is a final refusal; every other error may be cured by
// trying again.
func (a *Accounts) StartSession(ctx context.Context, in StartSessionInput) (StartedSession, error) {
	if err := chat.CheckText("username", in.Username, chat.MaxUsername); err != nil {
		return StartedSession{}, denied(err.Error())
	}
	app, err := a.applicationByKey(ctx, in.Key)
	if err != nil {
		return StartedSession{}, err
	}
	a.know(app)
	s, wasOnline, err := a.resume(ctx, app, in)
	if errors.Is(err, errNoResume) {
		s, wasOnline, err = a.begin(ctx, app, in)
	}
	if err == nil && !wasOnline {
		a.signal(chat.Signal{Application: app.ID, Kind: chat.PresenceChanged, User: s.User.ID})
	}
	return s, err
}

func denied(why string) *chat.Error {
	return &chat.Error{Code: chat.Unauthenticated, Reason: chat.ErrAccessDenied.Reason, Message: why}
}

func (a *Accounts) applicationByKey(ctx context.Context, key string) (app chat.Application, err error) {
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		app, err = tx.ApplicationByKey(strings.ToValidUTF8(strings.ReplaceAll(key, "\x00", ""), ""))
		return store.OrRefuse(err, denied("The API key is unknown."))
	})
	return app, err
}

// errNoResume says that there is no session to resume.
var errNoResume = &chat.Error{Code: chat.NotFound, Reason: "SessionNotFoundError", Message: "There is no such session to resume."}

func (a *Accounts) resume(ctx context.Context, app chat.Application, in StartSessionInput) (s StartedSession, wasOnline bool, err error) {
	id, secret, ok := parseToken(in.Resume)
	if !ok {
		return s, false, errNoResume
	}
	movedFrom := a.Node
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		record, stored, err := tx.Session(app.ID, id)
		if err != nil {
			return store.OrRefuse(err, errNoResume)
		}
		alive := record.EndedAt.IsZero() && (record.ResumableUntil.IsZero() || record.ResumableUntil.After(tx.Now))
		if !alive || subtle.ConstantTimeCompare([]byte(hash(secret)), []byte(stored)) != 1 {
			return errNoResume
		}
		if s.User, err = tx.User(app.ID, record.User); err != nil {
			return store.OrRefuse(err, errNoResume)
		}
		if s.User.Name != in.Username {
			return errNoResume
		}
		if s.Acknowledged, s.Since, err = tx.Acknowledged(id); err != nil {
			return err
		}
		wasOnline = s.User.Presence.Online
		s.User.Presence.Online = true
		movedFrom = record.Node
		s.Session, s.Token, s.Resumed, s.Moved = record.Session, in.Resume, true, record.Node != a.Node
		s.Session.Node = a.Node
		return tx.AttachSession(id, a.Node)
	})
	if err == nil && movedFrom != a.Node {
		a.signal(chat.Signal{Application: app.ID, Kind: chat.SessionMoved, User: s.User.ID, Session: id, Node: a.Node})
	}
	return s, wasOnline, err
}

func (a *Accounts) begin(ctx context.Context, app chat.Application, in StartSessionInput) (s StartedSession, wasOnline bool, err error) {
	own := secret()
	id, guest := chat.SessionID(a.IDs.Next()), chat.UserID(a.IDs.Next())
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		if s.User, err = a.admit(tx, app, in.Username, guest); err != nil {
			return err
		}
		wasOnline = s.User.Presence.Online
		s.User.Presence.Online = true
		s.Session = chat.Session{
			ID: id, Application: app.ID, User: s.User.ID, UserAgent: agent(in.UserAgent), Node: a.Node, CreatedAt: tx.Now,
		}
		return tx.InsertSession(s.Session, hash(own))
	})
	s.Token = formatToken(id, own)
	return s, wasOnline, err
}

// agent is what is kept of a client's name for itself: whatever it is, it keeps
// nobody out.
func agent(name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")
	return strings.ToValidUTF8(name[:min(len(name), chat.MaxDisplayName)], "")
}

// admit finds or makes the user who connects without having been
// authenticated: known users come as they are and unknown ones become guests,
// where the application lets guests in, and otherwise nobody comes.
func (a *Accounts) admit(tx *store.Tx, app chat.Application, name string, id chat.UserID) (chat.User, error) {
	if app.Settings.GuestUsers != chat.Enabled {
		return chat.User{}, denied("Users of this application must be authenticated.")
	}
	u, err := tx.UserByName(app.ID, name)
	if !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	u = chat.User{ID: id, Application: app.ID, Name: name, DisplayName: name, Guest: true, CreatedAt: tx.Now}
	return u, tx.InsertUser(u)
}

// A session's token is its id as tokenID digits of base 36 and then its secret:
// only letters that a STOMP header carries unescaped.
const tokenID = 11

func formatToken(id chat.SessionID, secret string) string {
	digits := strconv.FormatInt(int64(id), 36)
	return strings.Repeat("0", tokenID-len(digits)) + digits + secret
}

func parseToken(token string) (chat.SessionID, string, bool) {
	if len(token) <= tokenID || len(token) > 128 {
		return 0, "", false
	}
	id, err := strconv.ParseInt(token[:tokenID], 36, 64)
	return chat.SessionID(id), token[tokenID:], err == nil && id > 0
}

// Detach notes that a session lost its socket: it may be resumed for the
// resume window, and its user counts as online for the presence grace.
func (a *Accounts) Detach(ctx context.Context, s chat.Session) error {
	var gone departure
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		gone = departure{application: s.Application, user: s.User, due: tx.Now.Add(a.PresenceGrace)}
		return tx.DetachSession(s.ID, a.Node, gone.due, tx.Now.Add(a.ResumeWindow))
	})
	if err == nil {
		a.leaving.add(gone)
	}
	return err
}

// EndSession ends a session for good. Its user goes offline at once unless he
// has another. Ending twice is no error.
func (a *Accounts) EndSession(ctx context.Context, s chat.Session) error {
	var online bool
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		online = true
		if err := endChats(tx, s); err != nil {
			return err
		}
		if err := tx.EndSession(s.ID); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		}
		if err := tx.ForgetRequests(s.ID); err != nil {
			return err
		}
		var err error
		online, err = tx.Online(s.User)
		return err
	})
	if err == nil && !online {
		a.leaving.forget(s.User)
		a.signal(chat.Signal{Application: s.Application, Kind: chat.PresenceChanged, User: s.User})
	}
	return err
}

// KeepAcknowledged keeps what sessions have acknowledged, so that it outlives
// the process.
func (a *Accounts) KeepAcknowledged(ctx context.Context, texts map[chat.SessionID]string) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		for id, text := range texts {
			if err := tx.SetAcknowledged(id, a.Node, text); err != nil {
				return err
			}
		}
		return nil
	})
}
