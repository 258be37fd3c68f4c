package rtm

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	var p pace
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	allowed := func(n int) (got int) {
		for range n {
			if p.allow(now, 10, 5) {
				got++
			}
		}
		return got
	}
	for _, c := range []struct {
		after     time.Duration
		ask, want int
	}{{0, 20, 5}, {100 * time.Millisecond, 20, 1}, {50 * time.Millisecond, 20, 0}, {50 * time.Millisecond, 20, 1}, {time.Hour, 20, 5}} {
		now = now.Add(c.after)
		if got := allowed(c.ask); got != c.want {
			t.Errorf("after %v: %d allowed, want %d", c.after, got, c.want)
		}
	}
	unlimited := pace{}
	for range 1000 {
		if !unlimited.allow(now, 0, 0) {
			t.Fatal("no limit is a limit")
		}
	}
}
