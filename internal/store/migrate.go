package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewerDatabase says that the database was written by a later release than
// this one, which must not touch what it does not know.
var ErrNewerDatabase = errors.New("the database was written by a newer release of purr; run that release, or restore a backup made before the upgrade")

// migrate brings the database to this binary's schema. Migrations are numbered
// and only go forward.
func migrate(ctx context.Context, db *sql.DB, d dialect) error {
	texts, err := adapted(d)
	if err != nil {
		return err
	}
	unlock, err := lockSchema(ctx, db, d)
	if err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	defer unlock()
	provider, err := goose.NewProvider(d.goose, db, texts)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w (schema %d, this release knows %d)", ErrNewerDatabase, current, target)
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", current, target, err)
	}
	return nil
}

// lockSchema keeps other nodes from migrating at the same time, where the
// engine can have any.
func lockSchema(ctx context.Context, db *sql.DB, d dialect) (unlock func(), err error) {
	if d.lockSchema == "" {
		return func() {}, nil
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, d.lockSchema); err != nil {
		_ = c.Close()
		return nil, err
	}
	return func() {
		_, _ = c.ExecContext(context.WithoutCancel(ctx), d.unlockSchema)
		_ = c.Close()
	}, nil
}

// adapted gives the migrations in the words of one engine.
func adapted(d dialect) (fs.FS, error) {
	out := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out[name[len("migrations/"):]] = &fstest.MapFile{Data: []byte(d.ddl(string(text)))}
	}
	return out, nil
}
