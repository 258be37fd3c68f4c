// Package storetest runs tests of the store, and of everything above it, on
// real databases of both engines.
//
// [Each] is what nearly every test wants: one sub-test an engine, each with an
// empty, migrated database of its own. [EachDSN] is for tests that open the
// database themselves: with a clock, twice, or after a crash.
//
// # SQLite
//
// Every test gets a file of its own, copied from one that was migrated once in
// the process, which takes about a millisecond.
//
// # PostgreSQL
//
// Every test gets a schema of its own in the database that PURR_TEST_POSTGRES
// names (standard: postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable),
// dropped when the test ends. Few tests of a process use the server at a time,
// each with few connections, so that many processes fit into its hundred.
//
// Where the server cannot be reached the tests for it are skipped, and each
// process says so once. A machine that must not skip them lists "postgres" in
// PURR_TEST_REQUIRE (names parted by commas): then they fail.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/store"
)

const (
	postgresEnv     = "PURR_TEST_POSTGRES"
	standard        = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	requireEnv      = "PURR_TEST_REQUIRE"
	postgresAtOnce  = 6
	postgresReaders = 2
	patience        = 30 * time.Second
)

// Each runs fn as parallel sub-tests "sqlite" and "postgres", each with an
// empty database of its own.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) {
		fn(t, Open(t, store.Options{DSN: dsn}))
	})
}

// EachDSN runs fn as parallel sub-tests "sqlite" and "postgres", each with the
// address of an empty, migrated database of its own, for [Open].
func EachDSN(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t))
	})
}

// Open opens a database until the test ends, with few connections.
func Open(tb testing.TB, o store.Options) *store.DB {
	tb.Helper()
	if o.Readers == 0 && strings.Contains(o.DSN, "://") {
		o.Readers = postgresReaders
	}
	db, err := store.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close the database: %v", err)
		}
	})
	return db
}

// SQLite makes an empty, migrated database file and gives its path.
func SQLite(tb testing.TB) string {
	tb.Helper()
	content, err := template()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "purr.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Counter gives a function that counts the rows of all tables, by which a test
// can tell that nothing was written.
func Counter(tb testing.TB, dsn string) func() map[string]int {
	tb.Helper()
	driver, tables := "pgx", "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	if !strings.Contains(dsn, "://") {
		driver, tables = "sqlite", "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
		dsn = (&url.URL{Scheme: "file", Path: dsn}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { _ = db.Close() })
	rows, err := db.QueryContext(tb.Context(), tables)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var names, counts []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			tb.Fatal(err)
		}
		names, counts = append(names, name), append(counts, "(SELECT count(*) FROM "+name+")")
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	count := "SELECT " + strings.Join(counts, ", ")
	return func() map[string]int {
		tb.Helper()
		numbers := make([]int, len(names))
		into := make([]any, len(names))
		for i := range numbers {
			into[i] = &numbers[i]
		}
		if err := db.QueryRowContext(tb.Context(), count).Scan(into...); err != nil {
			tb.Fatal(err)
		}
		out := make(map[string]int, len(names))
		for i, name := range names {
			out[name] = numbers[i]
		}
		return out
	}
}

// template is the content of a migrated file, made once a process.
var template = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "purr-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "purr.db")
	db, err := store.Open(context.Background(), store.Options{DSN: path})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // the last to close empties the journal into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// Postgres makes an empty, migrated schema and gives the address that leads to
// it. It skips the test where the server cannot be reached, or fails it where
// the server is required.
func Postgres(tb testing.TB) string {
	tb.Helper()
	dsn := EmptyPostgres(tb)
	db, err := store.Open(tb.Context(), store.Options{DSN: dsn, Readers: 1})
	if err != nil {
		tb.Fatal(err)
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	return dsn
}

// EmptyPostgres is [Postgres] without the migrations.
func EmptyPostgres(tb testing.TB) string {
	tb.Helper()
	if err := reachable(); err != nil {
		if slices.Contains(strings.Split(os.Getenv(requireEnv), ","), "postgres") {
			tb.Fatalf("PostgreSQL is required by %s: %v", requireEnv, err)
		}
		tb.Skipf("PostgreSQL cannot be reached: %v", err)
	}
	slots <- struct{}{}
	tb.Cleanup(func() { <-slots })
	schema := "purr_test_" + randomText()
	if err := administer("CREATE SCHEMA " + schema); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := administer("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			tb.Errorf("remove the schema of the test: %v", err)
		}
	})
	u, err := url.Parse(base())
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	q.Set("application_name", schema)  // tells the connections of a test
	q.Set("synchronous_commit", "off") // no test cuts the server's power
	u.RawQuery = q.Encode()
	return u.String()
}

// slots bounds how many tests of this process use PostgreSQL at a time.
var slots = make(chan struct{}, postgresAtOnce)

// reachable tries the server once a process and is loud where it fails.
var reachable = sync.OnceValue(func() error {
	err := administer("SELECT 1")
	if err != nil {
		fmt.Fprintf(os.Stderr, "\n*** SKIPPED: every test on PostgreSQL, which cannot be reached. Set %s to its address, or start one there. (%v)\n\n",
			postgresEnv, err)
	}
	return err
})

func base() string {
	if dsn := os.Getenv(postgresEnv); dsn != "" {
		return dsn
	}
	return standard
}

// administer runs one statement outside of all schemas of tests.
func administer(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("pgx", base()) // the store has registered the driver
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func randomText() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
