package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"github.com/pressly/goose/v3"
	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/purrchat/purr/internal/kit/ngram"
)

// dialect names everything in which the two engines differ. No other file of
// this package asks which engine it talks to.
type dialect struct {
	name  string
	goose goose.Dialect
	// begin opens a transaction that will write.
	begin string
	// lockLog reads the head of the log and keeps other writers out until
	// the transaction ends.
	lockLog string
	// lockSchema and unlockSchema keep other nodes from migrating meanwhile;
	// empty where there are none.
	lockSchema, unlockSchema string
	// readers is how many connections serve View.
	readers int
	// parameters gives a statement the parameters that suit the engine, and
	// tells which of the caller's arguments they are; nil for the same.
	parameters func(text string) (string, []int)
	// ddl adapts the text of a migration.
	ddl func(string) string
	// searchInsert indexes message $1 by the terms $2, parted by spaces.
	searchInsert string
	// searchText is what the search index is asked for messages that have all
	// terms of a scope and may contain a folded query; searchMatch is the
	// condition with that text as its argument.
	searchText  func(scope []string, query string) string
	searchMatch func(argument string) string
	// duplicate tells a violated unique constraint.
	duplicate func(error) bool
	// retry tells an error that another attempt of the transaction may cure.
	retry func(error) bool
	// lost tells an error after which the connection is of no more use.
	lost func(error) bool
}

func sqliteDialect() dialect {
	return dialect{
		name:  "sqlite",
		goose: goose.DialectSQLite3,
		begin: "BEGIN IMMEDIATE",
		// BEGIN IMMEDIATE keeps other writers out already.
		lockLog: "SELECT head FROM event_log WHERE id = 1",
		readers: 4,
		// Each $1 is a name in SQLite, which the driver looks for in a list of
		// all of them; what has no name is found by its place.
		parameters: inPlace,
		// INTEGER PRIMARY KEY is the table's own key in SQLite, which saves
		// an index; its integers have 64 bits as they are.
		ddl: strings.NewReplacer("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY", "/* WITHOUT ROWID */", "WITHOUT ROWID",
			// Only which message has a term is kept, neither where nor the text.
			"CREATE SEARCH INDEX search_index", "CREATE VIRTUAL TABLE search_index USING fts5(terms, tokenize = 'ascii', content = '', contentless_delete = 1, detail = none)",
		).Replace,
		searchInsert: "INSERT INTO search_index (rowid, terms) VALUES ($1, $2)",
		searchText:   func(scope []string, query string) string { return searchText(scope, query, " AND ", " OR ", "*") },
		searchMatch:  func(argument string) string { return "search_index MATCH " + argument },
		duplicate: func(err error) bool {
			var e *sqlite.Error
			return errors.As(err, &e) &&
				(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
		},
		retry: func(err error) bool {
			var e *sqlite.Error
			return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
		},
		lost: broken,
	}
}

func postgresDialect() dialect {
	return dialect{
		name:         "postgres",
		goose:        goose.DialectPostgres,
		begin:        "BEGIN",
		lockLog:      "SELECT head FROM event_log WHERE id = 1 FOR UPDATE",
		lockSchema:   "SELECT pg_advisory_lock(hashtext(current_schema()))",
		unlockSchema: "SELECT pg_advisory_unlock(hashtext(current_schema()))",
		readers:      8,
		parameters:   func(text string) (string, []int) { return text, nil },
		// Order texts by their bytes, as SQLite does, whatever the database's
		// own collation is.
		ddl: strings.NewReplacer("TEXT ", `TEXT COLLATE "C" `, "CREATE SEARCH INDEX search_index;",
			"CREATE TABLE search_index (rowid BIGINT PRIMARY KEY, terms tsvector NOT NULL);\nCREATE INDEX search_index_terms ON search_index USING gin (terms);",
		).Replace,
		searchInsert: "INSERT INTO search_index (rowid, terms) VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))",
		searchText:   func(scope []string, query string) string { return searchText(scope, query, " & ", " | ", ":*") },
		searchMatch:  func(argument string) string { return "terms @@ CAST(CAST(" + argument + " AS TEXT) AS tsquery)" },
		duplicate: func(err error) bool {
			return postgresState(err) == "23505" // unique_violation
		},
		retry: func(err error) bool {
			s := postgresState(err)
			return s == "40001" || s == "40P01" // serialization_failure, deadlock_detected
		},
		lost: func(err error) bool {
			// What the server says are a statement's own errors, but for
			// class 57P: by that it ends the connection.
			var network net.Error
			return broken(err) || strings.HasPrefix(postgresState(err), "57P") ||
				errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF)
		},
	}
}

// searchText puts a query together in the words of an engine.
func searchText(scope []string, query, and, or, beginning string) string {
	terms, beginnings := ngram.Query(query)
	for _, b := range beginnings {
		terms = append(terms, b+beginning)
	}
	return strings.Join(scope, and) + and + "(" + longTerm + or + "(" + strings.Join(terms, and) + "))"
}

// inPlace turns $1, $2 and so on, outside of quoted texts, into parameters
// without a name.
func inPlace(text string) (string, []int) {
	var b strings.Builder
	var order []int
	quoted, same := false, true
	for i := 0; i < len(text); i++ {
		quoted = quoted != (text[i] == '\'')
		number, digits := 0, 0
		if text[i] == '$' && !quoted {
			for ; i+1+digits < len(text) && text[i+1+digits] >= '0' && text[i+1+digits] <= '9'; digits++ {
				number = 10*number + int(text[i+1+digits]-'0')
			}
		}
		if digits == 0 {
			b.WriteByte(text[i])
			continue
		}
		b.WriteByte('?')
		i += digits
		same = same && number == len(order)+1
		order = append(order, number-1)
	}
	if same {
		return b.String(), nil
	}
	return b.String(), order
}

// broken tells what database/sql says of a connection that is gone.
func broken(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

func postgresState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// openSQL opens the database that a DSN names: a postgres:// URL, or else the
// path of an SQLite file.
func openSQL(dsn string) (*sql.DB, dialect, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		db, err := sql.Open("pgx", dsn)
		return db, postgresDialect(), err
	}
	path, err := filepath.Abs(dsn)
	if err != nil {
		return nil, dialect{}, fmt.Errorf("database path %s: %w", dsn, err)
	}
	// FULL makes every commit survive a loss of power, not only of the process.
	query := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"cache_size(-8000)", "temp_store(MEMORY)", "journal_size_limit(67108864)",
		// Pages that change again and again are copied back once in 16 MiB.
		"wal_autocheckpoint(4000)",
	}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", u.String())
	return db, sqliteDialect(), err
}
