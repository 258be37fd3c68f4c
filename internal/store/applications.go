package store

import (
	"time"

	"github.com/purrchat/purr/internal/chat"
)

const applicationColumns = `id, name, api_key, client_id, properties, guest_users, user_created_channels,
	read_on_delivery, link_previews, created_at`

func readApplication(row scanner) (a chat.Application, err error) {
	var guests, channels, reading, previews bool
	var created int64
	err = row.Scan(&a.ID, &a.Name, &a.Key, &a.ClientID, &a.Properties, &guests, &channels, &reading, &previews, &created)
	a.Settings = chat.Settings{
		GuestUsers: toggle(guests), UserCreatedChannels: toggle(channels), ReadOnDelivery: toggle(reading), LinkPreviews: toggle(previews),
	}
	a.CreatedAt = fromMicros(created)
	return a, err
}

func toggle(on bool) chat.Toggle {
	if on {
		return chat.Enabled
	}
	return chat.Disabled
}

// InsertApplication adds an application with the hash of its client secret.
func (tx *Tx) InsertApplication(a chat.Application, secretHash string) error {
	_, err := tx.exec("insert application", `INSERT INTO applications (`+applicationColumns+`, client_secret_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		int64(a.ID), a.Name, a.Key, a.ClientID, string(a.Properties),
		a.Settings.GuestUsers == chat.Enabled, a.Settings.UserCreatedChannels == chat.Enabled,
		a.Settings.ReadOnDelivery == chat.Enabled, a.Settings.LinkPreviews == chat.Enabled, micros(a.CreatedAt), secretHash)
	return err
}

// SetSettings replaces an application's settings.
func (tx *Tx) SetSettings(id chat.ApplicationID, s chat.Settings) error {
	n, err := tx.exec("set settings", `UPDATE applications SET guest_users = $1, user_created_channels = $2, read_on_delivery = $3, link_previews = $4
		WHERE id = $5`,
		s.GuestUsers == chat.Enabled, s.UserCreatedChannels == chat.Enabled, s.ReadOnDelivery == chat.Enabled, s.LinkPreviews == chat.Enabled, int64(id))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// Application finds an application by id.
func (tx *Tx) Application(id chat.ApplicationID) (chat.Application, error) {
	a, err := readApplication(tx.row(`SELECT `+applicationColumns+` FROM applications WHERE id = $1`, int64(id)))
	return a, tx.wrap("find application", err)
}

// ApplicationByKey finds an application by its public API key.
func (tx *Tx) ApplicationByKey(key string) (chat.Application, error) {
	a, err := readApplication(tx.row(`SELECT `+applicationColumns+` FROM applications WHERE api_key = $1`, key))
	return a, tx.wrap("find application by key", err)
}

// Applications lists all applications of the installation, oldest first.
func (tx *Tx) Applications() ([]chat.Application, error) {
	return collect(tx, "list applications", readApplication, `SELECT `+applicationColumns+` FROM applications ORDER BY id`)
}

// ClientSecretHashes finds an application by its OAuth client id, with the hash
// of its client secret and that of its runtime's, empty where there is none.
func (tx *Tx) ClientSecretHashes(clientID string) (id chat.ApplicationID, hashes [2]string, err error) {
	err = tx.row(`SELECT a.id, a.client_secret_hash, COALESCE(r.client_secret_hash, '')
		FROM applications a LEFT JOIN runtimes r ON r.application_id = a.id WHERE a.client_id = $1`, clientID).Scan(&id, &hashes[0], &hashes[1])
	return id, hashes, tx.wrap("find client", err)
}

// SetClientSecretHash replaces the hash of an application's client secret.
func (tx *Tx) SetClientSecretHash(id chat.ApplicationID, hash string) error {
	n, err := tx.exec("set client secret", `UPDATE applications SET client_secret_hash = $1 WHERE id = $2`, hash, int64(id))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// GrantKey is the secret that an application's file grants are made with: the
// hash of its client secret, which never leaves the server.
func (tx *Tx) GrantKey(id chat.ApplicationID) (key string, err error) {
	err = tx.row(`SELECT client_secret_hash FROM applications WHERE id = $1`, int64(id)).Scan(&key)
	return key, tx.wrap("find grant key", err)
}

// InsertToken keeps the hash of an access token.
func (tx *Tx) InsertToken(hash string, app chat.ApplicationID, expires time.Time) error {
	_, err := tx.exec("insert token", `INSERT INTO access_tokens (hash, application_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		hash, int64(app), micros(tx.Now), micros(expires))
	return err
}

// Token finds whose access token has the hash, and until when it is good.
func (tx *Tx) Token(hash string) (app chat.ApplicationID, expires time.Time, err error) {
	var until int64
	err = tx.row(`SELECT application_id, expires_at FROM access_tokens WHERE hash = $1`, hash).Scan(&app, &until)
	return app, fromMicros(until), tx.wrap("find token", err)
}

// DeleteTokens revokes all access tokens of an application.
func (tx *Tx) DeleteTokens(app chat.ApplicationID) error {
	_, err := tx.exec("delete tokens", `DELETE FROM access_tokens WHERE application_id = $1`, int64(app))
	return err
}

// DeleteExpiredTokens forgets the access tokens that have run out.
func (tx *Tx) DeleteExpiredTokens() error {
	_, err := tx.exec("delete expired tokens", `DELETE FROM access_tokens WHERE expires_at < $1`, micros(tx.Now))
	return err
}
