package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/purrchat/purr/internal/chat"
)

const (
	// maxGroup bounds how many updates share a commit, and so how long the
	// first of them waits for the last.
	maxGroup = 512
	// maxWaiting bounds the updates that wait for the writer; further
	// callers block, which slows down whoever floods.
	maxWaiting = 4096
	// maxAttempts bounds how often a transaction is tried that lost a race
	// against another node.
	maxAttempts = 10
)

// errClosed is what Update says once the database is being closed.
var errClosed = &chat.Error{Code: chat.Unavailable, Reason: "ShuttingDownError", Message: "The server is shutting down."}

// writer is the one goroutine that writes.
type writer struct {
	db     *DB
	conn   *conn
	hear   atomic.Pointer[func([]chat.Event)]
	follow atomic.Pointer[func(chat.Event) ([]Job, error)]

	queue chan *update
	done  chan struct{}
	// inserts are the statements that write 1, 2, 4, ... events.
	inserts [6]string

	// closing guards the queue against a send after close.
	closing sync.RWMutex
	closed  bool
}

// update is one call of DB.Update under way.
type update struct {
	ctx  context.Context
	fn   func(*Tx) error
	done chan error
	// tx is that of the latest run.
	tx *Tx
}

func startWriter(ctx context.Context, db *DB) (*writer, error) {
	c, err := openConn(ctx, db.sql, db.dialect)
	if err != nil {
		return nil, err
	}
	w := &writer{db: db, conn: c, queue: make(chan *update, maxWaiting), done: make(chan struct{})}
	w.hear.Store(new(func([]chat.Event) {}))
	w.follow.Store(new(func(chat.Event) ([]Job, error) { return nil, nil }))
	for power := range w.inserts {
		w.inserts[power] = insertEventsText(1 << power)
	}
	go w.run(ctx)
	return w, nil
}

func (w *writer) stop() {
	w.closing.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.closing.Unlock()
	<-w.done
}

// begin puts an update into the queue and gives what waits for its outcome.
func (w *writer) begin(ctx context.Context, fn func(*Tx) error) func() error {
	u := &update{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if err := w.submit(u); err != nil {
		return func() error { return err }
	}
	return func() error { return <-u.done }
}

func (w *writer) submit(u *update) error {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- u:
		return nil
	case <-u.ctx.Done():
		return u.ctx.Err()
	}
}

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	defer func() { w.conn.close() }()
	group := make([]*update, 0, maxGroup)
	for first := range w.queue {
		group = w.gather(append(group[:0], first))
		w.commitGroup(ctx, group)
		clear(group)
	}
}

// gather adds the updates that wait already; it waits for none.
func (w *writer) gather(group []*update) []*update {
	for len(group) < maxGroup {
		select {
		case u, ok := <-w.queue:
			if !ok {
				return group
			}
			group = append(group, u)
		default:
			return group
		}
	}
	return group
}

// commitGroup carries out a group and answers each of its updates. An update
// that fails after it wrote spoils the transaction for the others: then all is
// rolled back and the rest runs again without it.
func (w *writer) commitGroup(ctx context.Context, group []*update) {
	alive := make([]*update, 0, len(group))
	for _, u := range group {
		if err := u.ctx.Err(); err != nil {
			u.done <- err
			continue
		}
		alive = append(alive, u)
	}
	for attempt := 1; len(alive) > 0; attempt++ {
		left, events, err := w.try(ctx, alive)
		if err == nil && left == nil {
			if len(events) > 0 {
				(*w.hear.Load())(events)
			}
			return
		}
		if left != nil { // somebody was taken out; the others start afresh
			alive, attempt = left, 0
			continue
		}
		lost := w.db.dialect.lost(err)
		if lost {
			w.reconnect(ctx)
		}
		if attempt == maxAttempts || !(lost || w.db.dialect.retry(err)) {
			for _, u := range alive {
				u.done <- err
			}
			return
		}
	}
}

func (w *writer) reconnect(ctx context.Context) {
	if fresh, err := openConn(ctx, w.db.sql, w.db.dialect); err == nil {
		w.conn.close()
		w.conn = fresh
	}
}

