package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

var (
	write = actor.Permission{Name: "employee.write", Roles: actor.HR}
	quiet = slog.New(slog.DiscardHandler)
)

func hr(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: organization})
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

type line struct {
	Actor, Action, Permission, Object, Reason, IP, Trace string
	Organization                                         int64
	Before, After                                        string
}

// lines returns what ctx's actor sees of the audit, the oldest first.
func lines(ctx context.Context, t *testing.T, d *db.DB) []line {
	t.Helper()
	var all []line
	err := d.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		where, arg := "1 = ?", int64(1) // scoped by hand: to the actor's organization
		if a := tx.Actor(); !a.CrossesOrganizations() {
			where, arg = "organization_id = ?", a.OrganizationID
		}
		return tx.Raw(`SELECT actor, action, permission, object, reason, client_ip AS ip, trace_id AS trace, COALESCE(organization_id, 0) AS organization,
			COALESCE(CAST(before AS text), '') AS before, COALESCE(CAST(after AS text), '') AS after FROM audit_log WHERE `+where+` ORDER BY at, id`, arg).Scan(ctx, &all)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEntryStandsWithTheDeed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(audit.Options{
			DB: d, Log: quiet,
			ClientIP: func(context.Context) string { return "10.0.0.7" },
			TraceID:  func(context.Context) string { return "4bf9" },
		})
		type account struct {
			Name         string `json:"name"`
			PasswordHash string `json:"passwordHash"`
			Keys         []map[string]any
		}
		entry := audit.Entry{
			Action: "employee.update", Permission: write, Object: "employee:12", Reason: "moved",
			Before: account{"Aziza", "$2a$12$x", []map[string]any{{"api_key": "sk", "id": 12345678901234567}}}, After: map[string]any{"token": nil, "name": "A"},
		}
		for _, end := range []error{nil, errors.New("rolled back")} {
			err := d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
				if err := l.Write(ctx, tx, entry); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		all := lines(hr(5), t, d)
		if len(all) != 1 {
			t.Fatalf("%d entries: %+v", len(all), all)
		}
		got := all[0]
		if !sameJSON(got.Before, `{"name":"Aziza","passwordHash":"[secret]","Keys":[{"api_key":"[secret]","id":12345678901234567}]}`) ||
			!sameJSON(got.After, `{"token":null,"name":"A"}`) {
			t.Errorf("before %s\nafter %s", got.Before, got.After)
		}
		got.Before, got.After = "", ""
		want := line{
			Actor: "user:7", Action: "employee.update", Permission: "employee.write", Object: "employee:12", Reason: "moved",
			IP: "10.0.0.7", Trace: "4bf9", Organization: 5,
		}
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if theirs := lines(hr(6), t, d); len(theirs) != 0 {
			t.Errorf("another organization sees %+v", theirs)
		}
	})
}

func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	norm := func(to *bytes.Buffer, s string) {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			_ = json.NewEncoder(to).Encode(v)
		}
	}
	norm(&x, a)
	norm(&y, b)
	return x.String() == y.String() && x.Len() > 0
}

func TestOperatorsEntryBelongsToWhomItConcerns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(audit.Options{DB: d, Log: quiet})
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			return errors.Join(
				l.Write(ctx, tx, audit.Entry{Action: "a", OrganizationID: 5}),
				l.Write(ctx, tx, audit.Entry{Action: "b"}),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		if all := lines(hr(5), t, d); len(all) != 1 || all[0].Action != "a" || all[0].Actor != "system:test" || all[0].Before != "" {
			t.Errorf("the organization sees %+v", all)
		}
		if all := lines(system(), t, d); len(all) != 2 {
			t.Errorf("the system sees %+v", all)
		}
		err = d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
			return l.Write(ctx, tx, audit.Entry{Action: "c", OrganizationID: 6})
		})
		if !errors.Is(err, db.ErrForeign) {
			t.Errorf("an entry for another organization: %v", err)
		}
		err = d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
			return l.Write(ctx, tx, audit.Entry{Action: "d", After: func() {}})
		})
		if err == nil || !strings.Contains(err.Error(), "audit d") {
			t.Errorf("what has no JSON: %v", err)
		}
	})
}

