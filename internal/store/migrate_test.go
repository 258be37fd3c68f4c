package store_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

// raw opens a database without the store.
func raw(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !strings.Contains(dsn, "://") {
		driver, dsn = "sqlite", (&url.URL{Scheme: "file", Path: dsn}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// schema maps each table of a database to its columns in order.
func schema(t *testing.T, dsn string) map[string][]string {
	t.Helper()
	text := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
	if strings.Contains(dsn, "://") {
		text = `SELECT table_name, column_name FROM information_schema.columns
			WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`
	}
	rows, err := raw(t, dsn).QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(table, "search_index") {
			continue // each engine has its own kind
		}
		out[table] = append(out[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// eachEmpty runs fn with the address of a database that nobody has migrated.
func eachEmpty(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, filepath.Join(t.TempDir(), "a folder?", "purr%20#1.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, storetest.EmptyPostgres(t))
	})
}

func TestAFreshDatabaseIsMadeAndKept(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, dsn string) {
		first := storetest.Open(t, store.Options{DSN: dsn})
		app := newFixture(t, first).application("kept")
		before := schema(t, dsn)
		if len(before) < 10 {
			t.Errorf("tables: %v", before)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(dsn, "://") {
			if _, err := os.Stat(dsn); err != nil {
				t.Errorf("the file is not where it was asked for: %v", err)
			}
		}
		f := newFixture(t, storetest.Open(t, store.Options{DSN: dsn}))
		if diff := cmp.Diff(before, schema(t, dsn)); diff != "" {
			t.Errorf("opening again changed the schema: %s", diff)
		}
		f.view(func(tx *store.Tx) error {
			_, err := tx.Application(app.ID)
			return err
		})
	})
}

func TestBothEnginesHoldTheSame(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(schema(t, storetest.SQLite(t)), schema(t, storetest.Postgres(t))); diff != "" {
		t.Errorf("SQLite and PostgreSQL: %s", diff)
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	dsn := storetest.EmptyPostgres(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := store.Open(t.Context(), store.Options{DSN: dsn, Readers: 1})
			if err != nil {
				t.Error(err)
				return
			}
			_ = db.Close()
		})
	}
	all.Wait()
}

func TestANewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := raw(t, dsn)
		if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, TRUE)"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before, content := schema(t, dsn), file(t, dsn)
		_, err := store.Open(t.Context(), store.Options{DSN: dsn})
		wantError(t, "opening", err, store.ErrNewerDatabase)
		if diff := cmp.Diff(before, schema(t, dsn)); diff != "" {
			t.Errorf("the schema changed: %s", diff)
		}
		want(t, "the file is the same", file(t, dsn) == content, true)
	})
}

// file is the content of an SQLite database.
func file(t *testing.T, dsn string) string {
	t.Helper()
	if strings.Contains(dsn, "://") {
		return ""
	}
	content, err := os.ReadFile(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestADatabaseThatCannotBeReachedIsAnError(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{DSN: "postgres://nobody@127.0.0.1:1/none?sslmode=disable"})
	if err == nil {
		t.Error("opened")
	}
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(blocker, "purr.db")}); err == nil {
		t.Error("opened below a file")
	}
}
