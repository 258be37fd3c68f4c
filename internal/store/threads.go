package store

import "github.com/purrchat/purr/internal/chat"

const threadColumns = `t.id, t.application_id, t.channel_id, t.type, t.name, t.properties, t.created_at`

func readThread(row scanner) (t chat.Thread, err error) {
	var created int64
	err = row.Scan(&t.ID, &t.Application, &t.Channel, &t.Type, &t.Name, &t.Properties, &created)
	t.CreatedAt = fromMicros(created)
	return t, err
}

const standaloneThreads = `SELECT id, application_id, channel_id, 'STANDALONE' AS type, name, properties, created_at FROM threads`

// The threads that have no row of their own.
const (
	mainThreads = `SELECT id, application_id, id AS channel_id, 'MAIN' AS type, '' AS name, '' AS properties, created_at
		FROM channels WHERE deleted_at = 0`
	messageThreads = `SELECT id, application_id, channel_id, 'MESSAGE' AS type, '' AS name, '' AS properties, created_at
		FROM messages WHERE deleted_at = 0`
)

// InsertThread adds a standalone thread.
func (tx *Tx) InsertThread(t chat.Thread) error {
	_, err := tx.exec("insert thread", `INSERT INTO threads (id, application_id, channel_id, name, properties, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		int64(t.ID), int64(t.Application), int64(t.Channel), t.Name, string(t.Properties), micros(t.CreatedAt))
	return err
}

// Thread finds a thread by id, of whatever type.
func (tx *Tx) Thread(app chat.ApplicationID, id chat.ThreadID) (chat.Thread, error) {
	t, err := readThread(tx.row(`SELECT `+threadColumns+` FROM (`+
		standaloneThreads+` WHERE id = $1 UNION ALL `+mainThreads+` AND id = $1 UNION ALL `+messageThreads+` AND id = $1) t
		WHERE t.application_id = $2`, int64(id), int64(app)))
	return t, tx.wrap("find thread", err)
}

// ThreadsByID finds standalone threads by their ids.
func (tx *Tx) ThreadsByID(app chat.ApplicationID, ids []chat.ThreadID) (map[chat.ThreadID]chat.Thread, error) {
	found := make(map[chat.ThreadID]chat.Thread, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.and("t.application_id = " + q.arg(int64(app)))
	q.and("t.id IN " + in(q, ids))
	list, err := collect(tx, "find threads", readThread, `SELECT `+threadColumns+` FROM (`+standaloneThreads+`) t`+q.conditions(), q.args...)
	for _, t := range list {
		found[t.ID] = t
	}
	return found, err
}

// Threads lists the threads of a channel, newest first: the standalone ones,
// the messages that have replies, and the main thread. Of messages and replies
// those count that a viewer is shown.
func (tx *Tx) Threads(channel chat.ChannelID, viewer chat.UserID, f chat.ThreadFilter, r chat.PageRequest) (chat.Page[chat.Thread], error) {
	q := &sqlText{}
	where := q.arg(int64(channel))
	from := "(" + standaloneThreads + " WHERE channel_id = " + where
	if !f.Standalone {
		by := q.arg(int64(viewer))
		from += " UNION ALL " + messageThreads + " AND channel_id = " + where + " AND " + shownTo("messages", where, by) +
			" AND id IN (SELECT r.parent_id FROM messages r WHERE r.channel_id = " + where + " AND r.parent_id <> 0 AND r.deleted_at = 0 AND " + shownTo("r", where, by) + ")"
		if !f.WithoutMain {
			from += " UNION ALL " + mainThreads + " AND id = " + where
		}
	}
	return page(tx, listQuery[chat.Thread]{
		what: "list threads", columns: threadColumns, from: from + ") t", read: readThread, order: " ORDER BY t.id DESC",
	}, q, r)
}
