package feed

import "github.com/prometheus/client_golang/prometheus"

// metrics are of listeners and what they are told. Each name begins with staff_feed_.
type metrics struct {
	listeners prometheus.Gauge
	refused   prometheus.Counter
	ended     *prometheus.CounterVec
	sent      *prometheus.CounterVec
	delay     prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		listeners: prometheus.NewGauge(prometheus.GaugeOpts{Name: "listeners", Help: "Those who listen to the feed of this process."}),
		refused:   prometheus.NewCounter(prometheus.CounterOpts{Name: "refused_total", Help: "Listeners for whom there was no place."}),
		ended:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ended_total", Help: "Listeners who left or were dropped, by why."}, []string{"reason"}),
		sent:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sent_total", Help: "Events put before listeners, each listener counted."}, []string{"kind"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "delay_seconds", Help: "Time from the adding of an event until it is put before this process' listeners.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	r.MustRegister(m.listeners, m.refused, m.ended, m.sent, m.delay)
	return m
}
