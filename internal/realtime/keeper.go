package realtime

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// keeper writes down what sessions have acknowledged, so that a session that
// comes back after the process has died is not told again what it knows. The
// fewer sessions have something new, the sooner it is written: with a handful
// at once, with thousands spread so that it never takes more than a few
// percent of a processor.
type keeper struct {
	store Keeper
	wake  chan struct{}

	mu    sync.Mutex
	dirty []*Session
}

const (
	// keepAtOnce is how many sessions are written in one go.
	keepAtOnce = 500
	// keepEach is the pause per session written, 2000 a second.
	keepEach = 500 * time.Microsecond
	// keepPause is the shortest pause.
	keepPause = 20 * time.Millisecond
)

func newKeeper(store Keeper) *keeper {
	return &keeper{store: store, wake: make(chan struct{}, 1)}
}

// add notes a session whose dirty mark has just been set.
func (k *keeper) add(s *Session) {
	k.mu.Lock()
	k.dirty = append(k.dirty, s)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *keeper) run(ctx context.Context) {
	// What is being written when ctx ends is written to its end.
	lasting := context.WithoutCancel(ctx)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			for k.keep(lasting) > 0 {
			}
			return
		case <-k.wake:
		}
		n := k.keep(lasting)
		pause.Reset(max(keepPause, time.Duration(n)*keepEach))
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
}

// keep writes the first of those that are dirty, and tells how many it were.
func (k *keeper) keep(ctx context.Context) int {
	k.mu.Lock()
	n := min(keepAtOnce, len(k.dirty))
	list := append([]*Session(nil), k.dirty[:n]...)
	clear(k.dirty[:n])
	k.dirty = k.dirty[n:]
	if len(k.dirty) == 0 {
		k.dirty = nil
	} else {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	k.mu.Unlock()
	if n == 0 {
		return 0
	}
	texts := make(map[chat.SessionID]string, n)
	for _, s := range list {
		if text, ok := s.keptText(); ok {
			texts[s.ID] = text
		}
	}
	// What could not be written is written with the next acknowledgement; the
	// cost of losing it is that an event is told twice after a crash.
	_ = k.store.KeepAcknowledged(ctx, texts)
	return n
}

// KeptText is what a session has acknowledged, for the Keeper.
func (s *Session) KeptText() string {
	text, _ := s.keptText()
	return text
}

// keptForm is the text that a session's acknowledgements are kept as: the mark
// up to which everything is settled, and the topics that are behind it, or
// ahead.
type keptForm struct {
	Settled Mark            `json:"settled"`
	Topics  map[string]Mark `json:"topics,omitempty"`
}

// keptText makes the text and clears the dirty mark; false where the session
// has nothing to keep.
func (s *Session) keptText() (string, bool) {
	// The position must be read before the marks: what is published in
	// between is then told again rather than lost.
	position := s.hub.Position()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.resuming {
		return "", false // Resume sees to it later
	}
	s.dirty = false
	form := keptForm{Settled: settledMark(position)}
	apart := func(sub *Subscription) {
		if form.Topics == nil {
			form.Topics = map[string]Mark{}
		}
		form.Topics[topicText(sub.Topic)] = sub.acknowledged
	}
	for sub := range s.all {
		if !sub.shadow && (s.gap || sub.acknowledged > form.Settled) {
			apart(sub)
		}
	}
	for i := range s.queue.size {
		it := s.queue.at(i)
		sub, m := it.Subscription, it.Frame.Mark
		switch {
		case sub == nil || !sub.live || m <= sub.acknowledged:
		case !sub.Acknowledging && i < s.queue.written:
			sub.acknowledged = m
		default:
			apart(sub)
		}
	}
	text, err := json.Marshal(form)
	return string(text), err == nil
}

func topicText(t Topic) string { return fmt.Sprintf("%d/%d/%d", t.Scope, t.Name, t.ID) }

// parseKept reads what keptText made. Where that is nothing or nonsense, all
// since a mark is unsettled, so that a session is rather told twice.
func parseKept(text string, since Mark) (Mark, map[Topic]Mark) {
	var form keptForm
	if err := json.Unmarshal([]byte(text), &form); err != nil {
		return max(since, 1), nil
	}
	topics := make(map[Topic]Mark, len(form.Topics))
	for name, m := range form.Topics {
		var t Topic
		if _, err := fmt.Sscanf(name, "%d/%d/%d", &t.Scope, &t.Name, &t.ID); err == nil {
			topics[t] = m
		}
	}
	return max(form.Settled, 1), topics
}

// Settled tells whether a session has acknowledged what an event said on topics,
// by the text that was kept of it and the position at which it began.
func Settled(text string, since, event chat.Position, topics ...Topic) bool {
	all, apart := parseKept(text, settledMark(since))
	for _, t := range topics {
		m, is := apart[t]
		if !is {
			m = all
		}
		if m.Position() < event {
			return false
		}
	}
	return true
}
