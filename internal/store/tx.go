package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/purrchat/purr/internal/chat"
)

// ErrDuplicate says that a unique index already holds what was to be written.
var ErrDuplicate = errors.New("store: duplicate")

// ErrNotFound says that no row is there.
var ErrNotFound = errors.New("store: not found")

// Tx is what the function of a View or an Update reads and writes with. It
// must not be used after that function has returned, nor by two goroutines.
type Tx struct {
	// Now is the time of the transaction, in UTC, in whole microseconds.
	Now time.Time

	ctx     context.Context
	conn    *conn
	dialect dialect
	// update is false in a View, where nothing may be written.
	update bool
	// wrote tells that the database would have to roll back.
	wrote bool
	// failed is the error of a statement, after which PostgreSQL takes no
	// more of them: whatever fn made of it, nothing of this run may stay.
	failed error
	// head is the position of the newest event before those of this update.
	head   chat.Position
	events []chat.Event
	// follow tells the jobs that follow an event.
	follow func(chat.Event) ([]Job, error)
}

// Record adds an event to the log. Its Position, and its Seq where it has a
// Channel and its kind is numbered, are given by the store: the sequence number here and now, by
// moving the channel's counter, the position at commit. The jobs that follow
// the event are written with it.
func (tx *Tx) Record(e chat.Event) (chat.Seq, error) {
	if err := checkRequest(e.Request); err != nil {
		return 0, err
	}
	if e.Channel != 0 && e.Kind.Numbered() {
		seq, err := tx.nextSeq(e)
		if err != nil {
			return 0, err
		}
		e.Seq = seq
	}
	e.At = tx.Now
	tx.events = append(tx.events, e)
	due, err := tx.follow(e)
	if err != nil {
		return 0, err
	}
	for _, j := range due {
		if err := tx.InsertJob(j); err != nil {
			return 0, err
		}
	}
	return e.Seq, nil
}

// Nested runs fn so that what it has written is undone where it fails, and the
// rest of the update goes on: it gives fn's error. Where the transaction itself
// has to begin anew, whatever comes after in it is in vain.
func (tx *Tx) Nested(fn func() error) error {
	if _, err := tx.exec("set a savepoint", "SAVEPOINT nested"); err != nil {
		return err
	}
	events := len(tx.events)
	err := fn()
	if failed := tx.failed; failed != nil {
		if tx.dialect.retry(failed) || tx.dialect.lost(failed) {
			return failed
		}
		if err == nil {
			err = failed
		}
	}
	if err != nil {
		tx.failed, tx.events = nil, tx.events[:events]
		if _, err := tx.exec("undo", "ROLLBACK TO SAVEPOINT nested"); err != nil {
			return err
		}
	}
	if _, err := tx.exec("release a savepoint", "RELEASE SAVEPOINT nested"); err != nil {
		return err
	}
	return err
}

// Position is that of the newest event, those recorded by this update included:
// the present, in the order in which things happen.
func (tx *Tx) Position() chat.Position { return tx.head + chat.Position(len(tx.events)) }

// nextSeq moves the counter of the event's channel and, with a new message,
// what the channel knows as its newest one.
func (tx *Tx) nextSeq(e chat.Event) (seq chat.Seq, err error) {
	if err := tx.writing("next sequence number"); err != nil {
		return 0, err
	}
	tx.wrote = true
	if e.Kind == chat.MessageCreated {
		err = tx.row(`UPDATE channels SET seq = seq + 1, last_message = $3, message_count = message_count + 1 WHERE id = $1 AND application_id = $2 RETURNING seq`,
			int64(e.Channel), int64(e.Application), e.Subject).Scan(&seq)
	} else {
		err = tx.row(`UPDATE channels SET seq = seq + 1 WHERE id = $1 AND application_id = $2 RETURNING seq`,
			int64(e.Channel), int64(e.Application)).Scan(&seq)
	}
	return seq, tx.wrap("next sequence number", err)
}

// exec runs a statement that writes and tells how many rows it touched.
func (tx *Tx) exec(what, text string, args ...any) (int64, error) {
	if err := tx.writing(what); err != nil {
		return 0, err
	}
	if err := checkTexts(args); err != nil {
		return 0, err
	}
	r, err := tx.conn.exec(tx.ctx, text, args...)
	if err != nil {
		return 0, tx.wrap(what, err)
	}
	n, err := r.RowsAffected()
	tx.wrote = tx.wrote || n > 0 // what found nothing to do need not be undone
	return n, tx.wrap(what, err)
}

// writing refuses to write where only reading is allowed.
func (tx *Tx) writing(what string) error {
	if !tx.update {
		return fmt.Errorf("%s: write inside a View", what)
	}
	return nil
}

func (tx *Tx) row(text string, args ...any) scanner {
	if err := checkTexts(args); err != nil {
		return failed{err}
	}
	return tx.conn.row(tx.ctx, text, args...)
}

func (tx *Tx) query(text string, args ...any) (*sql.Rows, error) {
	if err := checkTexts(args); err != nil {
		return nil, err
	}
	return tx.conn.query(tx.ctx, text, args...)
}

// errText refuses what PostgreSQL cannot keep. SQLite could; a caller shall not
// notice which it is.
var errText = &chat.Error{Code: chat.Invalid, Reason: "InvalidRequestError", Message: "A text is not valid UTF-8 or contains the NUL character."}

func checkTexts(args []any) error {
	for _, arg := range args {
		if s, ok := arg.(string); ok && (!utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0) {
			return errText
		}
	}
	return nil
}

// scanner is the part of a row that readers of entities use, so that one
// function serves single rows and lists.
type scanner interface{ Scan(into ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// wrap names what failed and turns the engines' errors into this package's.
func (tx *Tx) wrap(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, errText):
		return err // nothing has been asked of the database
	case tx.dialect.duplicate(err):
		err = fmt.Errorf("%s: %w (%w)", what, ErrDuplicate, err)
	default:
		err = fmt.Errorf("%s: %w", what, err)
	}
	tx.failed = err
	return err
}

// collect reads all rows of a query with one function per row.
func collect[T any](tx *Tx, what string, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	out := []T{}
	if err := each(tx, what, read, func(item T) { out = append(out, item) }, text, args...); err != nil {
		return nil, err
	}
	return out, nil
}

// each hands the rows of a query over one by one, so that they need not all be
// held.
func each[T any](tx *Tx, what string, read func(scanner) (T, error), take func(T), text string, args ...any) error {
	rows, err := tx.query(text, args...)
	if err != nil {
		return tx.wrap(what, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		item, err := read(rows)
		if err != nil {
			return tx.wrap(what, err)
		}
		take(item)
	}
	return tx.wrap(what, rows.Err())
}

// collectWritten is collect for a statement that writes and returns rows.
func collectWritten[T any](tx *Tx, what string, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	if err := tx.writing(what); err != nil {
		return nil, err
	}
	out, err := collect(tx, what, read, text, args...)
	tx.wrote = tx.wrote || len(out) > 0
	return out, err
}

// count reads one number.
func (tx *Tx) count(what, text string, args ...any) (n int64, err error) {
	err = tx.row(text, args...).Scan(&n)
	return n, tx.wrap(what, err)
}

// micros and fromMicros are the stored form of a time; zero stays zero.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// OrRefuse turns ErrNotFound into the refusal that says what is missing, and
// leaves other errors as they are.
func OrRefuse(err error, missing *chat.Error) error {
	if errors.Is(err, ErrNotFound) {
		return missing
	}
	return err
}

// OrNothing leaves out that something is not there any more.
func OrNothing(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
