package retention

import (
	"errors"
	"fmt"
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

// fill gives three organizations, of which the third is closed, something of each kind on both sides of each rule. The
// first archives sites, pictures and credentials, the second deletes by the defaults.
func (o *office) fill(t testing.TB) {
	t.Helper()
	o.mustRule(t, 1, "visited_site", 90, toArchive)
	o.mustRule(t, 1, "screenshot", 60, toArchive)
	o.mustRule(t, 1, "credential", 10, toArchive)
	o.mustRule(t, 1, "profile", 10, toDelete)
	limits := map[activity.Kind]int{activity.ActiveWindow: 90, activity.IdlePeriod: 90, activity.VisitedSite: 90, activity.Screenshot: 30, activity.UserSession: 365}
	for _, k := range activity.Kinds {
		for organization := range int64(3) {
			limit := limits[k]
			if k == activity.Screenshot && organization == 0 {
				limit = 60
			}
			for _, days := range []int{limit + 1, limit + 3} {
				o.world.add(organization+1, k, ago(days), fmt.Sprint("old", days))
				o.world.add(organization+1, k, ago(days).Add(time.Hour), fmt.Sprint("old too", days))
			}
			o.world.add(organization+1, k, ago(limit), "new")
			o.world.add(organization+1, k, noon, "newest")
		}
	}
	for _, k := range []file.Kind{file.Credential, file.Profile} {
		o.world.store(1, string(k)+"s/old", k, ago(12), "a")
		o.world.store(1, string(k)+"s/old too", k, ago(12), "bb")
		o.world.store(1, string(k)+"s/new", k, ago(10), "c")
		o.world.store(2, string(k)+"s/old", k, ago(4000), "d")
	}
}

// What a run takes away is what is older than its rule, and nothing else; what it says of it is what went.
func TestARunTakesAwayWhatIsOlderThanItsRule(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.fill(t)
		plans, err := o.preview(as(actor.HR, 1), noon)
		if err != nil {
			t.Fatal(err)
		}
		before := o.world.left()
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, line := range before {
			if !strings.Contains(line, "old") || strings.HasPrefix(line, "2 file credentials/") || strings.HasPrefix(line, "2 file profiles/") {
				want = append(want, line)
			}
		}
		got := slices.DeleteFunc(o.world.left(), func(l string) bool { return strings.Contains(l, " archives/") })
		sameLines(t, "left", got, want)
		var archived []string
		for _, line := range o.world.left() {
			if _, after, ok := strings.Cut(line, " archives/"); ok {
				archived = append(archived, line[:1]+" "+strings.Join(strings.Fields(after)[:len(strings.Fields(after))-2], " "))
			}
		}
		sameLines(t, "archives", archived, wantedArchives)
		evidence := o.evidence(t)
		sameLines(t, "evidence of organization 1", slices.DeleteFunc(slices.Clone(evidence), func(l string) bool { return l[0] != '1' }), wantedEvidence)
		checkPreview(t, plans, evidence)
		if n := counted(t, d, "SELECT count(*) FROM retention_files"); n != 0 {
			t.Errorf("%d files are noted still", n)
		}
		// Another run finds nothing to do.
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		sameLines(t, "evidence after another run", o.evidence(t), evidence)
		if len(o.board.raised) > 0 {
			t.Errorf("alerts: %v", o.board.raised)
		}
	})
}

var wantedArchives = []string{
	"1 credentials/old", "1 credentials/old too",
	"1 screenshot/2026/09/21.csv.zst", "1 screenshot/2026/09/23.csv.zst",
	"1 screenshots/2026/09/21/old too63.blur.jpg", "1 screenshots/2026/09/21/old too63.png", "1 screenshots/2026/09/21/old too63.thumb.jpg",
	"1 screenshots/2026/09/21/old63.blur.jpg", "1 screenshots/2026/09/21/old63.png", "1 screenshots/2026/09/21/old63.thumb.jpg",
	"1 screenshots/2026/09/23/old too61.blur.jpg", "1 screenshots/2026/09/23/old too61.png", "1 screenshots/2026/09/23/old too61.thumb.jpg",
	"1 screenshots/2026/09/23/old61.blur.jpg", "1 screenshots/2026/09/23/old61.png", "1 screenshots/2026/09/23/old61.thumb.jpg",
	"1 visited_site/2026/08/22.csv.zst", "1 visited_site/2026/08/24.csv.zst",
}

