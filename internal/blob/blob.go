// Package blob keeps the bytes of files. It knows nothing about them: who may
// read them, what they are called and how large they may be is decided
// elsewhere.
//
// The package itself is the contract; disk keeps bytes in a directory, s3 in a
// bucket, and blobtest has the tests that every kind of store must pass.
package blob

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound says that there are no bytes under a key.
var ErrNotFound = errors.New("blob: not found")

// ErrKey says that a text is no key.
var ErrKey = errors.New("blob: a key is 16 to 64 lower case letters and digits")

// ErrTooLarge says that a stream has more bytes than were allowed.
var ErrTooLarge = errors.New("blob: too large")

// Info is what a store knows of the bytes under a key.
type Info struct {
	Size    int64
	ModTime time.Time
}

// Store keeps bytes under keys. Its methods may be called by any number of
// goroutines. Bytes never change once they are there: a key is used once.
type Store interface {
	// Put reads r to its end and keeps what it read under the key, and tells
	// how much it was. It holds no more than a small part in memory. Where it
	// fails nothing is kept, with r's own error inside where r failed, or
	// ErrTooLarge where r has more than limit bytes. When it returns without
	// an error the bytes outlive a crash.
	Put(ctx context.Context, key string, r io.Reader, limit int64) (int64, error)
	// Open gives the bytes, from which any range can be read by seeking. The
	// caller must close it. Where they are deleted meanwhile, reading may fail.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Stat tells about the bytes without reading them.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes the bytes. It is no error where there are none.
	Delete(ctx context.Context, key string) error
	// Clean removes what a process that died left incomplete, if that has
	// stood still since before a time.
	Clean(ctx context.Context, before time.Time) error
	// Close lets go of what the store holds. Nothing may be called afterwards.
	Close() error
}

// CheckKey refuses what is no key. Keys are harmless as file names and in
// addresses.
func CheckKey(key string) error {
	if len(key) < 16 || len(key) > 64 {
		return ErrKey
	}
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return ErrKey
		}
	}
	return nil
}

// Limit is r up to limit bytes, and an ErrTooLarge where it has more.
func Limit(ctx context.Context, r io.Reader, limit int64) io.Reader {
	return &limited{ctx: ctx, r: r, left: limit}
}

type limited struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

// Read asks for one byte more than is left, which tells too much from enough.
func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if l.left >= 0 && int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooLarge
	}
	return n, err
}
