package realtime

import (
	"context"
	"testing"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Whoever finds no room is left out, and whoever is waiting is not.
func TestWhatWaitsToBeReadIsBounded(t *testing.T) {
	t.Parallel()
	d := newDeliveries(nil, nil, nil)
	for n := range pendingDeliveries + 10 {
		d.add(chat.Delivery{User: chat.UserID(n), Channel: 1, Message: 1})
	}
	d.add(chat.Delivery{User: 0, Channel: 1, Message: 7})
	d.add(chat.Delivery{User: 0, Channel: 1, Message: 5})
	seen := 0
	for list := d.take(); len(list) > 0; list = d.take() {
		if seen == 0 && list[0].Message != 7 {
			t.Errorf("the first is %+v", list[0])
		}
		if len(list) > readAtOnce {
			t.Fatalf("%d at once", len(list))
		}
		seen += len(list)
	}
	if seen != pendingDeliveries || len(d.pending) != 0 {
		t.Errorf("%d were taken, %d are left", seen, len(d.pending))
	}
}

// The more hear of it, the longer the pause.
func TestRoundsAreAsFarApartAsWhatTheyCauseTakes(t *testing.T) {
	t.Parallel()
	watchers := 0
	d := newDeliveries(ignore{}, nil, func(chat.ChannelID) int { return watchers })
	round := func(positions int) time.Duration {
		for n := range positions {
			d.add(chat.Delivery{User: chat.UserID(n), Channel: 1, Message: 1})
		}
		return d.round(t.Context())
	}
	for _, c := range []struct {
		positions, watchers int
		want                time.Duration
	}{
		{0, 0, 0}, {1, 0, readPause}, {1, 2, readPause}, {100, 0, 100 * readEach}, {100, 500, 100*readEach + 50_000*readWatcher},
	} {
		watchers = c.watchers
		if got := round(c.positions); got != c.want {
			t.Errorf("%d positions, %d watchers: a pause of %s, want %s", c.positions, c.watchers, got, c.want)
		}
	}
}

// ignore reads nothing.
type ignore struct{}

func (ignore) ReadDelivered(context.Context, []chat.Delivery) error { return nil }
