package store

import "github.com/purrchat/purr/internal/chat"

// InsertMember adds a membership, which begins with everything read;
// ErrDuplicate says that it was there.
func (tx *Tx) InsertMember(m chat.Member) error {
	n, err := tx.exec("insert member", `INSERT INTO members (channel_id, user_id, joined_at, read_at, joined_position, away_from, read_seq, read_ordinal)
		SELECT c.id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), c.seq, `+newestIn("seq")+`, `+newestIn("ordinal")+`
		FROM channels c WHERE c.id = $1 ON CONFLICT DO NOTHING`,
		int64(m.Channel), int64(m.User), micros(m.JoinedAt), int64(tx.Position()))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// DeleteMember removes a membership; ErrNotFound says that there was none.
func (tx *Tx) DeleteMember(channel chat.ChannelID, user chat.UserID) error {
	n, err := tx.exec("delete member", `DELETE FROM members WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	return tx.forgetAttendance(channel, user)
}

// IsMember tells whether a user is a member of a channel.
func (tx *Tx) IsMember(channel chat.ChannelID, user chat.UserID) (bool, error) {
	n, err := tx.count("check membership", `SELECT count(*) FROM members WHERE channel_id = $1 AND user_id = $2`, int64(channel), int64(user))
	return n > 0, err
}

// MemberOf tells which of the channels a user is a member of.
func (tx *Tx) MemberOf(user chat.UserID, channels []chat.ChannelID) (map[chat.ChannelID]bool, error) {
	q := &sqlText{}
	q.and("user_id = " + q.arg(int64(user)))
	q.and("channel_id IN " + in(q, channels))
	ids, err := collect(tx, "check memberships", readID[chat.ChannelID], "SELECT channel_id FROM members"+q.conditions(), q.args...)
	found := make(map[chat.ChannelID]bool, len(ids))
	for _, id := range ids {
		found[id] = true
	}
	return found, err
}

// ChannelsOf lists the channels that a user is a member of.
func (tx *Tx) ChannelsOf(user chat.UserID) ([]chat.ChannelID, error) {
	return collect(tx, "list memberships", readID[chat.ChannelID],
		`SELECT m.channel_id FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.user_id = $1 AND c.deleted_at = 0`, int64(user))
}

func readID[ID ~int64](row scanner) (id ID, err error) {
	err = row.Scan(&id)
	return id, err
}

// Members lists the members of a channel, by name.
func (tx *Tx) Members(channel chat.ChannelID, r chat.PageRequest) (chat.Page[chat.User], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.channel_id = " + q.arg(int64(channel)))
	q.and("u.deleted_at = 0")
	return page(tx, listQuery[chat.User]{
		what: "list members", columns: userColumns, from: "members m JOIN users u ON u.id = m.user_id", read: readUser,
		order: orderBy(r.Sort, userSort, "u.name", "u.id"),
	}, q, r)
}

// Member finds a living user who is a member of a channel.
func (tx *Tx) Member(channel chat.ChannelID, user chat.UserID) (chat.User, error) {
	u, err := readUser(tx.row(`SELECT `+userColumns+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.channel_id = $2 AND m.user_id = $3 AND u.deleted_at = 0`, micros(tx.Now), int64(channel), int64(user)))
	return u, tx.wrap("find member", err)
}

// Participants lists the members of a channel who are online, by name. It
// walks the sessions that live, not the members.
func (tx *Tx) Participants(app chat.ApplicationID, channel chat.ChannelID, r chat.PageRequest) (chat.Page[chat.User], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("m.channel_id = " + q.arg(int64(channel)))
	q.and("m.user_id IN (SELECT s.user_id FROM user_sessions s WHERE s.ended_at = 0 AND s.online_until > $1 AND s.application_id = " + q.arg(int64(app)) + ")")
	q.and("u.deleted_at = 0")
	return page(tx, listQuery[chat.User]{
		what: "list participants", columns: userColumns, from: "members m JOIN users u ON u.id = m.user_id", read: readUser,
		order: orderBy(r.Sort, userSort, "u.name", "u.id"),
	}, q, r)
}

var membershipSort = map[string]string{"createdTime": "m.joined_at"} //nolint:gochecknoglobals // a constant table

// Memberships lists the memberships of living users in a channel, by the user's
// identifier.
func (tx *Tx) Memberships(channel chat.ChannelID, r chat.PageRequest) (chat.Page[chat.Member], error) {
	q := &sqlText{}
	q.and("m.channel_id = " + q.arg(int64(channel)))
	q.and("u.deleted_at = 0")
	return page(tx, listQuery[chat.Member]{
		what: "list memberships", columns: "m.channel_id, m.user_id, m.joined_at", from: "members m JOIN users u ON u.id = m.user_id",
		read: func(row scanner) (m chat.Member, err error) {
			var joined int64
			err = row.Scan(&m.Channel, &m.User, &joined)
			m.JoinedAt = fromMicros(joined)
			return m, err
		},
		order: orderBy(r.Sort, membershipSort, "", "m.user_id"),
	}, q, r)
}

// PurgeMemberships removes up to limit memberships of a user and tells the
// channels they were in.
func (tx *Tx) PurgeMemberships(user chat.UserID, limit int) ([]chat.ChannelID, error) {
	left, err := collectWritten(tx, "purge memberships", readID[chat.ChannelID], `DELETE FROM members WHERE user_id = $1 AND channel_id IN
		(SELECT channel_id FROM members WHERE user_id = $1 ORDER BY channel_id LIMIT $2) RETURNING channel_id`, int64(user), limit)
	if err != nil {
		return nil, err
	}
	for _, channel := range left {
		if err := tx.forgetAttendance(channel, user); err != nil {
			return nil, err
		}
	}
	return left, tx.forgetNotifications(user)
}
