package processing

import (
	"github.com/prometheus/client_golang/prometheus"
)

// counter counts jobs by type and by what became of them: queued, completed, failed, retried, refused.
func counter(r prometheus.Registerer) func(dataType, result string) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "jobs_total", Help: "Jobs of v1's clients by type and by what became of them: queued, completed, failed, retried, refused.",
	}, []string{"type", "result"})
	r.MustRegister(c)
	return func(dataType, result string) {
		c.WithLabelValues(known(dataType), result).Inc()
	}
}
