// Package relay hands committed events to this node's listeners, each once and
// in the order of the log, whoever committed them: those of this node come from
// the store's writer as they are committed, those of other nodes, and those
// that a crash left, from the log.
package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Log is where events are read that did not come from the writer.
type Log interface {
	// After lists up to limit events that follow a position, oldest first.
	After(ctx context.Context, after chat.Position, limit int) ([]chat.Event, error)
}

// Options are what a relay needs.
type Options struct {
	Log Log
	// Sink gets the events, in batches, in the order of the log.
	Sink func([]chat.Event)
	// Announce tells other nodes that the log has grown.
	Announce func(chat.Position)
	// Every is how often the log is looked at without a hint.
	Every  time.Duration
	Logger *slog.Logger
}

// Relay is a reader of the log.
type Relay struct {
	o       Options
	commits chan []chat.Event
	hints   chan struct{}
	// life ends with Stop.
	life    context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	// last is the position of the newest event that the sink has got.
	last chat.Position
}

// batches bounds the commits that wait for the sink; when it is full the
// writer waits, which slows everybody down to what listeners can be told.
const batches = 64

// readTimeout bounds one reading of the log.
const readTimeout = 30 * time.Second

// page is how many events are read from the log at once.
const page = 500

// New makes a relay that begins after a position.
func New(ctx context.Context, o Options, after chat.Position) *Relay {
	r := &Relay{o: o, commits: make(chan []chat.Event, batches), hints: make(chan struct{}, 1), last: after}
	r.life, r.stop = context.WithCancel(ctx)
	return r
}

// Committed takes the events of a commit of this node. It may wait.
func (r *Relay) Committed(events []chat.Event) {
	if len(events) == 0 {
		return
	}
	select {
	case r.commits <- events:
	case <-r.life.Done():
	}
}

// Grown hints that another node has written events.
func (r *Relay) Grown(chat.Position) {
	select {
	case r.hints <- struct{}{}:
	default:
	}
}

// Start begins the work, Stop ends it.
func (r *Relay) Start() {
	r.running.Go(func() {
		look := time.NewTicker(r.o.Every)
		defer look.Stop()
		for {
			select {
			case events := <-r.commits:
				r.take(events)
			case <-r.hints:
				r.catchUp(0)
			case <-look.C:
				r.catchUp(0)
			case <-r.life.Done():
				return
			}
		}
	})
}

// Stop ends the work and waits for the sink to return. What is committed
// afterwards stays in the log.
func (r *Relay) Stop() {
	r.stop()
	r.running.Wait()
}

// take passes on the events of a commit, after those of other nodes that came
// before them. Where these cannot be read, nothing is passed on: the log has the
// events of the commit, too.
func (r *Relay) take(events []chat.Event) {
	defer r.o.Announce(events[len(events)-1].Position)
	if before := events[0].Position - 1; before > r.last && !r.catchUp(before) {
		return
	}
	for len(events) > 0 && events[0].Position <= r.last {
		events = events[1:] // read from the log already
	}
	if len(events) > 0 {
		r.pass(events)
	}
}

// catchUp reads the log up to a position, zero for its end. It reports false
// where the log cannot be read.
func (r *Relay) catchUp(to chat.Position) bool {
	for to == 0 || r.last < to {
		limit := page
		if to != 0 {
			limit = min(page, int(to-r.last))
		}
		ctx, cancel := context.WithTimeout(r.life, readTimeout)
		events, err := r.o.Log.After(ctx, r.last, limit)
		cancel()
		if err != nil {
			if r.life.Err() == nil {
				r.o.Logger.Error("read the log of events", "after", r.last, "error", err)
			}
			return false
		}
		if len(events) > 0 {
			r.pass(events)
		}
		if len(events) < limit {
			break
		}
	}
	return true
}

func (r *Relay) pass(events []chat.Event) {
	r.o.Sink(events)
	r.last = events[len(events)-1].Position
}
