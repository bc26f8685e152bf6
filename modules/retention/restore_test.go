package retention

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// What was archived comes back as it was, once, and stays for a while: the next runs leave it, and one after that archives
// it again without a second copy.
func TestArchivesAreRestored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.fill(t)
		ofOne := func(lines []string) []string {
			return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
				return l[0] != '1' || strings.Contains(l, " archives/") || !strings.Contains(l, "screenshot") && !strings.Contains(l, "visited_site") && !strings.Contains(l, "credential")
			})
		}
		before := ofOne(o.world.left())
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		afterRun := o.world.left()
		admin := as(actor.Admin, 1)
		for p, want := range map[string]restored{
			"archives/visited_site/2026/08/22.csv.zst": {Rows: 2}, "archives/visited_site/2026/08/24.csv.zst": {Rows: 2},
			"archives/screenshot/2026/09/21.csv.zst": {Rows: 2, Files: 6}, "archives/screenshot/2026/09/23.csv.zst": {Rows: 2, Files: 6},
			"archives/credentials/old": {Files: 1}, "archives/credentials/old too": {Files: 1},
		} {
			if got, err := o.restore(admin, p); err != nil || got != want {
				t.Fatalf("restore %s: %+v: %v", p, got, err)
			}
			want.Rows = 0
			if got, err := o.restore(admin, p); err != nil || got != want {
				t.Errorf("restore %s again: %+v: %v", p, got, err)
			}
		}
		sameLines(t, "restored", ofOne(o.world.left()), before)
		back := o.world.left()
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		sameLines(t, "after the next run", o.world.left(), back)
		o.now = func() time.Time { return noon.Add(restoredFor + time.Hour) }
		o.mustRule(t, 1, "credential", maxDays, toArchive)
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		left := strings.Join(o.world.left(), "\n")
		for _, line := range afterRun {
			if strings.Contains(line, " archives/") && !strings.Contains(left, line) {
				t.Errorf("%s is altered or gone", line)
			}
		}
		for _, gone := range []string{".2.csv.zst", ".2.png", "1 visited_site 2026-08-22", "1 screenshot 2026-09-21", "1 file screenshots/2026/09/21"} {
			if strings.Contains(left, gone) {
				t.Errorf("after the hold has ended there is %s", gone)
			}
		}
		for _, p := range []string{"nothing", "archives/visited_site/2026/08/22.csv.1f.zst"} {
			if _, err := o.restore(admin, p); !errors.Is(err, errNoSuchArchive) || strings.Contains(err.Error(), "sql") {
				t.Errorf("%s: %v", p, err)
			}
		}
		for _, p := range []string{"nothing", "archives/nothing", "archives/visited_site/2026/13/40.csv.zst", "credentials/new"} {
			if _, err := o.restore(admin, p); err == nil {
				t.Errorf("%s is restored", p)
			}
		}
		if _, err := o.restore(as(actor.Admin, 2), "archives/visited_site/2026/08/22.csv.zst"); err == nil {
			t.Error("another organization restores it")
		}
	})
}

// An archive that is not what was stored is not restored, and a copy that does not read as what it copies ends the day.
func TestAlteredArchives(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	const p = "archives/visited_site/2026/08/22.csv.zst"
	f := o.world.files[1][p]
	f.body = slices.Clone(f.body)
	f.body[len(f.body)/2] ^= 1
	o.world.files[1][p] = f
	left := o.world.left()
	if _, err := o.restore(as(actor.Admin, 1), p); !errors.Is(err, errAltered) {
		t.Errorf("restored: %v", err)
	}
	sameLines(t, "left", o.world.left(), left)

	var other bytes.Buffer // a sound archive, of other rows
	z, err := newPacker(&other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte("datetime,id,file_path\n")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(body []byte) []byte{
		"broken": func(body []byte) []byte { return append(slices.Clone(body[:len(body)-1]), body[len(body)-1]^1) },
		"other":  func([]byte) []byte { return other.Bytes() },
	} {
		o = newOffice(t, dbtest.SQLite(t))
		o.fill(t)
		o.world.after = func(_ int, step string) { // what is put is not what can be read
			for p, f := range o.world.files[1] {
				if step == "put" && strings.HasPrefix(p, archives) {
					f.body = alter(f.body)
					o.world.files[1][p] = f
				}
			}
		}
		if err := o.run(all()); !errors.Is(err, errAltered) {
			t.Errorf("%s: the run says %v", name, err)
		}
		for _, stays := range []string{"1 visited_site 2026-08-22 old93", "1 screenshot 2026-09-21 old63", "1 file credentials/old"} {
			if !strings.Contains(strings.Join(o.world.left(), "\n"), stays) {
				t.Errorf("%s: %s is gone", name, stays)
			}
		}
		if n, err := o.store.failed(as(actor.HR, 1)); n != 5 || err != nil {
			t.Errorf("%s: %d days failed: %v", name, n, err)
		}
	}
}

// What people put under the name of an archive is none.
func TestPlantedArchivesAreNotRestored(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	const p, planted = "archives/visited_site/2026/08/22.csv.zst", "archives/visited_site/2026/08/23.csv.zst"
	f := o.world.files[1][p]
	f.Path, f.Kind = planted, file.Profile
	o.world.files[1][planted] = f
	if _, err := o.restore(as(actor.Admin, 1), planted); !errors.Is(err, errNoArchive) {
		t.Errorf("restored: %v", err)
	}
}

// Rows that come to a day that is archived already get an archive of their own.
func TestWhatComesLateIsArchivedToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.mustRule(t, 1, "visited_site", 90, toArchive)
	o.mustRule(t, 1, "credential", 10, toArchive)
	for n, id := range []string{"first", "second", "third"} {
		o.world.add(1, activity.VisitedSite, ago(91), id)
		o.world.store(1, "credentials/reused.pem", file.Credential, ago(11), id)
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		if len(o.world.rows[1]) != 0 {
			t.Fatalf("%s is left", id)
		}
		for _, p := range []string{archivePath(kind{name: "visited_site"}, ago(91), n+1), map[int]string{
			0: "archives/credentials/reused.pem", 1: "archives/credentials/reused.2.pem", 2: "archives/credentials/reused.3.pem",
		}[n]} {
			if _, has := o.world.files[1][p]; !has {
				t.Errorf("there is no %s", p)
			}
		}
	}
}

func TestArchivePathsAreReadBack(t *testing.T) {
	t.Parallel()
	k, _ := kindOf("idle_period")
	for n := range 3 {
		p := archivePath(k, ago(5), n+1)
		if got, on, ok := parseArchivePath(p); !ok || got != k || !on.Equal(dayOf(ago(5))) {
			t.Errorf("%s is of %s on %s: %v", p, got.name, on, ok)
		}
	}
}
