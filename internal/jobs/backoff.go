package jobs

import (
	"math/rand/v2"
	"time"
)

// Backoff says when a job that failed is tried again, and when no more.
type Backoff struct {
	// First is the longest wait after the first attempt; it doubles with each
	// further one up to Max. The actual wait is between half and all of it,
	// by chance, so that what failed together does not come back together.
	First, Max time.Duration
	// Attempts is how often a job is tried before it is given up.
	Attempts int
}

// after is how long to wait after an attempt, which counts from one.
func (b Backoff) after(attempt int) time.Duration {
	wait := b.First
	for ; attempt > 1 && wait < b.Max; attempt-- {
		wait *= 2
	}
	wait = min(wait, b.Max)
	return wait - rand.N(wait/2+1) //nolint:gosec // nobody gains by guessing it
}
