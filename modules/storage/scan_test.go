package storage

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
)

// lay puts a file into the store that no row names, as old as that.
func lay(t *testing.T, o *office, path string, age time.Duration) {
	t.Helper()
	if _, err := o.blobs.Put(t.Context(), path, strings.NewReader("stray"), blob.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(o.dir, path), time.Time{}, time.Now().Add(-age)); err != nil {
		t.Fatal(err)
	}
}

func TestTheScanFindsStraysAndLostFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for _, path := range []string{"a.jpg", "b.jpg", "c/d.jpg", "z.jpg"} {
			mustPut(t, o, hr(1), photo(path), path)
			mustPut(t, o, hr(2), photo(path), path)
		}
		lay(t, o, "org-1/0-stray", 25*time.Hour)
		lay(t, o, "org-1/bb", 25*time.Hour)
		lay(t, o, "org-9/zz", 25*time.Hour)
		lay(t, o, "org-1/young", 23*time.Hour)
		lay(t, o, "others/file", 25*time.Hour)
		var lost []string
		for _, ctx := range []context.Context{hr(1), hr(2)} {
			lost = append(lost, blobAt(t, o, ctx, "z.jpg"))
			if err := os.Remove(filepath.Join(o.dir, lost[len(lost)-1])); err != nil {
				t.Fatal(err)
			}
		}
		short := blobAt(t, o, hr(2), "b.jpg")
		if err := os.WriteFile(filepath.Join(o.dir, short), []byte("b"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.dir, ".uploads", "half"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(o.dir, ".uploads", "half"), time.Time{}, time.Now().Add(-25*time.Hour)); err != nil {
			t.Fatal(err)
		}
		found, err := o.scan(system)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"org-1/0-stray", "org-1/bb", "org-9/zz"}; !reflect.DeepEqual(found.strays, want) || found.strayFiles != 3 || found.strayBytes != 15 || found.files != 10 {
			t.Errorf("found %+v, want the strays %q", found, want)
		}
		var missing []string
		for _, row := range found.lost {
			missing = append(missing, row.Blob)
		}
		if want := []string{lost[0], short, lost[1]}; !reflect.DeepEqual(missing, want) {
			t.Errorf("missing are %q, want %q", missing, want)
		}
		if err := o.scanWeekly(system); err != nil {
			t.Fatal(err)
		}
		if got := stored(t, o); len(got) != 8 || strings.Contains(strings.Join(got, " "), "stray") {
			t.Errorf("the store has %q", got)
		}
		if left, err := os.ReadDir(filepath.Join(o.dir, ".uploads")); err != nil || len(left) != 0 {
			t.Errorf("unfinished uploads: %v, %v", left, err)
		}
		for organization, files := range map[int64]int{1: 1, 2: 2} {
			a := o.raised[organization]
			if len(a) != 1 || a[0].Kind != alert.StorageFileMissing || a[0].Severity != alert.Critical || a[0].Details["files"] != files {
				t.Errorf("organization %d has the alerts %+v", organization, a)
			}
		}
	})
}

// A store in which most files have no row belongs to somebody else, or the database was put back: nothing is removed
// until a person says so.
func TestTheScanDoesNotEmptyAStore(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a.jpg"), "x")
	for i := range suspicious + 1 {
		lay(t, o, "org-1/stray/"+strings.Repeat("x", i+1), 25*time.Hour)
	}
	if err := o.scanWeekly(system); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, o)); got != suspicious+2 {
		t.Errorf("%d files are left", got)
	}
	if err := o.report(system, io.Discard, true); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, o)); got != 1 || content(t, o, hr(1), "a.jpg") != "x" {
		t.Errorf("%d files are left", got)
	}
}

// More than a page of each.
func TestTheScanReadsAllPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	rows := 0
	err := o.db.Write(hr(1), func(ctx context.Context, tx db.Tx) error {
		for i := range scanPage + 10 {
			row, err := o.draft(ctx, photo("p/"+strings.Repeat("x", i%200+1)+"/"+time.Duration(i).String()))
			if err != nil {
				return err
			}
			if _, err := tx.Insert(&row).Exec(ctx); err != nil {
				return err
			}
			rows++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := o.scan(system); err != nil || len(found.lost) != rows || found.files != 0 {
		t.Errorf("%d of %d rows are missing their files, %v", len(found.lost), rows, err)
	}
}

func TestTheCommand(t *testing.T) {
	t.Parallel()
	d, data := dbtest.SQLite(t), t.TempDir()
	addOrganizations(t, d)
	stray := filepath.Join(data, "files", "org-1", "stray")
	if err := os.MkdirAll(filepath.Dir(stray), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stray, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(stray, time.Time{}, time.Now().Add(-48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		var out strings.Builder
		err := New().command(t.Context(), &kernel.CommandHost{DB: d, Log: slog.New(slog.DiscardHandler), Data: data, Out: &out}, args)
		return out.String(), err
	}
	for _, args := range [][]string{nil, {"sweep"}, {"scan", "too", "much"}, {"scan", "--nothing"}} {
		if out, err := run(args...); err == nil {
			t.Errorf("%q says %s", args, out)
		}
	}
	want := "files: 1, 5\nwithout a row, older than 24 hours: 1, 5\n  org-1/stray\nrows without their file: 0\n"
	if out, err := run("scan"); err != nil || out != want {
		t.Errorf("it says %q, %v, want %q", out, err, want)
	}
	if out, err := run("scan", "--delete"); err != nil || out != want+"removed: 1 files, 0 unfinished uploads\n" {
		t.Errorf("it says %q, %v", out, err)
	}
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("the stray: %v", err)
	}
}
