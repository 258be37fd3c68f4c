package store

import "github.com/purrchat/purr/internal/chat"

const deviceColumns = `id, application_id, user_id, kind, address, p256dh, auth, topic, environment, created_at, registered_at`

func readDevice(row scanner) (d chat.Device, err error) {
	var created, registered int64
	err = row.Scan(&d.ID, &d.Application, &d.User, &d.Kind, &d.Address, &d.P256dh, &d.Auth, &d.Topic, &d.Environment, &created, &registered)
	d.CreatedAt, d.RegisteredAt = fromMicros(created), fromMicros(registered)
	return d, err
}

// PutDevice adds a device, or gives one of its kind and address that is there to
// its user, without what was to be pushed to the one before. It tells the device as it is then, which keeps its identifier.
func (tx *Tx) PutDevice(d chat.Device) (chat.Device, error) {
	list, err := collectWritten(tx, "put device", readDevice, `INSERT INTO devices (`+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
		ON CONFLICT (application_id, kind, address) DO UPDATE SET user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth,
			topic = excluded.topic, environment = excluded.environment, registered_at = excluded.registered_at RETURNING `+deviceColumns,
		int64(d.ID), int64(d.Application), int64(d.User), string(d.Kind), d.Address, d.P256dh, d.Auth, d.Topic, string(d.Environment), micros(tx.Now))
	if err != nil {
		return d, err
	}
	_, err = tx.exec("drop pushes", `DELETE FROM pushes WHERE device_id = $1 AND user_id <> $2`, int64(list[0].ID), int64(d.User))
	return list[0], err
}

// Devices lists the devices of a user, those first that were registered last.
func (tx *Tx) Devices(user chat.UserID) ([]chat.Device, error) {
	return collect(tx, "list devices", readDevice, `SELECT `+deviceColumns+` FROM devices WHERE user_id = $1 ORDER BY registered_at DESC, id DESC`, int64(user))
}

// DeleteDevices removes those of some devices that are a user's, with what was to
// be pushed to them, and tells how many it were.
func (tx *Tx) DeleteDevices(user chat.UserID, ids ...chat.DeviceID) (n int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	for _, table := range []struct{ name, key string }{{"pushes", "device_id"}, {"devices", "id"}} {
		q := &sqlText{}
		q.and("user_id = " + q.arg(int64(user)))
		q.and(table.key + " IN " + in(q, ids))
		if n, err = tx.exec("delete "+table.name, "DELETE FROM "+table.name+q.conditions(), q.args...); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// ForgetPush removes everything that makes pushes to a user, who is gone, and them.
func (tx *Tx) ForgetPush(user chat.UserID) error {
	for _, table := range []string{"devices", "pushes", "quiet_hours", "push_preferences"} {
		if _, err := tx.exec("forget "+table, "DELETE FROM "+table+" WHERE user_id = $1", int64(user)); err != nil {
			return err
		}
	}
	return nil
}

// QuietHours are those of a user, nil where he has none.
func (tx *Tx) QuietHours(user chat.UserID) (*chat.QuietHours, error) {
	list, err := collect(tx, "find quiet hours", func(row scanner) (q chat.QuietHours, err error) {
		err = row.Scan(&q.Start, &q.End, &q.TimeZone)
		return q, err
	}, `SELECT start_minute, end_minute, time_zone FROM quiet_hours WHERE user_id = $1`, int64(user))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// SetQuietHours sets those of a user, or removes them where there are none.
func (tx *Tx) SetQuietHours(user chat.UserID, q *chat.QuietHours) (err error) {
	if q == nil {
		_, err = tx.exec("remove quiet hours", `DELETE FROM quiet_hours WHERE user_id = $1`, int64(user))
		return err
	}
	_, err = tx.exec("set quiet hours", `INSERT INTO quiet_hours (user_id, start_minute, end_minute, time_zone) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET start_minute = excluded.start_minute, end_minute = excluded.end_minute, time_zone = excluded.time_zone`,
		int64(user), q.Start, q.End, q.TimeZone)
	return err
}

// ChannelPreferences lists what a user has decided about channels that are
// there.
func (tx *Tx) ChannelPreferences(user chat.UserID) ([]chat.ChannelPreference, error) {
	return collect(tx, "list push preferences", func(row scanner) (p chat.ChannelPreference, err error) {
		err = row.Scan(&p.Channel, &p.Push)
		return p, err
	}, `SELECT p.channel_id, p.push FROM push_preferences p JOIN channels c ON c.id = p.channel_id
		WHERE p.user_id = $1 AND c.deleted_at = 0 ORDER BY p.channel_id`, int64(user))
}

// SetChannelPreference notes what a user has decided about a channel. What is
// the standard takes no row.
func (tx *Tx) SetChannelPreference(user chat.UserID, p chat.ChannelPreference) (err error) {
	if p.Push == chat.PushAll {
		_, err = tx.exec("remove push preference", `DELETE FROM push_preferences WHERE user_id = $1 AND channel_id = $2`, int64(user), int64(p.Channel))
		return err
	}
	_, err = tx.exec("set push preference", `INSERT INTO push_preferences (user_id, channel_id, push) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, channel_id) DO UPDATE SET push = excluded.push`, int64(user), int64(p.Channel), string(p.Push))
	return err
}
