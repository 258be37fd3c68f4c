package rest

import (
	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/edge/wire"
)

func (d *door) listUserSessions(c *call) ([]byte, error) {
	q := readQuery(c)
	state, page := q.state(), q.page()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Accounts.ListUserSessions(c.Context(), c.actor, state, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("sessions", "/user-sessions"), list, c.style.UserSession), nil
}

// retrieveUserSession is where the links of chat sessions lead; the contract
// has no such operation.
func (d *door) retrieveUserSession(c *call) ([]byte, error) {
	id, err := c.id("id", accounts.ErrUnknownSession)
	if err != nil {
		return nil, err
	}
	s, err := d.Accounts.RetrieveUserSession(c.Context(), c.actor, chat.SessionID(id))
	if err != nil {
		return nil, err
	}
	return c.style.UserSession(nil, &s), nil
}

func (d *door) listChatSessions(c *call) ([]byte, error) {
	q := readQuery(c)
	state, page := q.state(), q.page()
	if q.err != nil {
		return nil, q.err
	}
	list, err := d.Accounts.ListChatSessions(c.Context(), c.actor, state, page)
	if err != nil {
		return nil, err
	}
	return wire.Page(nil, c.style, q.list("sessions", "/chat-sessions"), list, c.style.ChatSession), nil
}

// state reads in which state sessions are to be, empty for any.
func (q *query) state() chat.SessionState { return chat.SessionState(q.text("state", 16)) }
