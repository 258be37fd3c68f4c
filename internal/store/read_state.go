package store

import (
	"github.com/purrchat/purr/internal/chat"
)

// A member's read position is his own row, and everything else follows from
// it. Nothing is counted message by message: messages carry their ordinal
// within the channel, so that the number of messages behind a position is a
// difference.

// countedMessage is the condition under which a message m is still there.
// Message ordinals stay as they are when messages are deleted; notShownBehind
// corrects what is counted by them.
const countedMessage = `m.deleted_at = 0`

// The floor of a member is the newest message that he has either read or
// cleared away: only what is behind it is unread.
const (
	floorSeq     = `(CASE WHEN m.cleared_seq > m.read_seq THEN m.cleared_seq ELSE m.read_seq END)`
	floorOrdinal = `(CASE WHEN m.cleared_seq > m.read_seq THEN m.cleared_ordinal ELSE m.read_ordinal END)`
)

// newestIn is a column of the newest message of a channel c, as the row that
// begins a membership wants it.
func newestIn(column string) string {
	return `COALESCE((SELECT x.` + column + ` FROM messages x WHERE x.channel_id = c.id ORDER BY x.seq DESC LIMIT 1), 0)`
}

// unreadCount is how many messages of others a member m of a channel c is shown
// and has not read: all behind his floor but his own, the deleted ones and those
// that he is not shown. Who has read everything costs nothing.
func unreadCount() string {
	return `CASE WHEN c.message_count = ` + floorOrdinal + ` THEN 0 ELSE c.message_count - ` + floorOrdinal + ` - m.own_unread - ` +
		notShownBehind("m.channel_id", "m.user_id", floorSeq, "d.user_id <> m.user_id") + ` END`
}

