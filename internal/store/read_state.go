package store

import (
	"github.com/purrchat/purr/internal/chat"
)

// A member's read position is his own row, and everything else follows from
// it. Nothing is counted message by message: messages carry their ordinal
// within the channel, so that the number of messages behind a position is a
// difference.

// What deleting messages has to say about them, in one place. Message ordinals
// stay as they are when messages are deleted; these correct what is counted by
// them. The conditions are about a message m, the counts about a member m of a
// channel c.
const (
	// countedMessage is the condition under which a message is still there.
	countedMessage = `m.deleted_at = 0`
	// deletedUnread counts the deleted messages of others behind a member's
	// position.
	deletedUnread = `(SELECT count(*) FROM messages d WHERE d.channel_id = m.channel_id AND d.seq > m.read_seq AND d.user_id <> m.user_id AND d.deleted_at <> 0)`
	// deletedInChannel counts the deleted messages of a channel.
	deletedInChannel = `(SELECT count(*) FROM messages d WHERE d.channel_id = c.id AND d.deleted_at <> 0)`
)

// newestIn is a column of the newest message of a channel c, as the row that
// begins a membership wants it.
func newestIn(column string) string {
	return `COALESCE((SELECT x.` + column + ` FROM messages x WHERE x.channel_id = c.id ORDER BY x.seq DESC LIMIT 1), 0)`
}

// unreadCount is how many messages of others a member m of a channel c has not
// read: all behind his position but his own. Who has read everything costs
// nothing.
const unreadCount = `CASE WHEN c.message_count = m.read_ordinal THEN 0
	ELSE c.message_count - m.read_ordinal - m.own_unread - ` + deletedUnread + ` END`

// countOwn notes that a user has written a message behind his position, which
// all new messages are. Who is no member has no position.
func (tx *Tx) countOwn(channel chat.ChannelID, user chat.UserID) error {
	_, err := tx.exec("count a member's own message", `UPDATE members SET own_unread = own_unread + 1 WHERE channel_id = $1 AND user_id = $2`,
		int64(channel), int64(user))
	return err
}

// ReadPosition is how far a member has read; ErrNotFound says that the user is
// no member.
func (tx *Tx) ReadPosition(channel chat.ChannelID, user chat.UserID) (chat.Seq, error) {
	n, err := tx.count("find read position", `SELECT read_seq FROM members WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user))
	return chat.Seq(n), err
}

// MoveReadPosition makes a member's position the newest message with at most
// the given number, or the beginning of the channel where there is none. It
// looks at the messages behind the position, of which there are mostly none.
func (tx *Tx) MoveReadPosition(channel chat.ChannelID, user chat.UserID, to chat.Seq) error {
	const upTo = ` FROM messages x WHERE x.channel_id = $1 AND x.seq <= $3 `
	n, err := tx.exec("move read position", `UPDATE members SET read_at = $4,
			read_seq = COALESCE((SELECT x.seq`+upTo+`ORDER BY x.seq DESC LIMIT 1), 0),
			read_ordinal = COALESCE((SELECT x.ordinal`+upTo+`ORDER BY x.seq DESC LIMIT 1), 0),
			own_unread = (SELECT count(*) FROM messages x WHERE x.channel_id = $1 AND x.seq > $3 AND x.user_id = $2)
		WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user), int64(to), micros(tx.Now))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// NewestOfOthers finds the newest message after one number and up to another
// that a user has not written himself.
func (tx *Tx) NewestOfOthers(channel chat.ChannelID, user chat.UserID, after, upTo chat.Seq) (chat.Message, error) {
	return tx.ofOthers(channel, user, after, upTo, "DESC")
}

// OldestOfOthers finds the oldest message after one number and up to another
// that a user has not written himself.
func (tx *Tx) OldestOfOthers(channel chat.ChannelID, user chat.UserID, after, upTo chat.Seq) (chat.Message, error) {
	return tx.ofOthers(channel, user, after, upTo, "ASC")
}

