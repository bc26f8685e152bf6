package screenshots

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

var (
	hr    = &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	other = &actor.Actor{Role: actor.HR, ID: "user:3", UserID: 3, OrganizationID: 1}
	admin = &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	lead  = &actor.Actor{Role: actor.DepartmentLead, ID: "user:4", UserID: 4, OrganizationID: 1, DepartmentIDs: []int64{1}}
	guard = &actor.Actor{Role: actor.Guard, ID: "user:5", UserID: 5, OrganizationID: 1}
	alien = &actor.Actor{Role: actor.HR, ID: "user:6", UserID: 6, OrganizationID: 2}
)

// show is a server over a place with one screenshot of an employee, of whom a lead may know, one of somebody unknown,
// and one of an old agent that never sent it.
type show struct {
	*place
	*service
	server                 *httpx.Server
	known, unknown, unsent activity.ScreenshotID
	clock                  time.Time
}

func newShow(t testing.TB, d *db.DB) *show {
	t.Helper()
	p := newPlace()
	o := &show{place: p, service: newService(t, d, p), clock: time.Now()}
	o.service.now = func() time.Time { return o.clock }
	for _, key := range []string{"known", "unknown", "unsent"} {
		in := of(t, key, "full.jpg")
		in.Event.At = in.Event.At.Add(time.Duration(len(key)) * time.Second)
		mustTake(t, o.service, sender(1), in)
		i := activity.ScreenshotIDOf(1, &in.Event)
		row := p.rows[i]
		switch key {
		case "known":
			o.known, row.EmployeeID = i, 7
		case "unknown":
			o.unknown = i
		case "unsent":
			o.unsent, row.FilePath = i, strings.Replace(row.FilePath, i.Files(), o.known.Files(), 1)
			if err := o.files.Delete(sender(1), pathsOf(i)...); err != nil {
				t.Fatal(err)
			}
		}
		p.rows[i] = row
	}
	catalog, err := i18n.New("uz", httpx.Messages, messages, []byte(`{"monitoring.unknown_screenshot":{"uz":"yo‘q","ru":"нет","en":"none"}}`))
	if err != nil {
		t.Fatal(err)
	}
	o.server = httptestx.New(t, httpx.Options{Catalog: catalog})
	o.service.routes(o.server.Router("screenshots", []string{prefix}))
	return o
}

func (o *show) path(i activity.ScreenshotID, rest string) string {
	return prefix + "/" + i.String() + rest
}

// get asks as somebody and returns the answer.
func (o *show) get(who *actor.Actor, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	o.server.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		a, is := r.Context().Value(whoKey{}).(*actor.Actor)
		if !is {
			return actor.Actor{}, false, nil
		}
		return *a, true, nil
	})
	w := httptest.NewRecorder()
	o.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	return w
}

type whoKey struct{}

// entry is a line of the audit.
type entry struct {
	Organization                              int64
	Actor, Action, Permission, Object, Reason string
	After                                     string
}

