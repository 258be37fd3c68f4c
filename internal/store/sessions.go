package store

import (
	"math"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// attached stands in online_until and resumable_until while a socket is
// there: it never comes. A node that dies leaves it behind, and the sweep
// that follows a lost lease replaces it.
const attached = math.MaxInt64 >> 1

const sessionColumns = `id, application_id, user_id, node_id, user_agent, created_at, online_until, resumable_until, ended_at`

// SessionRecord is a session as it is stored.
type SessionRecord struct {
	chat.Session
	// OnlineUntil and ResumableUntil are zero while a socket is attached.
	OnlineUntil, ResumableUntil time.Time
}

func readSession(row scanner) (s SessionRecord, err error) {
	var created, online, resumable, ended int64
	err = row.Scan(&s.ID, &s.Application, &s.User, &s.Node, &s.UserAgent, &created, &online, &resumable, &ended)
	s.CreatedAt, s.EndedAt = fromMicros(created), fromMicros(ended)
	if online != attached {
		s.OnlineUntil = fromMicros(online)
	}
	if resumable != attached {
		s.ResumableUntil = fromMicros(resumable)
	}
	return s, err
}

// InsertSession adds a session with a socket attached.
func (tx *Tx) InsertSession(s chat.Session, secretHash string) error {
	_, err := tx.exec("insert session", `INSERT INTO user_sessions (id, application_id, user_id, node_id, secret_hash, user_agent, created_at, online_until, resumable_until, since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, (SELECT head FROM event_log WHERE id = 1))`,
		int64(s.ID), int64(s.Application), int64(s.User), int64(s.Node), secretHash, s.UserAgent, micros(s.CreatedAt), int64(attached), int64(attached))
	return err
}

// Session finds a session and the hash of its secret.
func (tx *Tx) Session(app chat.ApplicationID, id chat.SessionID) (s SessionRecord, secretHash string, err error) {
	row := tx.row(`SELECT `+sessionColumns+`, secret_hash FROM user_sessions WHERE id = $1 AND application_id = $2`, int64(id), int64(app))
	s, err = readSession(withExtra{row, []any{&secretHash}})
	return s, secretHash, tx.wrap("find session", err)
}

// withExtra reads further columns after those that a reader asks for.
type withExtra struct {
	scanner
	into []any
}

func (w withExtra) Scan(into ...any) error { return w.scanner.Scan(append(into, w.into...)...) }

// AttachSession marks a living session as having a socket on a node.
func (tx *Tx) AttachSession(id chat.SessionID, node chat.NodeID) error {
	n, err := tx.exec("attach session", `UPDATE user_sessions SET node_id = $1, online_until = $2, resumable_until = $3 WHERE id = $4 AND ended_at = 0`,
		int64(node), int64(attached), int64(attached), int64(id))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DetachSession marks that a session lost its socket on a node; it does
// nothing where the session has moved to another node or has ended.
func (tx *Tx) DetachSession(id chat.SessionID, node chat.NodeID, onlineUntil, resumableUntil time.Time) error {
	_, err := tx.exec("detach session", `UPDATE user_sessions SET online_until = $1, resumable_until = $2
		WHERE id = $3 AND node_id = $4 AND ended_at = 0`,
		micros(onlineUntil), micros(resumableUntil), int64(id), int64(node))
	return err
}

// DetachNode marks that all sessions attached to a node lost their sockets,
// which is so when the node has died or has just started, and tells whose
// they were.
func (tx *Tx) DetachNode(node chat.NodeID, onlineUntil, resumableUntil time.Time) ([]SessionRecord, error) {
	return collectWritten(tx, "detach node", readSession, `UPDATE user_sessions SET online_until = $1, resumable_until = $2
		WHERE node_id = $3 AND ended_at = 0 AND resumable_until = $4 RETURNING `+sessionColumns,
		micros(onlineUntil), micros(resumableUntil), int64(node), int64(attached))
}

// DepartingSessions lists the living sessions of a node that have no socket and
// whose grace has not passed, or did so after a time.
func (tx *Tx) DepartingSessions(node chat.NodeID, after time.Time) ([]SessionRecord, error) {
	return collect(tx, "list departing sessions", readSession, `SELECT `+sessionColumns+` FROM user_sessions
		WHERE node_id = $1 AND ended_at = 0 AND resumable_until <> $2 AND online_until > $3 ORDER BY online_until`,
		int64(node), int64(attached), micros(after))
}

// DeleteEndedSessions forgets up to limit sessions that ended before a time.
func (tx *Tx) DeleteEndedSessions(before time.Time, limit int) (int64, error) {
	return tx.exec("forget ended sessions", `DELETE FROM user_sessions WHERE id IN
		(SELECT id FROM user_sessions WHERE ended_at <> 0 AND ended_at < $1 LIMIT $2)`, micros(before), limit)
}

// EndSession ends a session, and its chat sessions, for good. ErrNotFound says
// that it had ended already.
func (tx *Tx) EndSession(id chat.SessionID) error {
	n, err := tx.exec("end session", `UPDATE user_sessions SET ended_at = $1, online_until = $1, resumable_until = $1 WHERE id = $2 AND ended_at = 0`,
		micros(tx.Now), int64(id))
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	}
	return tx.endChats(id)
}

// EndUserSessions ends all sessions of a user, and their chat sessions, and
// tells which they were.
func (tx *Tx) EndUserSessions(user chat.UserID) ([]SessionRecord, error) {
	ended, err := collectWritten(tx, "end user's sessions", readSession, `UPDATE user_sessions SET ended_at = $1, online_until = $1, resumable_until = $1
		WHERE user_id = $2 AND ended_at = 0 RETURNING `+sessionColumns, micros(tx.Now), int64(user))
	if err != nil {
		return nil, err
	}
	ids := make([]chat.SessionID, len(ended))
	for i, s := range ended {
		ids[i] = s.ID
	}
	return ended, tx.endChats(ids...)
}

// LapsedSessions lists living sessions whose time to resume has run out, at
// most limit of them.
func (tx *Tx) LapsedSessions(limit int) ([]SessionRecord, error) {
	return collect(tx, "list lapsed sessions", readSession, `SELECT `+sessionColumns+` FROM user_sessions
		WHERE ended_at = 0 AND resumable_until < $1 ORDER BY resumable_until LIMIT $2`, micros(tx.Now), limit)
}

// Online tells whether a user has a session that counts as online.
func (tx *Tx) Online(user chat.UserID) (bool, error) {
	var online bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM user_sessions WHERE user_id = $1 AND online_until > $2)`, int64(user), micros(tx.Now)).Scan(&online)
	return online, tx.wrap("check presence", err)
}

// Acknowledged reads what a session has acknowledged, in the form that
// SetAcknowledged wrote, empty before that, and the head of the log when the
// session began.
func (tx *Tx) Acknowledged(id chat.SessionID) (text string, since chat.Position, err error) {
	err = tx.row(`SELECT acknowledged, since FROM user_sessions WHERE id = $1`, int64(id)).Scan(&text, &since)
	return text, since, tx.wrap("read acknowledgements", err)
}

// SetAcknowledged keeps what a session has acknowledged on a node; it does
// nothing where the session has moved to another.
func (tx *Tx) SetAcknowledged(id chat.SessionID, node chat.NodeID, text string) error {
	_, err := tx.exec("keep acknowledgements", `UPDATE user_sessions SET acknowledged = $1 WHERE id = $2 AND node_id = $3`, text, int64(id), int64(node))
	return err
}
