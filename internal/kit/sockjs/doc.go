// Package sockjs is the server's side of the SockJS protocol, version 0.3.3: a
// message stream for clients that can not, or must not, speak WebSocket
// directly.
//
// A [Handler] serves everything below a prefix: the greeting, the info and
// iframe pages, and sessions over the transports websocket, xhr-streaming,
// xhr-polling and eventsource. Each session is handed to the accept function as
// a [Session], which answers with the [Receiver] of its messages.
//
// # Goroutines
//
// A session over WebSocket has one goroutine of its own, which reads, and
// another one only while there is something to write. A session over HTTP has
// none: what it receives is delivered by the request that brought it, what it
// sends is written by the request that waits for it, and while no request is
// there all that is left is a timer.
//
// # Back-pressure
//
// The queue of each session is bounded in octets; a client too slow for it is
// cut. A request that brings messages is answered when they have been received.
// Bodies, messages, and the number of sessions are limited.
//
// # Concurrency and ownership
//
// Handler and Session may be used by any number of goroutines. The calls to one
// Receiver do not overlap.
//
// # What it does not do
//
// No JSONP and no htmlfile transport, which answer 404, no raw WebSocket below
// the prefix, no JSESSIONID cookie, no WebSocket older than RFC 6455, and no
// refusal of foreign origins.
package sockjs
