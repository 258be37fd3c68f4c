// Package files holds the deeds about files: taking uploads in, handing them
// out to those who may see them, display pictures, and removing what nobody
// shows any more.
//
// An upload goes in three steps, so that no crash leaves bytes behind: its row
// is written, its bytes are stored, and then the transaction that shows it, as
// a message or as a picture, keeps it. What is not kept within a day is removed
// by [Files.Sweep].
//
// A Files is safe for concurrent use and keeps nothing besides the store and
// the bytes.
package files

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/store"
)

// Blobs is where the bytes are.
type Blobs interface {
	// Put keeps all of r under a key, which no bytes were under before, or
	// nothing where it fails.
	Put(ctx context.Context, key string, r io.Reader, limit int64) (int64, error)
	// Open gives the bytes under a key.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete removes them, if there are any.
	Delete(ctx context.Context, key string) error
}

// Files carries out the deeds. All fields must be set.
type Files struct {
	DB       *store.DB
	IDs      *ident.Generator
	Accounts *accounts.Accounts
	Blobs    Blobs
	// MaxSize bounds a file, in bytes.
	MaxSize int64
}

// uploadTime is how long an upload may take until it is kept. It is also how
// long the bytes of one that was broken off by a crash stay.
const uploadTime = 24 * time.Hour

// UploadInput is what Upload needs.
type UploadInput struct {
	// Name is what the uploader calls the file, with or without folders.
	Name string
	// ContentType is what kind of bytes it says they are, or empty.
	ContentType string
	Bytes       io.Reader
}

// Upload takes in the bytes of a file, which is then to be kept by the deed
// that shows it, or else discarded.
func (fs *Files) Upload(ctx context.Context, actor chat.Actor, in UploadInput) (chat.File, error) {
	f := chat.File{
		Type: chat.HostedFile, Key: newKey(), Name: chat.FileName(in.Name), ContentType: chat.ContentType(in.ContentType),
	}
	if f.ContentType == "" {
		f.ContentType = chat.UnknownContentType
	}
	row := store.StoredFile{File: f, ID: fs.IDs.Next(), Application: actor.Application, Uploader: actor.User}
	err := fs.DB.Update(ctx, func(tx *store.Tx) error { return tx.InsertFile(row, tx.Now.Add(uploadTime)) })
	if err != nil {
		return f, err
	}
	source := &limited{r: in.Bytes, left: fs.MaxSize}
	if f.Size, err = fs.Blobs.Put(ctx, f.Key, source, fs.MaxSize+1); err != nil {
		fs.Discard(ctx, f)
		if source.err != nil {
			err = source.err
		}
		return f, err
	}
	return f, nil
}

// keyLetters are those that keys are made of.
const keyLetters = "abcdefghijklmnopqrstuvwxyz234567"

// newKey makes a key of 128 random bits or more, as lower case letters and
// digits.
func newKey() string { return strings.ToLower(rand.Text()) } // base32, see crypto/rand

// limited is a stream up to a size. It remembers why it ended too early.
type limited struct {
	r    io.Reader
	left int64
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	// One byte more tells a file that is too large from one that just fits.
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		err = chat.ErrFileTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// discardTime bounds what is done about an upload whose request is over.
const discardTime = 10 * time.Second

// Discard removes an upload that nothing shows, also when its request has
// ended. It leaves files alone that are kept. What it fails at, Sweep does.
func (fs *Files) Discard(ctx context.Context, f chat.File) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	var abandoned bool
	err := fs.DB.Update(ctx, func(tx *store.Tx) (err error) {
		abandoned, err = tx.AbandonFile(f.Key)
		return err
	})
	if err == nil && abandoned {
		_ = fs.remove(ctx, f.Key)
	}
}

// remove removes bytes and then their row, whose presence says that there may
// be bytes.
func (fs *Files) remove(ctx context.Context, key string) error {
	if err := fs.Blobs.Delete(ctx, key); err != nil {
		return err
	}
	return fs.DB.Update(ctx, func(tx *store.Tx) error { return tx.DeleteFile(key) })
}

// sweepBatch is how many files Sweep looks up at a time.
const sweepBatch = 100

// Sweep removes the bytes that nothing shows any more. Several nodes may do so
// at a time.
func (fs *Files) Sweep(ctx context.Context) error {
	for {
		var due []store.StoredFile
		err := fs.DB.View(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.DueFiles(sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range due {
			if err := fs.remove(ctx, f.Key); err != nil {
				return err
			}
		}
		if len(due) < sweepBatch {
			return nil
		}
	}
}

// Opened is a file that somebody may read. Its Bytes must be closed.
type Opened struct {
	chat.File
	// Public tells that everybody may read it.
	Public    bool
	CreatedAt time.Time
	Bytes     io.ReadSeekCloser
}

// Open gives a file to whoever may read it: display pictures to everybody, the
// files of a channel to those who see the channel, by their read grant, and that
// of a job to whoever has the grant for it.
func (fs *Files) Open(ctx context.Context, key, grant string) (Opened, error) {
	var f store.StoredFile
	if strings.Trim(key, keyLetters) != "" {
		return Opened{}, chat.ErrUnknownFile
	}
	err := fs.DB.View(ctx, func(tx *store.Tx) (err error) {
		f, err = tx.FileByKey(key)
		return store.OrRefuse(err, chat.ErrUnknownFile)
	})
	if err != nil {
		return Opened{}, err
	}
	switch {
	case f.Job != 0:
		err = fs.Accounts.VerifyJobFileGrant(ctx, f.Application, key, grant)
	case f.PictureOf == 0:
		err = fs.checkReader(ctx, f, grant)
	}
	if err != nil {
		return Opened{}, err
	}
	bytes, err := fs.Blobs.Open(ctx, key)
	if err != nil && fs.isGone(ctx, key) {
		err = chat.ErrUnknownFile
	}
	return Opened{File: f.File, Public: f.PictureOf != 0, CreatedAt: f.CreatedAt, Bytes: bytes}, err
}

// isGone tells that a file has been let go of since it was found.
func (fs *Files) isGone(ctx context.Context, key string) bool {
	err := fs.DB.View(ctx, func(tx *store.Tx) error {
		_, err := tx.FileByKey(key)
		return err
	})
	return errors.Is(err, store.ErrNotFound)
}

// checkReader refuses a grant of somebody who does not see the file's channel.
func (fs *Files) checkReader(ctx context.Context, f store.StoredFile, grant string) error {
	actor, err := fs.Accounts.VerifyFileGrant(ctx, grant, accounts.ReadFiles)
	if err != nil {
		return err
	}
	if actor.Application != f.Application {
		return chat.ErrInvalidGrant
	}
	return fs.DB.View(ctx, func(tx *store.Tx) error {
		_, _, err := channels.Seen(tx, actor, f.Channel)
		if errors.Is(err, chat.ErrUnknownChannel) {
			return chat.ErrInvalidGrant
		}
		return err
	})
}
