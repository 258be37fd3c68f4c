package websocket

import "sync"

// bufferSize is what a [Reader] borrows. Frames that fit are read without
// copying.
const bufferSize = 8 << 10

// Buffers lends read buffers to the readers of a server. The zero value is
// ready to use and may be shared by any number of goroutines.
type Buffers struct{ pool sync.Pool }

type buffer [bufferSize]byte

func (b *Buffers) get() *buffer {
	if got, ok := b.pool.Get().(*buffer); ok {
		return got
	}
	return new(buffer)
}

func (b *Buffers) put(p *buffer) { b.pool.Put(p) }
