package store

import (
	"context"
	"database/sql"
)

// conn is one connection with the statements prepared on it. It has one user
// at a time.
type conn struct {
	sql        *sql.Conn
	dialect    dialect
	statements map[string]statement
	// asked counts the statements that were asked for.
	asked int
}

// statement is what a text was prepared to.
type statement struct {
	*sql.Stmt
	// order tells which of the caller's arguments the engine's parameters are,
	// nil where they are the same.
	order []int
}

func (s statement) arranged(args []any) []any {
	if s.order == nil {
		return args
	}
	arranged := make([]any, len(s.order))
	for i, n := range s.order {
		arranged[i] = args[n]
	}
	return arranged
}

func openConn(ctx context.Context, db *sql.DB, d dialect) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, dialect: d, statements: map[string]statement{}}, nil
}

func (c *conn) close() {
	for _, s := range c.statements {
		_ = s.Close()
	}
	_ = c.sql.Close()
}

// maxStatements bounds the statements kept per connection. The texts of lists
// depend on how a caller filters and sorts; all others are constants.
const maxStatements = 500

// prepare gives the statement for a text, preparing it at its first use.
func (c *conn) prepare(ctx context.Context, text string) (statement, error) {
	c.asked++
	if s, ok := c.statements[text]; ok {
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		for other, s := range c.statements { // any one will do
			_ = s.Close()
			delete(c.statements, other)
			break
		}
	}
	own, order := c.dialect.parameters(text)
	prepared, err := c.sql.PrepareContext(ctx, own)
	if err != nil {
		return statement{}, err
	}
	s := statement{Stmt: prepared, order: order}
	c.statements[text] = s
	return s, nil
}

func (c *conn) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, s.arranged(args)...)
}

func (c *conn) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, s.arranged(args)...)
}

func (c *conn) row(ctx context.Context, text string, args ...any) scanner {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(ctx, s.arranged(args)...)
}

// pool lends connections for reading, and opens them as they are needed: a
// database server has few, and most nodes use one or two. A lost one is replaced
// when it comes back.
type pool struct {
	db      *sql.DB
	dialect dialect
	free    chan *conn
	// unopened holds a token for each connection that may still be opened.
	unopened chan struct{}
	// closed is closed when the pool lends no more.
	closed chan struct{}
}

// openPool opens the first of up to dialect.readers connections, so that a database that
// cannot be had is noticed at once.
func openPool(ctx context.Context, db *sql.DB, d dialect) (*pool, error) {
	p := &pool{
		db: db, dialect: d, free: make(chan *conn, d.readers), unopened: make(chan struct{}, d.readers), closed: make(chan struct{}),
	}
	c, err := openConn(ctx, db, d)
	if err != nil {
		return nil, err
	}
	p.free <- c
	for range d.readers - 1 {
		p.unopened <- struct{}{}
	}
	return p, nil
}

func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case <-p.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-p.free:
		return c, nil
	default:
	}
	select {
	case c := <-p.free:
		return c, nil
	case <-p.unopened:
		return p.open(ctx)
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open makes a connection for which a token was taken. Where that fails it
// waits for one that is lent already.
func (p *pool) open(ctx context.Context) (*conn, error) {
	c, err := openConn(context.WithoutCancel(ctx), p.db, p.dialect)
	if err == nil {
		return c, nil
	}
	p.unopened <- struct{}{}
	select {
	case c := <-p.free:
		return c, nil
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// give returns a connection after use.
func (p *pool) give(ctx context.Context, c *conn, lost bool) {
	if lost {
		if fresh, err := openConn(ctx, p.db, p.dialect); err == nil {
			c.close()
			c = fresh
		}
	}
	p.free <- c
}

// close lends no more and waits for all connections to come back.
func (p *pool) close() {
	close(p.closed)
	for range cap(p.free) {
		select {
		case <-p.unopened:
		case c := <-p.free:
			c.close()
		}
	}
}
