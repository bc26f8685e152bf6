package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/blob/blobtest"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func onS3(t *testing.T) (*office, *blobtest.S3) {
	t.Helper()
	server := blobtest.Server(t)
	return officeOn(t, dbtest.SQLite(t), blob.Config{Driver: blob.MinIO, Bucket: server.Config}), server
}

func TestFilesOnS3(t *testing.T) {
	t.Parallel()
	o, _ := onS3(t)
	n := file.New{Path: "archives/Ў.csv.zst", Kind: file.Archive, ContentType: "application/zstd", Metadata: map[string]string{"rows": "7"}}
	mustPut(t, o, hr(1), n, "content")
	mustPut(t, o, hr(1), n, "content")
	if got := content(t, o, hr(1), n.Path); got != "content" {
		t.Errorf("the content is %q", got)
	}
	link, err := o.URL(hr(1), n.Path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	h := answer.Header
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != "content" || h.Get("Content-Type") != n.ContentType ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=") {
		t.Errorf("the address gives %d %q, %v, %v", answer.StatusCode, got, h, err)
	}
	if err := o.Delete(hr(1), n.Path); err != nil || len(stored(t, o)) != 0 {
		t.Errorf("deleted: %v, the store has %q", err, stored(t, o))
	}
}

// The S3 server is killed, three times, while files come: each row has its whole file, whoever was refused was told to
// come back and may do so, and the scan removes what is left over.
func TestTheS3ServerIsKilledDuringUploads(t *testing.T) {
	t.Parallel()
	o, server := onS3(t)
	text := func(path string) string { return strings.Repeat(path, 5000) }
	var again []string
	number := 0
	for range 3 {
		var wait sync.WaitGroup
		var mu sync.Mutex
		enough := make(chan struct{}, 100)
		for range 4 {
			wait.Go(func() {
				for {
					mu.Lock()
					number++
					path := fmt.Sprintf("%d.csv", number)
					mu.Unlock()
					if _, err := o.Put(hr(1), photo(path), strings.NewReader(text(path))); err != nil {
						if f := fault.Of(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
							t.Errorf("error is %v", err)
						}
						mu.Lock()
						again = append(again, path)
						mu.Unlock()
						return
					}
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 20 {
			<-enough
		}
		server.Kill()
		wait.Wait()
		server.Start()
	}
	for _, path := range again {
		mustPut(t, o, hr(1), photo(path), text(path))
	}
	for n := 1; n <= number; n++ {
		path := fmt.Sprintf("%d.csv", n)
		if content(t, o, hr(1), path) != text(path) {
			t.Errorf("%s has another content", path)
		}
	}
	o.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if err := o.scanWeekly(system, sunday); err != nil {
		t.Fatal(err)
	}
	if left := stored(t, o); len(left) != number || len(o.raised) != 0 {
		t.Errorf("the store has %d files of %d; alerts are %v", len(left), number, o.raised)
	}
}

// While the server is away, what is deleted is found by nobody; the scan removes it later.
func TestDeletingWhileTheS3ServerIsAway(t *testing.T) {
	t.Parallel()
	o, server := onS3(t)
	for i := range 20 {
		mustPut(t, o, hr(1), photo(fmt.Sprint(i)), "x")
	}
	server.Stop()
	if err := o.Delete(hr(1), "1", "2", "3"); err != nil {
		t.Fatal(err)
	}
	if err := o.blobs.Check(t.Context()); err == nil {
		t.Error("the check passes")
	}
	ctx, cancel := context.WithCancel(hr(1))
	cancel()
	if _, err := o.Put(ctx, photo("new"), strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	server.Start()
	if _, err := o.Stat(hr(1), "1"); !errors.Is(err, file.ErrUnknown) {
		t.Errorf("stat: %v", err)
	}
	o.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if err := o.scanWeekly(system, sunday); err != nil {
		t.Fatal(err)
	}
	if left := stored(t, o); len(left) != 17 {
		t.Errorf("the store has %d files", len(left))
	}
}
