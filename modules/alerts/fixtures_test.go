package alerts

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// office is the service at noon with what it writes beside the table.
type office struct {
	*service
	metrics *prometheus.Registry
	logged  *bytes.Buffer
}

func newOffice(t testing.TB, d *db.DB) office {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at)
			VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx) // unscoped: the tenants themselves
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o := office{metrics: prometheus.NewRegistry(), logged: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(o.logged, nil))
	o.service = &service{
		store: store{d}, audit: audit.New(audit.Options{DB: d, Log: log, Metrics: o.metrics}), log: log,
		now: func() time.Time { return noon }, raised: counter(prometheus.WrapRegistererWithPrefix("staff_alerts_", o.metrics)),
	}
	return o
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func hr(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: organization})
}

func newAlert(at time.Time) alert.Alert {
	return alert.Alert{ID: id.New(), Kind: alert.GatewayOffline, Severity: alert.Critical, At: at, Subject: "gateway:1"}
}

func mustRaise(t testing.TB, o office, ctx context.Context, a alert.Alert) {
	t.Helper()
	if err := o.Raise(ctx, a); err != nil {
		t.Fatal(err)
	}
}

// shown is what ctx's actor sees, the latest first.
func shown(t testing.TB, o office, ctx context.Context) []alertRow {
	t.Helper()
	var rows []alertRow
	err := o.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).OrderExpr("a.at DESC, a.id DESC").Scan(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// counted returns the one number that a query over all organizations gives.
func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
