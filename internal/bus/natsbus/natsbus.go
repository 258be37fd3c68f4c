// Package natsbus connects the nodes of one installation through a NATS server.
//
// Delivery within a node is a direct call, as with bus.Local; NATS carries only
// what other nodes must hear. It is treated as lossy, since it is: a client that
// reads too slowly is cut off and comes back without what it missed. Signals may
// be lost, and the log is looked at anyway, so nothing is asked again; a
// reconnect is taken as a hint that the log has grown.
package natsbus

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/purrchat/purr/internal/bus"
	"github.com/purrchat/purr/internal/chat"
)

// Options are what a Bus needs.
type Options struct {
	// URL is the server's address, nats://host:4222.
	URL string
	// Installation keeps installations apart that share a server. It must
	// consist of letters and digits.
	Installation string
	Log          *slog.Logger
}

// Bus implements bus.Bus. All methods are safe for concurrent use.
type Bus struct {
	*bus.Local
	conn           *nats.Conn
	log            *slog.Logger
	signals, grown string

	mu sync.Mutex
	// handler is nil before Start and after Stop.
	handler bus.Handler
}

// Connect opens the connection. A server that goes away later is waited for;
// one that is not there now is an error. The caller must Stop the bus.
func Connect(o Options) (*Bus, error) {
	b := &Bus{
		Local: bus.NewLocal(), log: o.Log,
		signals: "purr." + o.Installation + ".signals", grown: "purr." + o.Installation + ".grown",
	}
	conn, err := nats.Connect(o.URL,
		nats.Name("purr"), nats.NoEcho(), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		// What cannot be sent at once is not worth keeping.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // none when it is closed in order
				b.log.Warn("the bus is cut off", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			b.log.Info("the bus is back")
			b.tellGrown(0)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.log.Warn("the bus", "error", err) }))
	if err != nil {
		return nil, fmt.Errorf("connect to the bus: %w", err)
	}
	b.conn = conn
	return b, nil
}

// Publish implements bus.Bus.
func (b *Bus) Publish(s chat.Signal) {
	b.Local.Publish(s)
	if text, err := json.Marshal(s); err == nil {
		_ = b.conn.Publish(b.signals, text) // lost where the server is away
	}
}

// Announce implements bus.Bus.
func (b *Bus) Announce(p chat.Position) {
	_ = b.conn.Publish(b.grown, strconv.AppendInt(nil, int64(p), 10))
}

// Start implements bus.Bus.
func (b *Bus) Start(h bus.Handler) error {
	b.handle(h)
	if err := b.Local.Start(h); err != nil {
		return err
	}
	if _, err := b.conn.Subscribe(b.signals, b.hearSignal); err != nil {
		return fmt.Errorf("listen to signals: %w", err)
	}
	if _, err := b.conn.Subscribe(b.grown, b.hearGrown); err != nil {
		return fmt.Errorf("listen to the growth of the log: %w", err)
	}
	return b.conn.Flush()
}

// hearSignal passes another node's signal through the local bus, which calls
// the handler one signal at a time.
func (b *Bus) hearSignal(m *nats.Msg) {
	var s chat.Signal
	if err := json.Unmarshal(m.Data, &s); err == nil {
		b.Local.Publish(s)
	}
}

func (b *Bus) hearGrown(m *nats.Msg) {
	if p, err := strconv.ParseInt(string(m.Data), 10, 64); err == nil {
		b.tellGrown(chat.Position(p))
	}
}

func (b *Bus) tellGrown(p chat.Position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.handler != nil {
		b.handler.Grown(p)
	}
}

func (b *Bus) handle(h bus.Handler) {
	b.mu.Lock()
	b.handler = h
	b.mu.Unlock()
}

// Stop implements bus.Bus.
func (b *Bus) Stop() {
	b.conn.Close()
	b.handle(nil)
	b.Local.Stop()
}