// countOwn notes that a user has written a message behind his floor, which
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
// looks at the messages behind the floor, of which there are mostly none.
func (tx *Tx) MoveReadPosition(channel chat.ChannelID, user chat.UserID, to chat.Seq) error {
	const upTo = ` FROM messages x WHERE x.channel_id = $1 AND x.seq <= $3 `
	n, err := tx.exec("move read position", `UPDATE members SET read_at = $4,
			read_seq = COALESCE((SELECT x.seq`+upTo+`ORDER BY x.seq DESC LIMIT 1), 0),
			read_ordinal = COALESCE((SELECT x.ordinal`+upTo+`ORDER BY x.seq DESC LIMIT 1), 0),
			own_unread = (SELECT count(*) FROM messages x WHERE x.channel_id = $1 AND x.user_id = $2
				AND x.seq > CASE WHEN members.cleared_seq > $3 THEN members.cleared_seq ELSE $3 END)
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

// LastRead finds the newest message that a member has read and that a viewer,
// who does not block him, is shown.
func (tx *Tx) LastRead(channel chat.ChannelID, user, viewer chat.UserID) (chat.Message, error) {
	m, err := readMessage(tx.row(`SELECT `+messageColumns+messageFrom+`WHERE m.channel_id = $2 AND `+countedMessage+`
		AND m.seq <= (SELECT p.read_seq FROM members p WHERE p.channel_id = $2 AND p.user_id = $3)
		AND `+shownTo("m", "$2", "$4")+` AND NOT EXISTS (SELECT 1 FROM user_blocks o WHERE o.user_id = $4 AND o.blocked_id = $3)
		ORDER BY m.seq DESC LIMIT 1`, micros(tx.Now), int64(channel), int64(user), int64(viewer)))
	return m, tx.wrap("find last read message", err)
}

// UnreadIn counts the messages of a channel that a user has not read, none
// where he is no member.
func (tx *Tx) UnreadIn(channel chat.ChannelID, user chat.UserID) (int64, error) {
	return tx.count("count unread messages of a channel", `SELECT COALESCE((SELECT `+unreadCount()+`
		FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.channel_id = $1 AND m.user_id = $2), 0)`, int64(channel), int64(user))
}

// UnreadOf counts the messages that a user has not read in all his channels.
func (tx *Tx) UnreadOf(app chat.ApplicationID, user chat.UserID) (int64, error) {
	return tx.count("count unread messages", `SELECT CAST(COALESCE(sum(`+unreadCount()+`), 0) AS BIGINT)
		FROM `+channelsOfMember+`
		WHERE c.id = m.channel_id AND m.user_id = $2 AND NOT m.hidden AND c.application_id = $1 AND c.deleted_at = 0`, int64(app), int64(user))
}

// MessageCount counts the messages of a channel that a viewer is shown.
func (tx *Tx) MessageCount(channel chat.ChannelID, viewer chat.UserID) (int64, error) {
	return tx.count("count messages", `SELECT c.message_count
		- COALESCE((SELECT p.cleared_ordinal FROM members p WHERE p.channel_id = c.id AND p.user_id = $2), 0)
		- `+notShownBehind("c.id", "$2", clearedIn("c.id", "$2"), "d.seq > 0")+` FROM channels c WHERE c.id = $1`, int64(channel), int64(viewer))
}

var receiptSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"createdTime": "m.read_at", "name": "u.name", "displayName": "u.display_name",
}

// ReadReceipts lists who has read a message, its author and whom the viewer
// blocks left out, oldest first.
func (tx *Tx) ReadReceipts(of chat.Message, viewer chat.UserID, r chat.PageRequest) (chat.Page[chat.ReadReceipt], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.channel_id = " + q.arg(int64(of.Channel)))
	q.and("m.read_seq >= " + q.arg(int64(of.Seq)))
	if of.User != nil {
		q.and("m.user_id <> " + q.arg(int64(of.User.ID)))
	}
	q.and("u.deleted_at = 0")
	q.and("NOT EXISTS (SELECT 1 FROM user_blocks o WHERE o.user_id = " + q.arg(int64(viewer)) + " AND o.blocked_id = m.user_id)")
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

var summarySort = map[string]string{"count": unreadCount(), "name": "u.name", "displayName": "u.display_name"} //nolint:gochecknoglobals // a constant table

// UnreadSummaries lists which living users have how many unread messages in
// which channels, by user and channel. Those with none are left out, and so
// are channels that the user has hidden.
func (tx *Tx) UnreadSummaries(app chat.ApplicationID, r chat.PageRequest) (chat.Page[chat.UnreadSummary], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("c.application_id = " + q.arg(int64(app)))
	q.and("c.deleted_at = 0 AND u.deleted_at = 0 AND NOT m.hidden")
	q.and(unreadCount() + " > 0")
	p, err := page(tx, listQuery[chat.UnreadSummary]{
		what: "list unread summaries", columns: userColumns + ", m.channel_id, " + unreadCount(),
		from: "channels c JOIN members m ON m.channel_id = c.id JOIN users u ON u.id = m.user_id",
		read: func(row scanner) (s chat.UnreadSummary, err error) {
			s.User, err = readUser(withExtra{row, []any{&s.Channel.ID, &s.Count}})
			return s, err
		},
		order: orderBy(r.Sort, summarySort, "", "m.user_id, m.channel_id"),
	}, q, r)
	if err != nil || len(p.Items) == 0 {
		return p, err
	}
	ids := make([]chat.ChannelID, len(p.Items))
	for i, s := range p.Items {
		ids[i] = s.Channel.ID
	}
	channels, err := tx.ChannelsByID(app, ids)
	if err != nil {
		return p, err
	}
	if err := tx.Complete(app, channels); err != nil {
		return p, err
	}
	byID := make(map[chat.ChannelID]chat.Channel, len(channels))
	for _, c := range channels {
		byID[c.ID] = c
	}
	for i := range p.Items {
		p.Items[i].Channel = byID[p.Items[i].Channel.ID]
	}
	return p, nil
}

// ReadPositions lists up to limit positions of a channel's members, the newest
// first: each as the newest message at or before it that a viewer is shown, if
// that is one between two numbers, both included. Members whom the viewer blocks
// are left out.
func (tx *Tx) ReadPositions(channel chat.ChannelID, viewer chat.UserID, from, to chat.Seq, limit int) ([]chat.ReadPosition, error) {
	shown := func(order string) string {
		return `SELECT m.seq FROM messages m WHERE m.channel_id = $1 AND ` + countedMessage + ` AND ` + shownTo("m", "$1", "$5") + order
	}
	return collect(tx, "list read positions", func(row scanner) (p chat.ReadPosition, err error) {
		err = row.Scan(&p.User, &p.Message, &p.Seq)
		return p, err
	}, `SELECT p.user_id, x.id, x.seq FROM members p JOIN messages x ON x.channel_id = p.channel_id
			AND x.seq = (`+shown(` AND m.seq <= p.read_seq ORDER BY m.seq DESC LIMIT 1`)+`)
		WHERE p.channel_id = $1 AND p.read_seq >= $2 AND x.seq >= $2
		AND p.read_seq < COALESCE((`+shown(` AND m.seq > $3 ORDER BY m.seq LIMIT 1`)+`), 9223372036854775807)
		AND NOT EXISTS (SELECT 1 FROM user_blocks o WHERE o.user_id = $5 AND o.blocked_id = p.user_id)
		ORDER BY p.read_seq DESC, p.user_id LIMIT $4`, int64(channel), int64(from), int64(to), limit, int64(viewer))
}