func audited(t testing.TB, d *db.DB) (all []entry) {
	t.Helper()
	err := d.Read(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(`SELECT organization_id AS organization, actor, action, permission, object, reason, CAST(after AS text) AS after FROM audit_log ORDER BY at, id`).Scan(ctx, &all)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOpeningNeedsAReasonAndLeavesAMark(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newShow(t, d)
		picture := o.path(o.known, "/picture")
		httptestx.Run(t, o.server,
			httptestx.Scenario{Name: "the picture without a reason", As: hr, Path: picture, Status: 403, Contains: []string{"screenshots.reason_required"}},
			httptestx.Scenario{Name: "the thumbnail without a reason", As: hr, Path: o.path(o.known, "/thumbnail"), Status: 403, Contains: []string{"screenshots.reason_required"}},
			httptestx.Scenario{Name: "no reason", As: hr, Path: o.path(o.known, "/open"), Body: `{}`, Status: 400, Contains: []string{`"field":"reason","code":"required"`}},
			httptestx.Scenario{Name: "a short one", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"  abcd  "}`, Status: 400, Contains: []string{"too_short"}},
			httptestx.Scenario{Name: "nothing but dots", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"....... a b 1 2"}`, Status: 400, Contains: []string{"screenshots.no_words"}},
			httptestx.Scenario{Name: "what nobody sees", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"\u200b\u200b\u200b\u200b\u200b"}`, Status: 400, Contains: []string{"screenshots.no_words"}},
			httptestx.Scenario{Name: "a long one", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"` + strings.Repeat("ў", 501) + `"}`, Status: 400, Contains: []string{"too_long"}},
			httptestx.Scenario{Name: "no screenshot", As: hr, Path: prefix + "/1.2.x/open", Body: `{"reason":"because"}`, Status: 400},
		)
		if all := audited(t, d); len(all) != 0 {
			t.Fatalf("written without a reason: %+v", all)
		}
		httptestx.Run(t, o.server, httptestx.Scenario{
			Name: "with a reason", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":" shikoyat № 12 "}`, Status: 200,
			Contains: []string{`"url":"` + picture + `"`, `"contentType":"image/jpeg"`, `"width":150`, `"expiresAt":"` + o.clock.Add(5*time.Minute).UTC().Format(time.RFC3339)},
		})
		want := entry{1, "user:2", "screenshot.open", "screenshot.open", "screenshot:" + o.known.String(), "shikoyat № 12", ""}
		all := audited(t, d)
		if len(all) != 1 || !strings.Contains(all[0].After, `"PC-1"`) || !strings.Contains(all[0].After, `"employeeId"`) {
			t.Fatalf("the audit is %+v", all)
		}
		if all[0].After = ""; all[0] != want {
			t.Errorf("the audit is %+v, want %+v", all[0], want)
		}
		w := o.get(hr, picture)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "image/jpeg" || !bytes.Equal(w.Body.Bytes(), picturetest.Samples(t)["full.jpg"]) {
			t.Errorf("the picture: %d %v, %d bytes", w.Code, w.Header(), w.Body.Len())
		}
		if w := o.get(hr, o.path(o.known, "/thumbnail")); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("the thumbnail: %d %v", w.Code, w.Header())
		}
		httptestx.Run(t, o.server, // the reason is of one person, for one screenshot, for a while
			httptestx.Scenario{Name: "a colleague with the address", As: other, Path: picture, Status: 403},
			httptestx.Scenario{Name: "nobody with the address", Path: picture, Status: 401},
			httptestx.Scenario{Name: "another screenshot", As: hr, Path: o.path(o.unknown, "/picture"), Status: 403},
		)
		o.clock = o.clock.Add(5*time.Minute + time.Second)
		if w := o.get(hr, picture); w.Code != 403 {
			t.Errorf("later: %d", w.Code)
		}
		if n := testutil.ToFloat64(o.metrics.opened); n != 1 {
			t.Errorf("%v counted", n)
		}
	})
}

