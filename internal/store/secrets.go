package store

import "github.com/purrchat/purr/internal/chat"

// SetSecret keeps a sealed secret of a user, in the place of an earlier one of
// that name.
func (tx *Tx) SetSecret(app chat.ApplicationID, user chat.UserID, name, value string) error {
	_, err := tx.exec("set secret", `INSERT INTO user_secrets (user_id, name, application_id, value) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id, name) DO UPDATE SET value = EXCLUDED.value`, int64(user), name, int64(app), value)
	return err
}

// Secret finds a sealed secret of a living user.
func (tx *Tx) Secret(app chat.ApplicationID, user chat.UserID, name string) (value string, err error) {
	err = tx.row(`SELECT value FROM user_secrets WHERE user_id = $1 AND name = $2 AND application_id = $3`, int64(user), name, int64(app)).Scan(&value)
	return value, tx.wrap("find secret", err)
}

// DeleteSecret forgets a secret; ErrNotFound says that there was none.
func (tx *Tx) DeleteSecret(app chat.ApplicationID, user chat.UserID, name string) error {
	n, err := tx.exec("delete secret", `DELETE FROM user_secrets WHERE user_id = $1 AND name = $2 AND application_id = $3`, int64(user), name, int64(app))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
