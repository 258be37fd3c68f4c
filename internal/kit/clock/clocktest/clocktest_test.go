package clocktest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/kit/clock/clocktest"
)

func start() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func TestNothingFiresBeforeItsTime(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start())
	timer := c.NewTimer(time.Minute)
	c.Advance(59 * time.Second)
	select {
	case at := <-timer.C():
		t.Fatalf("fired at %v", at)
	default:
	}
	c.Advance(time.Second)
	if at := <-timer.C(); !at.Equal(start().Add(time.Minute)) {
		t.Errorf("fired at %v", at)
	}
}

func TestFunctionsRunInTheOrderOfTheirDeadlinesAndMayWaitAgain(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start())
	var got []string
	note := func(what string) func() {
		return func() { got = append(got, what+" at "+c.Now().Sub(start()).String()) }
	}
	c.AfterFunc(3*time.Second, note("third"))
	c.AfterFunc(time.Second, func() {
		note("first")()
		c.AfterFunc(time.Second, note("second"))
	})
	c.AfterFunc(time.Hour, note("never"))
	c.Advance(5 * time.Second)

	want := []string{"first at 1s", "second at 2s", "third at 3s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !c.Now().Equal(start().Add(5 * time.Second)) {
		t.Errorf("the clock shows %v", c.Now())
	}
}

func TestAStoppedTimerStaysSilentAndAResetOneWaitsAnew(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start())
	timer := c.NewTimer(time.Second)
	if !timer.Stop() {
		t.Error("Stop of a waiting timer said false")
	}
	if timer.Stop() {
		t.Error("Stop of a stopped timer said true")
	}
	c.Advance(time.Hour)
	timer.Reset(time.Second)
	select {
	case <-timer.C():
		t.Error("fired from before the Stop")
	default:
	}
	c.Advance(time.Second)
	<-timer.C()
}

func TestAwaitTimersSeesAWaiterComing(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-c.NewTimer(time.Second).C()
	}()
	if err := c.AwaitTimers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Second)
	<-done
}