// The operator of the system sees all organizations; what it opens is written down at whose screenshot it is.
func TestTheOperatorLeavesItsMarkToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newShow(t, d)
		httptestx.Run(t, o.server,
			httptestx.Scenario{Name: "open", As: admin, Path: o.path(o.known, "/open"), Body: `{"reason":"tekshiruv"}`, Status: 200},
			httptestx.Scenario{Name: "see", As: admin, Path: o.path(o.known, "/picture"), Status: 200})
		if all := audited(t, d); len(all) != 1 || all[0].Organization != 1 || all[0].Actor != "user:1" {
			t.Errorf("the audit is %+v", all)
		}
	})
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newShow(t, d)
	see := func(i activity.ScreenshotID, rest string, who *actor.Actor, status int) httptestx.Scenario {
		s := httptestx.Scenario{Name: fmt.Sprint(who.ID, rest), As: who, Path: o.path(i, rest), Status: status}
		if rest == "/open" {
			s.Body = `{"reason":"because"}`
		}
		return s
	}
	httptestx.Run(t, o.server,
		see(o.known, "/blurred", lead, 200), see(o.unknown, "/blurred", lead, 404), see(o.known, "/open", lead, 403), see(o.known, "/picture", lead, 403), see(o.known, "/thumbnail", lead, 403),
		see(o.known, "/blurred", guard, 403), see(o.known, "/open", guard, 403),
		see(o.known, "/blurred", hr, 200), see(o.unsent, "/blurred", hr, 404), see(o.unsent, "/open", hr, 404), see(o.unsent, "/picture", hr, 403),
	)
	if all := audited(t, d); len(all) != 0 {
		t.Errorf("the audit is %+v", all)
	}
	httptestx.Run(t, o.server, see(o.known, "/blurred", alien, 404), see(o.known, "/open", alien, 404), see(o.known, "/picture", alien, 404))
	all := audited(t, d)
	if len(all) != 3 || all[1].Reason != "RLS_POLICY_VIOLATION" || all[1].Organization != 2 {
		t.Errorf("who reached for another organization's is not written down: %+v", all)
	}
	httptestx.Run(t, o.server,
		httptestx.Scenario{Name: "no id", As: hr, Path: prefix + "/x/blurred", Status: 404, Contains: []string{"monitoring.unknown_screenshot"}},
		httptestx.Scenario{Name: "its own, that is not there", As: alien, Path: prefix + "/2.1.0192f0aa-0000-7000-8000-000000000001/blurred", Status: 404})
	if again := audited(t, d); len(again) != 3 {
		t.Errorf("the audit is %+v", again)
	}
}

func TestBlurredPicturesMayBeKeptByTheReader(t *testing.T) {
	t.Parallel()
	o := newShow(t, dbtest.SQLite(t))
	w := o.get(lead, o.path(o.known, "/blurred"))
	img := opened(t, w.Body.Bytes())
	if w.Header().Get("Cache-Control") != "private, max-age=3600" || w.Header().Get("Content-Type") != "image/jpeg" || img.Bounds().Dx() != 150 || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %v", w.Header(), img.Bounds())
	}
	thumbnail := o.stored["1:"+o.known.Files()+extThumbnail].data
	if bytes.Equal(w.Body.Bytes(), thumbnail) {
		t.Error("it is the thumbnail")
	}
}

