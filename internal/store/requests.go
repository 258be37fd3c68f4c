package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// scope is what a request's name is unique in: the session, or else the
// application. Identifiers of both come from one generator, so they never
// meet.
func scope(a chat.Actor) int64 {
	if a.Session != 0 {
		return int64(a.Session)
	}
	return int64(a.Application)
}

// Maker tells the deeds apart that make things: the same name may be used for
// one request of each.
type Maker string

// The makers.
const (
	UserMaker    Maker = "user"
	ChannelMaker Maker = "channel"
	MessageMaker Maker = "message"
	JobMaker     Maker = "job"
	// FunctionMaker and VersionMaker make functions and their versions.
	FunctionMaker Maker = "function"
	VersionMaker  Maker = "function version"
)

// requestKey is what is unique in a scope.
func requestKey(a chat.Actor, by Maker) string { return string(by) + " " + a.Request }

// ClaimRequest binds the actor's request to the thing it is about to make.
// Where the same request made something before, that is returned as earlier
// and nothing is written; otherwise earlier is zero. An actor without a
// request name claims nothing.
func (tx *Tx) ClaimRequest(a chat.Actor, by Maker, subject int64) (earlier int64, err error) {
	if a.Request == "" {
		return 0, nil
	}
	if err := checkRequest(a.Request); err != nil {
		return 0, err
	}
	n, err := tx.exec("claim request", `INSERT INTO request_results (scope, request, subject_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		scope(a), requestKey(a, by), subject, micros(tx.Now))
	if err != nil || n > 0 {
		return 0, err
	}
	return tx.EarlierRequest(a, by)
}

// EarlierRequest finds what the actor's request made before, zero where it made
// nothing.
func (tx *Tx) EarlierRequest(a chat.Actor, by Maker) (subject int64, err error) {
	if a.Request == "" {
		return 0, nil
	}
	return tx.count("find request", `SELECT COALESCE(max(subject_id), 0) FROM request_results WHERE scope = $1 AND request = $2`, scope(a), requestKey(a, by))
}

// checkRequest refuses a name that is too long, or that PostgreSQL could not
// keep: at commit, with the events, it would fail everybody in the group.
func checkRequest(name string) error {
	return chat.CheckOptionalText("request", name, chat.MaxRequest)
}

// ForgetRequests removes the request names of an ended session.
func (tx *Tx) ForgetRequests(session chat.SessionID) error {
	_, err := tx.exec("forget requests", `DELETE FROM request_results WHERE scope = $1`, int64(session))
	return err
}

// ForgetApplicationRequests removes an application's request names that are
// older than a time.
func (tx *Tx) ForgetApplicationRequests(app chat.ApplicationID, before time.Time) error {
	_, err := tx.exec("forget requests", `DELETE FROM request_results WHERE scope = $1 AND created_at < $2`, int64(app), micros(before))
	return err
}
