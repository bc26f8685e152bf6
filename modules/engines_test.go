package modules_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// timescaled is a server with TimescaleDB in its own database or in a second one, not migrated to it yet.
func timescaled(t *testing.T, second bool) (s *site, series string) {
	t.Helper()
	dbtest.TimescaleVersions(t)
	address := dbtest.PostgresURL(t, "staff_app")
	env := []string{
		"DATABASE_URL=" + address, "DATABASE_OWNER_URL=" + dbtest.As(t, address, "staff_owner", ""),
		"STAFF_AUTH__TOKEN_KEY=" + strings.Repeat("k", 40), "STAFF_DATABASE__COMPRESS_AFTER=72h",
	}
	if second {
		series = dbtest.EmptyURL(t, "staff_app")
		dbtest.ReadyTimescale(t, series)
		return newSite(t, append(env, "TIMESCALE_URL="+series, "STAFF_DATABASE__TIMESCALE_OWNER_URL="+dbtest.As(t, series, "staff_owner", ""))...), series
	}
	dbtest.ReadyTimescale(t, address)
	return newSite(t, env...), address
}

// The product as a customer runs it on TimescaleDB: it does not start before migrate, and then what agents report is there.
func TestTheProductRunsOnTimescale(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]string{"first": "in the same database", "second": "in a database of their own"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, address := timescaled(t, name == "second")
			ctx := context.Background()
			if err := s.load(t, "role=agent-api").Serve(ctx); !errors.Is(err, db.ErrUnfit) || !strings.Contains(err.Error(), "staff-control migrate") {
				t.Errorf("before migrate: %v", err)
			}
			for range 2 {
				if err := s.load(t).Migrate(ctx); err != nil {
					t.Fatal(err)
				}
			}
			var said bytes.Buffer
			s.load(t).CheckEngine(ctx, &said)
			if got := said.String(); !strings.Contains(got, "database: postgresql ") || !strings.Contains(got, "; time series: timescaledb 2") || !strings.Contains(got, where) {
				t.Errorf("check says %q", got)
			}
			s.serve(t)
			ready(t, s.agentAPI, s.dashboard, s.gateway)
			s.signIn(t)
			key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
			at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
			until(t, "the gateway takes an event", func() bool {
				status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-1", "S-1", window(at, "title")))
				return status == http.StatusOK
			})
			until(t, "it is stored", func() bool { return len(s.rows(t, "active-windows", "computer=PC-1")) == 1 })
			if n := windowsIn(t, address); n != 1 {
				t.Errorf("TimescaleDB has %d of 1", n)
			}
			status, body := call(t, http.MethodGet, s.agentAPI+"/health/ready", nil, nil)
			if status != http.StatusOK || !strings.Contains(string(body), `"name":"timescale","state":"up"`) || !strings.Contains(string(body), `"engine":"timescaledb","version":"2.`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// windowsIn counts what TimescaleDB has of all organizations.
func windowsIn(t *testing.T, address string) (n int64) {
	t.Helper()
	err := dbtest.OpenSeries(t, address).Read(actor.With(context.Background(), actor.System("test")), func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.RowsIn(ctx, "active_windows", 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What check says where nothing can be reached, and where nothing is set.
func TestCheckNamesTheEngine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ env, want string }{
		"sqlite":      {"", "database: sqlite 3"},
		"unreachable": {"DATABASE_URL=postgres://staff_app@/x?host=" + t.TempDir(), "database: postgresql, which cannot be used now: "},
	} {
		p, err := modules.Load(config.Input{Env: []string{c.env, "STAFF_DATA=" + t.TempDir(), "STAFF_ROLE=agent-api"}}, modules.Build{}, &bytes.Buffer{}, false)
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		p.CheckEngine(context.Background(), &said)
		if !strings.HasPrefix(said.String(), c.want) {
			t.Errorf("%s: it says %q, want %q", name, said.String(), c.want)
		}
	}
}

func TestSettingsOfTimescaleAreChecked(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"database.timescale_url=postgres://x":       "database.url: must be an address of PostgreSQL where",
		"database.timescale_url=file.db":            "database.timescale_url: must be an address of PostgreSQL",
		"database.timescale_owner_url=file.db":      "database.timescale_owner_url: must be an address of PostgreSQL",
		"database.compress_after=59m":               "database.compress_after: must be 1h or more",
		"role=gateway,database.compress_after=0":    "",
		"database.timescale_url=,database.url=file": "",
	} {
		_, err := modules.Load(config.Input{Set: strings.Split(set, ",")}, modules.Build{}, &bytes.Buffer{}, false)
		if said := errorText(err); !strings.Contains(said, want) || want == "" && strings.Contains(said, "database.") {
			t.Errorf("%s: %s, want %q", set, said, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
