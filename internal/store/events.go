package store

import (
	"strings"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

const storedEventColumns = `position, application_id, kind, channel_id, seq, actor_id, target_id, subject_id, session_id, request, created_at, data`

func readEvent(row scanner) (e chat.Event, err error) {
	var at int64
	err = row.Scan(&e.Position, &e.Application, &e.Kind, &e.Channel, &e.Seq, &e.Actor, &e.Target, &e.Subject, &e.Session, &e.Request, &at, &e.Data)
	e.At = fromMicros(at)
	return e, err
}

// Head is the position of the newest event.
func (tx *Tx) Head() (chat.Position, error) {
	n, err := tx.count("read the head of the log", `SELECT head FROM event_log WHERE id = 1`)
	return chat.Position(n), err
}

// EventsAfter lists up to limit events of the whole installation that follow
// a position, oldest first.
func (tx *Tx) EventsAfter(after chat.Position, limit int) ([]chat.Event, error) {
	return collect(tx, "read the log", readEvent, `SELECT `+storedEventColumns+` FROM events WHERE position > $1 ORDER BY position LIMIT $2`, int64(after), limit)
}

// UserEventsAfter lists up to limit events that concern a user and follow a
// position, oldest first: those of the channels he is a member of, and those
// that were done to him.
func (tx *Tx) UserEventsAfter(user chat.UserID, after chat.Position, limit int) ([]chat.Event, error) {
	return collect(tx, "read a user's log", readEvent, `SELECT e.* FROM (
		SELECT `+eventColumnsOf("e")+` FROM members m JOIN events e ON e.channel_id = m.channel_id AND e.channel_id <> 0 AND e.position > $2 WHERE m.user_id = $1
		UNION
		SELECT `+eventColumnsOf("e")+` FROM events e WHERE e.target_id = $1 AND e.target_id <> 0 AND e.position > $2
		) e ORDER BY position LIMIT $3`, int64(user), int64(after), limit)
}

func eventColumnsOf(table string) string { return columnsOf(table, storedEventColumns) }

// columnsOf names columns with their table.
func columnsOf(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// DeleteEventsBefore forgets up to limit of the oldest events that are older
// than a time, and tells how many it were. What is yet to be indexed stays.
func (tx *Tx) DeleteEventsBefore(before time.Time, limit int) (int64, error) {
	// Only the oldest are looked at, so that nothing is searched in vain.
	return tx.exec("forget events", `DELETE FROM events WHERE position IN (SELECT position FROM
		(SELECT position, created_at FROM events ORDER BY position LIMIT $2) AS oldest WHERE created_at < $1
		AND position <= (SELECT s.position FROM search_state s WHERE s.id = 1))`, micros(before), limit)
}

// Installation is the name of all that share this log; proposed becomes it
// where there is none yet.
func (tx *Tx) Installation(proposed string) (name string, err error) {
	if _, err := tx.exec("name the installation", `UPDATE event_log SET installation = $1 WHERE id = 1 AND installation = ''`, proposed); err != nil {
		return "", err
	}
	err = tx.row(`SELECT installation FROM event_log WHERE id = 1`).Scan(&name)
	return name, tx.wrap("read the installation's name", err)
}
