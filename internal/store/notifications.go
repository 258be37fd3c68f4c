package store

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/purrchat/purr/internal/chat"
)

// The notifications of a user are not stored: which messages are some to him
// follows from his absences, and replies and mentions have a notice. What he may
// see of them is judged when they are read.

// heardBy is the condition under which the user $1 gets to hear of a message of
// the given name, if he was not there: it is not his own, it is still there, it
// is news, and he is shown it.
func heardBy(message string) string {
	return message + ".user_id <> $1 AND " + message + ".deleted_at = 0 AND NOT " + message + ".history AND " + shownTo(message, message+".channel_id", "$1")
}

// always stands for the end of an absence that lasts.
const always = math.MaxInt64 >> 1

// absencesOf are all absences of the user $1.
const absencesOf = `SELECT a.channel_id, a.from_seq, a.to_seq, a.muted FROM absences a JOIN channels c ON c.id = a.channel_id
		WHERE a.user_id = $1 AND c.deleted_at = 0
	UNION ALL SELECT m.channel_id, m.away_from, 4611686018427387903, m.muted FROM members m JOIN channels c ON c.id = m.channel_id
		WHERE m.user_id = $1 AND m.away_from >= 0 AND c.deleted_at = 0`

// InsertNotice adds a notice.
func (tx *Tx) InsertNotice(n chat.Notice) error {
	_, err := tx.exec("insert notice", `INSERT INTO notices (id, application_id, type, message_id, channel_id, user_id, mentioned_id, parent_id, member, muted, position)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		int64(n.ID), int64(n.Application), string(n.Type), int64(n.Message), int64(n.Channel), int64(n.User), int64(n.Mentioned), int64(n.Parent),
		n.Member, n.Muted, int64(n.Position))
	return err
}

const noticeColumns = `n.id, n.application_id, n.type, n.message_id, n.channel_id, n.user_id, n.mentioned_id, n.parent_id, n.member, n.muted, n.position`

func readNotice(row scanner) (n chat.Notice, err error) {
	err = row.Scan(&n.ID, &n.Application, &n.Type, &n.Message, &n.Channel, &n.User, &n.Mentioned, &n.Parent, &n.Member, &n.Muted, &n.Position)
	return n, err
}

// NoticesByID finds notices by their ids.
func (tx *Tx) NoticesByID(app chat.ApplicationID, ids []chat.NotificationID) (map[chat.NotificationID]chat.Notice, error) {
	found := make(map[chat.NotificationID]chat.Notice, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.and("n.application_id = " + q.arg(int64(app)))
	q.and("n.id IN " + in(q, ids))
	list, err := collect(tx, "find notices", readNotice, "SELECT "+noticeColumns+" FROM notices n"+q.conditions(), q.args...)
	for _, n := range list {
		found[n.ID] = n
	}
	return found, err
}

// Recipient is how a user stands to a channel that a message was sent to.
type Recipient struct {
	User chat.UserID
	// Member tells whether he is a member, Muted and Chatting whether he then
	// has muted it and has a chat session in it.
	Member, Muted, Chatting bool
}

// Recipients tells how those of some users who are there, and who do not block
// the author of a message, stand to its channel.
func (tx *Tx) Recipients(app chat.ApplicationID, channel chat.ChannelID, author chat.UserID, users []chat.UserID) (map[chat.UserID]Recipient, error) {
	q := &sqlText{}
	q.and("u.application_id = " + q.arg(int64(app)))
	room := q.arg(int64(channel))
	q.and("u.id IN " + in(q, users))
	q.and("u.deleted_at = 0")
	q.and("NOT EXISTS (SELECT 1 FROM user_blocks b WHERE b.user_id = u.id AND b.blocked_id = " + q.arg(int64(author)) + ")")
	list, err := collect(tx, "find recipients", func(row scanner) (r Recipient, err error) {
		var away chat.Seq
		err = row.Scan(&r.User, &r.Member, &away, &r.Muted)
		r.Chatting = away == chatting
		return r, err
	}, "SELECT u.id, m.user_id IS NOT NULL, COALESCE(m.away_from, 0), COALESCE(m.muted, FALSE) FROM users u LEFT JOIN members m ON m.user_id = u.id AND m.channel_id = "+room+q.conditions(), q.args...)
	found := make(map[chat.UserID]Recipient, len(list))
	for _, r := range list {
		found[r.User] = r
	}
	return found, err
}

// Notifications lists up to limit notifications of a user, newest first: those
// with at most the identifier from (zero starts at the newest) or, where before is
// not zero, the nearest ones that are newer than before. CompleteNotifications
// adds what they are about.
func (tx *Tx) Notifications(user chat.UserID, from, before chat.NotificationID, limit int) ([]chat.Notification, error) {
	w := window{from: 1, to: always, limit: limit}
	switch {
	case before != 0:
		w.from, w.ascending = before+1, true
	case from != 0:
		w.to = from
	}
	sent, err := tx.sentTo(user, w)
	if err != nil {
		return nil, err
	}
	personal, err := tx.noticesTo(user, w, nil)
	if err != nil {
		return nil, err
	}
	mentioned, err := tx.mentionsTo(user, w, nil)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(sent, personal, mentioned)
	slices.SortFunc(all, func(a, b chat.Notification) int {
		if w.ascending {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(b.ID, a.ID)
	})
	all = all[:min(limit, len(all))]
	if w.ascending {
		slices.Reverse(all)
	}
	return all, nil
}

// window is a part of a list that is ordered by identifiers: both included, from
// its newest or, ascending, from its oldest item on.
type window struct {
	from, to  chat.NotificationID
	ascending bool
	limit     int
}

func (w window) direction() string {
	if w.ascending {
		return "ASC"
	}
	return "DESC"
}

func readSent(user chat.UserID) func(scanner) (chat.Notification, error) {
	return func(row scanner) (n chat.Notification, err error) {
		n.Recipient = user
		err = row.Scan(&n.ID, &n.Muted)
		n.Message.ID = chat.MessageID(n.ID)
		return n, err
	}
}

// sentTo lists the messages that a user is notified of as a member. Each absence
// is cut to the window and then asked for its first message. A page can be made
// of no others than the absences of which these come first, as many as the page
// has items; and of each of them that many messages are enough. Within a channel
// identifiers grow with sequence numbers but for imported messages, so that either
// orders its messages.
//
// MATERIALIZED has each step done once, and CROSS JOIN has SQLite look for the
// messages of each absence, not for the absence of each message.
//
// Where an absence is cut is searched from its newest message on. So a page costs as much more as items come before it.
func (tx *Tx) sentTo(user chat.UserID, w window) ([]chat.Notification, error) {
	in := func(message, more string) string {
		text := "%.channel_id = r.channel_id AND %.seq > r.from_seq AND %.seq <= r.to_seq AND "
		return strings.ReplaceAll(text, "%", message) + more
	}
	cut := `COALESCE((SELECT x.seq FROM messages x WHERE ` + in("x", "NOT x.history AND x.id <= $2") + ` ORDER BY x.seq DESC LIMIT 1), r.from_seq)`
	nth := func(otherwise string) string {
		return `COALESCE((SELECT x.seq FROM messages x WHERE ` + in("x", heardBy("x")) + ` ORDER BY x.seq ` + w.direction() + ` LIMIT 1 OFFSET $3 - 1), ` + otherwise + `)`
	}
	edge, ends, enough := w.to, "r.from_seq, "+cut+" AS to_seq", nth("r.from_seq + 1")+" - 1 AS from_seq, r.to_seq"
	if w.ascending {
		edge, ends, enough = w.from-1, cut+" AS from_seq, r.to_seq", "r.from_seq, "+nth("r.to_seq")+" AS to_seq"
	}
	d := w.direction()
	return collect(tx, "list messages to notify of", readSent(user), `WITH spans AS (`+absencesOf+`),
		cut AS MATERIALIZED (SELECT r.channel_id, `+ends+`, r.muted FROM spans r),
		begun AS MATERIALIZED (SELECT r.channel_id, r.from_seq, r.to_seq, r.muted,
			(SELECT x.id FROM messages x WHERE `+in("x", heardBy("x"))+` ORDER BY x.seq `+d+` LIMIT 1) AS first_id
			FROM cut r WHERE r.from_seq < r.to_seq),
		first AS MATERIALIZED (SELECT * FROM begun WHERE first_id IS NOT NULL ORDER BY first_id `+d+` LIMIT $3),
		enough AS MATERIALIZED (SELECT r.channel_id, `+enough+`, r.muted FROM first r)
		SELECT m.id, r.muted FROM enough r CROSS JOIN messages m WHERE `+in("m", heardBy("m"))+` ORDER BY m.id `+d+` LIMIT $3`,
		int64(user), int64(edge), w.limit)
}

// SentAmong keeps those of some messages that a user is notified of as a member.
func (tx *Tx) SentAmong(user chat.UserID, ids []chat.MessageID) ([]chat.Notification, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := &sqlText{}
	q.arg(int64(user))
	return collect(tx, "find messages to notify of", readSent(user), `SELECT m.id, r.muted FROM messages m
		JOIN (`+absencesOf+`) r ON r.channel_id = m.channel_id AND m.seq > r.from_seq AND m.seq <= r.to_seq
		WHERE m.id IN `+in(q, ids)+` AND `+heardBy("m"), q.args...)
}

func readNotified(user chat.UserID) func(scanner) (chat.Notification, error) {
	return func(row scanner) (chat.Notification, error) {
		var muted bool
		n, err := readNotice(withExtra{row, []any{&muted}})
		out := notified(n)
		out.Recipient, out.Muted = user, muted
		return out, err
	}
}

// notified is the notification that a notice makes, without what it is about.
func notified(n chat.Notice) (out chat.Notification) {
	out.ID, out.Type, out.Message.ID = n.ID, n.Type, n.Message
	out.Recipient, out.Muted, out.Channel.Member = n.User, n.Muted, n.Member
	if n.Parent != 0 {
		out.Parent = &chat.Message{ID: n.Parent}
	}
	if n.Mentioned != 0 {
		out.Mentioned = &chat.View{Channel: chat.Channel{ID: n.Mentioned}, Member: true}
	}
	return out
}

// noticesTo lists the replies and mentions that a user is notified of and whose
// channel he may see.
func (tx *Tx) noticesTo(user chat.UserID, w window, ids []chat.NotificationID) ([]chat.Notification, error) {
	q := &sqlText{}
	q.arg(int64(user))
	q.and("n.user_id = $1 AND n.user_id <> 0")
	q.and("(c.type = 'PUBLIC' OR EXISTS (SELECT 1 FROM members y WHERE y.channel_id = n.channel_id AND y.user_id = $1))")
	return tx.noticed(user, w, ids, q, "n.muted", "")
}

// mentionsTo lists the mentions of channels that a user is notified of as their
// member. He may see the channel in which they were mentioned, and was not
// chatting there.
func (tx *Tx) mentionsTo(user chat.UserID, w window, ids []chat.NotificationID) ([]chat.Notification, error) {
	const lasting = "(y.away_from >= 0 AND x.seq > y.away_from)"
	q := &sqlText{}
	q.arg(int64(user))
	q.and("n.mentioned_id <> 0")
	q.and("EXISTS (SELECT 1 FROM channels d WHERE d.id = n.mentioned_id AND d.deleted_at = 0)")
	q.and("(a.user_id IS NOT NULL OR " + lasting + " OR (c.type = 'PUBLIC' AND (y.user_id IS NULL OR y.joined_position >= n.position)))")
	return tx.noticed(user, w, ids, q, "COALESCE(CASE WHEN a.user_id IS NOT NULL THEN a.muted WHEN "+lasting+" THEN y.muted END, FALSE)", `
		JOIN members k ON k.channel_id = n.mentioned_id AND k.user_id = $1 AND k.joined_position < n.position
		LEFT JOIN members y ON y.channel_id = n.channel_id AND y.user_id = $1
		LEFT JOIN absences a ON a.channel_id = n.channel_id AND a.user_id = $1 AND x.seq > a.from_seq AND x.seq <= a.to_seq`)
}

// noticed reads notices n of messages x in channels c: those of a window or,
// where some are given, those.
func (tx *Tx) noticed(user chat.UserID, w window, ids []chat.NotificationID, q *sqlText, muted, joins string) ([]chat.Notification, error) {
	q.and(heardBy("x"))
	order := ""
	if ids != nil {
		q.and("n.id IN " + in(q, ids))
	} else {
		q.and("n.id >= " + q.arg(int64(w.from)))
		q.and("n.id <= " + q.arg(int64(w.to)))
		order = " ORDER BY n.id " + w.direction() + " LIMIT " + q.arg(w.limit)
	}
	return collect(tx, "list notices", readNotified(user), "SELECT "+noticeColumns+", "+muted+` FROM notices n
		JOIN messages x ON x.id = n.message_id JOIN channels c ON c.id = n.channel_id AND c.deleted_at = 0`+joins+q.conditions()+order, q.args...)
}

// NoticesAmong keeps those of some notices that a user is notified of.
func (tx *Tx) NoticesAmong(user chat.UserID, ids []chat.NotificationID) ([]chat.Notification, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	personal, err := tx.noticesTo(user, window{}, ids)
	if err != nil {
		return nil, err
	}
	mentioned, err := tx.mentionsTo(user, window{}, ids)
	return append(personal, mentioned...), err
}

// ReadNotification notes that a user has read a notification by itself.
func (tx *Tx) ReadNotification(user chat.UserID, id chat.NotificationID) error {
	_, err := tx.exec("read notification", `INSERT INTO read_notifications (user_id, notification_id, read_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		int64(user), int64(id), micros(tx.Now))
	return err
}

func (tx *Tx) forgetNotifications(user chat.UserID) error {
	if _, err := tx.exec("forget what was read", `DELETE FROM read_notifications WHERE user_id = $1`, int64(user)); err != nil {
		return err
	}
	_, err := tx.exec("forget notices", `DELETE FROM notices WHERE user_id = $1 AND user_id <> 0`, int64(user))
	return err
}
