package store

import (
	"slices"

	"github.com/purrchat/purr/internal/chat"
)

// messageConditions adds what a filter wants to a statement over messages m.
func messageConditions(q *sqlText, f chat.MessageFilter) {
	channel := "m.channel_id"
	switch {
	case f.Parent != 0:
		// The second condition lets the engine use the index of replies.
		q.and("m.parent_id = " + q.arg(int64(f.Parent)) + " AND m.parent_id <> 0")
	case f.Thread != 0:
		q.and("m.thread_id = " + q.arg(int64(f.Thread)) + " AND m.thread_id <> 0")
	case f.Channel != 0:
		channel = q.arg(int64(f.Channel))
		q.and("m.channel_id = " + channel)
	case f.UnreadBy == 0:
		q.and("m.application_id = " + q.arg(int64(f.Application)))
	}
	q.and(countedMessage)
	if f.OfApplication() {
		q.and("EXISTS (SELECT 1 FROM channels d WHERE d.id = m.channel_id AND d.deleted_at = 0)")
	}
	if f.Author != 0 {
		q.and("m.user_id = " + q.arg(int64(f.Author)))
	}
	if f.Username != "" {
		q.and("m.user_id = COALESCE((SELECT a.id FROM users a WHERE a.application_id = " + q.arg(int64(f.Application)) +
			" AND a.name = " + q.arg(f.Username) + " AND a.deleted_at = 0), -1)")
	}
	if f.UnreadBy != 0 {
		// Walk what is behind the floors of his memberships, m, not all messages.
		reader := q.arg(int64(f.UnreadBy))
		q.and(`m.id IN (SELECT x.id FROM members m JOIN channels c ON c.id = m.channel_id JOIN messages x ON x.channel_id = m.channel_id AND x.seq > ` + floorSeq + `
			WHERE m.user_id = ` + reader + ` AND NOT m.hidden AND c.deleted_at = 0 AND x.user_id <> ` + reader + ` AND NOT ` + leftOut("x", reader) + `)`)
	}
	if f.MainThread {
		q.and("m.level = 0 AND m.thread_id = 0")
	}
	q.and(ofType("m", f.Type))
	if f.Viewer != 0 {
		q.and(shownTo("m", channel, q.arg(int64(f.Viewer))))
	}
}

// ofType is the condition under which the message of a row is a text or a file,
// whoever said it; other types stand for both.
func ofType(message string, t chat.MessageType) string {
	switch t {
	case chat.FileMessage:
		return message + ".file <> ''"
	case chat.TextMessage:
		return message + ".file = ''"
	default:
		return "0 = 0"
	}
}

// messageCursor is the column that a list is read along, as
// chat.MessageFilter.Cursor says.
func messageCursor(f chat.MessageFilter) string {
	if f.OfApplication() {
		return "m.id"
	}
	return "m.seq"
}

// ListMessages lists up to limit messages, newest first: those whose cursor is
// at most from (zero starts at the newest) or, where before is not zero, the
// nearest ones that are newer than before. They are complete; that takes a
// bounded number of queries.
func (tx *Tx) ListMessages(f chat.MessageFilter, from, before int64, limit int) ([]chat.Message, error) {
	q := &sqlText{}
	q.arg(micros(tx.Now))
	messageConditions(q, f)
	cursor := messageCursor(f)
	order := " ORDER BY " + cursor + " DESC"
	switch {
	case before != 0:
		q.and(cursor + " > " + q.arg(before))
		order = " ORDER BY " + cursor
	case from != 0:
		q.and(cursor + " <= " + q.arg(from))
	}
	list, err := collect(tx, "list messages", readMessage,
		`SELECT `+messageColumns+messageFrom+q.conditions()+order+" LIMIT "+q.arg(limit), q.args...)
	if err != nil || len(list) == 0 {
		return list, err
	}
	if before != 0 {
		slices.Reverse(list)
	}
	if err := tx.completeMessages(list[0].Application, list); err != nil {
		return list, err
	}
	all := make([]*chat.Message, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return list, tx.HideReplies(f.Viewer, all)
}

// CountMessages counts a list up to a number.
func (tx *Tx) CountMessages(f chat.MessageFilter, most int) (int64, error) {
	if f == (chat.MessageFilter{Application: f.Application, Channel: f.Channel, Viewer: f.Viewer}) && f.Channel != 0 {
		return tx.MessageCount(f.Channel, f.Viewer)
	}
	q := &sqlText{}
	messageConditions(q, f)
	return tx.count("count listed messages", `SELECT count(*) FROM (SELECT 1 FROM messages m`+q.conditions()+` LIMIT `+q.arg(most)+`) AS counted`, q.args...)
}

// NewestMessageSeq is the sequence number of the newest message that a filter
// keeps, zero where there is none.
func (tx *Tx) NewestMessageSeq(f chat.MessageFilter) (chat.Seq, error) {
	q := &sqlText{}
	messageConditions(q, f)
	n, err := tx.count("find newest message", `SELECT COALESCE(max(m.seq), 0) FROM messages m`+q.conditions(), q.args...)
	return chat.Seq(n), err
}