var wantedEvidence = []string{
	"1 active_window 2026-08-22 delete finished rows=2 files=0 bytes=0",
	"1 active_window 2026-08-24 delete finished rows=2 files=0 bytes=0",
	"1 credential 2026-11-11 archive finished rows=0 files=2 bytes=3",
	"1 idle_period 2026-08-22 delete finished rows=2 files=0 bytes=0",
	"1 idle_period 2026-08-24 delete finished rows=2 files=0 bytes=0",
	"1 profile 2026-11-11 delete finished rows=0 files=2 bytes=3",
	"1 screenshot 2026-09-21 archive finished rows=2 files=6 bytes=274 archives/screenshot/2026/09/21.csv.zst",
	"1 screenshot 2026-09-23 archive finished rows=2 files=6 bytes=274 archives/screenshot/2026/09/23.csv.zst",
	"1 user_session 2025-11-20 delete finished rows=2 files=0 bytes=0",
	"1 user_session 2025-11-22 delete finished rows=2 files=0 bytes=0",
	"1 visited_site 2026-08-22 archive finished rows=2 files=0 bytes=0 archives/visited_site/2026/08/22.csv.zst",
	"1 visited_site 2026-08-24 archive finished rows=2 files=0 bytes=0 archives/visited_site/2026/08/24.csv.zst",
}

// checkPreview compares what was said before with what was written down.
func checkPreview(t *testing.T, plans []kindPlan, evidence []string) {
	t.Helper()
	var said []string
	for _, p := range plans {
		for _, d := range p.Items {
			said = append(said, fmt.Sprintf("1 %s %s %s finished rows=%d files=%d bytes=%d", p.Kind, d.Day, p.Action, d.Rows, d.Files, d.Bytes))
		}
	}
	slices.Sort(said)
	var was []string
	for _, l := range evidence {
		if before, _, _ := strings.Cut(l, " archives/"); l[0] == '1' {
			was = append(was, before)
		}
	}
	sameLines(t, "the preview", said, was)
}

// Days that all give up are dropped whole; where somebody keeps, archives or holds something, his days are not.
func TestDaysAreDroppedWhereAllGiveThemUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	o.mustRule(t, 2, "active_window", 91, toDelete)
	o.mustHold(t, 3, holdInput{ResourceType: "active_window", From: "2026-08-01", Until: "2026-08-02"})
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	got := slices.Compact(o.world.dropped)
	sameLines(t, "dropped", got, []string{
		// The second organization keeps a day more, and the third holds something.
		"active_window before 2026-08-22 of [1 2]", "active_window before 2026-08-24 of []",
		"idle_period before 2026-08-22 of [1 2]", "idle_period before 2026-08-24 of []",
		"visited_site before 2026-08-25 of [2 3]", "visited_site before 2026-08-25 of []",
		"screenshot before 2026-09-24 of []", // each picture's file has to be noted
		"user_session before 2025-11-23 of [1 2 3]", "user_session before 2025-11-23 of []",
	})
}

// What fails in one organization is told there, once a day, and stops no other; the next run does it.
func TestAFailureStopsNoOtherOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.fill(t)
		o.world.fail = func(_ int, name string) error {
			if name == "put" { // the archive is away
				return errors.New("no answer from https://user:secret@s3")
			}
			return nil
		}
		for range 2 {
			if err := o.run(all()); err == nil || !strings.Contains(err.Error(), "organization 1: visited_site of 2026-08-22") {
				t.Fatalf("the run says %v", err)
			}
		}
		left := strings.Join(o.world.left(), "\n")
		for _, gone := range []string{"2 visited_site 2026-08-22", "1 active_window 2026-08-22", "3 screenshot 2026-10-21", "1 file profiles/old"} {
			if strings.Contains(left, gone) {
				t.Errorf("%s is left", gone)
			}
		}
		for _, stays := range []string{"1 visited_site 2026-08-22", "1 screenshot 2026-09-21", "1 file credentials/old", "1 file screenshots/2026/09/21/old63.png"} {
			if !strings.Contains(left, stays) {
				t.Errorf("%s is gone, and not archived", stays)
			}
		}
		slices.Sort(o.board.raised)
		raised := slices.Compact(o.board.raised)
		if len(raised) != 3 || !strings.HasPrefix(raised[0], "1 retention_failed retention:credential ") {
			t.Errorf("alerts: %v", raised)
		}
		evidence := strings.Join(o.evidence(t), "\n")
		if !strings.Contains(evidence, "1 visited_site 2026-08-22 archive begun rows=2 files=0 bytes=0  archive") || strings.Contains(evidence, "secret") {
			t.Errorf("evidence:\n%s", evidence)
		}
		if n, err := o.store.failed(as(actor.HR, 1)); n != 5 || err != nil {
			t.Errorf("%d days failed: %v", n, err)
		}
		o.world.fail = nil
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		sameLines(t, "evidence", slices.DeleteFunc(o.evidence(t), func(l string) bool { return l[0] != '1' }), wantedEvidence)
		if n, err := o.store.failed(as(actor.HR, 1)); n != 0 || err != nil {
			t.Errorf("%d days failed: %v", n, err)
		}
	})
}