func TestNobodyRewritesTheAudit(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	for _, sql := range []string{"UPDATE audit_log SET actor = ''", "DELETE FROM audit_log"} {
		err := d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw(sql).Exec(ctx)
			return err
		})
		if !errors.Is(err, db.ErrForeign) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestViolationIsWrittenLoggedAndCounted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		registry := prometheus.NewRegistry()
		var text bytes.Buffer
		o := audit.Options{DB: d, Log: slog.New(slog.NewJSONHandler(&text, nil)), Metrics: registry}
		ctx, hangUp := context.WithCancel(hr(5))
		hangUp()
		for range 2 { // two roles of one process
			audit.New(o).Violation(ctx, "employees", "employee.read", "tenant")
		}
		all := lines(hr(5), t, d)
		if len(all) != 2 {
			t.Fatalf("%d entries: %+v\n%s", len(all), all, &text)
		}
		got := all[0]
		if got.Actor != "user:7" || got.Action != "employee.read" || got.Object != "employees" || got.Reason != "RLS_POLICY_VIOLATION" ||
			got.Organization != 5 || !sameJSON(got.After, `{"policy":"tenant"}`) {
			t.Errorf("got %+v", got)
		}
		var warning struct {
			Level, Resource, Policy string
			UserID                  int64
			Timestamp               time.Time
		}
		if err := json.NewDecoder(&text).Decode(&warning); err != nil {
			t.Fatal(err)
		}
		if warning.Level != "WARN" || warning.UserID != 7 || warning.Resource != "employees" || warning.Policy != "tenant" || warning.Timestamp.IsZero() {
			t.Errorf("logged %+v", warning)
		}
		err := testutil.GatherAndCompare(registry, strings.NewReader(`
			# HELP rls_violations_total Attempts to reach a row of another organization.
			# TYPE rls_violations_total counter
			rls_violations_total{policy="tenant",resource="employees"} 2
		`))
		if err != nil {
			t.Error(err)
		}
	})
}

func TestViolationThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	var text bytes.Buffer
	l := audit.New(audit.Options{DB: d, Log: slog.New(slog.NewJSONHandler(&text, nil))})
	err := d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
		l.Violation(ctx, "employees", "employee.read", "tenant") // inside: too early
		return nil
	})
	if err != nil || !strings.Contains(text.String(), `"level":"ERROR"`) {
		t.Errorf("%v, log:\n%s", err, &text)
	}
}

// The names make the tables: organizations, policies.
type organization struct {
	db.Tenant
	FullName, ShortName  string
	CreatedAt, UpdatedAt time.Time
}

type policy struct {
	db.Owned
	ID                   int64 `bun:"id,pk,autoincrement"`
	Title                string
	CreatedAt, UpdatedAt time.Time
}

func TestMissedRowOfAnotherOrganizationIsAViolation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
		orgs := []organization{{FullName: "A", ShortName: "a", CreatedAt: at, UpdatedAt: at}, {FullName: "B", ShortName: "b", CreatedAt: at, UpdatedAt: at}}
		var theirs, mine policy
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			if _, err := tx.Insert(&orgs).Exec(ctx); err != nil {
				return err
			}
			mine = policy{Owned: db.Owned{OrganizationID: orgs[0].ID}, Title: "mine", CreatedAt: at, UpdatedAt: at}
			theirs = policy{Owned: db.Owned{OrganizationID: orgs[1].ID}, Title: "theirs", CreatedAt: at, UpdatedAt: at}
			_, err := tx.Insert(&mine).Exec(ctx)
			if err == nil {
				_, err = tx.Insert(&theirs).Exec(ctx)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		l := audit.New(audit.Options{DB: d, Log: quiet})
		me := hr(orgs[0].ID)
		l.Missed(me, (*policy)(nil), mine.ID, "policy", "policy.read")
		l.Missed(me, (*policy)(nil), theirs.ID+100, "policy", "policy.read")
		l.Missed(system(), (*policy)(nil), theirs.ID, "policy", "policy.read")
		l.Missed(context.Background(), (*policy)(nil), theirs.ID, "policy", "policy.read")
		if all := lines(system(), t, d); len(all) != 0 {
			t.Errorf("not violations: %+v", all)
		}
		l.Missed(me, (*policy)(nil), theirs.ID, "policy", "policy.read")
		l.Missed(me, (*organization)(nil), orgs[1].ID, "organization", "organization.read")
		all := lines(system(), t, d)
		if len(all) != 2 || all[0].Object != "policy" || all[1].Object != "organization" || all[0].Organization != orgs[0].ID {
			t.Errorf("violations: %+v", all)
		}
	})
}
