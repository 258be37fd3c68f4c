package main

import (
	"errors"
	"sync"
	"time"
)

// answered is how long requests took that have been answered.
type answered struct {
	mu   sync.Mutex
	took hist
}

func (a *answered) add(took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took.add(int64(took))
}

// take gives what was added since it was called last.
func (a *answered) take() hist {
	a.mu.Lock()
	defer a.mu.Unlock()
	took := a.took
	a.took.reset()
	return took
}

// requests is W6: the senders of W3, in pairs, as clients of the Platform API;
// each sends its next message when the last one was answered. Nobody listens.
func (b *bench) requests() error {
	n := standard(&b.options.n, 200)
	t, ok := b.target.(*stompx)
	if !ok {
		return errors.New("the floor has no Platform API")
	}
	members := make([][]int, n/2)
	for i := range members {
		members[i] = []int{2 * i, 2*i + 1}
	}
	if err := b.plan(2*len(members), members); err != nil {
		return err
	}
	p, err := newPlatform(&b.options)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(stop)
	for i := range b.users {
		all.Go(func() {
			path := "/v1/channels/" + t.channels[i/2] + "/messages"
			author := map[string]any{"username": b.userName(i)}
			for {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				text := string(b.body(nil, began.UnixNano()))
				if err := p.post(path, map[string]any{"type": "TEXT", "body": text, "user": author}, nil); err != nil {
					b.errors.Add(1)
					say("%v", err)
					return
				}
				b.answered.add(time.Since(began))
			}
		})
	}
	return b.windows(nil)
}
