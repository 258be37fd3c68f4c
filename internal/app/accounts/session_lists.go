package accounts

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/store"
)

// ErrUnknownSession says that there is no such session.
var ErrUnknownSession = &chat.Error{Code: chat.NotFound, Reason: "UserSessionNotFoundError", Message: "There is no such session."}

// ListUserSessions lists the sessions of the application, which alone may see
// them, oldest first. Those that ended stay for 30 days.
func (a *Accounts) ListUserSessions(ctx context.Context, actor chat.Actor, state chat.SessionState, r chat.PageRequest) (p chat.Page[chat.UserSession], err error) {
	if err := checkSessions(actor, state); err != nil {
		return p, err
	}
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.UserSessions(actor.Application, state, r)
		return err
	})
	return p, err
}

// RetrieveUserSession finds one of them.
func (a *Accounts) RetrieveUserSession(ctx context.Context, actor chat.Actor, id chat.SessionID) (s chat.UserSession, err error) {
	if err := checkSessions(actor, ""); err != nil {
		return s, err
	}
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		s, err = tx.UserSession(actor.Application, id)
		return store.OrRefuse(err, ErrUnknownSession)
	})
	return s, err
}

// ListChatSessions lists which channels its users had open and when, like
// ListUserSessions.
func (a *Accounts) ListChatSessions(ctx context.Context, actor chat.Actor, state chat.SessionState, r chat.PageRequest) (p chat.Page[chat.ChatSession], err error) {
	if err := checkSessions(actor, state); err != nil {
		return p, err
	}
	err = a.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.ChatSessions(actor.Application, state, r)
		return err
	})
	return p, err
}

func checkSessions(actor chat.Actor, state chat.SessionState) error {
	if !actor.IsApplication() {
		return chat.ErrForbidden
	}
	return chat.CheckSessionState(state)
}
