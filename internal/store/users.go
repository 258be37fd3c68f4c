package store

import (
	"github.com/purrchat/purr/internal/chat"
)

// userColumns are read from users u; $1 must be the present time. A row of a
// LEFT JOIN that found no user reads as the zero User.
const userColumns = `COALESCE(u.id, 0), COALESCE(u.application_id, 0), COALESCE(u.name, ''), COALESCE(u.display_name, ''),
	COALESCE(u.picture, ''), COALESCE(u.guest, FALSE), COALESCE(u.status, ''), COALESCE(u.properties, ''),
	COALESCE(u.created_at, 0), COALESCE(u.deleted_at, 0),
	EXISTS (SELECT 1 FROM user_sessions s WHERE s.user_id = u.id AND s.online_until > $1)`

// userFields are where the userColumns go.
func userFields(u *chat.User, created, deleted *int64) []any {
	return []any{&u.ID, &u.Application, &u.Name, &u.DisplayName, &u.Picture, &u.Guest, &u.Presence.Status,
		&u.Properties, created, deleted, &u.Presence.Online}
}

func readUser(row scanner) (u chat.User, err error) {
	var created, deleted int64
	err = row.Scan(userFields(&u, &created, &deleted)...)
	u.CreatedAt, u.Deleted = fromMicros(created), deleted != 0
	return u, err
}

// InsertUser adds a user. ErrDuplicate is returned where the name is taken.
func (tx *Tx) InsertUser(u chat.User) error {
	n, err := tx.exec("insert user", `INSERT INTO users (id, application_id, name, display_name, picture, guest, status, properties, created_at, folded_name, folded_display)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		int64(u.ID), int64(u.Application), u.Name, u.DisplayName, u.Picture, u.Guest, u.Presence.Status, string(u.Properties), micros(u.CreatedAt),
		chat.Fold(u.Name), chat.Fold(u.DisplayName))
	if err == nil && n == 0 {
		err = ErrDuplicate
	}
	return err
}

// User finds a living user by id.
func (tx *Tx) User(app chat.ApplicationID, id chat.UserID) (chat.User, error) {
	u, err := readUser(tx.row(`SELECT `+userColumns+` FROM users u WHERE u.id = $2 AND u.application_id = $3 AND u.deleted_at = 0`,
		micros(tx.Now), int64(id), int64(app)))
	return u, tx.wrap("find user", err)
}

// UserByName finds a living user by name.
func (tx *Tx) UserByName(app chat.ApplicationID, name string) (chat.User, error) {
	u, err := readUser(tx.row(`SELECT `+userColumns+` FROM users u WHERE u.application_id = $2 AND u.name = $3 AND u.deleted_at = 0`,
		micros(tx.Now), int64(app), name))
	return u, tx.wrap("find user by name", err)
}

// UserExists tells whether a living user has the name.
func (tx *Tx) UserExists(app chat.ApplicationID, name string) (bool, error) {
	n, err := tx.count("check user", `SELECT count(*) FROM users WHERE application_id = $1 AND name = $2 AND deleted_at = 0`, int64(app), name)
	return n > 0, err
}

// UsersByID finds users, deleted ones included, by their ids.
func (tx *Tx) UsersByID(app chat.ApplicationID, ids []chat.UserID) (map[chat.UserID]chat.User, error) {
	found := make(map[chat.UserID]chat.User, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	q := &sqlText{}
	q.arg(micros(tx.Now))
	q.and("u.application_id = " + q.arg(int64(app)))
	q.and("u.id IN " + in(q, ids))
	users, err := collect(tx, "find users", readUser, "SELECT "+userColumns+" FROM users u"+q.conditions(), q.args...)
	for _, u := range users {
		found[u.ID] = u
	}
	return found, err
}

var userSort = map[string]string{ //nolint:gochecknoglobals // a constant table
	"id": "u.id", "name": "u.name", "displayName": "u.display_name", "createdTime": "u.created_at",
}

// Users lists the living users of an application, by name.
func (tx *Tx) Users(app chat.ApplicationID, f chat.UserFilter, r chat.PageRequest) (chat.Page[chat.User], error) {
	q := &sqlText{}
	present(tx, q)
	q.and("u.application_id = " + q.arg(int64(app)))
	q.and("u.deleted_at = 0")
	if f.Name != "" {
		q.and("u.name = " + q.arg(f.Name))
	}
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
	if f.Unread {
		q.and("EXISTS (SELECT 1 FROM members m JOIN channels c ON c.id = m.channel_id WHERE m.user_id = u.id AND c.deleted_at = 0 AND " + unreadCount() + " > 0)")
	}
	havingProperties(q, "u.properties", f.Properties)
	l := listQuery[chat.User]{
		what: "list users", columns: userColumns, from: "users u", read: readUser,
		order: orderBy(r.Sort, userSort, "u.name", "u.id"),
	}
	if f.Properties != "" {
		l.keep = func(u chat.User) bool { return u.Properties.Contains(f.Properties) }
	}
	return page(tx, l, q, r)
}

// UsersAfter lists up to limit living users of an application that follow one of
// them by id.
func (tx *Tx) UsersAfter(app chat.ApplicationID, after chat.UserID, limit int) ([]chat.User, error) {
	return collect(tx, "list users", readUser, `SELECT `+userColumns+` FROM users u
		WHERE u.id > $2 AND u.application_id = $3 AND u.deleted_at = 0 ORDER BY u.id LIMIT $4`, micros(tx.Now), int64(after), int64(app), limit)
}

// UpdateUser writes a user's display name, picture, guest mark, status and
// properties.
func (tx *Tx) UpdateUser(u chat.User) error {
	n, err := tx.exec("update user", `UPDATE users SET display_name = $1, picture = $2, guest = $3, status = $4, properties = $5, folded_display = $8
		WHERE id = $6 AND application_id = $7 AND deleted_at = 0`,
		u.DisplayName, u.Picture, u.Guest, u.Presence.Status, string(u.Properties), int64(u.ID), int64(u.Application), chat.Fold(u.DisplayName))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DeleteUser turns a user into a tombstone, which frees the name and shows no
// picture of him. His secrets go with him.
func (tx *Tx) DeleteUser(app chat.ApplicationID, id chat.UserID) error {
	n, err := tx.exec("delete user", `UPDATE users SET deleted_at = $1, picture = '' WHERE id = $2 AND application_id = $3 AND deleted_at = 0`,
		micros(tx.Now), int64(id), int64(app))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	for _, table := range []string{"user_secrets", "channel_invites"} {
		if _, err := tx.exec("delete "+table, `DELETE FROM `+table+` WHERE user_id = $1`, int64(id)); err != nil {
			return err
		}
	}
	return nil
}
