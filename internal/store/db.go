package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Options say how to open a database.
type Options struct {
	// DSN is a postgres:// URL or the path of an SQLite file, whose folder
	// is made when missing.
	DSN string
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// Readers is how many connections serve View; the engine's standard
	// where zero. One more writes.
	Readers int
}

// DB is the open database.
type DB struct {
	sql     *sql.DB
	dialect dialect
	now     func() time.Time
	readers *pool
	writer  *writer
	// close closes, at its first call, and gives the outcome.
	close func() error
}

// Open opens and migrates the database and starts its writer. The caller must
// Close it. ErrNewerDatabase is returned, and nothing touched, where a later
// release wrote it.
func Open(ctx context.Context, o Options) (*DB, error) {
	if !strings.Contains(o.DSN, "://") {
		if err := os.MkdirAll(filepath.Dir(o.DSN), 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
	}
	pool, d, err := openSQL(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if o.Readers > 0 {
		d.readers = o.Readers
	}
	db := &DB{sql: pool, dialect: d, now: o.Now}
	if db.now == nil {
		db.now = time.Now
	}
	if err := db.start(ctx); err != nil {
		_ = pool.Close()
		return nil, err
	}
	return db, nil
}

func (db *DB) start(ctx context.Context) error {
	if err := db.sql.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	if err := migrate(ctx, db.sql, db.dialect); err != nil {
		return err
	}
	var err error
	// Connections outlive the context that the database was opened under.
	if db.readers, err = openPool(context.WithoutCancel(ctx), db.sql, db.dialect); err != nil {
		return fmt.Errorf("open connections for reading: %w", err)
	}
	db.writer, err = startWriter(context.WithoutCancel(ctx), db)
	if err != nil {
		db.readers.close()
		return fmt.Errorf("open the connection for writing: %w", err)
	}
	db.close = sync.OnceValue(func() error {
		db.writer.stop()
		db.readers.close()
		return db.sql.Close()
	})
	return nil
}

// Close carries out the updates that wait, lets what is being read finish and
// closes the database. Whoever comes later is told that the server is shutting
// down. Closing again changes nothing.
func (db *DB) Close() error { return db.close() }

// Engine names the database engine, "sqlite" or "postgres".
func (db *DB) Engine() string { return db.dialect.name }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.sql.PingContext(ctx) }

// OnCommit sets who hears of committed events: hear is called by the writer
// with the events of each commit in the order of their positions, and should
// return soon, since the next commit waits for it. Earlier commits are not told
// of.
func (db *DB) OnCommit(hear func([]chat.Event)) { db.writer.hear.Store(&hear) }

// OnRecord sets what follows an event: follow tells the jobs that are written
// with it.
func (db *DB) OnRecord(follow func(chat.Event) ([]Job, error)) { db.writer.follow.Store(&follow) }

// View runs fn with a connection for reading. Each statement sees the newest
// commit; a View is no snapshot, since deeds decide nothing on what they read
// outside an Update, and two statements more a read would buy nothing. Where
// the server dropped the connection, fn runs again on another, so it must set
// variables of its own anew at each run.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		lost, err := db.view(ctx, fn)
		if !lost || attempt > db.dialect.readers {
			return err
		}
	}
}

// view runs fn once and tells whether the connection was lost on the way.
func (db *DB) view(ctx context.Context, fn func(*Tx) error) (lost bool, err error) {
	c, err := db.readers.take(ctx)
	if err != nil {
		return false, err
	}
	// A statement that can be cancelled costs half as much again in the
	// SQLite driver; reads are short, so they run to their end.
	ctx = context.WithoutCancel(ctx)
	tx := &Tx{Now: db.clock(), ctx: ctx, conn: c, dialect: db.dialect}
	defer func() { db.readers.give(ctx, c, lost) }()
	err = fn(tx)
	return tx.failed != nil && db.dialect.lost(tx.failed), err
}

// Update runs fn in a transaction that writes, together with the updates that
// wait beside it, and returns once it is committed and durable, or with fn's
// error, having changed nothing. fn may run several times, so it must do
// nothing but read and write through its Tx and set variables of its own anew
// at each run.
//
// Where ctx ends before fn has begun, nothing happens; afterwards Update waits
// for the outcome.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.Begin(ctx, fn)()
}

// Begin is Update in two steps: fn has its place among the updates when Begin
// returns, and wait, to be called once, gives the outcome. Whoever has several
// updates that must keep their order begins one after the other without
// waiting, and they share a commit.
func (db *DB) Begin(ctx context.Context, fn func(*Tx) error) (wait func() error) {
	return db.writer.begin(ctx, fn)
}

// clock is the present time as it is stored.
func (db *DB) clock() time.Time { return db.now().UTC().Truncate(time.Microsecond) }
