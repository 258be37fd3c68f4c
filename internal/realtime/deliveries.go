package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/purrchat/purr/internal/chat"
)

// Reader makes messages read.
type Reader interface {
	// ReadDelivered notes that messages have reached users. What cannot be
	// read by whom it reached is left out.
	ReadDelivered(context.Context, []chat.Delivery) error
}

// deliveries are the messages that have reached users and are to be made read.
// Of all that reach a user in a channel only the newest counts, so a round
// costs those who are online, however much is said. Rounds are small and as far
// apart as what they cause takes: the writing, and telling every receipt to all
// who watch in the channel.
//
// At most pendingDeliveries users in channels wait. When there are more, what
// reaches the others is not made read: it stays unread until something newer
// reaches them, or they read it. The same goes for what waits when the process
// dies.
type deliveries struct {
	reader Reader
	// reads tells for which applications, without waiting.
	reads func(chat.ApplicationID) bool
	// watchers is how many hear of a receipt in a channel.
	watchers func(chat.ChannelID) int
	wake     chan struct{}

	mu      sync.Mutex
	pending map[presenceKey]chat.Delivery
	// order are the keys of pending, the one that waits longest first.
	order []presenceKey
}

const (
	// pendingDeliveries bounds what waits.
	pendingDeliveries = 1 << 16
	// readAtOnce is how many positions are moved in one transaction, which
	// others wait for.
	readAtOnce = 100
	// readPause is the shortest time between two rounds, readEach what each
	// position adds to it, and readWatcher each who hears of one.
	readPause   = 20 * time.Millisecond
	readEach    = time.Millisecond
	readWatcher = 20 * time.Microsecond
	// readAgain is how long to wait after a failure.
	readAgain = time.Second
)

func newDeliveries(reader Reader, reads func(chat.ApplicationID) bool, watchers func(chat.ChannelID) int) *deliveries {
	return &deliveries{reader: reader, reads: reads, watchers: watchers, wake: make(chan struct{}, 1), pending: map[presenceKey]chat.Delivery{}}
}

// wants tells whether what reaches users of an application is of interest.
func (d *deliveries) wants(app chat.ApplicationID) bool { return d.reads != nil && d.reads(app) }

// add notes that a message has reached a user. It does not wait; whoever calls
// it may hold locks.
func (d *deliveries) add(x chat.Delivery) {
	key := presenceKey{x.Channel, x.User}
	d.mu.Lock()
	before, waits := d.pending[key]
	switch {
	case waits:
		x.Message = max(x.Message, before.Message)
	case len(d.order) == pendingDeliveries:
		d.mu.Unlock()
		return
	default:
		d.order = append(d.order, key)
	}
	d.pending[key] = x
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *deliveries) take() []chat.Delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(readAtOnce, len(d.order))
	list := make([]chat.Delivery, n)
	for i, key := range d.order[:n] {
		list[i] = d.pending[key]
		delete(d.pending, key)
	}
	d.order = d.order[n:]
	if len(d.order) == 0 {
		d.order = nil
	} else {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
	return list
}

// run makes read what is added until ctx ends, and then what waits.
func (d *deliveries) run(ctx context.Context) {
	// What is being written when ctx ends is written to its end.
	lasting := context.WithoutCancel(ctx)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			for list := d.take(); len(list) > 0; list = d.take() {
				if d.reader.ReadDelivered(lasting, list) != nil {
					return
				}
			}
			return
		case <-d.wake:
		}
		pause.Reset(d.round(lasting))
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
}

// round makes read what has waited longest, and tells how long to leave others
// alone after it.
func (d *deliveries) round(ctx context.Context) time.Duration {
	list := d.take()
	if len(list) == 0 {
		return 0
	}
	if err := d.reader.ReadDelivered(ctx, list); err != nil {
		for _, x := range list {
			d.add(x)
		}
		return readAgain
	}
	wait := time.Duration(len(list)) * readEach
	for _, x := range list {
		wait += time.Duration(d.watchers(x.Channel)) * readWatcher
	}
	return max(readPause, wait)
}

// delivered notes that what was queued has reached the session's user. It
// requires s.mu.
func (s *Session) delivered(it *Item) {
	sub := it.Subscription
	if it.Frame.Message == 0 || !s.hub.deliveries.wants(s.Application) {
		return
	}
	s.hub.deliveries.add(chat.Delivery{
		Application: s.Application, User: s.User, Channel: chat.ChannelID(sub.Topic.ID), Message: it.Frame.Message,
	})
}

// deliveredUpTo is delivered for all that a subscription got after one mark and
// up to another. It requires s.mu.
func (s *Session) deliveredUpTo(sub *Subscription, after, upTo Mark) {
	if sub.Topic.Scope != OfChannel || sub.Topic.Name != Messages || !s.hub.deliveries.wants(s.Application) {
		return
	}
	for i := range s.queue.written {
		it := s.queue.at(i)
		if it.Subscription != sub {
			continue
		}
		if it.Frame.Mark > upTo {
			return // what a subscription gets is in order
		}
		if it.Frame.Mark > after {
			s.delivered(it)
		}
	}
}
