package lifecycle_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/purrchat/purr/internal/kit/lifecycle"
)

func nothing(context.Context) error { return nil }

// journal collects what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) func(context.Context) error {
	return func(context.Context) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, line)
		return nil
	}
}

func TestPartsStopInReverseOrderAndOnce(t *testing.T) {
	t.Parallel()
	var j journal
	g := lifecycle.New()
	for _, name := range []string{"store", "bus"} {
		if err := g.Start(t.Context(), name, j.note("start "+name), j.note("stop "+name)); err != nil {
			t.Fatal(err)
		}
	}
	g.OnStop("listener", j.note("stop listener"))
	for range 2 {
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"start store", "start bus", "stop listener", "stop bus", "stop store"}
	if diff := cmp.Diff(want, j.lines); diff != "" {
		t.Error(diff)
	}
}

func TestAPartThatFailsToStartIsNotStopped(t *testing.T) {
	t.Parallel()
	g := lifecycle.New()
	broken := errors.New("no disk")
	err := g.Start(t.Context(), "store", func(context.Context) error { return broken },
		func(context.Context) error { t.Error("stopped what never started"); return nil })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "store") {
		t.Errorf("Start: %v", err)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopWaitsForItsGoroutines(t *testing.T) {
	t.Parallel()
	g := lifecycle.New()
	ended := false
	g.Go("loop", func(ctx context.Context) error {
		<-ctx.Done()
		ended = true // the race detector objects unless Stop waits for us
		return ctx.Err()
	})
	if err := g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if !ended {
		t.Error("Stop came back before the loop had ended")
	}
}

func TestAGoroutineThatFailsIsHeardOnce(t *testing.T) {
	t.Parallel()
	g := lifecycle.New()
	broken := errors.New("lost the socket")
	g.Go("loop", func(context.Context) error { return broken })
	if err := <-g.Failed(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "loop") {
		t.Errorf("Failed: %v", err)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop repeats it: %v", err)
	}
}

func TestWhatWillNotEndIsNamedAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	var j journal
	g := lifecycle.New()
	g.OnStop("store", j.note("stop store"))
	release := make(chan struct{})
	g.Go("stubborn", func(context.Context) error { <-release; return nil })
	defer close(release)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Stop(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stubborn") {
		t.Errorf("Stop: %v", err)
	}
	if diff := cmp.Diff([]string{"stop store"}, j.lines); diff != "" {
		t.Error(diff)
	}
}

func TestAStoppedGroupTakesNothingIn(t *testing.T) {
	t.Parallel()
	g := lifecycle.New()
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Start(t.Context(), "late", nothing, nothing); !errors.Is(err, lifecycle.ErrStopped) {
		t.Errorf("Start: %v", err)
	}
	stopped := false
	g.OnStop("late", func(context.Context) error { stopped = true; return nil })
	if !stopped {
		t.Error("OnStop of a stopped group left the part running")
	}
	g.Go("late", func(context.Context) error { t.Error("ran"); return nil })
}

func TestAPartThatStartsDuringTheStopIsStopped(t *testing.T) {
	t.Parallel()
	g := lifecycle.New()
	var j journal
	err := g.Start(t.Context(), "late", g.Stop, j.note("stop late"))
	if !errors.Is(err, lifecycle.ErrStopped) {
		t.Errorf("Start: %v", err)
	}
	if diff := cmp.Diff([]string{"stop late"}, j.lines); diff != "" {
		t.Error(diff)
	}
}
