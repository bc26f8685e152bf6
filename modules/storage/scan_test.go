package storage

import (
	"context"
	"errors"
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
		if want := []string{lost[0], short, lost[1]}; !reflect.DeepEqual(found.lost, want) || found.lostRows != 3 || found.rows != 8 {
			t.Errorf("missing are %d of %d, %q, want %q", found.lostRows, found.rows, found.lost, want)
		}
		if err := o.scanWeekly(system, sunday); err != nil {
			t.Fatal(err)
		}
		if got := stored(t, o); len(got) != 8 || strings.Contains(strings.Join(got, " "), "stray") {
			t.Errorf("the store has %q", got)
		}
		if left, err := os.ReadDir(filepath.Join(o.dir, ".uploads")); err != nil || len(left) != 0 {
			t.Errorf("unfinished uploads: %v, %v", left, err)
		}
		for organization, files := range map[int64]int64{1: 1, 2: 2} {
			a := o.raised[organization]
			if len(a) != 1 || a[0].Kind != alert.StorageFileMissing || a[0].Severity != alert.Critical || a[0].Details["files"] != files {
				t.Errorf("organization %d has the alerts %+v", organization, a)
			}
		}
		for _, ordered := range []time.Time{sunday, sunday.AddDate(0, 0, 7)} { // tried again, and the week after
			if err := o.scanWeekly(system, ordered); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := o.raised[1], o.raised[2]; len(a) != 3 || a[0].ID != a[1].ID || a[0].ID == a[2].ID || a[0].ID == b[0].ID {
			t.Errorf("the alerts are %+v, %+v", a, b)
		}
	})
}

// A store in which most files have no row belongs to somebody else, or the database was put back: nothing is removed
// until a person says so.
func TestTheScanDoesNotEmptyAStore(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustPut(t, o, hr(1), photo("a.jpg"), "x")
	const strays = 101
	for i := range strays {
		lay(t, o, "org-1/stray/"+strings.Repeat("x", i+1), 25*time.Hour)
	}
	if err := o.scanWeekly(system, sunday); err != nil {
		t.Fatal(err)
	}
	if err := o.report(system, io.Discard, true, false); !errors.Is(err, errStrays) {
		t.Errorf("error is %v", err)
	}
	if got, said := len(stored(t, o)), audited(t, o.db); got != strays+1 || len(said) != 0 {
		t.Errorf("%d files are left, and %q is written down", got, said)
	}
	if err := o.report(system, io.Discard, true, true); err != nil {
		t.Fatal(err)
	}
	if got := len(stored(t, o)); got != 1 || content(t, o, hr(1), "a.jpg") != "x" {
		t.Errorf("%d files are left", got)
	}
	if said := audited(t, o.db); !reflect.DeepEqual(said, []string{"file.strays_deleted"}) {
		t.Errorf("written down is %q", said)
	}
}

func TestWhatLooksLikeAnotherStore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		found findings
		want  error
	}{
		{findings{strayFiles: 100, files: 100, lostRows: 100, rows: 100}, nil},
		{findings{strayFiles: 101, files: 200}, errStrays},
		{findings{strayFiles: 1000, files: 2000}, nil},
		{findings{strayFiles: 1001, files: 10_009}, errStrays},
		{findings{strayFiles: 1001, files: 10_020}, nil},
		{findings{lostRows: 101, rows: 200}, errLost},
		{findings{lostRows: 1001, rows: 10_020}, nil},
	} {
		if err := c.found.suspicious(); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.found, err, c.want)
		}
	}
}

// asked counts what the store is asked.
type asked struct {
	blob.Store
	stats int
}

func (a *asked) Stat(ctx context.Context, path string) (blob.Object, error) {
	a.stats++
	return a.Store.Stat(ctx, path)
}

// A store that is not there makes each row one without its file: neither is each looked at twice, nor kept in memory, and
// nothing is removed.

func TestTheScanOfAnotherStore(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	store := &asked{Store: o.blobs}
	o.blobs = store
	lay(t, o, "org-1/stray", 25*time.Hour)
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
	found, err := o.scan(system)
	if err != nil || found.lostRows != int64(rows) || found.files != 1 || found.missing[1].files != int64(rows) {
		t.Errorf("%d of %d rows are missing their files, %v", found.lostRows, rows, err)
	}
	if len(found.lost) != maxShown || store.stats != maxConfirmed {
		t.Errorf("%d are kept, %d were looked at again", len(found.lost), store.stats)
	}
	if err := o.scanWeekly(system, sunday); err != nil || len(stored(t, o)) != 1 || len(o.raised[1]) != 1 {
		t.Errorf("%v; the store has %q; alerts are %v", err, stored(t, o), o.raised)
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
	if said := audited(t, d); !reflect.DeepEqual(said, []string{"file.strays_deleted"}) {
		t.Errorf("written down is %q", said)
	}
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("the stray: %v", err)
	}
}
