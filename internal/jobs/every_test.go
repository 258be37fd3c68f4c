package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/jobs"
	"github.com/purrchat/purr/internal/kit/clock/clocktest"
	"github.com/purrchat/purr/internal/store"
	"github.com/purrchat/purr/internal/store/storetest"
)

func TestHousekeepingIsDoneNowAndThen(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(noon)
	db := storetest.Open(t, store.Options{DSN: storetest.SQLite(t), Now: clock.Now})
	s := shop{t: t, db: db, clock: clock}
	r := jobs.New(jobs.Options{DB: db, Clock: clock, Log: slog.New(slog.DiscardHandler), Poll: 24 * time.Hour})
	swept, dusted := make(chan time.Time), make(chan time.Time)
	r.Every("sweep", time.Hour, func(context.Context) error {
		swept <- clock.Now()
		return errors.New("the broom broke")
	})
	r.Every("dust", 2*time.Hour, func(context.Context) error {
		dusted <- clock.Now()
		panic("a spider")
	})
	s.start(r)
	at := func(what string, c chan time.Time, hour time.Duration) {
		t.Helper()
		if got := <-c; !got.Equal(noon.Add(hour * time.Hour)) {
			t.Errorf("%s at %s", what, got)
		}
	}
	at("sweep", swept, 0)
	at("dust", dusted, 0)
	s.idle(3)
	clock.Advance(time.Hour)
	at("sweep", swept, 1)
	s.idle(3)
	clock.Advance(time.Hour)
	at("sweep", swept, 2)
	at("dust", dusted, 2)
	s.stop(r)
}

func TestHousekeepingEndsWithTheRunner(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.Options{DSN: storetest.SQLite(t)})
	r := jobs.New(jobs.Options{DB: db, Log: slog.New(slog.DiscardHandler)})
	begun, ended := make(chan struct{}), false
	r.Every("for ever", time.Hour, func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	})
	s := shop{t: t, db: db}
	s.start(r)
	<-begun
	s.stop(r)
	if !ended {
		t.Error("it goes on")
	}
}
