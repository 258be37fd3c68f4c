package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// StoredFile is a hosted file with what it belongs to.
type StoredFile struct {
	chat.File
	ID          int64
	Application chat.ApplicationID
	// Uploader is who brought it, zero for the application.
	Uploader  chat.UserID
	Channel   chat.ChannelID
	PictureOf chat.UserID
	Job       chat.JobID
	CreatedAt time.Time
}

const fileColumns = `id, application_id, file_key, uploader_id, channel_id, picture_of, job_id, name, content_type, size, created_at`

func readFile(row scanner) (f StoredFile, err error) {
	var created int64
	err = row.Scan(&f.ID, &f.Application, &f.Key, &f.Uploader, &f.Channel, &f.PictureOf, &f.Job, &f.Name, &f.ContentType, &f.Size, &created)
	f.Type, f.CreatedAt = chat.HostedFile, fromMicros(created)
	return f, err
}

// InsertFile adds a file whose bytes are about to come. Until it is kept, its
// bytes are removed from the time due on.
func (tx *Tx) InsertFile(f StoredFile, due time.Time) error {
	_, err := tx.exec("insert file", `INSERT INTO files (id, application_id, file_key, uploader_id, name, content_type, created_at, due)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		f.ID, int64(f.Application), f.Key, int64(f.Uploader), f.Name, f.ContentType, micros(tx.Now), micros(due))
	return err
}

// KeepMessageFile makes an uploaded file that of a message by its uploader.
// ErrNotFound says that there is none, that it has been used already, or that
// it is due.
func (tx *Tx) KeepMessageFile(a chat.Actor, f chat.File, m chat.Message) error {
	return tx.keepFile(`UPDATE files SET due = 0, size = $1, channel_id = $6, message_id = $7
		WHERE file_key = $2 AND application_id = $3 AND uploader_id = $4 AND due > $5`,
		f.Size, f.Key, int64(a.Application), int64(a.User), micros(tx.Now), int64(m.Channel), int64(m.ID))
}

// KeepPicture makes an uploaded file a user's picture, and lets go of those he
// had. ErrNotFound means what it does for KeepMessageFile.
func (tx *Tx) KeepPicture(a chat.Actor, f chat.File, user chat.UserID) error {
	if err := tx.ReleasePictures(user); err != nil {
		return err
	}
	return tx.keepFile(`UPDATE files SET due = 0, size = $1, picture_of = $6
		WHERE file_key = $2 AND application_id = $3 AND uploader_id = $4 AND due > $5`,
		f.Size, f.Key, int64(a.Application), int64(a.User), micros(tx.Now), int64(user))
}

func (tx *Tx) keepFile(text string, args ...any) error {
	n, err := tx.exec("keep file", text, args...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// ReleasePictures lets go of the bytes of a user's pictures.
func (tx *Tx) ReleasePictures(user chat.UserID) error {
	_, err := tx.exec("release pictures", `UPDATE files SET due = $1 WHERE picture_of = $2 AND picture_of <> 0 AND due = 0`, micros(tx.Now), int64(user))
	return err
}

// ReleaseMessageFile lets go of the bytes of a message's file, if it has one.
// It belongs into every transaction that removes a single message.
func (tx *Tx) ReleaseMessageFile(m chat.MessageID) error {
	_, err := tx.exec("release file", `UPDATE files SET due = $1 WHERE message_id = $2 AND message_id <> 0 AND due = 0`, micros(tx.Now), int64(m))
	return err
}

// ReleaseChannelFiles lets go of the bytes of up to limit files of a channel
// and tells how many they were.
func (tx *Tx) ReleaseChannelFiles(c chat.ChannelID, limit int) (int64, error) {
	return tx.exec("release files", `UPDATE files SET due = $1 WHERE id IN
		(SELECT id FROM files WHERE channel_id = $2 AND channel_id <> 0 AND due = 0 ORDER BY id LIMIT $3)`, micros(tx.Now), int64(c), limit)
}

// AbandonFile lets go of the bytes of an upload that was not kept, and tells
// whether it is one.
func (tx *Tx) AbandonFile(key string) (bool, error) {
	n, err := tx.exec("abandon file", `UPDATE files SET due = $1 WHERE file_key = $2 AND due > $1`, micros(tx.Now), key)
	return n > 0, err
}

// FileByKey finds a file that is kept.
func (tx *Tx) FileByKey(key string) (StoredFile, error) {
	f, err := readFile(tx.row(`SELECT `+fileColumns+` FROM files WHERE file_key = $1 AND due = 0`, key))
	return f, tx.wrap("find file", err)
}

// DueFiles lists up to limit files whose bytes are to be removed.
func (tx *Tx) DueFiles(limit int) ([]StoredFile, error) {
	return collect(tx, "list due files", readFile, `SELECT `+fileColumns+` FROM files WHERE due <> 0 AND due <= $1 ORDER BY due LIMIT $2`, micros(tx.Now), limit)
}

// DeleteFile forgets a file whose bytes have been removed.
func (tx *Tx) DeleteFile(key string) error {
	_, err := tx.exec("delete file", `DELETE FROM files WHERE file_key = $1 AND due <> 0`, key)
	return err
}

// GrantOwner finds what is needed to verify a grant of a living user: his
// application and its secret.
func (tx *Tx) GrantOwner(user chat.UserID) (app chat.ApplicationID, key string, err error) {
	err = tx.row(`SELECT a.id, a.client_secret_hash FROM users u JOIN applications a ON a.id = u.application_id
		WHERE u.id = $1 AND u.deleted_at = 0`, int64(user)).Scan(&app, &key)
	return app, key, tx.wrap("find grant owner", err)
}

// messageFile is a file as its message's row holds it.
type messageFile struct {
	Key  string `json:"key,omitempty"`
	URL  string `json:"url,omitempty"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// formatFile is the stored form of a message's file.
func formatFile(f *chat.File) string {
	if f == nil {
		return ""
	}
	text, err := json.Marshal(messageFile{Key: f.Key, URL: f.URL, Name: f.Name, Type: f.ContentType, Size: f.Size})
	if err != nil {
		panic(err) // texts and a number always encode
	}
	return string(text)
}

func parseFile(text string) (*chat.File, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // a text has no file
	}
	var f messageFile
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return nil, fmt.Errorf("read the file of a message: %w", err)
	}
	out := &chat.File{Type: chat.HostedFile, Key: f.Key, URL: f.URL, Name: f.Name, ContentType: f.Type, Size: f.Size}
	if f.Key == "" {
		out.Type = chat.ExternalFile
	}
	return out, nil
}
