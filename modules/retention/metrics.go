package retention

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are of what was taken away. Each name begins with staff_retention_.
type metrics struct {
	rows, files, bytes, failures *prometheus.CounterVec
	ran                          prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"kind"})
	}
	m := metrics{
		rows:     counter("removed_rows_total", "Rows that were older than their rule and are gone."),
		files:    counter("removed_files_total", "Files that are gone."),
		bytes:    counter("removed_bytes_total", "Bytes of the files that are gone."),
		failures: counter("failures_total", "Days that could not be taken away."),
		ran: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "last_run_timestamp_seconds", Help: "When all rules were last carried out to the end, by whichever process; 0 for not yet.",
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.rows, m.files, m.bytes, m.failures, m.ran} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}
