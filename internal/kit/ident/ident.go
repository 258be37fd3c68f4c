// Package ident makes identifiers: integers below 2^53 that grow with time,
// 41 bits of milliseconds, 5 bits of node, 7 bits of counter.
//
// A Generator is safe for concurrent use. More than 128 identifiers in one
// millisecond borrow from the milliseconds to come, so identifiers of one
// generator never repeat and never fall, also when the clock does.
package ident

import (
	"sync"
	"time"
)

const (
	nodeBits    = 5
	counterBits = 7
	counters    = 1 << counterBits
	// epoch is 2024-01-01T00:00:00Z in milliseconds; 41 bits last until 2093.
	epoch = 1704067200000
)

// Generator hands out identifiers of one node.
type Generator struct {
	node int64
	now  func() time.Time

	mu sync.Mutex
	// last is the latest identifier's milliseconds and counter in one number.
	last int64
}

// New makes the generator of a node, 0 to 31. No two generators of one
// installation may have the same node at the same time. Identifiers follow
// after, the greatest one that an earlier generator is known to have made.
func New(node int64, now func() time.Time, after int64) *Generator {
	g := &Generator{node: node, now: now}
	if after > 0 {
		g.last = (after>>(nodeBits+counterBits)+1)<<counterBits - 1
	}
	return g
}

// Next gives a new identifier.
func (g *Generator) Next() int64 {
	tick := (g.now().UnixMilli() - epoch) << counterBits
	g.mu.Lock()
	if tick <= g.last {
		tick = g.last + 1
	}
	g.last = tick
	g.mu.Unlock()
	return tick>>counterBits<<(nodeBits+counterBits) | g.node<<counterBits | tick&(counters-1)
}

// After is Next for an identifier that must follow one that another generator may
// have made, whose clock may be ahead. It is new even where that one is.
func (g *Generator) After(id int64) int64 {
	g.mu.Lock()
	g.last = max(g.last, (id>>(nodeBits+counterBits)+1)<<counterBits-1)
	g.mu.Unlock()
	return g.Next()
}

// Time tells when an identifier was made, to the millisecond.
func Time(id int64) time.Time {
	return time.UnixMilli(id>>(nodeBits+counterBits) + epoch).UTC()
}
