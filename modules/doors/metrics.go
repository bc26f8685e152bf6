package doors

import "github.com/prometheus/client_golang/prometheus"

// counter counts reports of terminals by kind and by what became of them.
func counter(r prometheus.Registerer) func(kind, result string) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "reports_total", Help: "Reports of door terminals by kind and by what became of them: stored, known, aside.",
	}, []string{"kind", "result"})
	r.MustRegister(c)
	return func(kind, result string) { c.WithLabelValues(kind, result).Inc() }
}
