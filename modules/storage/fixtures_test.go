package storage

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/blob/blobtest"
	"github.com/staff-control/staff-control/platform/db"
)

// tree has the organizations 1 and 2.
type tree struct{ organization.Tree }

func (tree) ByID(ctx context.Context, id int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); id < 1 || id > 2 || a.OrganizationID != 0 && a.OrganizationID != id {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id}, nil
}

// alarms are what was raised, by organization.
type alarms map[int64][]alert.Alert

func (l alarms) Raise(ctx context.Context, a alert.Alert) error {
	who, _ := actor.From(ctx)
	l[who.OrganizationID] = append(l[who.OrganizationID], a)
	return nil
}

// office is the service with what a test looks at.
type office struct {
	*service
	db     *db.DB
	raised alarms
	dir    string
}

// newOffice keeps files in a directory of the test's own.
func newOffice(t *testing.T, d *db.DB) *office {
	t.Helper()
	dir := t.TempDir()
	o := officeOn(t, d, blob.Config{Driver: blob.Local, Dir: dir})
	o.dir = dir
	return o
}

func officeOn(t *testing.T, d *db.DB, cfg blob.Config) *office {
	t.Helper()
	c := defaults()
	cfg.Signer = &blob.Signer{Key: []byte("of this test"), Base: signed + "?t=", Now: time.Now}
	blobs, err := blob.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	o := &office{db: d, raised: alarms{}}
	o.service = &service{
		store: store{d}, blobs: blobs, signer: cfg.Signer, tree: tree{}, alerts: o.raised, audit: audit.New(audit.Options{DB: d, Log: log}),
		cfg: &c, metrics: m, log: log, now: time.Now,
	}
	addOrganizations(t, d)
	return o
}

func addOrganizations(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		// Unscoped: the organizations themselves.
		_, err := tx.Raw(`INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0)`, time.Now().UTC()).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func as(role actor.Role, organizationID int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:2", UserID: 2, OrganizationID: organizationID})
}

func hr(organizationID int64) context.Context { return as(actor.HR, organizationID) }

// sunday is when scans are ordered.
var sunday = time.Date(2026, 11, 22, 4, 17, 0, 0, time.UTC)

var system = actor.With(context.Background(), actor.System("test"))

func photo(path string) file.New {
	return file.New{Path: path, Kind: file.Profile, ContentType: "image/jpeg"}
}

func mustPut(t *testing.T, o *office, ctx context.Context, n file.New, content string) file.File {
	t.Helper()
	f, err := o.Put(ctx, n, strings.NewReader(content))
	if err != nil {
		t.Fatalf("put %s: %v", n.Path, err)
	}
	return f
}

func content(t *testing.T, o *office, ctx context.Context, path string) string {
	t.Helper()
	r, _, err := o.Open(ctx, path)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	got, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return string(got)
}

// stored are the files in the store, whoever's.
func stored(t *testing.T, o *office) []string {
	t.Helper()
	all, err := blobtest.List(t.Context(), o.blobs, "")
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var paths []string
	for _, b := range all {
		paths = append(paths, b.Path)
	}
	return paths
}

// blobAt is where the file of the path is in the store.
func blobAt(t *testing.T, o *office, ctx context.Context, path string) string {
	t.Helper()
	row, err := o.store.byPath(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return row.Blob
}

// audited are the actions that were written down, in their order.
func audited(t *testing.T, d *db.DB) (actions []string) {
	t.Helper()
	err := d.Read(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(`SELECT action FROM audit_log ORDER BY at, id`).Scan(ctx, &actions) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}
