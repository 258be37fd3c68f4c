package store

import (
	"errors"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Reception is how a user stands to a channel in which there is a message.
type Reception struct {
	Member, Muted bool
	JoinedAt      time.Time
	// ReadAt is when he read the message, zero where he has not.
	ReadAt time.Time
	Push   chat.PushPreference
}

// Reception tells how a user stands to the channel of a message.
func (tx *Tx) Reception(user chat.UserID, m chat.Message) (r Reception, err error) {
	var joined, seq, at int64
	r.Push = chat.PushAll
	err = tx.row(`SELECT m.muted, m.joined_at, m.read_seq, m.read_at, COALESCE(p.push, 'ALL') FROM members m
		LEFT JOIN push_preferences p ON p.user_id = m.user_id AND p.channel_id = m.channel_id WHERE m.channel_id = $1 AND m.user_id = $2`,
		int64(m.Channel), int64(user)).Scan(&r.Muted, &joined, &seq, &at, &r.Push)
	if err = tx.wrap("find reception", err); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return r, err
	}
	r.Member, r.JoinedAt = true, fromMicros(joined)
	if chat.Seq(seq) >= m.Seq {
		r.ReadAt = fromMicros(at)
	}
	return r, nil
}

// NoticesAbout lists the notices that a message has made.
func (tx *Tx) NoticesAbout(message chat.MessageID) ([]chat.NotificationID, error) {
	return collect(tx, "list notices of a message", readID[chat.NotificationID], `SELECT id FROM notices WHERE message_id = $1 ORDER BY id`, int64(message))
}

// PositionOf is that of an event of a channel, by its number; ErrNotFound says
// that the log does not have it any more.
func (tx *Tx) PositionOf(channel chat.ChannelID, seq chat.Seq) (chat.Position, error) {
	n, err := tx.count("find an event", `SELECT position FROM events WHERE channel_id = $1 AND channel_id <> 0 AND seq = $2`, int64(channel), int64(seq))
	return chat.Position(n), err
}

// Witness is a session that was there at a time, with what it has acknowledged.
type Witness struct {
	chat.DeliveryConnection
	// Text is in the form that SetAcknowledged wrote, Since the head of the log
	// when the session began.
	Text  string
	Since chat.Position
}

// Witnesses lists up to limit sessions of a user that lasted at a time, the
// newest first.
func (tx *Tx) Witnesses(user chat.UserID, at time.Time, limit int) ([]Witness, error) {
	return collect(tx, "list sessions at a time", func(row scanner) (w Witness, err error) {
		var created, ended int64
		err = row.Scan(&w.Session, &w.UserAgent, &created, &ended, &w.Text, &w.Since)
		w.CreatedAt, w.EndedAt = fromMicros(created), fromMicros(ended)
		return w, err
	}, `SELECT id, user_agent, created_at, ended_at, acknowledged, since FROM user_sessions
		WHERE user_id = $1 AND created_at <= $2 AND (ended_at = 0 OR ended_at >= $2) ORDER BY id DESC LIMIT $3`, int64(user), micros(at), limit)
}
