package uplink

import (
	"context"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
)

// host is the machine.
type host struct{ data string }

// usage is in percent; what cannot be known is 0.
func (h host) usage(ctx context.Context) (processor, memory, storage float64) {
	if p, err := cpu.PercentWithContext(ctx, 0, false); err == nil && len(p) == 1 { // since the last call
		processor = p[0]
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		memory = m.UsedPercent
	}
	if d, err := disk.UsageWithContext(ctx, h.data); err == nil {
		storage = d.UsedPercent
	}
	return processor, memory, storage
}
