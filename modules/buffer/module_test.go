package buffer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestTheModuleProvidesWhatItSays(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var sink activity.Sink
	var log backlog.Log
	user := kerneltest.Module{
		Is: kernel.Manifest{Name: "user", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{
			kernel.PortOf[activity.Sink](), kernel.PortOf[shot.Taker](), kernel.PortOf[backlog.Log](), kernel.PortOf[alert.Log](), kernel.PortOf[alert.Outbox](),
		}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			sink, log = kernel.Get[activity.Sink](h), kernel.Get[backlog.Log](h)
			kernel.Get[shot.Taker](h)
			kernel.Get[alert.Log](h)
			kernel.Get[alert.Outbox](h)
			return nil
		},
	}
	kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Data: data}, New(), user)
	if sink == nil || log.State().Epoch == "" {
		t.Errorf("the buffer is not there: %v", log)
	}
	info, err := os.Stat(filepath.Join(data, "buffer.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v), want 0600", info, err)
	}
}

func TestABufferThatCannotBeOpenedSaysSo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "buffer.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	m := New()
	m.cfg.Path = path
	err := m.Init(t.Context(), &kernel.Host{})
	if err == nil || !strings.Contains(err.Error(), "open buffer") {
		t.Errorf("error is %v", err)
	}
}

func TestMetricsHaveTheirNames(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	r := prometheus.NewRegistry()
	b.register(prometheus.WrapRegistererWithPrefix("staff_buffer_", r), r)
	put(t, b, windows(0, 5))
	settleRows(t, b, 1, 2)
	want := `
# HELP buffer_overflow_total How often the buffer's usage crossed a threshold, or its disk was full.
# TYPE buffer_overflow_total counter
buffer_overflow_total 0
# HELP staff_buffer_dropped_total Buffered rows that will never be delivered.
# TYPE staff_buffer_dropped_total counter
staff_buffer_dropped_total{reason="file_lost"} 0
staff_buffer_dropped_total{reason="overflow"} 0
staff_buffer_dropped_total{reason="refused"} 0
# HELP staff_buffer_records Rows in the buffer.
# TYPE staff_buffer_records gauge
staff_buffer_records{state="pending",table="agent_data_buffer"} 3
staff_buffer_records{state="sent",table="agent_data_buffer"} 2
staff_buffer_records{state="set_aside",table="agent_data_buffer"} 0
staff_buffer_records{state="pending",table="device_data_buffer"} 0
staff_buffer_records{state="sent",table="device_data_buffer"} 0
staff_buffer_records{state="set_aside",table="device_data_buffer"} 0
staff_buffer_records{state="pending",table="picture_buffer"} 0
staff_buffer_records{state="sent",table="picture_buffer"} 0
staff_buffer_records{state="set_aside",table="picture_buffer"} 0
`
	err := testutil.GatherAndCompare(r, strings.NewReader(want), "buffer_overflow_total", "staff_buffer_dropped_total", "staff_buffer_records")
	if err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(r, "staff_buffer_usage_ratio", "staff_buffer_bytes", "staff_buffer_spool_bytes", "staff_buffer_commit_seconds"); n != 4 || err != nil {
		t.Errorf("%d of 4 are there (%v)", n, err)
	}
}
