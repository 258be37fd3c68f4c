// Package realtime is this node's hub: who is connected, what they listen to,
// and how an event reaches them. It knows no protocol: what it delivers are
// bytes that somebody else made, and a Link puts them on a wire.
//
// # How an event travels
//
// Publish takes what one event says to whom, in the order of the log. A body
// is made once, when the first listener for it is found, and shared by all. It
// is put on the queue of every session that listens, and the sessions are
// flushed after the whole batch, so that a session that hears of many events
// gets them in one write.
//
// # What a session remembers
//
// A session outlives its Link. What its listeners have not acknowledged stays
// on its queue, also after it was written; a Link that comes back gets it
// again, in order, before anything new. The queue is bounded: where it
// overflows, the session forgets it and knows that it has a gap, which whoever
// resumes it fills from the log.
//
// # Concurrency
//
// All methods are safe for concurrent use. Events keep their order because one
// goroutine publishes them. Locks are taken in the order hub, session, and
// neither is held while a Link writes.
package realtime
