package collector

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

// counter counts accepted events by their intake and kind.
func counter(r prometheus.Registerer) func(source string, kind activity.Kind, n int) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "events_total", Help: "Events accepted from agents."}, []string{"source", "type"})
	r.MustRegister(c)
	return func(source string, kind activity.Kind, n int) {
		c.WithLabelValues(source, string(kind)).Add(float64(n))
	}
}

// exclusions counts events that may not be stored, by the reason.
func exclusions(r prometheus.Registerer) func(why string) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "excluded_total", Help: "Events that the policies leave out."}, []string{"why"})
	r.MustRegister(c)
	for _, why := range rule.Whys {
		c.WithLabelValues(why)
	}
	return func(why string) { c.WithLabelValues(why).Inc() }
}