// try runs and commits a group once. On success the updates have been
// answered and the committed events are returned. A non-nil rest means that
// one update was answered with its error and taken out, and nothing was
// committed.
func (w *writer) try(ctx context.Context, group []*update) (rest []*update, events []chat.Event, err error) {
	if _, err := w.conn.exec(ctx, w.db.dialect.begin); err != nil {
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	var head int64
	if err := w.conn.row(ctx, w.db.dialect.lockLog).Scan(&head); err != nil {
		w.rollback(ctx)
		return nil, nil, fmt.Errorf("lock the log: %w", err)
	}
	failures := make([]error, len(group))
	position := chat.Position(head)
	for i, u := range group {
		u.tx = &Tx{Now: w.db.clock(), head: position, ctx: ctx, conn: w.conn, dialect: w.db.dialect, update: true, follow: *w.follow.Load()}
		err := call(u.fn, u.tx)
		failed := u.tx.failed
		if failed != nil && (w.db.dialect.retry(failed) || w.db.dialect.lost(failed)) {
			w.rollback(ctx)
			return nil, nil, failed
		}
		if err == nil && failed == nil {
			position = u.tx.Position()
			continue
		}
		if err == nil {
			err = failed
		}
		if u.tx.wrote || failed != nil {
			w.rollback(ctx)
			u.done <- err
			return append(group[:i:i], group[i+1:]...), nil, nil //nolint:nilerr // whom it concerns has been told
		}
		failures[i] = err // it only read: the others need not care
		u.tx.events = nil
	}
	for _, u := range group {
		for _, e := range u.tx.events {
			head++
			e.Position = chat.Position(head)
			events = append(events, e)
		}
	}
	if err := w.finish(ctx, head, events); err != nil {
		w.rollback(ctx)
		return nil, nil, err
	}
	for i, u := range group {
		u.done <- failures[i]
	}
	return nil, events, nil
}

// call runs an update's function and turns a panic into an error.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in an update: %v\n%s", r, debug.Stack())
		}
	}()
	return fn(tx)
}

func (w *writer) rollback(ctx context.Context) {
	_, _ = w.conn.exec(ctx, "ROLLBACK")
}

// finish writes the events and commits.
func (w *writer) finish(ctx context.Context, head int64, events []chat.Event) error {
	if len(events) > 0 {
		if err := w.insertEvents(ctx, events); err != nil {
			return err
		}
		if _, err := w.conn.exec(ctx, "UPDATE event_log SET head = $1 WHERE id = 1", head); err != nil {
			return fmt.Errorf("move the head of the log: %w", err)
		}
	}
	if _, err := w.conn.exec(ctx, "COMMIT"); err != nil {
		if w.db.dialect.lost(err) && !broken(err) {
			// It may have happened. Trying again could do it twice, so this
			// must not look like what another attempt cures.
			err = errors.New("the outcome is unknown: " + err.Error())
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// insertEvents writes events in as few statements as possible: rows go in
// powers of two.
func (w *writer) insertEvents(ctx context.Context, events []chat.Event) error {
	for len(events) > 0 {
		power := len(w.inserts) - 1
		for 1<<power > len(events) {
			power--
		}
		n := 1 << power
		args := make([]any, 0, n*eventColumns)
		for _, e := range events[:n] {
			args = append(args, int64(e.Position), int64(e.Application), string(e.Kind), int64(e.Channel), int64(e.Seq),
				int64(e.Actor), int64(e.Target), e.Subject, int64(e.Session), e.Request, micros(e.At), e.Data)
		}
		if _, err := w.conn.exec(ctx, w.inserts[power], args...); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
		events = events[n:]
	}
	return nil
}

const eventColumns = 12

// insertEventsText is the INSERT for n rows.
func insertEventsText(n int) string {
	return valuesText(`events (position, application_id, kind, channel_id, seq, actor_id, target_id, subject_id, session_id, request, created_at, data)`, n, eventColumns)
}
