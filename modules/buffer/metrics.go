package buffer

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

type metrics struct {
	overflows prometheus.Counter
	refused   prometheus.Counter
	dropped   *prometheus.CounterVec
	commits   prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		overflows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "buffer_overflow_total", Help: "How often the buffer's usage crossed a threshold, or its disk was full.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "refused_batches_total", Help: "Batches refused for want of room.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dropped_total", Help: "Buffered rows that will never be delivered.",
		}, []string{"reason"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "commit_seconds", Help: "How long a commit of the buffer takes.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
}

// register makes the metrics known: those of the module with its prefix, and the one whose whole name the
// design document gives.
func (s *service) register(prefixed, whole prometheus.Registerer) {
	for _, reason := range []string{backlog.ReasonOverflow, backlog.ReasonRefused, backlog.ReasonFileLost} {
		s.metrics.dropped.WithLabelValues(reason)
	}
	whole.MustRegister(s.metrics.overflows)
	prefixed.MustRegister(s.metrics.refused, s.metrics.dropped, s.metrics.commits,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usage_ratio", Help: "Share of the buffer's bound that is used.",
		}, func() float64 { usage, _ := s.fill(); return usage }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "bytes", Help: "What the buffer takes on the disk.",
		}, func() float64 { return float64(s.State().Bytes) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "spool_bytes", Help: "What pictures take of it.",
		}, func() float64 { s.mu.Lock(); defer s.mu.Unlock(); return float64(s.spooled) }),
		records{s, prometheus.NewDesc("records", "Rows in the buffer.", []string{"table", "state"}, nil)})
}

// records reports rows by table and state.
type records struct {
	service *service
	desc    *prometheus.Desc
}

func (r records) Describe(c chan<- *prometheus.Desc) { c <- r.desc }

func (r records) Collect(c chan<- prometheus.Metric) {
	for name, t := range r.service.tally() {
		for state, n := range map[string]int64{"pending": t.Pending, "sent": t.Sent, "set_aside": t.SetAside} {
			c <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, float64(n), tableOf(name).name, state)
		}
	}
}
