package ident_test

import (
	"sync"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/kit/ident"
)

func TestIdentifiersGrowAndStaySafeForJavaScript(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	g := ident.New(31, func() time.Time { return at }, 0)
	last := int64(0)
	for range 10_000 { // far more than one millisecond holds
		id := g.Next()
		if id <= last || id >= 1<<53 {
			t.Fatalf("%d follows %d", id, last)
		}
		last = id
	}
	at = at.Add(-time.Hour)
	if id := g.Next(); id <= last {
		t.Errorf("a clock that falls makes %d after %d", id, last)
	}
}

func TestANewGeneratorFollowsTheOldOne(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	old := ident.New(3, func() time.Time { return at }, 0)
	var last int64
	for range 1000 {
		last = old.Next()
	}
	if id := ident.New(3, func() time.Time { return at }, last).Next(); id <= last {
		t.Errorf("%d does not follow %d", id, last)
	}
}

func TestNodesNeverMeet(t *testing.T) {
	t.Parallel()
	at := func() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }
	var mu sync.Mutex
	seen := map[int64]bool{}
	var all sync.WaitGroup
	for node := range int64(4) {
		g := ident.New(node, at, 0)
		for range 4 {
			all.Go(func() {
				for range 500 {
					id := g.Next()
					mu.Lock()
					if seen[id] {
						t.Errorf("%d twice", id)
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
}
