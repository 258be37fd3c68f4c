package main

import (
	"database/sql"

	_ "github.com/mattn/go-sqlite3" // registers "sqlite3"
)

// store keeps messages in SQLite, as durably as Purr does.
type store struct {
	db     *sql.DB
	insert *sql.Stmt
}

func openStore(file string) (*store, error) {
	db, err := sql.Open("sqlite3", "file:"+file+"?_journal_mode=WAL&_busy_timeout=5000&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, room INT, at INT, body TEXT);
		CREATE INDEX IF NOT EXISTS messages_room ON messages (room, id)`); err != nil {
		return nil, err
	}
	insert, err := db.Prepare(`INSERT INTO messages (room, at, body) VALUES (?, ?, ?)`)
	return &store{db: db, insert: insert}, err
}

// commit writes messages in one transaction.
func (s *store) commit(messages []message, at int64) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit there is nothing to roll back
	insert := tx.Stmt(s.insert)
	for i := range messages {
		if _, err := insert.Exec(messages[i].room, at, string(messages[i].body)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
