// Package rtm is the door of the client protocol: STOMP 1.2 over WebSocket and
// SockJS, as the published client SDKs speak it.
//
// destinations.go is its table of contents: what can be asked (relays), what
// can be done (actions), what can be listened to (topics). publications.go is
// what every event says to whom.
//
// # A connection
//
// Frames of a connection are handled one after the other, by the goroutine that
// reads it. What is written goes through the session's queue in package
// realtime, except before there is a session. A request is always answered,
// since the SDKs have no time-outs: relays with one MESSAGE, actions with a
// RECEIPT and the event that carries their receipt-id, failures with a MESSAGE
// on the error queue. ERROR, after which a client is cut off, is for CONNECT
// and for what is no STOMP.
//
// The package decides nothing: it decodes, calls one deed and encodes.
package rtm
