package screenshots

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// place is all that the service stands on, in memory: files, rows, policies, people.
type place struct {
	mu      sync.Mutex
	stored  map[string]stored // by organization and path
	log     []string          // what was done, in order
	rows    map[activity.ScreenshotID]activity.ScreenshotRow
	asked   []activity.ScreenshotQuery
	rules   rule.Screenshots
	putErr  func(path string) error
	sinkErr error
	readErr error // of files
}

type stored struct {
	file.File
	data []byte
}

func newPlace() *place {
	return &place{
		stored: map[string]stored{}, rows: map[activity.ScreenshotID]activity.ScreenshotRow{}, rules: rule.Screenshots{Enabled: true},
		putErr: func(string) error { return nil },
	}
}

func organizationOf(ctx context.Context) int64 {
	a, _ := actor.From(ctx)
	return a.OrganizationID
}

func (p *place) note(what string) { p.log = append(p.log, what) }

// store is the place's file.Store.
type store struct {
	file.Store
	*place
}

func name(ctx context.Context, path string) string {
	return string(rune('0'+organizationOf(ctx))) + ":" + path
}

func (s store) Put(ctx context.Context, n file.New, body io.Reader) (file.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.putErr(n.Path); err != nil {
		return file.File{}, err
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return file.File{}, err
	}
	if old, there := s.stored[name(ctx, n.Path)]; there {
		if !bytes.Equal(old.data, data) {
			return file.File{}, file.ErrExists
		}
		return old.File, nil
	}
	sum := sha256.Sum256(data)
	f := file.File{
		Path: n.Path, OrganizationID: organizationOf(ctx), Kind: n.Kind, ContentType: n.ContentType, SHA256: hex.EncodeToString(sum[:]),
		Size: int64(len(data)), Metadata: n.Metadata,
	}
	s.stored[name(ctx, n.Path)] = stored{f, data}
	s.note("file " + n.Path[strings.IndexByte(n.Path, '.'):])
	return f, nil
}

func (s store) Stat(ctx context.Context, path string) (file.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, there := s.stored[name(ctx, path)]
	if !there {
		return file.File{}, file.ErrUnknown
	}
	return f.File, s.readErr
}

func (s store) Open(ctx context.Context, path string) (io.ReadCloser, file.File, error) {
	f, err := s.Stat(ctx, path)
	return io.NopCloser(bytes.NewReader(s.stored[name(ctx, path)].data)), f, err
}

func (s store) Delete(ctx context.Context, paths ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		delete(s.stored, name(ctx, path))
	}
	return nil
}

// desk is the place's activity.Sink and activity.Screenshots. A lead sees the rows of employee 7.
type desk struct{ *place }

func (d desk) Put(ctx context.Context, b activity.Batch) (r activity.Receipt, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sinkErr != nil {
		return r, d.sinkErr
	}
	for _, e := range b.Events {
		i := activity.ScreenshotIDOf(organizationOf(ctx), &e)
		_, there := d.rows[i]
		switch {
		case d.Aside(e) != "":
			r.Quarantined++
		case there:
			r.Known++
		default:
			r.Stored++
			d.note("row")
			d.rows[i] = activity.ScreenshotRow{
				ScreenshotID: i, ComputerUID: e.ComputerUID, UserSID: e.UserSID, Title: e.Title, Process: e.Process,
				FilePath: e.FilePath, FileSize: e.FileSize, SHA256: e.SHA256, Width: e.Width, Height: e.Height,
			}
		}
	}
	return r, nil
}

func (d desk) Aside(e activity.Event) string {
	if e.Aside == "" && e.At.After(noon.Add(10*time.Minute)) {
		return "in_future"
	}
	return e.Aside
}

func (d desk) Screenshots(ctx context.Context, q activity.ScreenshotQuery) (list []activity.ScreenshotRow, next string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, q)
	for _, r := range d.rows {
		if o := organizationOf(ctx); o == 0 || r.OrganizationID == o {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b activity.ScreenshotRow) int { return b.At.Compare(a.At) })
	return list, "more", nil
}

func (d desk) Screenshot(ctx context.Context, i activity.ScreenshotID) (activity.ScreenshotRow, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, _ := actor.From(ctx)
	r, there := d.rows[i]
	hidden := a.OrganizationID != 0 && a.OrganizationID != i.OrganizationID || a.Role == actor.DepartmentLead && r.EmployeeID != 7
	if !there || hidden {
		return activity.ScreenshotRow{}, activity.ErrScreenshotUnknown
	}
	return r, nil
}

// book, people and computers are the other ports.
type (
	book      struct{ *place }
	people    struct{ employee.Directory }
	computers struct{}
)

func (b book) Of(context.Context, string, string) (rule.Rules, error) {
	p := rule.Everything()
	p.ScreenshotSeconds = int64(b.rules.Interval / time.Second)
	p.Screenshots, p.ScreenshotGrayscale, p.Exclude.Titles = b.rules.Enabled, b.rules.Grayscale, []string{"secret"}
	r, err := rule.Release(1, "1", p, false)
	if err != nil {
		return nil, err
	}
	return rule.New(r)
}

func (b book) Changed() <-chan struct{} { return nil }

func (people) ByIDs(_ context.Context, ids []int64) (map[int64]employee.Employee, error) {
	found := map[int64]employee.Employee{}
	for _, id := range ids {
		if id == 7 {
			found[id] = employee.Employee{ID: 7, OrganizationID: 1, Name: "Aziza Karimova"}
		}
	}
	return found, nil
}

func (people) ByID(_ context.Context, id int64) (employee.Employee, error) {
	if id != 7 {
		return employee.Employee{}, employee.ErrUnknown
	}
	return employee.Employee{ID: 7, OrganizationID: 1}, nil
}

func (computers) NamesOf(ctx context.Context, uids []string) (map[string]string, error) {
	if organizationOf(ctx) != 1 || !slices.Contains(uids, "PC-1") {
		return nil, nil
	}
	return map[string]string{"PC-1": "BUX-04"}, nil
}

func newService(t testing.TB, d *db.DB, p *place) *service {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	s := &service{
		cfg: defaults(), db: d, files: store{place: p}, sink: desk{p}, shots: desk{p}, rules: book{p}, staff: people{}, names: computers{},
		metrics: m, now: func() time.Time { return noon }, audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)}),
	}
	s.bound()
	return s
}

func as(role actor.Role, organizationID int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:" + role.String(), UserID: 1, OrganizationID: organizationID})
}

func sender(organizationID int64) context.Context { return as(actor.Gateway, organizationID) }

// of is a screenshot with the picture of testdata.
func of(t testing.TB, key, picture string) shot.Shot {
	t.Helper()
	return shot.Shot{Event: activity.Event{
		Kind: activity.Screenshot, Key: key, ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(-time.Hour), Title: "Hisobot", Process: "excel.exe",
	}, Body: bytes.NewReader(picturetest.Samples(t)[picture])}
}

func mustTake(t testing.TB, s *service, ctx context.Context, in shot.Shot) shot.Receipt {
	t.Helper()
	r, err := s.Take(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
