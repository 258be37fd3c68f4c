package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// PushProgress is up to where it has been found out who is to be pushed: every
// event up to Position and, of the one after it, every user up to User.
type PushProgress struct {
	Position chat.Position
	User     chat.UserID
}

// PushProgress reads it.
func (tx *Tx) PushProgress() (p PushProgress, err error) {
	err = tx.row(`SELECT position, user_id FROM push_progress WHERE id = 1`).Scan(&p.Position, &p.User)
	return p, tx.wrap("read the progress of pushes", err)
}

// SetPushProgress moves it on; ErrNotFound says that another node has done so.
func (tx *Tx) SetPushProgress(from, to PushProgress) error {
	n, err := tx.exec("set the progress of pushes", `UPDATE push_progress SET position = $1, user_id = $2 WHERE id = 1 AND position = $3 AND user_id = $4`,
		int64(to.Position), int64(to.User), int64(from.Position), int64(from.User))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// Crowd tells how many members a channel has, or up to limit of them.
func (tx *Tx) Crowd(channel chat.ChannelID, limit int) (int64, error) {
	return tx.count("count members", `SELECT count(*) FROM (SELECT 1 FROM members WHERE channel_id = $1 LIMIT $2) AS counted`, int64(channel), limit)
}

// Equipped tells how many devices an application has, or up to limit of them.
func (tx *Tx) Equipped(app chat.ApplicationID, limit int) (int64, error) {
	return tx.count("count devices", `SELECT count(*) FROM (SELECT 1 FROM devices WHERE application_id = $1 LIMIT $2) AS counted`, int64(app), limit)
}

// MembersAfter lists up to limit members of a channel behind one, by their
// identifiers.
func (tx *Tx) MembersAfter(channel chat.ChannelID, after chat.UserID, limit int) ([]chat.UserID, error) {
	return collect(tx, "list members", readID[chat.UserID], `SELECT user_id FROM members WHERE channel_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`,
		int64(channel), int64(after), limit)
}

// EquippedAfter lists up to limit users of an application behind one who have
// devices, by their identifiers.
func (tx *Tx) EquippedAfter(app chat.ApplicationID, after chat.UserID, limit int) ([]chat.UserID, error) {
	return collect(tx, "list users with devices", readID[chat.UserID], `SELECT DISTINCT user_id FROM devices WHERE application_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`,
		int64(app), int64(after), limit)
}

// Audience is whom a notification of a message is for.
type Audience struct {
	Application chat.ApplicationID
	Message     chat.MessageID
	// Channel is where the message is.
	Channel chat.ChannelID
	// Members is the channel whose members are meant, zero for a single user.
	Members chat.ChannelID
	// Joined is where in the log they must have been members already.
	Joined chat.Position
	// Personal tells a reply or mention from a message.
	Personal bool
}

// DevicesToPush lists the devices of those of some users who are to be pushed:
// who is notified (see Notifications), has not muted the channel, and has not
// decided otherwise.
func (tx *Tx) DevicesToPush(a Audience, users []chat.UserID) ([]chat.Device, error) {
	q := &sqlText{}
	place, app := q.arg(int64(a.Channel)), q.arg(int64(a.Application))
	from := ""
	q.and("d.application_id = " + app)
	q.and("d.user_id IN " + in(q, users))
	q.and("x.id = " + q.arg(int64(a.Message)))
	if a.Members != 0 {
		from = " JOIN members k ON k.user_id = d.user_id AND k.channel_id = " + q.arg(int64(a.Members))
		q.and("k.joined_position < " + q.arg(int64(a.Joined)))
	}
	wanted := "<> 'ALL'"
	if a.Personal {
		wanted = "= 'NONE'"
	}
	q.and("NOT EXISTS (SELECT 1 FROM push_preferences p WHERE p.user_id = d.user_id AND p.channel_id = x.channel_id AND p.push " + wanted + ")")
	q.and("x.user_id <> d.user_id AND x.deleted_at = 0")
	q.and(shownTo("x", "x.channel_id", "d.user_id"))
	q.and(`((y.user_id IS NULL AND c.type = 'PUBLIC') OR (y.user_id IS NOT NULL AND NOT y.muted AND ((y.away_from >= 0 AND x.seq > y.away_from)
		OR EXISTS (SELECT 1 FROM absences a WHERE a.user_id = d.user_id AND a.channel_id = x.channel_id AND x.seq > a.from_seq AND x.seq <= a.to_seq AND NOT a.muted))))`)
	return collect(tx, "find devices to push", readDevice, "SELECT "+columnsOf("d", deviceColumns)+` FROM messages x JOIN channels c ON c.id = x.channel_id AND c.deleted_at = 0
		JOIN devices d ON d.application_id = c.application_id`+from+" LEFT JOIN members y ON y.channel_id = "+place+" AND y.user_id = d.user_id"+q.conditions()+" ORDER BY d.id", q.args...)
}

// Push is what is to be pushed to a device: of each channel one.
type Push struct {
	Device      chat.DeviceID
	Channel     chat.ChannelID
	Application chat.ApplicationID
	User        chat.UserID
	// Lane is by whom it is carried.
	Lane string
	// Notification is the newest one, of the messages from First to Last.
	Notification chat.NotificationID
	First, Last  chat.MessageID
	// Attempts is how often it has been tried, the present attempt included.
	Attempts int
	// Holder is the node that sends it until Until.
	Holder    chat.NodeID
	Until     time.Time
	CreatedAt time.Time
}

const pushColumns = `device_id, channel_id, application_id, user_id, lane, notification_id, first_id, last_id, attempts, holder, due_at, created_at`

func readPush(row scanner) (p Push, err error) {
	var until, created int64
	err = row.Scan(&p.Device, &p.Channel, &p.Application, &p.User, &p.Lane, &p.Notification, &p.First, &p.Last, &p.Attempts, &p.Holder, &until, &created)
	p.Until, p.CreatedAt = fromMicros(until), fromMicros(created)
	return p, err
}

// nobody holds a push.
const nobody = -1

// InsertPushes adds pushes that are due at once. Where one to the device is
// waiting already for the channel, that one tells of the newer notification. No
// two of them may be for the same device and channel.
func (tx *Tx) InsertPushes(list []Push) error {
	const columns = 12
	const most = 64
	for len(list) > 0 {
		n := most
		for n > len(list) {
			n /= 2
		}
		args := make([]any, 0, n*columns)
		for _, p := range list[:n] {
			args = append(args, int64(p.Device), int64(p.Channel), int64(p.Application), int64(p.User), p.Lane, int64(p.Notification),
				int64(p.First), int64(p.Last), 0, nobody, micros(tx.Now), micros(tx.Now))
		}
		if _, err := tx.exec("insert pushes", valuesText("pushes ("+pushColumns+")", n, columns)+` ON CONFLICT (device_id, channel_id) DO UPDATE SET
			user_id = excluded.user_id, lane = excluded.lane, notification_id = excluded.notification_id, last_id = excluded.last_id`, args...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// DueLanes lists up to limit lanes behind one in which pushes are due, by name.
func (tx *Tx) DueLanes(after string, limit int) ([]string, error) {
	return collect(tx, "list due lanes", func(row scanner) (s string, err error) { err = row.Scan(&s); return s, err }, `WITH RECURSIVE l(lane) AS (
		SELECT (SELECT min(p.lane) FROM pushes p WHERE p.lane > $1)
		UNION ALL SELECT (SELECT min(p.lane) FROM pushes p WHERE p.lane > l.lane) FROM l WHERE l.lane IS NOT NULL)
		SELECT l.lane FROM l WHERE l.lane IS NOT NULL AND EXISTS (SELECT 1 FROM pushes d WHERE d.lane = l.lane AND d.due_at <= $2) LIMIT $3`,
		after, micros(tx.Now), limit)
}

// LeasePushes takes up to limit due pushes of a lane for a node, until a time at
// which they are due again.
func (tx *Tx) LeasePushes(lane string, node chat.NodeID, until time.Time, limit int) ([]Push, error) {
	return collectWritten(tx, "lease pushes", readPush, `UPDATE pushes SET due_at = $1, holder = $2, attempts = attempts + 1 WHERE (device_id, channel_id) IN
		(SELECT device_id, channel_id FROM pushes WHERE lane = $3 AND due_at <= $4 ORDER BY due_at, device_id LIMIT $5) RETURNING `+pushColumns,
		micros(until), int64(node), lane, micros(tx.Now), limit)
}

// ReleasePushes makes due what a node has held that is known to be gone.
func (tx *Tx) ReleasePushes(node chat.NodeID) error {
	_, err := tx.exec("release pushes", `UPDATE pushes SET due_at = $1, holder = -1 WHERE holder = $2`, micros(tx.Now), int64(node))
	return err
}

// NextPush tells when the next push is due, zero where none waits.
func (tx *Tx) NextPush() (time.Time, error) {
	n, err := tx.count("find next push", `SELECT COALESCE(min(due_at), 0) FROM pushes`)
	return fromMicros(n), err
}

// Held is the condition under which a leased push is still the node's that took
// it; the arguments are those of held.
const heldPush = ` WHERE device_id = $1 AND channel_id = $2 AND holder = $3 AND due_at = $4`

func (p Push) held(more ...any) []any {
	return append([]any{int64(p.Device), int64(p.Channel), int64(p.Holder), micros(p.Until)}, more...)
}

// EndPush removes a leased push that has been dealt with. Where it has come to
// tell of something newer meanwhile, that becomes due.
func (tx *Tx) EndPush(p Push) error {
	n, err := tx.exec("end push", `DELETE FROM pushes`+heldPush+` AND notification_id = $5`, p.held(int64(p.Notification))...)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.exec("renew push", `UPDATE pushes SET attempts = 0, holder = -1, due_at = $5, created_at = $5, first_id = $6`+heldPush,
		p.held(micros(tx.Now), int64(p.Last)+1)...)
	return err
}

// RetryPush makes a leased push due again at a time, after so many attempts.
func (tx *Tx) RetryPush(p Push, at time.Time, attempts int) error {
	_, err := tx.exec("retry push", `UPDATE pushes SET holder = -1, due_at = $5, attempts = $6`+heldPush, p.held(micros(at), attempts)...)
	return err
}

// PushesOf lists what is to be pushed to a user of a channel.
func (tx *Tx) PushesOf(user chat.UserID, channel chat.ChannelID) ([]Push, error) {
	return collect(tx, "list pushes", readPush, `SELECT `+pushColumns+` FROM pushes WHERE user_id = $1 AND channel_id = $2 ORDER BY device_id`, int64(user), int64(channel))
}

// Device finds a device by its identifier.
func (tx *Tx) Device(id chat.DeviceID) (chat.Device, error) {
	d, err := readDevice(tx.row(`SELECT `+deviceColumns+` FROM devices WHERE id = $1`, int64(id)))
	return d, tx.wrap("find device", err)
}

const attemptColumns = `id, application_id, user_id, device_id, kind, channel_id, notification_id, first_id, last_id, outcome, status, answer, created_at`

func readAttempt(row scanner) (a chat.PushAttempt, err error) {
	var created int64
	err = row.Scan(&a.ID, &a.Application, &a.User, &a.Device, &a.Kind, &a.Channel, &a.Notification, &a.First, &a.Last, &a.Outcome, &a.Status, &a.Answer, &created)
	a.CreatedAt = fromMicros(created)
	return a, err
}

// InsertAttempt keeps what a provider has answered.
func (tx *Tx) InsertAttempt(a chat.PushAttempt) error {
	_, err := tx.exec("insert push attempt", `INSERT INTO push_attempts (`+attemptColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		a.ID, int64(a.Application), int64(a.User), int64(a.Device), string(a.Kind), int64(a.Channel), int64(a.Notification), int64(a.First), int64(a.Last),
		string(a.Outcome), a.Status, a.Answer, micros(tx.Now))
	return err
}

// AttemptsFor lists up to limit of the last attempts to push to a user what
// stands for a message, oldest first.
func (tx *Tx) AttemptsFor(user chat.UserID, channel chat.ChannelID, message chat.MessageID, limit int) ([]chat.PushAttempt, error) {
	return collect(tx, "list push attempts", readAttempt, `SELECT `+attemptColumns+` FROM (SELECT * FROM push_attempts
		WHERE user_id = $1 AND channel_id = $2 AND last_id >= $3 AND first_id <= $3 ORDER BY id DESC LIMIT $4) AS newest ORDER BY id`,
		int64(user), int64(channel), int64(message), limit)
}

// DeleteAttemptsBefore forgets up to limit attempts that are older than a time.
func (tx *Tx) DeleteAttemptsBefore(before time.Time, limit int) (int64, error) {
	return tx.exec("forget push attempts", `DELETE FROM push_attempts WHERE id IN (SELECT id FROM push_attempts WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, micros(before), limit)
}
