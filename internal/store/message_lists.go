package store

import (
	"slices"

	"github.com/purrchat/purr/internal/chat"
)

// messageConditions adds what a filter wants to a statement over messages m.
func messageConditions(q *sqlText, f chat.MessageFilter) {
	switch {
	case f.Parent != 0:
		// The second condition lets the engine use the index of replies.
		q.and("m.parent_id = " + q.arg(int64(f.Parent)) + " AND m.parent_id <> 0")
	case f.Thread != 0:
		q.and("m.thread_id = " + q.arg(int64(f.Thread)) + " AND m.thread_id <> 0")
	default:
		q.and("m.channel_id = " + q.arg(int64(f.Channel)))
	}
	q.and("m.deleted_at = 0")
	if f.MainThread {
		q.and("m.level = 0 AND m.thread_id = 0")
	}
	switch f.Type {
	case chat.FileMessage:
		q.and("m.file <> ''")
	case chat.TextMessage:
		q.and("m.file = ''")
	default:
	}
	if f.Viewer != 0 {
		q.and("NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = " + q.arg(int64(f.Viewer)) + ")")
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
	return list, tx.completeMessages(list[0].Application, list)
}

// NewestMessageSeq is the sequence number of the newest message that a filter
// keeps, zero where there is none.
func (tx *Tx) NewestMessageSeq(f chat.MessageFilter) (chat.Seq, error) {
	q := &sqlText{}
	messageConditions(q, f)
	n, err := tx.count("find newest message", `SELECT COALESCE(max(m.seq), 0) FROM messages m`+q.conditions(), q.args...)
	return chat.Seq(n), err
}

// HideFrom replaces the newest messages that channels show by the newest that
// a viewer has not deleted for himself. It takes a bounded number of queries.
func (tx *Tx) HideFrom(viewer chat.UserID, channels []chat.Channel) error {
	shown := map[chat.MessageID]int{}
	var ids []chat.MessageID
	for i, c := range channels {
		if c.LastMessage != nil {
			shown[c.LastMessage.ID] = i
			ids = append(ids, c.LastMessage.ID)
		}
	}
	if viewer == 0 || len(ids) == 0 {
		return nil
	}
	hidden, err := tx.hiddenAmong(viewer, ids)
	if err != nil || len(hidden) == 0 {
		return err
	}
	at := map[chat.ChannelID]int{}
	var where []chat.ChannelID
	for _, id := range hidden {
		c := &channels[shown[id]]
		c.LastMessage = nil
		at[c.ID] = shown[id]
		where = append(where, c.ID)
	}
	newest, err := tx.newestFor(viewer, where)
	if err != nil {
		return err
	}
	found, err := tx.MessagesByID(channels[0].Application, newest)
	for _, m := range found {
		channels[at[m.Channel]].LastMessage = &m
	}
	return err
}

// hiddenAmong tells which of the messages a user has deleted for himself.
func (tx *Tx) hiddenAmong(user chat.UserID, ids []chat.MessageID) ([]chat.MessageID, error) {
	q := &sqlText{}
	q.and("user_id = " + q.arg(int64(user)))
	q.and("message_id IN " + in(q, ids))
	return collect(tx, "find hidden messages", readID[chat.MessageID], "SELECT message_id FROM hidden_messages"+q.conditions(), q.args...)
}

// newestFor finds the newest message of each channel that a user has not
// deleted for himself.
func (tx *Tx) newestFor(user chat.UserID, channels []chat.ChannelID) ([]chat.MessageID, error) {
	q := &sqlText{}
	viewer := q.arg(int64(user))
	q.and("c.id IN " + in(q, channels))
	return collect(tx, "find newest messages", readID[chat.MessageID], `SELECT COALESCE((SELECT m.id FROM messages m
		WHERE m.channel_id = c.id AND m.deleted_at = 0
		AND NOT EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = m.id AND h.user_id = `+viewer+`)
		ORDER BY m.seq DESC LIMIT 1), 0) FROM channels c`+q.conditions(), q.args...)
}
