package serve

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/purrchat/purr/internal/app/accounts"
	"github.com/purrchat/purr/internal/app/channels"
	"github.com/purrchat/purr/internal/app/files"
	"github.com/purrchat/purr/internal/app/functions"
	"github.com/purrchat/purr/internal/app/imports"
	"github.com/purrchat/purr/internal/app/messages"
	"github.com/purrchat/purr/internal/app/notify"
	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/app/timeline"
	"github.com/purrchat/purr/internal/blob"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/edge/wire"
	"github.com/purrchat/purr/internal/kit/ident"
	"github.com/purrchat/purr/internal/kit/seal"
	"github.com/purrchat/purr/internal/store"
)

// databaseFile is the embedded database within the data directory.
const databaseFile = "purr.db"

// secretsFile has the key to users' secrets within the data directory.
const secretsFile = "secrets.key"

// nodeLease is how long a node number is held without being renewed.
const nodeLease = 15 * time.Second

// core is the store and the deeds: all that a command needs that does not
// serve.
type core struct {
	db          *store.DB
	lock        *os.File
	node        chat.NodeID
	incarnation int64

	accounts  *accounts.Accounts
	channels  *channels.Channels
	messages  *messages.Messages
	files     *files.Files
	blobs     blob.Store
	imports   *imports.Imports
	functions *functions.Functions
	timeline  *timeline.Timeline
	notify    *notify.Notify
	push      *push.Push
}

// purpose says what a core is opened for.
type purpose bool

const (
	// forServing holds the data directory, so that no second server can.
	forServing purpose = true
	// forACommand works beside a server.
	forACommand purpose = false
)

// openCore opens the database and builds the deeds. The caller must close it.
func openCore(ctx context.Context, c config.Config, p purpose) (_ *core, err error) {
	k := &core{}
	defer func() {
		if err != nil {
			_ = k.close()
		}
	}()
	dsn := c.Database
	if dsn == "" {
		dsn = filepath.Join(c.Data, databaseFile)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if p == forServing {
		if k.lock, err = lockDirectory(c.Data); err != nil {
			return nil, err
		}
	}
	if k.db, err = store.Open(ctx, store.Options{DSN: dsn}); err != nil {
		return nil, err
	}
	if err := k.takeNode(ctx, c.Data); err != nil {
		return nil, err
	}
	var greatest int64
	err = k.db.View(ctx, func(tx *store.Tx) (err error) {
		greatest, err = tx.GreatestID()
		return err
	})
	if err != nil {
		return nil, err
	}
	secrets, err := secretsKey(c)
	if err != nil {
		return nil, err
	}
	ids := ident.New(int64(k.node), time.Now, greatest)
	k.db.OnRecord(Consequences(ids.Next))
	k.accounts = &accounts.Accounts{
		DB: k.db, IDs: ids, Node: k.node, TokenLifetime: c.Token.Lifetime,
		PresenceGrace: c.Presence.Grace, ResumeWindow: c.Session.ResumeWindow,
		Secrets: secrets, Now: time.Now,
	}
	k.channels = &channels.Channels{DB: k.db, IDs: ids}
	k.messages = &messages.Messages{DB: k.db, IDs: ids}
	if k.blobs, err = openBlobs(ctx, c, p); err != nil {
		return nil, err
	}
	if p == forServing {
		if k.messages.Pages, err = newPages(c.Outbound); err != nil {
			return nil, err
		}
	}
	k.files = &files.Files{DB: k.db, IDs: ids, Accounts: k.accounts, Blobs: k.blobs, MaxSize: int64(c.Files.MaxSize)}
	large := *k.files
	large.MaxSize = int64(c.Imports.MaxSize)
	k.imports = &imports.Imports{
		DB: k.db, IDs: ids, Accounts: k.accounts, Channels: k.channels, Messages: k.messages, Files: &large,
		Encode: wire.Style{Base: c.BaseURL(nil)}, Wake: func() {}, // a command has no workers
	}
	k.functions = &functions.Functions{DB: k.db, IDs: ids, Secrets: secrets}
	k.push = &push.Push{DB: k.db, IDs: ids, Secrets: secrets, Subject: pushSubject(c), Node: k.node, KeepAnswers: c.Push.KeepAnswers, Marks: marks{}}
	k.timeline = &timeline.Timeline{DB: k.db}
	k.notify = &notify.Notify{DB: k.db}
	return k, nil
}

// secretsKey is the key that the operator gives, or else one that is made once
// and stays in the data directory.
func secretsKey(c config.Config) (*seal.Key, error) {
	if c.Secrets.Key != "" {
		return seal.Parse(c.Secrets.Key)
	}
	return seal.Load(filepath.Join(c.Data, secretsFile))
}

// lockDirectory keeps a second server out of a data directory. The lock goes
// with the process, however it ends.
func lockDirectory(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another server is using the data directory %s", dir)
	}
	return f, nil
}

// takeNode takes a number for this process: that of the last server of this
// data directory, which must have ended since the directory could be locked, or
// else the lowest free one.
func (k *core) takeNode(ctx context.Context, dir string) error {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	k.incarnation = int64(binary.LittleEndian.Uint64(random[:]) >> 1)
	err := k.db.Update(ctx, func(tx *store.Tx) error {
		until := tx.Now.Add(nodeLease)
		if k.lock != nil {
			node, incarnation, ok := readHolder(dir)
			holder, err := tx.NodeHolder(node)
			if err == nil && ok && holder == incarnation {
				k.node = node
				return tx.SeizeNode(node, k.incarnation, until)
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		var err error
		k.node, err = tx.LeaseNode(k.incarnation, until)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("all %d node numbers are in use", store.MaxNodes)
		}
		return err
	})
	if err != nil || k.lock == nil {
		return err
	}
	return writeHolder(dir, k.node, k.incarnation)
}

// holderFile keeps the node number of the last server of a data directory, so
// that its next one takes over at once what a crash left.
const holderFile = "node"

func readHolder(dir string) (node chat.NodeID, incarnation int64, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, holderFile)) //nolint:gosec // the operator names the directory
	if err != nil {
		return 0, 0, false
	}
	_, err = fmt.Sscanf(string(text), "%d %d", &node, &incarnation)
	return node, incarnation, err == nil
}

func writeHolder(dir string, node chat.NodeID, incarnation int64) error {
	text := fmt.Sprintf("%d %d\n", node, incarnation)
	if err := os.WriteFile(filepath.Join(dir, holderFile), []byte(text), 0o600); err != nil {
		return fmt.Errorf("keep the node number: %w", err)
	}
	return nil
}

// renewLease keeps the node number; it is to be called about once a second.
func (k *core) renewLease(ctx context.Context) error {
	return k.db.Update(ctx, func(tx *store.Tx) error {
		err := tx.RenewNode(k.node, k.incarnation, tx.Now.Add(nodeLease))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("node %d has lost its number to another process", k.node)
		}
		return err
	})
}

// close gives the node number back and closes the database.
func (k *core) close() error {
	if k.db == nil {
		return k.unlock()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := k.db.Update(ctx, func(tx *store.Tx) error {
		err := tx.RenewNode(k.node, k.incarnation, tx.Now)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if k.blobs != nil {
		err = errors.Join(err, k.blobs.Close())
	}
	return errors.Join(err, k.db.Close(), k.unlock())
}

func (k *core) unlock() error {
	if k.lock == nil {
		return nil
	}
	return k.lock.Close()
}
