package observe

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry holds the metrics of one node. Parts register their own with it, as
// a prometheus.Registerer, under names of the form purr_<part>_<what>_<unit>;
// labels come from closed lists only, never from what a user sends or is called.
type Registry struct {
	*prometheus.Registry
}

// NewRegistry makes a registry with the metrics of the Go runtime, of the
// process and of the build.
func NewRegistry(version string) Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "purr_build_info",
			Help:        "Always 1; the version is in the label.",
			ConstLabels: prometheus.Labels{"version": version},
		}, func() float64 { return 1 }),
	)
	return Registry{registry}
}

// Handler serves the metrics to Prometheus. A metric that cannot be had is
// logged, and the others are served.
func (r Registry) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError,
		Registry:      r,
	})
}

var (
	ours     = regexp.MustCompile(`^purr_[a-z]+(_[a-z]+)+$`)
	borrowed = regexp.MustCompile(`^(go|process|promhttp)_`)
)

// BadNames lists the metrics whose names break the rule; a test of the whole
// node keeps it empty.
func (r Registry) BadNames() ([]string, error) {
	families, err := r.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	var bad []string
	for _, family := range families {
		if name := family.GetName(); !ours.MatchString(name) && !borrowed.MatchString(name) {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	return bad, nil
}
