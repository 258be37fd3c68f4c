package store

import "runtime"

// StatementsOf tells how many statements have run on a transaction's connection.
func StatementsOf(tx *Tx) int { return tx.conn.asked }

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
