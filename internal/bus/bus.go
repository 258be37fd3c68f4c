// Package bus carries news between nodes: signals that matter only to those
// who are there, and hints that the log has grown. Whatever it loses, the log
// has, or nobody will miss.
package bus

import (
	"sync"

	"github.com/purrchat/purr/internal/chat"
)

// Handler hears what arrives. Each of its methods is called once at a time and
// should return soon.
type Handler interface {
	// Signal hears a signal of any node, this one included.
	Signal(chat.Signal)
	// Grown hears that another node has written events up to a position.
	Grown(chat.Position)
}

// Bus connects nodes. All methods are safe for concurrent use.
type Bus interface {
	// Publish hands a signal to every node, this one included. It does not
	// wait; a signal that finds no room is lost.
	Publish(chat.Signal)
	// Announce tells the other nodes that the log has grown to a position.
	Announce(chat.Position)
	// Start begins to deliver to a handler; it is called once.
	Start(Handler) error
	// Stop ends delivery and waits for the handler to return.
	Stop()
}

// waiting bounds the signals that wait for the handler.
const waiting = 4096

// Local is the bus of an installation with one node.
type Local struct {
	signals chan chat.Signal
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup
}

// NewLocal makes a bus that reaches this process only.
func NewLocal() *Local {
	return &Local{signals: make(chan chat.Signal, waiting), stop: make(chan struct{})}
}

// Publish implements Bus.
func (l *Local) Publish(s chat.Signal) {
	select {
	case l.signals <- s:
	default:
	}
}

// Announce implements Bus: there is no other node to tell.
func (l *Local) Announce(chat.Position) {}

// Start implements Bus.
func (l *Local) Start(h Handler) error {
	l.running.Go(func() {
		for {
			select {
			case s := <-l.signals:
				h.Signal(s)
			case <-l.stop:
				return
			}
		}
	})
	return nil
}

// Stop implements Bus.
func (l *Local) Stop() {
	l.once.Do(func() { close(l.stop) })
	l.running.Wait()
}
