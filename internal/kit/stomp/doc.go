// Package stomp is a codec for STOMP 1.2 frames: bytes in, frames out, and
// the other way round. It does no input or output of its own.
//
// # Decoding
//
// A [Decoder] reads frames from a buffer into a [Frame] that the caller owns
// and reuses. It allocates nothing once the Frame has grown to the number of
// headers in use, and it never sizes anything by what a peer claims. An
// [Assembler] stands in front of it where one frame may be spread over
// several transport messages.
//
// # Encoding
//
// Append functions add to a slice and return it, as in package strconv. A
// MESSAGE is encoded as its header ([AppendMessageHeader]) so that a body
// shared by many receivers is copied by the caller, if at all, and followed by
// a NUL octet.
//
// # Two forms of a header
//
// A []byte is a header as it stands on the wire, still escaped; a string is
// the text it means. Functions that take a string escape it, functions that
// take a []byte copy it as it is.
//
// # Concurrency and ownership
//
// Nothing here is guarded: a Frame or an Assembler belongs to one goroutine at
// a time, a Decoder is read-only after it has been set up and may be shared.
// Frames alias the buffer they were decoded from and are valid only as long as
// that buffer is left alone.
//
// # What it does not do
//
// It knows no subscriptions, receipts, transactions or heart-beat timers, does
// not check that a frame has the headers its command requires, speaks no
// version but 1.2, and does not check the encoding of bodies.
//
// Comments in the code name the section of the STOMP 1.2 specification that a
// rule comes from.
package stomp
