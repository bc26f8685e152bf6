package certificates

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// remaining reports how long the listener's certificate is good for; nothing while there is none.
type remaining struct {
	service *service
	desc    *prometheus.Desc
}

// register makes the metrics known. Each name begins with staff_certificates_.
func (s *service) register(r prometheus.Registerer) {
	r.MustRegister(remaining{s, prometheus.NewDesc("listener_remaining_seconds", "Time until the certificate that agents see ends.", nil, nil)})
}

// Describe names it.
func (r remaining) Describe(c chan<- *prometheus.Desc) { c <- r.desc }

// Collect reads the clock.
func (r remaining) Collect(c chan<- prometheus.Metric) {
	if server := r.service.seen.Load().server; server != nil {
		left := server.Leaf.NotAfter.Sub(r.service.now()).Truncate(time.Second)
		c <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, left.Seconds())
	}
}
