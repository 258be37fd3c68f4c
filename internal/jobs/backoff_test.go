package jobs

import (
	"testing"
	"time"
)

func TestTheWaitDoublesUpToALimit(t *testing.T) {
	t.Parallel()
	b := Backoff{First: time.Second, Max: 10 * time.Second}
	for attempt, longest := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 6: 10, 1 << 40: 10} {
		longest *= time.Second
		for range 100 {
			if wait := b.after(attempt); wait > longest || wait < longest/2 {
				t.Fatalf("after attempt %d: %s", attempt, wait)
			}
		}
	}
	if wait := (Backoff{}).after(3); wait != 0 {
		t.Errorf("without a wait: %s", wait)
	}
}
