// Package websocket is the server's side of RFC 6455, cut into pieces for a
// connection loop that owns its net.Conn: the opening handshake ([Upgrade]), a
// reader of frames ([Reader]), and functions that append frames to a buffer.
// Handshake and unmasking are done by gobwas/ws.
//
// # How it is meant to be used
//
//	conn, early, protocol, err := websocket.Upgrade(w, r, protocols)
//	if err != nil {
//		return // the client has been answered
//	}
//	go serve(conn, early, protocol) // and leave the handler
//
// Leaving the handler and serving on a fresh goroutine releases the stack and
// the buffers of net/http, which are several times what an idle connection
// needs here.
//
// # Memory
//
// A [Reader] waits for a frame with a few hundred octets of its own. Only while
// there is more than that to be worked on it borrows a buffer from [Buffers],
// which all connections of a server share, and only for messages beyond that
// size it allocates, as far as they have arrived and not as far as a frame
// header promises.
//
// # Concurrency and ownership
//
// A Reader belongs to one goroutine; Buffers may be shared. Writing is the
// caller's business: nothing here writes to the connection but the handshake.
//
// # What it does not do
//
// No extensions (permessage-deflate costs far more than it saves on small
// messages), no client side, no timers, no write queue, and no refusal of
// foreign origins.
package websocket
