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
	default:
		channel = q.arg(int64(f.Channel))
		q.and("m.channel_id = " + channel)
	}
	q.and(countedMessage)
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

// ListMessages lists up to limit messages of one channel, newest first: those
// with at most the sequence number from (zero starts at the newest) or, where
// before is not zero, the nearest ones that are newer than before. They are
// complete; that takes a bounded number of queries.
func (tx *Tx) ListMessages(f chat.MessageFilter, from, before chat.Seq, limit int) ([]chat.Message, error) {
	q := &sqlText{}
	q.arg(micros(tx.Now))
	messageConditions(q, f)
	order := " ORDER BY m.seq DESC"
	switch {
	case before != 0:
		q.and("m.seq > " + q.arg(int64(before)))
		order = " ORDER BY m.seq"
	case from != 0:
		q.and("m.seq <= " + q.arg(int64(from)))
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

// NewestMessageSeq is the sequence number of the newest message that a filter
// keeps, zero where there is none.
func (tx *Tx) NewestMessageSeq(f chat.MessageFilter) (chat.Seq, error) {
	q := &sqlText{}
	messageConditions(q, f)
	n, err := tx.count("find newest message", `SELECT COALESCE(max(m.seq), 0) FROM messages m`+q.conditions(), q.args...)
	return chat.Seq(n), err
}