func (tx *Tx) ofOthers(channel chat.ChannelID, user chat.UserID, after, upTo chat.Seq, direction string) (chat.Message, error) {
	m, err := readMessage(tx.row(`SELECT `+messageColumns+messageFrom+`WHERE m.channel_id = $2 AND m.seq > $3 AND m.seq <= $4
		AND m.user_id <> $5 AND `+countedMessage+` ORDER BY m.seq `+direction+` LIMIT 1`,
		micros(tx.Now), int64(channel), int64(after), int64(upTo), int64(user)))
	return m, tx.wrap("find message of others", err)
}

// LastRead finds the newest message that a member has read.
func (tx *Tx) LastRead(channel chat.ChannelID, user chat.UserID) (chat.Message, error) {
	m, err := readMessage(tx.row(`SELECT `+messageColumns+messageFrom+`WHERE m.channel_id = $2 AND `+countedMessage+`
		AND m.seq <= (SELECT p.read_seq FROM members p WHERE p.channel_id = $2 AND p.user_id = $3) ORDER BY m.seq DESC LIMIT 1`,
		micros(tx.Now), int64(channel), int64(user)))
	return m, tx.wrap("find last read message", err)
}

// UnreadIn counts the messages of a channel that a user has not read, none
// where he is no member.
func (tx *Tx) UnreadIn(channel chat.ChannelID, user chat.UserID) (int64, error) {
	return tx.count("count unread messages of a channel", `SELECT COALESCE((SELECT `+unreadCount+`
		FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.channel_id = $1 AND m.user_id = $2), 0)`, int64(channel), int64(user))
}

// UnreadOf counts the messages that a user has not read in all his channels.
func (tx *Tx) UnreadOf(app chat.ApplicationID, user chat.UserID) (int64, error) {
	return tx.count("count unread messages", `SELECT CAST(COALESCE(sum(`+unreadCount+`), 0) AS BIGINT)
		FROM members m JOIN channels c ON c.id = m.channel_id
		WHERE m.user_id = $2 AND NOT m.hidden AND c.application_id = $1 AND c.deleted_at = 0`, int64(app), int64(user))
}

// MessageCount counts the messages of a channel.
func (tx *Tx) MessageCount(channel chat.ChannelID) (int64, error) {
	return tx.count("count messages", `SELECT c.message_count - `+deletedInChannel+` FROM channels c WHERE c.id = $1`, int64(channel))
}

var receiptSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"createdTime": "m.read_at", "name": "u.name", "displayName": "u.display_name",
}

// ReadReceipts lists who has read a message, its author left out, oldest first.
func (tx *Tx) ReadReceipts(of chat.Message, r chat.PageRequest) (chat.Page[chat.ReadReceipt], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.channel_id = " + q.arg(int64(of.Channel)))
	q.and("m.read_seq >= " + q.arg(int64(of.Seq)))
	if of.User != nil {
		q.and("m.user_id <> " + q.arg(int64(of.User.ID)))
	}
	q.and("u.deleted_at = 0")
	return page(tx, listQuery[chat.ReadReceipt]{
		what: "list read receipts", columns: userColumns + ", m.read_at", from: "members m JOIN users u ON u.id = m.user_id",
		read: func(row scanner) (receipt chat.ReadReceipt, err error) {
			var at int64
			receipt.Message = of.ID
			receipt.User, err = readUser(withExtra{row, []any{&at}})
			receipt.ReadAt = fromMicros(at)
			return receipt, err
		},
		order: orderBy(r.Sort, receiptSort, "m.read_at", "m.user_id"),
	}, q, r)
}

// ReadPositions lists up to limit positions of a channel's members between two
// numbers, both included, the newest first.
func (tx *Tx) ReadPositions(channel chat.ChannelID, from, to chat.Seq, limit int) ([]chat.ReadPosition, error) {
	return collect(tx, "list read positions", func(row scanner) (p chat.ReadPosition, err error) {
		err = row.Scan(&p.User, &p.Message, &p.Seq)
		return p, err
	}, `SELECT p.user_id, m.id, m.seq FROM members p JOIN messages m ON m.channel_id = p.channel_id AND m.seq = p.read_seq
		WHERE p.channel_id = $1 AND p.read_seq >= $2 AND p.read_seq <= $3 AND `+countedMessage+`
		ORDER BY p.read_seq DESC, p.user_id LIMIT $4`, int64(channel), int64(from), int64(to), limit)
}
