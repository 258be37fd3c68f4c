package store

import "github.com/purrchat/purr/internal/chat"

// What a viewer is shown of the messages that are there: all but those that he
// deleted for himself, those of users whom he blocks, and those that he cleared
// away with the history of a channel. The application, which is no user, is
// shown all.

// leftOut is the condition under which a viewer has deleted the message of a row
// for himself or blocks its author. The arguments are SQL: the row's alias and
// the viewer's identifier.
func leftOut(message, viewer string) string {
	return `(EXISTS (SELECT 1 FROM hidden_messages h WHERE h.message_id = ` + message + `.id AND h.user_id = ` + viewer + `)
		OR EXISTS (SELECT 1 FROM user_blocks b WHERE b.user_id = ` + viewer + ` AND b.blocked_id = ` + message + `.user_id))`
}

// clearedIn is the number up to which a viewer has cleared the history of a
// channel. Where the channel is no column of the message in question, the number
// bounds the part of the index that is searched.
func clearedIn(channel, viewer string) string {
	return `COALESCE((SELECT p.cleared_seq FROM members p WHERE p.channel_id = ` + channel + ` AND p.user_id = ` + viewer + `), 0)`
}

// shownTo is the condition under which a viewer is shown the message of a row in
// a channel.
func shownTo(message, channel, viewer string) string {
	return message + `.seq > ` + clearedIn(channel, viewer) + ` AND NOT ` + leftOut(message, viewer)
}

// notShownBehind counts those messages of a channel behind a number that are
// deleted or that a viewer is not shown, for what is counted by ordinals. The
// arguments are SQL; also is a condition that the messages, d, must fulfil
// besides. Deleted and hidden ones have indexes of their own, and of the others
// the index by number names the authors: nothing is read of a message that is
// there, and nothing at all for who blocks nobody.
func notShownBehind(channel, viewer, number, also string) string {
	blocked := ` AND EXISTS (SELECT 1 FROM user_blocks b WHERE b.user_id = ` + viewer + ` AND b.blocked_id = d.user_id)`
	all := `(SELECT count(*) FROM messages d WHERE d.channel_id = ` + channel + ` AND d.seq > ` + number + ` AND ` + also
	deleted := all + ` AND d.deleted_at <> 0`
	hidden := `(SELECT count(*) FROM hidden_messages h JOIN messages d ON d.id = h.message_id
		WHERE h.user_id = ` + viewer + ` AND h.channel_id = ` + channel + ` AND h.seq > ` + number + ` AND d.deleted_at = 0 AND ` + also
	return `(` + deleted + `) + ` + hidden + `) + CASE WHEN EXISTS (SELECT 1 FROM user_blocks b WHERE b.user_id = ` + viewer + `)
		THEN ` + all + blocked + `) - ` + deleted + blocked + `) - ` + hidden + blocked + `) ELSE 0 END)`
}

// ClearHistory makes all messages of a channel up to now disappear for one
// member, and tells whether there were any that he had not cleared before. It
// leaves his read position alone, which others see.
func (tx *Tx) ClearHistory(channel chat.ChannelID, user chat.UserID) (changed bool, err error) {
	newest := func(column string) string {
		return `(SELECT x.` + column + ` FROM messages x WHERE x.channel_id = $1 ORDER BY x.seq DESC LIMIT 1)`
	}
	n, err := tx.exec("clear history", `UPDATE members SET cleared_seq = `+newest("seq")+`, cleared_ordinal = `+newest("ordinal")+`,
			own_unread = 0 WHERE channel_id = $1 AND user_id = $2 AND cleared_seq < `+newest("seq"), int64(channel), int64(user))
	return n > 0, err
}

