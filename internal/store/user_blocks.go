package store

import "github.com/purrchat/purr/internal/chat"

// InsertUserBlock notes that a user blocks another; ErrDuplicate says that he
// does already.
func (tx *Tx) InsertUserBlock(user, blocked chat.UserID) error {
	n, err := tx.exec("insert user block", `INSERT INTO user_blocks (user_id, blocked_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		int64(user), int64(blocked), micros(tx.Now))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// DeleteUserBlock ends a block; ErrNotFound says that there was none.
func (tx *Tx) DeleteUserBlock(user, blocked chat.UserID) error {
	n, err := tx.exec("delete user block", `DELETE FROM user_blocks WHERE user_id = $1 AND blocked_id = $2`, int64(user), int64(blocked))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// BlockedUsers lists whom a user blocks.
func (tx *Tx) BlockedUsers(user chat.UserID) ([]chat.UserID, error) {
	return collect(tx, "list blocked users", readID[chat.UserID], `SELECT blocked_id FROM user_blocks WHERE user_id = $1`, int64(user))
}

// AnyUserBlock tells whether a user blocks one of the others, or one of them
// him.
func (tx *Tx) AnyUserBlock(user chat.UserID, others []chat.UserID) (bool, error) {
	q := &sqlText{}
	id, list := q.arg(int64(user)), in(q, others)
	n, err := tx.count("check user blocks", "SELECT count(*) FROM user_blocks WHERE (user_id = "+id+" AND blocked_id IN "+list+") OR (blocked_id = "+id+" AND user_id IN "+list+")", q.args...)
	return n > 0, err
}

// AnyUserBlockIn is AnyUserBlock for the members of a channel.
func (tx *Tx) AnyUserBlockIn(channel chat.ChannelID, user chat.UserID) (bool, error) {
	const members = `(SELECT m.user_id FROM members m WHERE m.channel_id = $2)`
	n, err := tx.count("check user blocks", `SELECT count(*) FROM user_blocks WHERE (user_id = $1 AND blocked_id IN `+members+`) OR (blocked_id = $1 AND user_id IN `+members+`)`,
		int64(user), int64(channel))
	return n > 0, err
}

func readUserBlock(row scanner) (b chat.UserBlock, err error) {
	var created int64
	b.User, err = readUser(withExtra{row, []any{&created}})
	b.CreatedAt = fromMicros(created)
	return b, err
}

// UserBlocks lists whom a user blocks, the newest block first.
func (tx *Tx) UserBlocks(user chat.UserID, f chat.UserFilter, r chat.PageRequest) (chat.Page[chat.UserBlock], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("b.user_id = " + q.arg(int64(user)))
	q.and("u.deleted_at = 0")
	if f.NameContains != "" {
		q.and("u.folded_name LIKE " + q.arg(containing(f.NameContains)) + ` ESCAPE '\'`)
	}
	if f.DisplayNameContains != "" {
		q.and("u.folded_display LIKE " + q.arg(containing(f.DisplayNameContains)) + ` ESCAPE '\'`)
	}
	if f.Online != nil {
		online := "EXISTS (SELECT 1 FROM user_sessions s WHERE s.user_id = u.id AND s.online_until > $1)"
		if !*f.Online {
			online = "NOT " + online
		}
		q.and(online)
	}
	return page(tx, listQuery[chat.UserBlock]{
		what: "list user blocks", columns: userColumns + ", b.created_at", from: "user_blocks b JOIN users u ON u.id = b.blocked_id", read: readUserBlock,
		order: orderBy(r.Sort, userSort, "b.created_at DESC", "u.id"),
	}, q, r)
}
