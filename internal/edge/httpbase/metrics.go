package httpbase

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts requests. One may serve several listeners.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// NewMetrics registers the metrics; with a nil registry they are kept to
// themselves.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory := promauto.With(registry)
	return &Metrics{
		requests: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "purr_http_requests_total",
			Help: "Requests answered, by the pattern that routed them.",
		}, []string{"route", "method", "status"}),
		duration: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "purr_http_request_duration_seconds",
			Help:    "Time from a request's headers to the end of its answer; streams are not in it.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30},
		}, []string{"route", "method"}),
		inFlight: factory.NewGauge(prometheus.GaugeOpts{
			Name: "purr_http_requests_in_flight",
			Help: "Requests being answered now, streams and held connections included.",
		}),
	}
}

func (m *Metrics) begin() { m.inFlight.Inc() }

func (m *Metrics) end(x *exchange, status int, took time.Duration) {
	m.inFlight.Dec()
	route, method := x.route(), methodLabel(x.request.Method)
	if route == "" {
		route = "unmatched"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	if !x.treatment.Streaming {
		m.duration.WithLabelValues(route, method).Observe(took.Seconds())
	}
}

// methodLabel closes the list: a method is whatever a stranger types.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