// NotShown tells which of the messages a viewer is not shown.
func (tx *Tx) NotShown(viewer chat.UserID, ids []chat.MessageID) (map[chat.MessageID]bool, error) {
	if viewer == 0 || len(ids) == 0 {
		return nil, nil
	}
	q := &sqlText{}
	q.and("m.id IN " + in(q, ids))
	q.and("NOT (" + shownTo("m", "m.channel_id", q.arg(int64(viewer))) + ")")
	list, err := collect(tx, "find messages that are not shown", readID[chat.MessageID], "SELECT m.id FROM messages m"+q.conditions(), q.args...)
	found := make(map[chat.MessageID]bool, len(list))
	for _, id := range list {
		found[id] = true
	}
	return found, err
}

// HideFrom replaces the newest messages that channels show by the newest that
// a viewer is shown. It takes a bounded number of queries.
func (tx *Tx) HideFrom(viewer chat.UserID, channels []chat.Channel) error {
	var ids []chat.MessageID
	for _, c := range channels {
		if c.LastMessage != nil {
			ids = append(ids, c.LastMessage.ID)
		}
	}
	hidden, err := tx.NotShown(viewer, ids)
	if err != nil {
		return err
	}
	at := map[chat.ChannelID]int{}
	var where []chat.ChannelID
	for i := range channels {
		c := &channels[i]
		if c.LastMessage != nil && hidden[c.LastMessage.ID] {
			c.LastMessage = nil
			at[c.ID] = i
			where = append(where, c.ID)
		}
	}
	if len(where) > 0 {
		newest, err := tx.newestFor(viewer, where)
		if err != nil {
			return err
		}
		found, err := tx.MessagesByID(channels[0].Application, newest)
		if err != nil {
			return err
		}
		for _, m := range found {
			channels[at[m.Channel]].LastMessage = &m
		}
	}
	return tx.hideRepliesToNewest(viewer, channels)
}

// hideRepliesToNewest is HideReplies for the newest messages of channels.
func (tx *Tx) hideRepliesToNewest(viewer chat.UserID, channels []chat.Channel) error {
	var newest []*chat.Message
	for i := range channels {
		if channels[i].LastMessage != nil {
			newest = append(newest, channels[i].LastMessage)
		}
	}
	return tx.HideReplies(viewer, newest)
}

// newestFor finds the newest message of each channel that a user is shown.
func (tx *Tx) newestFor(user chat.UserID, channels []chat.ChannelID) ([]chat.MessageID, error) {
	q := &sqlText{}
	viewer := q.arg(int64(user))
	q.and("c.id IN " + in(q, channels))
	return collect(tx, "find newest messages", readID[chat.MessageID], `SELECT COALESCE((SELECT m.id FROM messages m
		WHERE m.channel_id = c.id AND `+countedMessage+` AND `+shownTo("m", "c.id", viewer)+`
		ORDER BY m.seq DESC LIMIT 1), 0) FROM channels c`+q.conditions(), q.args...)
}

// HideReplies takes the replies that a viewer is not shown off the counts of
// the messages that they reply to, in one query; in none where there are no
// replies.
func (tx *Tx) HideReplies(viewer chat.UserID, list []*chat.Message) error {
	by := map[chat.MessageID]*chat.Message{}
	var ids []chat.MessageID
	for _, m := range list {
		if m.Replies > 0 {
			by[m.ID] = m
			ids = append(ids, m.ID)
		}
	}
	if viewer == 0 || len(ids) == 0 {
		return nil
	}
	q := &sqlText{}
	q.and("r.parent_id IN " + in(q, ids))
	q.and("r.parent_id <> 0 AND r.deleted_at = 0")
	q.and("NOT (" + shownTo("r", "r.channel_id", q.arg(int64(viewer))) + ")")
	type hidden struct {
		parent  chat.MessageID
		replies int64
	}
	counts, err := collect(tx, "count replies that are not shown", func(row scanner) (h hidden, err error) {
		err = row.Scan(&h.parent, &h.replies)
		return h, err
	}, "SELECT r.parent_id, count(*) FROM messages r"+q.conditions()+" GROUP BY r.parent_id", q.args...)
	for _, h := range counts {
		by[h.parent].Replies -= h.replies
	}
	return err
}
