package buffer

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

// A disk that is really full, on a file system of 4 MB, where the tests may mount one.
func TestADiskThatFillsUpRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	b := newBuffer(t, func(c *Config) { c.Path = filepath.Join(dir, "buffer.db") })
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var taken, refused int
	for n := 0; refused < 5; n++ {
		_, err := b.Put(agent(t), activity.Batch{Events: windows(n*100, 100)})
		if err == nil {
			taken += 100
			continue
		}
		refused++
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
			t.Errorf("error is %v, want unavailable with a time to come back", err)
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	put(t, b, windows(0, 100))
	if got := len(fileEvents(t, b.cfg.Path, 1)); got != taken+100 {
		t.Errorf("the file has %d rows, want %d", got, taken+100)
	}
	if a := undelivered(t, b); len(a) != 1 || a[0].Details["cause"] != "disk" {
		t.Errorf("alerts are %+v, want one that the disk is full", a)
	}
}

// smallDisk is a file system of 4 MB.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAPictureThatFillsTheDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	b := newBuffer(t, func(c *Config) { c.Path = filepath.Join(dir, "buffer.db") })
	take(t, b, "first", jpeg("x", 500_000))
	for range 2 {
		_, err := b.Take(agent(t), shotOf("large", jpeg("x", 5_000_000)))
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
			t.Errorf("error is %v, want unavailable with a time to come back", err)
		}
	}
	if n := len(spooled(t, b)); n != 1 || b.spool.writing.Load() != 0 || b.State().Pending != 1 {
		t.Errorf("%d files are left, %d bytes are counted, %d pending", n, b.spool.writing.Load(), b.State().Pending)
	}
	take(t, b, "large", jpeg("x", 600_000))
	if a := undelivered(t, b); len(a) != 1 || a[0].Details["cause"] != "disk" {
		t.Errorf("alerts are %+v, want one that the disk is full", a)
	}
}
