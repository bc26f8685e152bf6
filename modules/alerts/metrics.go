package alerts

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
)

// kinds are those that have a label of their own: gateways name kinds too, and a label must have few values.
var kinds = []string{
	alert.BufferOverflow, alert.ConnectionFailed, alert.GatewayOffline, alert.DataGap, alert.DataDropped,
	alert.DoorAlarm, alert.DoorTampered, alert.AccessDenied, alert.DeviceOffline, alert.DeviceFailed,
	alert.TimescaleFallback, alert.TimescaleRecovered, alert.StorageFileMissing, alert.RetentionFailed, alert.PolicyFailed,
	alert.UpdateRolledBack,
}

// counter counts raised alerts.
func counter(r prometheus.Registerer) func(kind string, s alert.Severity) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "raised_total", Help: "Alerts raised."}, []string{"kind", "severity"})
	r.MustRegister(c)
	return func(kind string, s alert.Severity) {
		if !slices.Contains(kinds, kind) {
			kind = "other"
		}
		c.WithLabelValues(kind, string(s)).Inc()
	}
}
