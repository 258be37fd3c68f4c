package store

import "github.com/purrchat/purr/internal/chat"

// messageColumns are read from messages m LEFT JOIN users u; $1 must be the
// present time.
const messageColumns = userColumns + `, m.id, m.application_id, m.channel_id, m.seq, m.type, m.body, m.group_tag, m.properties, m.created_at, m.file`

const messageFrom = ` FROM messages m LEFT JOIN users u ON u.id = m.user_id `

func readMessage(row scanner) (m chat.Message, err error) {
	var u chat.User
	var created, userCreated, userDeleted int64
	var file string
	err = row.Scan(append(userFields(&u, &userCreated, &userDeleted),
		&m.ID, &m.Application, &m.Channel, &m.Seq, &m.Type, &m.Body, &m.GroupTag, &m.Properties, &created, &file)...)
	if err == nil {
		m.File, err = parseFile(file)
	}
	m.CreatedAt = fromMicros(created)
	if u.ID != 0 {
		u.CreatedAt, u.Deleted = fromMicros(userCreated), userDeleted != 0
		m.User = &u
	}
	return m, err
}

// InsertMessage adds a message. The event that tells of it has made it the
// newest of its channel, whose count is therefore its ordinal.
func (tx *Tx) InsertMessage(m chat.Message) error {
	var user chat.UserID
	if m.User != nil {
		user = m.User.ID
	}
	_, err := tx.exec("insert message", `INSERT INTO messages (id, application_id, channel_id, seq, type, user_id, body, group_tag, properties, created_at, ordinal, author_ordinal, file)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT message_count FROM channels WHERE id = $3), `+nextAuthorOrdinal+`, $11)`,
		int64(m.ID), int64(m.Application), int64(m.Channel), int64(m.Seq), string(m.Type), int64(user), m.Body, m.GroupTag, string(m.Properties), micros(m.CreatedAt), formatFile(m.File))
	return err
}

// Message finds a message by id.
func (tx *Tx) Message(app chat.ApplicationID, id chat.MessageID) (chat.Message, error) {
	m, err := readMessage(tx.row(`SELECT `+messageColumns+messageFrom+`WHERE m.id = $2 AND m.application_id = $3`,
		micros(tx.Now), int64(id), int64(app)))
	return m, tx.wrap("find message", err)
}

// MessagesByID finds messages by their ids.
func (tx *Tx) MessagesByID(app chat.ApplicationID, ids []chat.MessageID) (map[chat.MessageID]chat.Message, error) {
	found := make(map[chat.MessageID]chat.Message, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("m.application_id = " + q.arg(int64(app)))
	q.and("m.id IN " + in(q, ids))
	list, err := collect(tx, "find messages", readMessage, `SELECT `+messageColumns+messageFrom+q.conditions(), q.args...)
	for _, m := range list {
		found[m.ID] = m
	}
	return found, err
}

// ChannelMessages lists up to limit messages of a channel, newest first: those
// with at most the sequence number from (zero starts at the newest) or, where
// before is not zero, the nearest ones that are newer than before.
func (tx *Tx) ChannelMessages(channel chat.ChannelID, from, before chat.Seq, limit int) ([]chat.Message, error) {
	return tx.channelMessages("", channel, from, before, limit)
}

// channelMessages is ChannelMessages with one more condition.
func (tx *Tx) channelMessages(condition string, channel chat.ChannelID, from, before chat.Seq, limit int) ([]chat.Message, error) {
	columns := `SELECT ` + messageColumns + messageFrom + `WHERE m.channel_id = $2` + condition
	now, id := micros(tx.Now), int64(channel)
	switch {
	case before != 0:
		newer, err := collect(tx, "list messages", readMessage, columns+` AND m.seq > $3 ORDER BY m.seq LIMIT $4`, now, id, int64(before), limit)
		for i, j := 0, len(newer)-1; i < j; i, j = i+1, j-1 {
			newer[i], newer[j] = newer[j], newer[i]
		}
		return newer, err
	case from != 0:
		return collect(tx, "list messages", readMessage, columns+` AND m.seq <= $3 ORDER BY m.seq DESC LIMIT $4`, now, id, int64(from), limit)
	default:
		return collect(tx, "list messages", readMessage, columns+` ORDER BY m.seq DESC LIMIT $3`, now, id, limit)
	}
}

// NewestMessageSeq is the sequence number of the newest message of a channel,
// zero where there is none.
func (tx *Tx) NewestMessageSeq(channel chat.ChannelID) (chat.Seq, error) {
	n, err := tx.count("find newest message", `SELECT COALESCE(max(seq), 0) FROM messages WHERE channel_id = $1`, int64(channel))
	return chat.Seq(n), err
}
