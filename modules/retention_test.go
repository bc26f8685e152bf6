package modules_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// keeping is a dashboard, in process, with what a test of retention asks.
type keeping struct {
	t      *testing.T
	series *db.DB
	server *httpx.Server
	sink   activity.Sink
	keeper activity.Keeper
	files  file.Store
	rules  kernel.Command
	today  time.Time
}

type asKey struct{}

// newKeeping builds a dashboard of all its modules; on the same databases and directory it is another replica.
func newKeeping(t *testing.T, primary, series *db.DB, data string) *keeping {
	t.Helper()
	k := &keeping{t: t, series: series, today: time.Now().UTC().Truncate(24 * time.Hour)}
	all := modules.All()
	for _, m := range all {
		if mf := m.Manifest(); mf.Name == "retention" {
			k.rules = mf.Commands[0]
		}
	}
	ports := kerneltest.Module{
		Is: kernel.Manifest{Name: "test", Roles: []kernel.Role{kernel.Dashboard}, Needs: []kernel.Port{
			kernel.PortOf[activity.Sink](), kernel.PortOf[activity.Keeper](), kernel.PortOf[file.Store](),
		}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			k.sink, k.keeper, k.files = kernel.Get[activity.Sink](h), kernel.Get[activity.Keeper](h), kernel.Get[file.Store](h)
			h.Authenticate(kernel.Dashboard, func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
				a, ok := r.Context().Value(asKey{}).(actor.Actor)
				return a, ok, nil
			})
			return nil
		},
	}
	k.server = kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{
		DB: primary, Series: series, Data: data, Set: []string{"auth.token_key=" + strings.Repeat("k", 64)},
	}, append(all, ports)...)
	return k
}

func in(organization int64) actor.Actor {
	return actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: organization}
}

func of(organization int64) context.Context {
	return actor.With(context.Background(), in(organization))
}

