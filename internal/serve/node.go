package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/purrchat/purr/internal/app/push"
	"github.com/purrchat/purr/internal/bus"
	"github.com/purrchat/purr/internal/bus/natsbus"
	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/edge/files"
	"github.com/purrchat/purr/internal/edge/httpbase"
	"github.com/purrchat/purr/internal/edge/ops"
	"github.com/purrchat/purr/internal/edge/rest"
	"github.com/purrchat/purr/internal/edge/rtm"
	"github.com/purrchat/purr/internal/jobs"
	"github.com/purrchat/purr/internal/kit/clock"
	"github.com/purrchat/purr/internal/kit/formdata"
	"github.com/purrchat/purr/internal/kit/lifecycle"
	"github.com/purrchat/purr/internal/observe"
	"github.com/purrchat/purr/internal/realtime"
	"github.com/purrchat/purr/internal/relay"
	"github.com/purrchat/purr/internal/store"
)

// queueItems bounds the events that a session holds, written or not; the log
// has the rest.
const queueItems = 4096

// burst is how many times what is allowed in a second may come at once.
const burst = 10

// Node is a running server.
type Node struct {
	config   config.Config
	log      *slog.Logger
	group    *lifecycle.Group
	registry observe.Registry

	*core
	hub      *realtime.Hub
	rtm      *rtm.Server
	jobs     *jobs.Runner
	long     *jobs.Runner
	pusher   *push.Runner
	previews *jobs.Runner
	relay    *relay.Relay
	bus      bus.Bus
	server   *httpbase.Server
	draining chan struct{}
}

// Start builds and starts a node. The caller must Stop it.
func Start(ctx context.Context, c config.Config, log *slog.Logger, version string) (*Node, error) {
	n := &Node{config: c, log: log, group: lifecycle.New(), registry: observe.NewRegistry(version), draining: make(chan struct{})}
	if err := n.start(ctx); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.DrainTimeout)
		defer cancel()
		return nil, errors.Join(err, n.group.Stop(stopping))
	}
	return n, nil
}

// start brings the parts up, from the store to the doors.
func (n *Node) start(ctx context.Context) (err error) {
	if n.core, err = openCore(ctx, n.config, forServing); err != nil {
		return err
	}
	n.group.OnStop("store", func(context.Context) error { return n.core.close() })
	n.pusher = push.NewRunner(n.push, clock.Real(), n.log)
	if err := n.startRealtime(ctx); err != nil {
		return err
	}
	if err := n.startPush(ctx); err != nil {
		return err
	}
	if err := n.startJobs(ctx); err != nil {
		return err
	}
	return n.startDoors(ctx)
}

// startRealtime starts what carries events to listeners.
func (n *Node) startRealtime(ctx context.Context) error {
	head, err := n.timeline.Head(ctx)
	if err != nil {
		return err
	}
	if n.bus, err = n.openBus(ctx); err != nil {
		return err
	}
	n.accounts.Signals = n.bus
	n.hub = realtime.New(realtime.Options{
		Directory: n.channels, Keeper: n.accounts, Attendance: n.accounts, Signals: n.bus.Publish, Now: time.Now,
		Reader: n.messages, Reads: n.accounts.ReadsOnDelivery,
		Limits: realtime.Limits{
			Items: queueItems, Bytes: int(n.config.Connection.MaxQueue), Subscriptions: n.config.Connection.MaxSubscriptions,
		},
		Grace: n.config.Presence.Grace, Window: n.config.Session.ResumeWindow, Crowd: n.config.Presence.FanoutLimit,
	}, head)
	n.rtm = rtm.New(context.WithoutCancel(ctx), rtm.Deps{
		Accounts: n.accounts, Channels: n.channels, Messages: n.messages, Files: n.files, Timeline: n.timeline, Notify: n.notify, Push: n.push, Hub: n.hub,
		Signals: n.bus.Publish, Now: time.Now,
		BaseURL: n.config.BaseURL(nil), Log: n.log,
		Limits: rtm.Limits{
			MaxFrame: int(n.config.Connection.MaxFrame), FramesPerSecond: n.config.Connection.FramesPerSecond,
			Burst:         burst * n.config.Connection.FramesPerSecond,
			HeartbeatSend: n.config.Connection.HeartbeatSend, HeartbeatReceive: n.config.Connection.HeartbeatReceive,
		},
	})
	n.channels.Typing = n.rtm
	n.relay = relay.New(context.WithoutCancel(ctx), relay.Options{
		Log: n.timeline, Sink: n.hear, Announce: n.bus.Announce, Every: time.Second, Logger: n.log,
	}, head)
	n.db.OnCommit(func(events []chat.Event) {
		n.relay.Committed(events)
		n.jobs.Wake()
		if linked(events) {
			n.previews.Wake()
		}
	})

	n.group.Go("hub", func(ctx context.Context) error { n.hub.Run(ctx); return nil })
	if err := n.group.Start(ctx, "bus",
		func(context.Context) error { return n.bus.Start(signals{n}) },
		func(context.Context) error { n.bus.Stop(); return nil }); err != nil {
		return err
	}
	if err := n.group.Start(ctx, "relay",
		func(context.Context) error { n.relay.Start(); return nil },
		func(context.Context) error { n.relay.Stop(); return nil }); err != nil {
		return err
	}
	// Whoever was connected to an earlier process of this node lost the
	// socket with it.
	if err := n.accounts.Abandoned(ctx, n.accounts.Node); err != nil {
		return err
	}
	n.group.Go("heart-beats", func(ctx context.Context) error { n.rtm.Run(ctx); return nil })
	n.group.Go("sweep", n.sweep)
	n.group.Go("memory", returnMemory)
	return nil
}

