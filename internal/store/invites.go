package store

import "github.com/purrchat/purr/internal/chat"

const inviteColumns = userColumns + `, i.channel_id, i.created_at`

const inviteFrom = `channel_invites i JOIN users u ON u.id = i.user_id`

func readInvite(row scanner) (i chat.ChannelInvite, err error) {
	var created int64
	i.User, err = readUser(withExtra{row, []any{&i.Channel, &created}})
	i.CreatedAt = fromMicros(created)
	return i, err
}

// KeepInvite notes that a user was invited into a channel now; an earlier
// invitation of his is replaced.
func (tx *Tx) KeepInvite(app chat.ApplicationID, id int64, channel chat.ChannelID, user chat.UserID) error {
	_, err := tx.exec("keep invite", `INSERT INTO channel_invites (id, application_id, channel_id, user_id, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (channel_id, user_id) DO UPDATE SET id = EXCLUDED.id, created_at = EXCLUDED.created_at`,
		id, int64(app), int64(channel), int64(user), micros(tx.Now))
	return err
}

// Invite finds the newest invitation of a user into a channel.
func (tx *Tx) Invite(channel chat.ChannelID, user chat.UserID) (chat.ChannelInvite, error) {
	i, err := readInvite(tx.row(`SELECT `+inviteColumns+` FROM `+inviteFrom+` WHERE i.channel_id = $2 AND i.user_id = $3`,
		micros(tx.Now), int64(channel), int64(user)))
	return i, tx.wrap("find invite", err)
}

var inviteSort = map[string]string{"id": "i.id", "createdTime": "i.created_at"} //nolint:gochecknoglobals // a constant table

// Invites lists the invitations of living users into a channel, oldest first.
func (tx *Tx) Invites(channel chat.ChannelID, r chat.PageRequest) (chat.Page[chat.ChannelInvite], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("i.channel_id = " + q.arg(int64(channel)))
	q.and("u.deleted_at = 0")
	return page(tx, listQuery[chat.ChannelInvite]{
		what: "list invites", columns: inviteColumns, from: inviteFrom, read: readInvite,
		order: orderBy(r.Sort, inviteSort, "", "i.id"),
	}, q, r)
}