// ask sends a request as HR of the organization, and returns the answer.
func (k *keeping) ask(organization int64, method, path, body string, status int) string {
	k.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	k.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), asKey{}, in(organization))))
	if w.Code != status {
		k.t.Fatalf("%s %s answers %d: %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// command runs the module's command.
func (k *keeping) command(words ...string) (string, error) {
	var out bytes.Buffer
	err := k.rules.Run(context.Background(), &kernel.CommandHost{Out: &out}, words)
	return out.String(), err
}

func (k *keeping) mustCommand(words ...string) string {
	k.t.Helper()
	out, err := k.command(words...)
	if err != nil {
		k.t.Fatalf("%v: %v", words, err)
	}
	return out
}

func (k *keeping) ago(days int) time.Time { return k.today.AddDate(0, 0, -days) }

// fill gives an organization a few events of each kind on each of the days before today, and each picture its files.
func (k *keeping) fill(organization int64, days ...int) {
	k.t.Helper()
	var b activity.Batch
	for _, d := range days {
		for n := range 3 {
			at := k.ago(d).Add(time.Duration(n) * 7 * time.Hour)
			e := activity.Event{Key: fmt.Sprint(d, " ", n), ComputerUID: "PC-1", UserSID: "S-1", At: at, Title: "Hisobot\r\n№1", Process: "excel.exe"}
			for _, kind := range activity.Kinds {
				e := e
				e.Kind = kind
				switch kind {
				case activity.ActiveWindow, activity.IdlePeriod:
					e.Duration = 60
				case activity.VisitedSite:
					e.Duration, e.URL = 60, "https://www.misol.uz/"
				case activity.UserSession:
					e.Session = activity.Lock
				case activity.Screenshot:
					stem := activity.ScreenshotIDOf(organization, &e).Files()
					e.FilePath = stem + ".jpg"
					for _, p := range []string{e.FilePath, stem + ".thumb.jpg", stem + ".blur.jpg"} {
						if _, err := k.files.Put(of(organization), file.New{Path: p, Kind: file.Screenshot, ContentType: "image/jpeg"}, strings.NewReader(p)); err != nil {
							k.t.Fatal(err)
						}
					}
				}
				b.Events = append(b.Events, e)
			}
		}
	}
	if _, err := k.sink.Put(of(organization), b); err != nil {
		k.t.Fatal(err)
	}
}

// left says on which days before today the organization has something of a kind, and how much.
func (k *keeping) left(organization int64) (lines []string) {
	k.t.Helper()
	for _, kind := range activity.Kinds {
		line := string(kind) + ":"
		counts, err := k.keeper.Expired(of(organization), kind, k.today.AddDate(0, 0, 1))
		if err != nil {
			k.t.Fatal(err)
		}
		for _, c := range counts {
			line += fmt.Sprintf(" %d×%d", int(k.today.Sub(c.Day).Hours()/24), c.Rows)
		}
		lines = append(lines, line)
	}
	return append(lines, fmt.Sprintf("files: %d", len(k.stored(organization, "screenshots/"))))
}

// stored are the paths of the organization's files under a prefix, of kinds that have them.
func (k *keeping) stored(organization int64, prefix string) (paths []string) {
	k.t.Helper()
	files, next, err := k.files.List(of(organization), file.Query{Prefix: prefix, Limit: 1000})
	if err != nil || next != "" {
		k.t.Fatal(next, err)
	}
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}

// content sums what an export has of the days.
func (k *keeping) content(organization int64, days ...int) string {
	k.t.Helper()
	h := sha256.New()
	for _, kind := range activity.Kinds {
		for _, d := range days {
			if _, err := k.keeper.Export(of(organization), kind, k.ago(d), h); err != nil {
				k.t.Fatal(err)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// used is what the statistics say of the last year.
func (k *keeping) used(organization int64) string {
	k.t.Helper()
	dbtest.Refresh(k.t, k.series)
	query := fmt.Sprintf("?from=%s&to=%s", k.ago(360).Format(time.DateOnly), k.today.Format(time.DateOnly))
	return k.ask(organization, "GET", "/api/v2/activity/top-applications"+query, "", 200) + k.ask(organization, "GET", "/api/v2/activity/top-sites"+query, "", 200)
}

func (k *keeping) same(what string, got, want []string) {
	k.t.Helper()
	if !slices.Equal(got, want) {
		k.t.Fatalf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func newOrganizations(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Write(actor.With(context.Background(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
		for _, name := range []string{"A", "B", "C"} {
			now := time.Now().UTC()
			if _, err := tx.Raw("INSERT INTO organizations (full_name, short_name, is_active, created_at, updated_at) VALUES (?, ?, TRUE, ?, ?)", name, name, now, now).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A year of three organizations: the first deletes by the defaults, the second archives, the third holds everything. What
// is older than its rule goes with its files and nothing else does, sums stay, a run says before what it does, and what was
// archived comes back as it was.
func TestRetentionOnEveryEngine(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		newOrganizations(t, primary)
		k := newKeeping(t, primary, series, t.TempDir())
		days := []int{1, 29, 30, 31, 32, 89, 90, 91, 95, 364, 365, 366}
		organizations := []int64{1, 2, 3}
		var before [4][]string
		var used [4]string
		for _, o := range organizations {
			k.fill(o, days...)
			before[o], used[o] = k.left(o), k.used(o)
		}
		for _, kind := range []string{"active_window", "visited_site", "screenshot", "user_session"} {
			rule := fmt.Sprintf(`{"resourceType":%q,"days":%d,"action":"archive","active":true}`, kind, map[string]int{"screenshot": 30, "user_session": 365}[kind]+map[string]int{"active_window": 90, "visited_site": 90}[kind])
			k.ask(2, "PUT", "/api/v2/retention/rules", rule, 200)
		}
		k.ask(3, "POST", "/api/v2/retention/holds", `{"resourceType":"all","reason":"sud ishi 12"}`, 201)
		gone := k.content(2, 31, 91)
		preview := k.ask(1, "POST", "/api/v2/retention/preview", "{}", 200)
		if out := k.mustCommand("run", "--dry-run"); !strings.Contains(out, "organization 2") || strings.Count(out, "archive after") < 5 {
			t.Errorf("a dry run says %s", out)
		}
		for _, o := range organizations {
			k.same("after a dry run", k.left(o), before[o])
		}
		k.mustCommand("run")
		want := []string{
			"active_window: 90×3 89×3 32×3 31×3 30×3 29×3 1×3", "visited_site: 90×3 89×3 32×3 31×3 30×3 29×3 1×3",
			"screenshot: 30×3 29×3 1×3", "user_session: 365×3 364×3 95×3 91×3 90×3 89×3 32×3 31×3 30×3 29×3 1×3",
			"idle_period: 90×3 89×3 32×3 31×3 30×3 29×3 1×3", "files: 27",
		}
		k.same("organization 1", k.left(1), want)
		k.same("organization 2", k.left(2), want)
		k.same("organization 3", k.left(3), before[3])
		for _, o := range organizations {
			if got := k.used(o); got != used[o] {
				t.Errorf("statistics of %d are %s\nwere %s", o, got, used[o])
			}
		}
		for _, said := range []string{`"kind":"screenshot"`, fmt.Sprintf(`{"day":%q,"rows":3,"files":9,"bytes":`, k.ago(31).Format(time.DateOnly))} {
			if !strings.Contains(preview, said) {
				t.Errorf("the preview did not say %s: %s", said, preview)
			}
		}
		if runs := k.ask(1, "GET", "/api/v2/retention/runs?limit=1", "", 200); !strings.Contains(runs, `"total":25`) || !strings.Contains(runs, `"state":"finished"`) {
			t.Errorf("evidence: %s", runs)
		}
		k.checkRestore(gone)
	})
}

// checkRestore brings archives of organization 2 back.
func (k *keeping) checkRestore(want string) {
	k.t.Helper()
	archived := k.stored(2, "archives/")
	for _, p := range archived {
		for _, d := range []int{31, 91} {
			if strings.HasSuffix(p, k.ago(d).Format("/2006/01/02.csv.zst")) {
				if out := k.mustCommand("restore", p, "--organization", "2"); !strings.HasPrefix(out, "3 rows") {
					k.t.Errorf("restore %s: %s", p, out)
				}
			}
		}
	}
	if got := k.content(2, 31, 91); got != want {
		k.t.Errorf("what came back is not what went")
	}
	if n := len(k.stored(2, "screenshots"+k.ago(31).Format("/2006/01/02/"))); n != 9 {
		k.t.Errorf("%d files of the day are back", n)
	}
	if _, err := k.command("restore", archived[0], "--organization", "1"); err == nil {
		k.t.Error("another organization's archive is restored")
	}
	before := k.left(2)
	k.mustCommand("run")
	k.same("after the next run", k.left(2), before)
}

// Days that nobody keeps any more are given back whole, where the engine keeps days apart.
func TestRetentionGivesDaysBack(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		if series.Engine().Name == db.SQLite {
			t.Skip("SQLite does not keep days apart")
		}
		newOrganizations(t, primary)
		k := newKeeping(t, primary, series, t.TempDir())
		for o := range int64(3) {
			k.fill(o+1, 1, 40, 41, 100, 101, 102, 398) // what is older than 400 days is set aside
		}
		before := k.daysOf("active_windows")
		k.ask(2, "PUT", "/api/v2/retention/rules", `{"resourceType":"screenshot","days":30,"action":"archive","active":true}`, 200)
		k.ask(3, "PUT", "/api/v2/retention/rules", `{"resourceType":"user_session","days":1000,"action":"delete","active":true}`, 200)
		k.mustCommand("run")
		for table, want := range map[string]int{"active_windows": 4, "idle_periods": 4, "visited_sites": 4, "screenshots": 6, "user_sessions": 0} {
			if had := k.daysOf(table); before-had != want {
				t.Errorf("%s is kept in %d days of %d, want %d less", table, had, before, want)
			}
		}
	})
}

// daysOf counts the days in which a table is kept.
func (k *keeping) daysOf(table string) (n int) {
	k.t.Helper()
	query := "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('" + table + "')"
	if k.series.Engine().Name == db.TimescaleDB {
		query = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = '" + table + "'"
	}
	err := k.series.Read(actor.With(context.Background(), actor.System("test")), func(ctx context.Context, tx db.Tx) error { return tx.Raw(query).Scan(ctx, &n) })
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// Two replicas that begin at the same moment: each day is done once, and nothing twice.
func TestTwoReplicasCarryTheRulesOutOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		newOrganizations(t, d)
		data := t.TempDir()
		replicas := []*keeping{newKeeping(t, d, d, data), newKeeping(t, d, d, data)}
		k := replicas[0]
		k.fill(1, 1, 31, 91, 92, 93, 94)
		ended := make(chan error, len(replicas))
		for _, r := range replicas {
			go func() {
				_, err := r.command("run")
				ended <- err
			}()
		}
		ran := 0
		for range replicas {
			if err := <-ended; err == nil {
				ran++
			} else if !strings.Contains(err.Error(), "retention.running") {
				t.Error(err)
			}
		}
		if ran == 0 {
			t.Error("nobody ran")
		}
		k.same("left", k.left(1), []string{"active_window: 31×3 1×3", "visited_site: 31×3 1×3", "screenshot: 1×3", "user_session: 94×3 93×3 92×3 91×3 31×3 1×3", "idle_period: 31×3 1×3", "files: 9"})
		if runs := k.ask(1, "GET", "/api/v2/retention/runs?limit=1", "", 200); !strings.Contains(runs, `"total":17`) {
			t.Errorf("evidence: %s", runs)
		}
	})
}

// The commands work beside a running server, with its settings.
func TestRetentionCommandsWorkBesideAServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	says := func(words ...string) string {
		t.Helper()
		var out bytes.Buffer
		if known, err := s.load(t).Command(context.Background(), append([]string{"retention"}, words...), nil, &out); !known || err != nil {
			t.Fatalf("%v: known %v: %v", words, known, err)
		}
		return out.String()
	}
	if out := says("run", "--dry-run"); !strings.HasPrefix(out, "organization 1\n") || !strings.Contains(out, "screenshot     delete after 30 days") {
		t.Errorf("a dry run says %s", out)
	}
	if out := says("run"); !strings.Contains(out, "\nscreenshot             0 rows") || !strings.HasSuffix(out, "\nthe rules are carried out\n") {
		t.Errorf("a run says %s", out)
	}
	s.signIn(t)
	var status struct {
		Running   bool
		LastRunAt time.Time
	}
	s.get(t, "/api/v2/retention/status", &status)
	if status.Running || status.LastRunAt.IsZero() {
		t.Errorf("status %+v", status)
	}
}
