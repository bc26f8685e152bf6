package policy

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// metrics are of how policies reach gateways. Each name begins with staff_policy_.
type metrics struct {
	distributions *prometheus.CounterVec
	seconds       prometheus.Histogram
	stopped       prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{
		distributions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "distributions_total", Help: "Orders to gateways to fetch their policies that came to an end, by outcome.",
		}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "distribution_seconds", Help: "From the order to a gateway until it has the policies in force.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400},
		}),
		stopped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rollouts_stopped_total", Help: "Roll-outs that were stopped and rolled back for failures.",
		}),
	}
	return m, errors.Join(r.Register(m.distributions), r.Register(m.seconds), r.Register(m.stopped))
}

// distributed notes that a gateway's order came to an end after so long.
func (m metrics) distributed(outcome string, after time.Duration) {
	m.distributions.WithLabelValues(outcome).Inc()
	if outcome == string(command.Completed) {
		m.seconds.Observe(max(after, 0).Seconds())
	}
}