func TestStorageThatIsAwayIsSaid(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newShow(t, d)
	o.readErr = fault.New(fault.Unavailable, "screenshots.storage").After(9 * time.Second)
	httptestx.Run(t, o.server,
		httptestx.Scenario{Name: "blurred", As: hr, Path: o.path(o.known, "/blurred"), Status: 503},
		httptestx.Scenario{Name: "open", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"because"}`, Status: 503})
	o.readErr = nil
	if all := audited(t, d); len(all) != 0 {
		t.Errorf("a picture that cannot be seen was opened: %+v", all)
	}
	delete(o.stored, "1:"+o.rows[o.known].FilePath)
	httptestx.Run(t, o.server, httptestx.Scenario{
		Name: "no longer kept", As: hr, Path: o.path(o.known, "/open"), Body: `{"reason":"because"}`, Status: 404, Contains: []string{"screenshots.no_picture"},
	})
}

func TestGallery(t *testing.T) {
	t.Parallel()
	o := newShow(t, dbtest.SQLite(t))
	httptestx.Run(t, o.server,
		httptestx.Scenario{Name: "of HR", As: hr, Path: prefix + "?employee=7&date=2026-11-02&limit=3&after=x", Status: 200, Golden: "gallery"},
		httptestx.Scenario{Name: "of a lead", As: lead, Path: prefix, Status: 200, Contains: []string{`"canOpen":false`}},
		httptestx.Scenario{Name: "of all organizations", As: admin, Path: prefix, Status: 200, Contains: []string{`"canOpen":true`, `"computerName":"BUX-04"`}, Excludes: []string{`"policy"`}},
		httptestx.Scenario{Name: "of the operator, of one person", As: admin, Path: prefix + "?employee=7", Status: 200, Contains: []string{`"policy":{"enabled":true`}},
		httptestx.Scenario{Name: "of one organization", As: admin, Path: prefix + "?organization=1", Status: 200, Contains: []string{`"policy":{"enabled":true`}},
		httptestx.Scenario{Name: "of nobody", As: alien, Path: prefix, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "as a guard", As: guard, Path: prefix, Status: 403},
		httptestx.Scenario{Name: "no date", As: hr, Path: prefix + "?date=yesterday", Status: 400, Contains: []string{"screenshots.not_a_date"}},
		httptestx.Scenario{Name: "the year 1", As: hr, Path: prefix + "?date=0001-01-01", Status: 400, Contains: []string{"screenshots.not_a_date"}},
		httptestx.Scenario{Name: "both", As: hr, Path: prefix + "?date=2026-11-02&from=2026-11-02T00:00:00Z", Status: 400, Contains: []string{"screenshots.date_or_range"}},
		httptestx.Scenario{Name: "backwards", As: hr, Path: prefix + "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", Status: 400, Contains: []string{"screenshots.before_from"}},
	)
	if want := (activity.ScreenshotQuery{Employee: 7, Date: "2026-11-02", Limit: 3, After: "x"}); !slices.Contains(o.asked, want) {
		t.Errorf("asked were %+v", o.asked)
	}
}

func TestModule(t *testing.T) {
	t.Parallel()
	for _, role := range []kernel.Role{kernel.AgentAPI, kernel.Dashboard} {
		p := newPlace()
		var taker shot.Taker
		reader := kerneltest.Module{
			Is: kernel.Manifest{Name: "reader", Roles: []kernel.Role{role}, Needs: []kernel.Port{kernel.PortOf[shot.Taker]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				taker = kernel.Get[shot.Taker](h)
				return nil
			},
		}
		server := kerneltest.Build(t, role, kerneltest.Options{DB: dbtest.SQLite(t)}, New(), reader,
			kerneltest.Provide[file.Store](role, store{place: p}), kerneltest.Provide[activity.Sink](role, desk{p}),
			kerneltest.Provide[activity.Screenshots](role, desk{p}), kerneltest.Provide[rule.Set](role, book{p}),
			kerneltest.Provide[employee.Directory](role, people{}), kerneltest.Provide[computer.Names](role, computers{}))
		if r, err := taker.Take(sender(1), of(t, "k", "full.jpg")); err != nil || r.Event.FilePath == "" {
			t.Errorf("%s: %+v, %v", role, r, err)
		}
		status := 404
		if role == kernel.Dashboard {
			status = 200
		}
		httptestx.Run(t, server, httptestx.Scenario{Name: string(role), As: hr, Path: prefix, Status: status})
	}
}

// What people opened is found again by the id, so there is one way to write it.
func TestIDsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	e := activity.Event{Key: "k", At: noon.Add(1234567 * time.Nanosecond)}
	i := activity.ScreenshotIDOf(3, &e)
	text, err := json.Marshal(map[string]any{"id": i})
	if want := `{"id":"3.1793620800001234.` + i.ID.String() + `"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	var back activity.ScreenshotID
	if err := back.UnmarshalText([]byte(i.String())); err != nil || back != i {
		t.Errorf("%+v, %v", back, err)
	}
	row := i.ID.String()
	for _, bad := range []string{
		"", ".", "..", "3", "3.5", "0.5." + row, "-1.5." + row, "03.5." + row, "3.+5." + row, "3.05." + row, "3.5." + strings.ToUpper(row), "3.5.{" + row + "}",
		"3.5." + row + ".", "9223372036854775808.5." + row, "3.9223372036854775808." + row, "3.5." + strings.ReplaceAll(row, "-", ""), "3.5.x",
	} {
		if err := back.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, back)
		}
	}
}
