package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

const userSessionColumns = userColumns + `, s.id, s.application_id, s.user_id, s.node_id, s.user_agent, s.created_at, s.ended_at`

// userSession is where the userSessionColumns go, and then further ones.
func readUserSession(row scanner, further ...any) (s chat.UserSession, err error) {
	var created, ended int64
	s.Owner, err = readUser(withExtra{row, append([]any{&s.ID, &s.Application, &s.User, &s.Node, &s.UserAgent, &created, &ended}, further...)})
	s.CreatedAt, s.EndedAt = fromMicros(created), fromMicros(ended)
	return s, err
}

var userSessionSort = map[string]string{"id": "s.id", "createdTime": "s.created_at", "endTime": "s.ended_at"} //nolint:gochecknoglobals // a constant table

// UserSessions lists the sessions of an application in a state, or in any,
// oldest first.
func (tx *Tx) UserSessions(app chat.ApplicationID, state chat.SessionState, r chat.PageRequest) (chat.Page[chat.UserSession], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("s.application_id = " + q.arg(int64(app)))
	inState(q, "s", state)
	return page(tx, listQuery[chat.UserSession]{
		what: "list user sessions", columns: userSessionColumns, from: "user_sessions s LEFT JOIN users u ON u.id = s.user_id",
		read:  func(row scanner) (chat.UserSession, error) { return readUserSession(row) },
		order: orderBy(r.Sort, userSessionSort, "s.created_at", "s.id"),
	}, q, r)
}

func inState(q *sqlText, table string, state chat.SessionState) {
	switch state {
	case chat.SessionActive:
		q.and(table + ".ended_at = 0")
	case chat.SessionEnded:
		q.and(table + ".ended_at <> 0")
	}
}

// UserSession finds a session with its user.
func (tx *Tx) UserSession(app chat.ApplicationID, id chat.SessionID) (chat.UserSession, error) {
	s, err := readUserSession(tx.row(`SELECT `+userSessionColumns+` FROM user_sessions s LEFT JOIN users u ON u.id = s.user_id
		WHERE s.id = $2 AND s.application_id = $3`, micros(tx.Now), int64(id), int64(app)))
	return s, tx.wrap("find user session", err)
}

var chatSessionSort = map[string]string{"id": "c.id", "createdTime": "c.created_at", "endTime": "c.ended_at"} //nolint:gochecknoglobals // a constant table

// ChatSessions lists the chat sessions of an application in a state, or in any,
// oldest first.
func (tx *Tx) ChatSessions(app chat.ApplicationID, state chat.SessionState, r chat.PageRequest) (chat.Page[chat.ChatSession], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("c.application_id = " + q.arg(int64(app)))
	inState(q, "c", state)
	return page(tx, listQuery[chat.ChatSession]{
		what: "list chat sessions", columns: userSessionColumns + ", c.id, c.channel_id, c.created_at, c.ended_at",
		from: "chat_sessions c JOIN user_sessions s ON s.id = c.session_id LEFT JOIN users u ON u.id = s.user_id",
		read: func(row scanner) (c chat.ChatSession, err error) {
			var created, ended int64
			c.Session, err = readUserSession(row, &c.ID, &c.Channel, &created, &ended)
			c.CreatedAt, c.EndedAt = fromMicros(created), fromMicros(ended)
			return c, err
		},
		order: orderBy(r.Sort, chatSessionSort, "c.created_at", "c.id"),
	}, q, r)
}

// endChats ends the chat sessions of sessions that have just ended.
func (tx *Tx) endChats(sessions ...chat.SessionID) error {
	if len(sessions) == 0 {
		return nil
	}
	q := &sqlText{}
	now := q.arg(micros(tx.Now))
	q.and("session_id IN " + in(q, sessions))
	q.and("ended_at = 0")
	_, err := tx.exec("end chat sessions", "UPDATE chat_sessions SET ended_at = "+now+q.conditions(), q.args...)
	return err
}

// DeleteEndedChats forgets up to limit chat sessions that ended before a time.
func (tx *Tx) DeleteEndedChats(before time.Time, limit int) (int64, error) {
	return tx.exec("forget ended chat sessions", `DELETE FROM chat_sessions WHERE id IN
		(SELECT id FROM chat_sessions WHERE ended_at <> 0 AND ended_at < $1 LIMIT $2)`, micros(before), limit)
}
