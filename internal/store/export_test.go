package store

import "runtime"

// StatementsOf tells how many statements have run on a transaction's connection.
func StatementsOf(tx *Tx) int { return tx.conn.asked }

// InPlace is what SQLite makes of the parameters of a statement.
func InPlace(text string) (string, []int) { return inPlace(text) }

// AwaitWaiting returns once n updates wait for the writer.
func AwaitWaiting(db *DB, n int) {
	for len(db.writer.queue) < n {
		runtime.Gosched()
	}
}

// AwaitClosing returns once Close has been called.
func AwaitClosing(db *DB) {
	for {
		db.writer.closing.RLock()
		closed := db.writer.closed
		db.writer.closing.RUnlock()
		if closed {
			return
		}
		runtime.Gosched()
	}
}
