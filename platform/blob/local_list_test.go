package blob_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/blob/blobtest"
)

// Twice the files of one directory take twice the time, not four times.
func BenchmarkListADirectory(b *testing.B) {
	for _, files := range []int{10_000, 20_000, 40_000} {
		b.Run(fmt.Sprint(files), func(b *testing.B) {
			dir := b.TempDir()
			for i := range files {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%08d.jpg", i)), nil, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			s := openLocal(b, dir, time.Now)
			for b.Loop() {
				if all, err := blobtest.List(b.Context(), s, ""); err != nil || len(all) != files {
					b.Fatalf("listed are %d, %v", len(all), err)
				}
			}
		})
	}
}
