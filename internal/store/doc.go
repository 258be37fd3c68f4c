// Package store remembers. It holds the product's state in one SQL database,
// SQLite by default or PostgreSQL, behind one text of hand-written SQL, and
// keeps the log of events beside the state they tell of.
//
// A DB is safe for concurrent use. Reads run in View, each on a connection of
// a small pool. Writes run in Update: a single writer collects the updates
// that wait, runs them one after the other in one transaction and commits them
// together, so that a hundred concurrent updates cost one write to the disk.
// An update's function may therefore run more than once and must do nothing
// but read, decide and write: no network, no files, no waiting.
//
// The package knows no rule of the product: it finds and keeps what deeds tell
// it to. Every query names the application.
package store
