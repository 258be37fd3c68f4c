package store

import (
	"errors"

	"github.com/purrchat/purr/internal/chat"
)

// Who has a chat session where, and since when a member has had none. Absences
// are stretches of a channel, from one sequence number to another: a message is a
// notification to a member if its number lies in one of his. The present one is
// in the row of the membership, and only those in which something was said get a
// row of their own.

// chatting stands in away_from while a member has a chat session.
const chatting = -1

type standing struct {
	awayFrom chat.Seq
	muted    bool
	// now is the number of the channel's newest event.
	now chat.Seq
}

// standing reads a membership; ErrNotFound says that there is none.
func (tx *Tx) standing(channel chat.ChannelID, user chat.UserID) (s standing, err error) {
	err = tx.row(`SELECT m.away_from, m.muted, c.seq FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.channel_id = $1 AND m.user_id = $2`,
		int64(channel), int64(user)).Scan(&s.awayFrom, &s.muted, &s.now)
	return s, tx.wrap("find standing", err)
}

func (tx *Tx) setAwayFrom(channel chat.ChannelID, user chat.UserID, from chat.Seq) error {
	_, err := tx.exec("note an absence", `UPDATE members SET away_from = $3 WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user), int64(from))
	return err
}

// endAbsence keeps the present absence of a member, which ends now, if anything
// was said in it. It goes on an earlier one where nothing was said in between, so
// that who looks in often and finds nothing costs nothing.
func (tx *Tx) endAbsence(channel chat.ChannelID, user chat.UserID, s standing) error {
	said, err := tx.count("look for messages", `SELECT count(*) FROM (SELECT 1 FROM messages WHERE channel_id = $1 AND seq > $2 LIMIT 1) AS said`,
		int64(channel), int64(s.awayFrom))
	if err != nil || said == 0 {
		return err
	}
	n, err := tx.exec("prolong an absence", `UPDATE absences SET to_seq = $3 WHERE user_id = $1 AND channel_id = $2 AND muted = $5
		AND from_seq = (SELECT max(l.from_seq) FROM absences l WHERE l.user_id = $1 AND l.channel_id = $2)
		AND NOT EXISTS (SELECT 1 FROM messages x WHERE x.channel_id = $2 AND x.seq > absences.to_seq AND x.seq <= $4)`,
		int64(user), int64(channel), int64(s.now), int64(s.awayFrom), s.muted)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.exec("insert absence", `INSERT INTO absences (user_id, channel_id, from_seq, to_seq, muted) VALUES ($1, $2, $3, $4, $5)`,
		int64(user), int64(channel), int64(s.awayFrom), int64(s.now), s.muted)
	return err
}

// StartChat notes that a session has opened a chat session, and tells whether
// that is its user's first one in the channel. For who is no member it does
// nothing. id names the chat session.
func (tx *Tx) StartChat(a chat.Attendance, id int64, channel chat.ChannelID) (first bool, err error) {
	s, err := tx.standing(channel, a.User)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return false, err
	}
	if _, err := tx.exec("start chat", `INSERT INTO chat_sessions (id, application_id, session_id, channel_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
		id, int64(a.Application), int64(a.Session), int64(channel), micros(tx.Now)); err != nil {
		return false, err
	}
	if s.awayFrom == chatting {
		return false, nil
	}
	if err := tx.endAbsence(channel, a.User, s); err != nil {
		return false, err
	}
	return true, tx.setAwayFrom(channel, a.User, chatting)
}

// EndChat notes that a session has closed its chat session, and tells whether
// that was its user's last one in the channel.
func (tx *Tx) EndChat(a chat.Attendance, channel chat.ChannelID) (last bool, err error) {
	n, err := tx.exec("end chat", `UPDATE chat_sessions SET ended_at = $3 WHERE session_id = $1 AND channel_id = $2 AND ended_at = 0`,
		int64(a.Session), int64(channel), micros(tx.Now))
	if err != nil || n == 0 {
		return false, err
	}
	others, err := tx.count("count chats", `SELECT count(*) FROM user_sessions s JOIN chat_sessions c ON c.session_id = s.id AND c.channel_id = $2 AND c.ended_at = 0
		WHERE s.user_id = $1`, int64(a.User), int64(channel))
	if err != nil || others > 0 {
		return false, err
	}
	moved, err := tx.exec("note an absence", `UPDATE members SET away_from = (SELECT c.seq FROM channels c WHERE c.id = $1)
		WHERE channel_id = $1 AND user_id = $2 AND away_from = -1`, int64(channel), int64(a.User))
	return moved > 0, err
}

// ChatsOf lists the channels in which a session has a chat session.
func (tx *Tx) ChatsOf(session chat.SessionID) ([]chat.ChannelID, error) {
	return collect(tx, "list chats", readID[chat.ChannelID], `SELECT channel_id FROM chat_sessions WHERE session_id = $1 AND ended_at = 0 ORDER BY channel_id`, int64(session))
}

// HolderOf is the node that a living session was attached to last; ErrNotFound
// says that there is no such session.
func (tx *Tx) HolderOf(session chat.SessionID) (chat.NodeID, error) {
	n, err := tx.count("find a session's node", `SELECT node_id FROM user_sessions WHERE id = $1 AND ended_at = 0`, int64(session))
	return chat.NodeID(n), err
}

// AbandonedChats lists the chat sessions of a user that belong to sessions which
// do not count as online any more.
func (tx *Tx) AbandonedChats(user chat.UserID) ([]chat.Attendance, error) {
	return collect(tx, "list abandoned chats", func(row scanner) (a chat.Attendance, err error) {
		a.User, a.Channels = user, make([]chat.ChannelID, 1)
		err = row.Scan(&a.Session, &a.Channels[0])
		return a, err
	}, `SELECT c.session_id, c.channel_id FROM user_sessions s JOIN chat_sessions c ON c.session_id = s.id AND c.ended_at = 0
		WHERE s.user_id = $1 AND s.online_until <= $2 ORDER BY c.session_id, c.channel_id`, int64(user), micros(tx.Now))
}

// Standings lists the memberships of a user.
func (tx *Tx) Standings(user chat.UserID) ([]chat.Standing, error) {
	return collect(tx, "list standings", func(row scanner) (s chat.Standing, err error) {
		var away chat.Seq
		err = row.Scan(&s.Channel, &s.Muted, &away)
		s.Chatting = away == chatting
		return s, err
	}, `SELECT m.channel_id, m.muted, m.away_from FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.user_id = $1 AND c.deleted_at = 0`, int64(user))
}

// forgetAttendance removes what a membership that has ended leaves behind.
func (tx *Tx) forgetAttendance(channel chat.ChannelID, user chat.UserID) error {
	_, err := tx.exec("forget absences", `DELETE FROM absences WHERE user_id = $1 AND channel_id = $2`, int64(user), int64(channel))
	if err != nil {
		return err
	}
	_, err = tx.exec("end chat sessions", `UPDATE chat_sessions SET ended_at = $3 WHERE channel_id = $2 AND ended_at = 0
		AND session_id IN (SELECT s.id FROM user_sessions s WHERE s.user_id = $1)`, int64(user), int64(channel), micros(tx.Now))
	return err
}

// purgeAttendance is forgetAttendance for as many members of a deleted channel
// as PurgeChannel takes.
func (tx *Tx) purgeAttendance(channel chat.ChannelID, limit int) error {
	_, err := tx.exec("purge absences", `DELETE FROM absences WHERE channel_id = $1 AND user_id IN
		(SELECT user_id FROM members WHERE channel_id = $1 ORDER BY user_id LIMIT $2)`, int64(channel), limit)
	return err
}