// hear takes committed events, in the order of the log, to those parts of the
// node that follow it.
func (n *Node) hear(events []chat.Event) {
	n.accounts.Heard(events)
	n.rtm.Events(events)
	n.pusher.Wake()
}

// openBus connects the nodes, where there are several.
func (n *Node) openBus(ctx context.Context) (bus.Bus, error) {
	if n.config.NATS == "" {
		return bus.NewLocal(), nil
	}
	name := strconv.FormatInt(n.incarnation, 36)
	err := n.db.Update(ctx, func(tx *store.Tx) (err error) {
		name, err = tx.Installation(strconv.FormatInt(n.incarnation, 36))
		return err
	})
	if err != nil {
		return nil, err
	}
	return natsbus.Connect(natsbus.Options{URL: n.config.NATS, Installation: name, Log: n.log})
}

// signals is what this node hears from the bus.
type signals struct{ *Node }

func (s signals) Signal(sig chat.Signal) { s.rtm.Signal(sig) }
func (s signals) Grown(p chat.Position)  { s.relay.Grown(p) }

// sweep does every second what time demands.
func (n *Node) sweep(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			n.hub.Sweep()
			if err := errors.Join(n.renewLease(ctx), n.accounts.Sweep(ctx)); err != nil && ctx.Err() == nil {
				n.log.Error("sweep", "error", err)
			}
		}
	}
}

// startDoors opens the listener, last of all.
func (n *Node) startDoors(ctx context.Context) error {
	mux := http.NewServeMux()
	n.rtm.Mount(mux)
	files.Mount(mux, files.Deps{
		Accounts: n.accounts, Messages: n.messages, Files: n.files,
		BaseURL: n.config.BaseURL(nil), Now: time.Now, Log: n.log,
	})
	mux.Handle("/", rest.New(rest.Deps{
		Accounts: n.accounts, Channels: n.channels, Messages: n.messages, Files: n.files, Imports: n.imports, Functions: n.functions, Notify: n.notify, Push: n.push,
		PublicURL: n.config.PublicURL, MaxBody: int64(n.config.HTTP.MaxBody),
		RequestsPerSecond: n.config.HTTP.RequestsPerSecond, ApplicationRequestsPerSecond: n.config.HTTP.ApplicationRequestsPerSecond, Now: time.Now, Log: n.log,
	}))
	ops.Health(mux, n.log, ops.Check{Name: "database", Run: n.db.Ping}, ops.Draining(n.draining))
	n.registerMetrics()
	if err := n.startOperations(ctx, mux); err != nil {
		return err
	}
	n.server = httpbase.NewServer(httpbase.ServerOptions{
		Address: n.config.Listen, Handler: n.base(mux),
		Certificate: n.config.TLS.Certificate, Key: n.config.TLS.Key, Log: n.log,
	})
	if err := n.group.Start(ctx, "listener", n.server.Start, n.server.Drain); err != nil {
		return err
	}
	// Sockets are closed before the listener waits for its requests to end.
	n.group.OnStop("sockets", n.rtm.Shutdown)
	return nil
}

func (n *Node) base(mux *http.ServeMux) http.Handler {
	return httpbase.New(httpbase.Options{
		Log: n.log, Metrics: httpbase.NewMetrics(n.registry), MaxBody: int64(n.config.HTTP.MaxBody),
		RequestTimeout: n.config.HTTP.RequestTimeout, Treat: treat,
	}, mux)
}

// treat picks out the requests that are no ordinary ones.
func treat(r *http.Request) httpbase.Treatment {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch first {
	case "rtm", "stompx":
		return httpbase.Treatment{Streaming: true, Quiet: true, Credentials: true}
	case "healthz", "readyz", "metrics":
		return httpbase.Treatment{Quiet: true}
	case "stream", "file":
		return fileTreatment
	}
	if r.Method == http.MethodPost && formdata.Is(r) && takesFiles(r.URL.Path) {
		return fileTreatment
	}
	return httpbase.Treatment{}
}

// fileTreatment is for what streams a file in or out: its doors bound its size
// and its pace themselves.
var fileTreatment = httpbase.Treatment{Streaming: true, MaxBody: -1} //nolint:gochecknoglobals // a constant

// takesFiles tells the paths of the Platform API that take a file as a form.
func takesFiles(path string) bool {
	return strings.HasSuffix(path, "/messages") || strings.HasSuffix(path, "/display-picture") || strings.Contains(path, "/imports/")
}

// startOperations puts metrics on the public mux or, with profiles, on a
// listener of their own.
func (n *Node) startOperations(ctx context.Context, public *http.ServeMux) error {
	handler := n.registry.Handler(n.log)
	if n.config.OperationsListen == "" {
		ops.Metrics(public, handler)
		return nil
	}
	private := http.NewServeMux()
	ops.Metrics(private, handler)
	ops.Health(private, n.log, ops.Check{Name: "database", Run: n.db.Ping}, ops.Draining(n.draining))
	ops.Profiles(private)
	server := httpbase.NewServer(httpbase.ServerOptions{Address: n.config.OperationsListen, Handler: private, Log: n.log})
	return n.group.Start(ctx, "operations listener", server.Start, server.Drain)
}

// Address is where the node listens.
func (n *Node) Address() net.Addr { return n.server.Address() }

// Failed hears of a part that ended by itself.
func (n *Node) Failed() <-chan error { return n.group.Failed() }

// Stop drains the node: no new work is taken, what is under way ends, clients
// are told, and what they acknowledged is kept.
func (n *Node) Stop(ctx context.Context) error {
	close(n.draining)
	if err := n.group.Stop(ctx); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
