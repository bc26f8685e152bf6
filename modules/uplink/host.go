package uplink

import (
	"context"
	"math"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
)

// host is the machine.
type host struct{ data string }

// usage is in percent, with two decimals; what cannot be known is 0.
func (h host) usage(ctx context.Context) (processor, memory, storage float64) {
	if p, err := cpu.PercentWithContext(ctx, 0, false); err == nil && len(p) == 1 { // since the last call
		processor = hundredths(p[0])
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		memory = hundredths(m.UsedPercent)
	}
	if d, err := disk.UsageWithContext(ctx, h.data); err == nil {
		storage = hundredths(d.UsedPercent)
	}
	return processor, memory, storage
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
