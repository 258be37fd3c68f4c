package serve

import (
	"github.com/prometheus/client_golang/prometheus"
)

// registerMetrics registers what the node can tell at any time. Nothing is
// counted on the way of an event.
func (n *Node) registerMetrics() {
	gauge := func(name, help string, read func() int) {
		n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return float64(read()) }))
	}
	gauge("purr_rtm_connections_count", "Open sockets of the client protocol.", n.rtm.Connections)
	gauge("purr_realtime_sessions_count", "Sessions held, with or without a socket.", func() int { return n.hub.Count().Sessions })
	gauge("purr_realtime_users_count", "Users with a session here.", func() int { return n.hub.Count().Users })
	gauge("purr_realtime_topics_count", "Topics with a listener.", func() int { return n.hub.Count().Topics })
	gauge("purr_realtime_position_count", "Position of the newest event told to listeners.", func() int { return int(n.hub.Position()) })
}
