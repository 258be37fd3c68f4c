package store

import (
	"encoding/json"
	"fmt"

	"github.com/purrchat/purr/internal/chat"
)

// shownCredentials is the stored form of what may be shown of credentials.
type shownCredentials struct {
	PublicKey   string `json:"publicKey,omitempty"`
	Subject     string `json:"subject,omitempty"`
	ProjectID   string `json:"projectId,omitempty"`
	ClientEmail string `json:"clientEmail,omitempty"`
	KeyID       string `json:"keyId,omitempty"`
	TeamID      string `json:"teamId,omitempty"`
	URL         string `json:"url,omitempty"`
}

// StoredCredentials are credentials with their secret, which is sealed.
type StoredCredentials struct {
	chat.PushCredentials
	Secret string
}

func readCredentials(row scanner) (c StoredCredentials, err error) {
	var created int64
	var text string
	if err = row.Scan(&c.Kind, &text, &c.Secret, &created); err != nil {
		return c, err
	}
	var s shownCredentials
	err = json.Unmarshal([]byte(text), &s)
	c.PublicKey, c.Subject, c.ProjectID, c.ClientEmail, c.KeyID, c.TeamID, c.URL = s.PublicKey, s.Subject, s.ProjectID, s.ClientEmail, s.KeyID, s.TeamID, s.URL
	c.CreatedAt = fromMicros(created)
	return c, err
}

// SetPushCredentials sets an application's credentials for a kind of device,
// with their sealed secret.
func (tx *Tx) SetPushCredentials(app chat.ApplicationID, c StoredCredentials) error {
	shown, err := json.Marshal(shownCredentials{c.PublicKey, c.Subject, c.ProjectID, c.ClientEmail, c.KeyID, c.TeamID, c.URL})
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	_, err = tx.exec("set push credentials", `INSERT INTO push_credentials (application_id, kind, shown, secret, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (application_id, kind) DO UPDATE SET shown = excluded.shown, secret = excluded.secret, created_at = excluded.created_at`,
		int64(app), string(c.Kind), string(shown), c.Secret, micros(tx.Now))
	return err
}

// PushCredentials lists the credentials of an application, by kind.
func (tx *Tx) PushCredentials(app chat.ApplicationID) ([]StoredCredentials, error) {
	return collect(tx, "list push credentials", readCredentials, `SELECT kind, shown, secret, created_at FROM push_credentials WHERE application_id = $1 ORDER BY kind`, int64(app))
}

// PushCredentialsFor finds those for a kind of device.
func (tx *Tx) PushCredentialsFor(app chat.ApplicationID, kind chat.DeviceKind) (StoredCredentials, error) {
	c, err := readCredentials(tx.row(`SELECT kind, shown, secret, created_at FROM push_credentials WHERE application_id = $1 AND kind = $2`, int64(app), string(kind)))
	return c, tx.wrap("find push credentials", err)
}

// DeletePushCredentials removes those for a kind of device; ErrNotFound says
// that there were none.
func (tx *Tx) DeletePushCredentials(app chat.ApplicationID, kind chat.DeviceKind) error {
	n, err := tx.exec("delete push credentials", `DELETE FROM push_credentials WHERE application_id = $1 AND kind = $2`, int64(app), string(kind))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
