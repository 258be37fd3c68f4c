// Package disk is a [blob.Store] in a directory.
//
// A file that is coming in has a temporary name. Once it is whole and on the
// disk it is renamed, so that under a key there is all or nothing. Files are
// spread over 256 folders by the first two signs of their keys.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/purrchat/purr/internal/blob"
)

// incoming is the folder of files that are not whole yet.
const incoming = "incoming"

// Store keeps bytes in a directory, which may be shared by several processes.
// It keeps nothing in memory and starts no goroutine.
type Store struct {
	dir string
}

var _ blob.Store = (*Store)(nil)

// New makes a store in a directory, which is made when the first bytes come.
func New(dir string) *Store { return &Store{dir: dir} }

// Directory is where the store keeps its files.
func (s *Store) Directory() string { return s.dir }

func (s *Store) path(key string) string { return filepath.Join(s.dir, key[:2], key) }

// Put keeps what it reads.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, limit int64) (size int64, err error) {
	if err := blob.CheckKey(key); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, incoming), 0o700); err != nil {
		return 0, fmt.Errorf("make the folder for files: %w", err)
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, incoming), key+"-*")
	if err != nil {
		return 0, fmt.Errorf("make a file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()           // it may be closed already
			_ = os.Remove(f.Name()) // Clean finds what is left behind
		}
	}()
	if size, err = io.Copy(f, blob.Limit(ctx, r, limit)); err != nil {
		return 0, fmt.Errorf("take a file in: %w", err)
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return 0, fmt.Errorf("write a file: %w", err)
	}
	if err = s.install(f.Name(), key); err != nil {
		return 0, fmt.Errorf("keep a file: %w", err)
	}
	return size, nil
}

// install gives a whole file its name and makes sure that the name stays.
func (s *Store) install(temporary, key string) error {
	folder := filepath.Join(s.dir, key[:2])
	switch err := os.Mkdir(folder, 0o700); {
	case err == nil:
		if err := syncFolder(s.dir); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := os.Rename(temporary, s.path(key)); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open gives the file itself, which the system can send without a copy.
func (s *Store) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, missing("open a file", err)
	}
	return f, nil
}

// Stat tells size and age of a file.
func (s *Store) Stat(_ context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	info, err := os.Stat(s.path(key))
	if err != nil {
		return blob.Info{}, missing("look at a file", err)
	}
	return blob.Info{Size: info.Size(), ModTime: info.ModTime()}, nil
}

// Delete removes a file.
func (s *Store) Delete(_ context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	if err := os.Remove(s.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	return nil
}

// Clean removes what a process that died left incomplete, if it was last
// written to before a time.
func (s *Store) Clean(ctx context.Context, before time.Time) error {
	list, err := os.ReadDir(filepath.Join(s.dir, incoming))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list incomplete files: %w", err)
	}
	for _, entry := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue // it has just been finished, or is still written
		}
		if err := os.Remove(filepath.Join(s.dir, incoming, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an incomplete file: %w", err)
		}
	}
	return nil
}

// Close does nothing: nothing is held.
func (s *Store) Close() error { return nil }

// missing gives a failed look-up its name.
func missing(what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.ErrNotFound
	}
	return fmt.Errorf("%s: %w", what, err)
}
