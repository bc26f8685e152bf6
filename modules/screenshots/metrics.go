package screenshots

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/fault"
)

// metrics are of pictures. Each name begins with staff_screenshots_.
type metrics struct {
	pictures *prometheus.CounterVec
	bytes    prometheus.Counter
	seconds  prometheus.Histogram
	opened   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{
		pictures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pictures_total", Help: "Pictures that came in, by outcome: stored, known, quarantined, or the kind of the fault.",
		}, []string{"outcome"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "stored_bytes_total", Help: "Bytes of the pictures that were stored, without their small ones.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "decode_seconds", Help: "Time to decode a picture and to make its small ones.", Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		opened: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "opened_total", Help: "Pictures that somebody gave a reason to see.",
		}),
	}
	return m, errors.Join(r.Register(m.pictures), r.Register(m.bytes), r.Register(m.seconds), r.Register(m.opened))
}

func (m metrics) taken(r shot.Receipt, err error) {
	outcome := "stored"
	switch {
	case err != nil:
		outcome = string(fault.Of(err).Kind)
	case r.Quarantined:
		outcome = "quarantined"
	case r.Known:
		outcome = "known"
	default:
		m.bytes.Add(float64(r.Event.FileSize))
	}
	m.pictures.WithLabelValues(outcome).Inc()
}

func (m metrics) decoded(took time.Duration) { m.seconds.Observe(took.Seconds()) }
