// Package chat holds the words of the product: entities, typed identifiers,
// limits, events, the actor, the error, and the pure rules about who may do
// what. Every other package speaks in these terms.
//
// It imports the standard library only, keeps no state, starts no goroutine
// and does no I/O: values of this package may be copied and used by any
// number of goroutines as long as nobody writes to them.
package chat