// What is held stays, whatever the rule says, until it is released: also where a run had begun.
func TestAHoldStopsARun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.fill(t)
		everything := o.world.left()
		h := o.mustHold(t, 1, holdInput{ResourceType: "all"})
		other := o.mustHold(t, 2, holdInput{ResourceType: "active_window", From: "2026-08-22", Until: "2026-08-23"})
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		mine := func(lines []string) []string {
			return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l[0] != '1' })
		}
		sameLines(t, "left of organization 1", mine(o.world.left()), mine(everything))
		left := strings.Join(o.world.left(), "\n")
		if !strings.Contains(left, "2 active_window 2026-08-22") || strings.Contains(left, "2 active_window 2026-08-24") ||
			strings.Contains(left, "2 idle_period 2026-08-24") || !strings.Contains(left, "2 idle_period 2026-08-22") || strings.Contains(left, "3 active_window 2026-08-22") {
			t.Errorf("left of the others:\n%s", left)
		}
		plans, err := o.preview(as(actor.HR, 1), noon)
		if err != nil || plans[0].Rows != 0 || plans[0].HeldRows != 4 || !plans[0].Items[0].Held || plans[0].Items[0].HoldID != h.ID.String() {
			t.Errorf("preview %+v: %v", plans[0], err)
		}
		for _, id := range []holdResponse{h, other} {
			if err := o.release(as(actor.Admin, 0), id.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		sameLines(t, "evidence", mine(o.evidence(t)), wantedEvidence)
	})
}

// A hold that comes while a run goes on stops it before the next step of each day.
func TestAHoldThatComesDuringARun(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	once := false
	o.world.fail = func(int, string) error { // within the first step
		if !once {
			once = true
			for organization := range int64(3) {
				o.mustHold(t, organization+1, holdInput{ResourceType: "all"})
			}
		}
		return nil
	}
	before := o.world.left()
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	left := slices.DeleteFunc(o.world.left(), func(l string) bool { return strings.Contains(l, " archives/") })
	sameLines(t, "left", left, before)
}

// A rule that was changed while a day was half done decides what becomes of the rest of it.
func TestARuleThatIsChangedWhileADayIsHalfDone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for i := range 4 {
		o.world.add(1, activity.Screenshot, ago(40).Add(time.Duration(i)*time.Minute), fmt.Sprint("old", i))
	}
	o.world.fail = func(_ int, name string) error {
		if name == "remove" { // it removes a half
			return errPower
		}
		return nil
	}
	if err := o.run(all()); err == nil {
		t.Fatal("it did not fail")
	}
	o.world.fail = nil
	o.mustRule(t, 1, "screenshot", 60, toDelete)
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	left := strings.Join(o.world.left(), "\n")
	for i, stays := range []bool{false, false, true, true} {
		for _, name := range []string{fmt.Sprint("1 screenshot 2026-10-14 old", i), fmt.Sprintf("old%d.png", i), fmt.Sprintf("old%d.blur.jpg", i)} {
			if strings.Contains(left, name) != stays {
				t.Errorf("%s stays: %v", name, !stays)
			}
		}
	}
	sameLines(t, "evidence", o.evidence(t), []string{"1 screenshot 2026-10-14 delete finished rows=2 files=6 bytes=" + fmt.Sprint(sumOf(6))})
	o.mustRule(t, 1, "screenshot", 30, toDelete)
	if err := o.run(all()); err != nil {
		t.Fatal(err)
	}
	if n := len(o.world.left()); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// sumOf is how many bytes the first n files of the test's day have, all of one length.
func sumOf(n int) (sum int) {
	for i := range n / 3 {
		for _, ext := range []string{".png", ".thumb.jpg", ".blur.jpg"} {
			sum += len(fmt.Sprintf("picture screenshots/2026/10/14/old%d%s", i, ext))
		}
	}
	return sum
}
