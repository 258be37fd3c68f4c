package harness

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"
)

// Engine is a database engine that the server can run on.
type Engine string

// The engines, by the names that tests show.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// postgresEnv is the base DSN under which databases for tests may be created.
const (
	postgresEnv     = "PURR_TEST_POSTGRES"
	defaultPostgres = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
)

// EachEngine runs a story on every engine, side by side.
func EachEngine(t *testing.T, story func(t *testing.T, engine Engine)) {
	t.Helper()
	for _, engine := range []Engine{SQLite, Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			story(t, engine)
		})
	}
}

func postgresBase() string {
	if base := os.Getenv(postgresEnv); base != "" {
		return base
	}
	return defaultPostgres
}

var postgresReachable = sync.OnceValue(func() error {
	db, err := sql.Open("pgx", postgresBase())
	if err != nil {
		return err
	}
	defer closing(db)
	return db.Ping()
})

// newPostgresDatabase creates an empty database and drops it after the test.
func newPostgresDatabase(t testing.TB) string {
	t.Helper()
	if err := postgresReachable(); err != nil {
		missing(t, "postgres", err.Error())
	}
	suffix := make([]byte, 8)
	_, _ = rand.Read(suffix)
	name := "purr_e2e_" + hex.EncodeToString(suffix)
	administer := func(statement string) error {
		db, err := sql.Open("pgx", postgresBase())
		if err != nil {
			return err
		}
		defer closing(db)
		_, err = db.Exec(statement)
		return err
	}
	if err := administer("CREATE DATABASE " + name); err != nil {
		t.Fatalf("creating a database: %v", err)
	}
	t.Cleanup(func() {
		if err := administer("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
	})
	dsn, err := url.Parse(postgresBase())
	if err != nil {
		t.Fatalf("%s: %v", postgresEnv, err)
	}
	dsn.Path = "/" + name
	return dsn.String()
}

// Database is a server's database, opened beside the server.
type Database struct {
	t      testing.TB
	engine Engine
	db     *sql.DB
}

// OpenDatabase opens the server's database for reading.
func (s *Server) OpenDatabase() *Database {
	s.t.Helper()
	driver, dsn := "pgx", s.dsn
	if s.engine == SQLite {
		driver, dsn = "sqlite", "file:"+s.sqliteFile()+"?mode=ro&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		s.t.Fatalf("opening the database: %v", err)
	}
	s.t.Cleanup(func() { _ = db.Close() })
	return &Database{t: s.t, engine: s.engine, db: db}
}

// sqliteFile finds the database in the data directory by its first bytes, so
// that its name is the server's own business.
func (s *Server) sqliteFile() string {
	s.t.Helper()
	var found string
	err := filepath.WalkDir(s.dataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer closing(file)
		magic := make([]byte, 15)
		if _, err := file.Read(magic); err == nil && bytes.Equal(magic, []byte("SQLite format 3")) {
			found = path
		}
		return nil
	})
	if err != nil || found == "" {
		s.t.Fatalf("no SQLite database in %s (%v)", s.dataDir, err)
	}
	return found
}

// Row is one row of a table, by column.
type Row map[string]any

// Dump is the content of a database: the rows of each table, as text that is
// equal for rows that mean the same.
type Dump map[string][]string

// Dump reads all tables but the volatile ones of the schema.
func (d *Database) Dump(schema Schema) Dump {
	d.t.Helper()
	dump := Dump{}
	for _, table := range d.tables() {
		if slices.Contains(schema.VolatileTables, table) {
			continue
		}
		for _, row := range d.Rows("SELECT * FROM " + table) {
			dump[table] = append(dump[table], schema.normalize(row))
		}
	}
	return dump
}

// AwaitRest takes dumps until several in a row are equal: work that follows a
// deed in the background, such as notifications, is then done.
func (d *Database) AwaitRest(schema Schema) Dump {
	d.t.Helper()
	const enough = 5
	deadline := time.Now().Add(Patience)
	previous, equal := d.Dump(schema), 0
	for equal < enough {
		if time.Now().After(deadline) {
			d.t.Fatalf("the database did not come to rest within %s", Patience)
		}
		<-time.After(40 * time.Millisecond)
		next := d.Dump(schema)
		if len(next.Minus(previous)) == 0 && len(previous.Minus(next)) == 0 {
			equal++
		} else {
			equal = 0
		}
		previous = next
	}
	return previous
}

// Minus returns the rows that other does not have, sorted. A row that other
// has once is taken off once.
func (d Dump) Minus(other Dump) Dump {
	rest := Dump{}
	for table, rows := range d {
		had := map[string]int{}
		for _, row := range other[table] {
			had[row]++
		}
		for _, row := range rows {
			if had[row] > 0 {
				had[row]--
				continue
			}
			rest[table] = append(rest[table], row)
		}
		slices.Sort(rest[table])
	}
	return rest
}

// String lists the rows by table, for comparing and for reading.
func (d Dump) String() string {
	var text strings.Builder
	for _, table := range slices.Sorted(maps.Keys(d)) {
		for _, row := range d[table] {
			fmt.Fprintf(&text, "%s: %s\n", table, row)
		}
	}
	return text.String()
}

func (d *Database) tables() []string {
	d.t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if d.engine == Postgres {
		query = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
	}
	var names []string
	for _, row := range d.Rows(query) {
		names = append(names, fmt.Sprint(row["name"]))
	}
	return names
}

// Rows runs a query and returns all its rows.
func (d *Database) Rows(query string, args ...any) []Row {
	d.t.Helper()
	rows, err := d.db.Query(query, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	var all []Row
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			d.t.Fatalf("%s: %v", query, err)
		}
		row := Row{}
		for i, column := range columns {
			row[column] = *cells[i].(*any)
			if text, ok := row[column].([]byte); ok {
				row[column] = string(text)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return all
}
