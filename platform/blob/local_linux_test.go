package blob_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob"
)

// A disk that is really full, on a file system of 4 MB, where the tests may mount one.
func TestADiskThatFillsUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := openLocal(t, filepath.Join(dir, "files"), time.Now)
	put := func(path string, size int) error {
		_, err := s.Put(t.Context(), path, bytes.NewReader(make([]byte, size)), blob.Options{})
		return err
	}
	if err := put("old", 1<<20); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"old", "new"} {
		if err := put(path, 5<<20); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: error is %v, want that there is no space", path, err)
		}
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(filler, strings.NewReader(strings.Repeat("x", 4<<20))); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if err := s.Check(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the check says %v", err)
	}
	o, err := s.Stat(t.Context(), "old")
	if left, readErr := os.ReadDir(filepath.Join(dir, "files", ".uploads")); err != nil || readErr != nil || o.Size != 1<<20 || len(left) != 0 {
		t.Errorf("the old file is %+v, %v; left is %v, %v", o, err, left, readErr)
	}
	if err := errors.Join(filler.Close(), os.Remove(filler.Name())); err != nil {
		t.Fatal(err)
	}
	if err := put("new", 1<<20); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
