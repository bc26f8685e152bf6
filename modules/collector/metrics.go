package collector

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// counter counts accepted events by their intake and kind.
func counter(r prometheus.Registerer) func(source string, kind activity.Kind, n int) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "events_total", Help: "Events accepted from agents."}, []string{"source", "type"})
	r.MustRegister(c)
	return func(source string, kind activity.Kind, n int) {
		c.WithLabelValues(source, string(kind)).Add(float64(n))
	}
}
