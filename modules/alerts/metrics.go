package alerts

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
)

// counter counts raised alerts; kinds are few and ours.
func counter(r prometheus.Registerer) func(kind string, s alert.Severity) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "raised_total", Help: "Alerts raised."}, []string{"kind", "severity"})
	r.MustRegister(c)
	return func(kind string, s alert.Severity) { c.WithLabelValues(kind, string(s)).Inc() }
}
