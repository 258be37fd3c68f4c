package store

import "github.com/purrchat/purr/internal/chat"

// messageColumns are read from messages m LEFT JOIN users u; $1 must be the
// present time.
const messageColumns = userColumns + `, m.id, m.application_id, m.channel_id, m.seq, m.type, m.body, m.group_tag, m.properties, m.created_at, m.file` + lifecycleColumns

const messageFrom = ` FROM messages m LEFT JOIN users u ON u.id = m.user_id `

func readMessage(row scanner) (m chat.Message, err error) {
	var u chat.User
	var created, userCreated, userDeleted int64
	var file string
	var later lifecycle
	err = row.Scan(append(append(userFields(&u, &userCreated, &userDeleted),
		&m.ID, &m.Application, &m.Channel, &m.Seq, &m.Type, &m.Body, &m.GroupTag, &m.Properties, &created, &file), later.fields(&m)...)...)
	if err == nil {
		m.File, err = parseFile(file)
	}
	m.CreatedAt = fromMicros(created)
	if err == nil {
		err = later.fill(&m)
	}
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
	_, err := tx.exec("insert message", `INSERT INTO messages (id, application_id, channel_id, seq, type, user_id, body, group_tag, properties, created_at,
		file, parent_id, level, thread_id, entities, ordinal)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, (SELECT message_count FROM channels WHERE id = $3))`,
		int64(m.ID), int64(m.Application), int64(m.Channel), int64(m.Seq), string(m.Type), int64(user), m.Body, m.GroupTag, string(m.Properties), micros(m.CreatedAt),
		formatFile(m.File), int64(m.Parent), m.Level, int64(m.Thread), storeEntities(m))
	if err != nil || user == 0 {
		return err
	}
	return tx.countOwn(m.Channel, user)
}

// Message finds a message by id.
func (tx *Tx) Message(app chat.ApplicationID, id chat.MessageID) (chat.Message, error) {
	m, err := readMessage(tx.row(`SELECT `+messageColumns+messageFrom+`WHERE m.id = $2 AND m.application_id = $3 AND m.deleted_at = 0`,
		micros(tx.Now), int64(id), int64(app)))
	if err != nil {
		return m, tx.wrap("find message", err)
	}
	one := []chat.Message{m}
	err = tx.completeMessages(app, one)
	return one[0], err
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
	q.and("m.deleted_at = 0")
	list, err := collect(tx, "find messages", readMessage, `SELECT `+messageColumns+messageFrom+q.conditions(), q.args...)
	if err != nil {
		return nil, err
	}
	err = tx.completeMessages(app, list)
	for _, m := range list {
		found[m.ID] = m
	}
	return found, err
}
