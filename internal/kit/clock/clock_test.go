package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/purrchat/purr/internal/kit/clock"
)

func TestTheRealClockMovesAndWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		begin := c.Now()
		called := make(chan time.Time, 1)
		c.AfterFunc(time.Second, func() { called <- c.Now() })
		timer := c.NewTimer(time.Minute)
		if at := <-called; at.Sub(begin) != time.Second {
			t.Errorf("AfterFunc called after %v", at.Sub(begin))
		}
		if !timer.Reset(2 * time.Minute) {
			t.Error("the timer was not waiting")
		}
		if at := <-timer.C(); at.Sub(begin) != 2*time.Minute+time.Second {
			t.Errorf("the timer fired after %v", at.Sub(begin))
		}
		if timer.Stop() {
			t.Error("a fired timer was still waiting")
		}
	})
}
