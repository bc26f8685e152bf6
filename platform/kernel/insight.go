package kernel

import (
	"context"
	"io"

	"github.com/staff-control/staff-control/platform/log"
)

// Insight is what the process knows of itself, for whoever looks for a fault from afar.
type Insight struct{ kernel *Kernel }

// Insight returns it.
func (h *Host) Insight() Insight { return Insight{h.kernel} }

// Settings writes all settings with where they came from, secrets masked.
func (i Insight) Settings(w io.Writer) {
	if i.kernel.options.Config != nil {
		i.kernel.options.Config.Print(w)
	}
}

// Measures writes the metrics as /metrics gives them.
func (i Insight) Measures(ctx context.Context, w io.Writer) error {
	return writeMetrics(ctx, i.kernel.options.Registry, w)
}

// Readiness is what /health/ready answers.
func (i Insight) Readiness(ctx context.Context) any { return i.kernel.health.ready(ctx) }

// LogFile is where the process's log goes; empty if that is no file.
func (i Insight) LogFile() string {
	if i.kernel.options.Config == nil {
		return ""
	}
	var c log.Config
	if err := i.kernel.options.Config.Into("log", &c); err != nil {
		return "" // a process without that section
	}
	return c.File
}
