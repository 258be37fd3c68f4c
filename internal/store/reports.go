package store

import "github.com/purrchat/purr/internal/chat"

const reportColumns = userColumns + `, r.id, r.application_id, r.channel_id, r.message_id, r.reason, r.properties, r.created_at`

const reportFrom = `message_reports r LEFT JOIN users u ON u.id = r.user_id`

func readReport(row scanner) (r chat.MessageReport, err error) {
	var created int64
	u, err := readUser(withExtra{row, []any{&r.ID, &r.Application, &r.Channel, &r.Message, &r.Reason, &r.Properties, &created}})
	r.User, r.CreatedAt = &u, fromMicros(created)
	return r, err
}

// InsertReport adds a report.
func (tx *Tx) InsertReport(r chat.MessageReport) error {
	_, err := tx.exec("insert report", `INSERT INTO message_reports (id, application_id, channel_id, message_id, user_id, reason, properties, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		int64(r.ID), int64(r.Application), int64(r.Channel), int64(r.Message), int64(r.User.ID), r.Reason, string(r.Properties), micros(r.CreatedAt))
	return err
}

// Reports lists the reports of a message, newest first.
func (tx *Tx) Reports(message chat.MessageID, r chat.PageRequest) (chat.Page[chat.MessageReport], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("r.message_id = " + q.arg(int64(message)))
	return page(tx, listQuery[chat.MessageReport]{
		what: "list reports", columns: reportColumns, from: reportFrom, read: readReport, order: " ORDER BY r.id DESC",
	}, q, r)
}

// ReportsByID finds reports by their ids.
func (tx *Tx) ReportsByID(app chat.ApplicationID, ids []chat.ReportID) (map[chat.ReportID]chat.MessageReport, error) {
	found := make(map[chat.ReportID]chat.MessageReport, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("r.application_id = " + q.arg(int64(app)))
	q.and("r.id IN " + in(q, ids))
	list, err := collect(tx, "find reports", readReport, "SELECT "+reportColumns+" FROM "+reportFrom+q.conditions(), q.args...)
	for _, r := range list {
		found[r.ID] = r
	}
	return found, err
}

// ReportedMessages lists the messages of a channel that have been reported,
// newest first.
func (tx *Tx) ReportedMessages(app chat.ApplicationID, channel chat.ChannelID, r chat.PageRequest) (chat.Page[chat.Message], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.id IN (SELECT r.message_id FROM message_reports r WHERE r.channel_id = " + q.arg(int64(channel)) + ")")
	q.and("m.deleted_at = 0")
	p, err := page(tx, listQuery[chat.Message]{
		what: "list reported messages", columns: messageColumns, from: "messages m LEFT JOIN users u ON u.id = m.user_id",
		read: readMessage, order: " ORDER BY m.id DESC",
	}, q, r)
	if err != nil {
		return p, err
	}
	return p, tx.completeMessages(app, p.Items)
}
