package gateways

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

func TestKeyIsKeptAsItsHashAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		if !strings.HasPrefix(e.key, "sgw_") || len(e.key) < 40 {
			t.Errorf("the key is %q", e.key)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_instances WHERE serial = 'GW-001' AND api_key = ? AND status = 'offline'", secret.Hash(e.key)); n != 1 {
			t.Error("the key's hash is not in the row")
		}
		a := o.knows(t, e.key)
		if a.Role != actor.Gateway || a.OrganizationID != 1 || a.ID != "gateway:"+e.gateway.ID.String() {
			t.Errorf("the key's gateway is %+v", a)
		}
		o.refuses(t, e.key+"x", "a wrong key")
		o.refuses(t, "", "no key")
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'gateways.register' AND organization_id = 1 AND actor = 'user:1' AND object = ?", a.ID); n != 1 {
			t.Errorf("%d lines in the audit", n)
		}
	})
}

func TestSerialIsOneGatewayInTheWholeSystem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		register(t, o, 1, "GW-001")
		for organization := range int64(2) {
			if _, err := o.service.register(operator(), organization+1, "GW-001", ""); !errors.Is(err, errSerialTaken) {
				t.Errorf("organization %d: %v", organization+1, err)
			}
		}
		if _, err := o.service.register(operator(), 9, "GW-002", ""); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("an organization that is not there: %v", err)
		}
	})
}

func TestRevocationReachesOtherProcesses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		here := newOffice(d)
		there := here.neighbour()
		e := register(t, here, 1, "GW-001")
		here.knows(t, e.key)
		there.knows(t, e.key)
		if err := here.revoke(admin(1), e.gateway.ID); err != nil {
			t.Fatal(err)
		}
		here.refuses(t, e.key, "where it was revoked")
		there.knows(t, e.key) // remembered
		here.clock.pass(keyMemory)
		there.refuses(t, e.key, "elsewhere, when the memory has passed")
		if _, err := there.hear(e.as(), report{}, secret.Hash(e.key)); !errors.Is(err, errKeyRefused) {
			t.Errorf("a heartbeat of a revoked gateway: %v", err)
		}
		if g := shown(t, here, e); g.Status != "revoked" || !g.StatusSince.Equal(noon) {
			t.Errorf("listed as %+v", g)
		}
		if err := here.revoke(admin(1), e.gateway.ID); !errors.Is(err, errRevoked) {
			t.Errorf("revoked twice: %v", err)
		}
		if _, _, err := here.rotate(admin(1), e.gateway.ID, gateway.Write, nil); !errors.Is(err, errRevoked) {
			t.Errorf("a new key for a revoked gateway: %v", err)
		}
	})
}

// A heartbeat that comes while the gateway is being revoked waits, and sees it.
func TestHeartbeatDoesNotUndoARevocation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		heartbeat := make(chan error, 1)
		err := d.Write(admin(1), func(ctx context.Context, tx db.Tx) error {
			g, err := o.store.lock(ctx, tx, e.gateway.ID, noon)
			if err != nil {
				return err
			}
			go func() {
				_, err := o.hear(e.as(), report{}, secret.Hash(e.key))
				heartbeat <- err
			}()
			waits(t, d)
			g.Status = revoked
			return o.store.update(ctx, tx, &g, "status")
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-heartbeat; !errors.Is(err, errKeyRefused) {
			t.Errorf("the heartbeat is answered %v", err)
		}
		if g := shown(t, o, e); g.Status != "revoked" {
			t.Errorf("the gateway is %s", g.Status)
		}
	})
}

// waits returns when another transaction waits for a row. SQLite has one writer, so there every other one does.
func waits(t *testing.T, d *db.DB) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); d.Name() == "postgres"; {
		var n int
		err := d.Read(admin(1), func(ctx context.Context, tx db.Tx) error { // unscoped: the server's own table
			return tx.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(ctx, &n)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody waits")
		}
	}
}

func TestBothKeysWorkDuringTheOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		key, until, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !until.Equal(noon.Add(24 * time.Hour)) {
			t.Errorf("the overlap ends at %v", until)
		}
		o.knows(t, e.key)
		o.knows(t, key)
		o.clock.pass(24*time.Hour - time.Second)
		o.knows(t, e.key)
		o.clock.pass(time.Second) // also for who remembers the key
		o.refuses(t, e.key, "the old key after the overlap")
		o.knows(t, key)
		rotated := "SELECT count(*) FROM audit_log WHERE action = 'gateways.rotate_key' AND actor = 'user:2' AND organization_id = 1 AND object = ?"
		if n := counted(t, d, rotated, actorPrefix+e.gateway.ID.String()); n != 1 {
			t.Errorf("%d audits of the rotation, want 1", n)
		}
	})
}

func TestHeartbeatWithTheOldKeyBringsTheNewOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		if h := o.beat(t, e, report{}, e.key); h.newKey != "" {
			t.Error("a new key that nobody asked for")
		}
		rotated, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
		if err != nil {
			t.Fatal(err)
		}
		lost := o.beat(t, e, report{}, e.key).newKey // the answer does not arrive
		h := o.neighbour().beat(t, e, report{}, e.key)
		if h.newKey != rotated || lost != rotated { // who asks on two ways at once may take the answers in any order
			t.Fatalf("%q and %q are brought in place of %q", lost, h.newKey, rotated)
		}
		o.knows(t, h.newKey)
		o.knows(t, e.key)
		if again := o.beat(t, e, report{}, h.newKey); again.newKey != "" {
			t.Error("the new key was replaced at once")
		}
		o.clock.pass(keyGrace)
		o.refuses(t, e.key, "the old key, after the new one was shown")
		o.knows(t, h.newKey)
		next, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil) // and so on
		if err != nil {
			t.Fatal(err)
		}
		o.knows(t, h.newKey)
		o.knows(t, next)
		if again := o.beat(t, e, report{}, h.newKey).newKey; again != next || next == rotated {
			t.Errorf("the second rotation brings %q", again)
		}
	})
}

func TestWithoutASecretAGatewayStillGetsItsKey(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	o.service.secret = identitytest.Secret("")
	e := register(t, o, 1, "GW-001")
	rotated, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
	if err != nil {
		t.Fatal(err)
	}
	brought := o.beat(t, e, report{}, e.key).newKey
	if len(brought) != len(e.key) || brought == rotated {
		t.Errorf("%q is brought", brought)
	}
	o.knows(t, brought)
}

// An operator who rotates twice must not lock out a gateway that has not heard of the first time.
func TestRotatingTwiceKeepsTheKeyInUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		first, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.clock.pass(time.Second)
		second, _, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.knows(t, e.key)
		o.knows(t, second)
		o.refuses(t, first, "a key that was never used")
	})
}

func TestReachingForAnotherOrganizationsGatewayIsAViolation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		newToken(t, o, 1, time.Hour, 1)
		tokens, err := o.store.tokens(operator(), 1, id.Nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.rotate(admin(2), e.gateway.ID, gateway.Write, nil); !errors.Is(err, errUnknown) {
			t.Errorf("rotate: %v", err)
		}
		if err := o.revoke(admin(2), e.gateway.ID); !errors.Is(err, errUnknown) {
			t.Errorf("revoke: %v", err)
		}
		if err := o.revoke(admin(2), id.New()); !errors.Is(err, errUnknown) { // nobody's, so no violation
			t.Errorf("revoke nothing: %v", err)
		}
		if err := o.revokeToken(admin(2), tokens[0].ID); !errors.Is(err, errTokenUnknown) {
			t.Errorf("revoke a token: %v", err)
		}
		o.knows(t, e.key)
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND organization_id = 2"); n != 3 {
			t.Errorf("%d violations in the audit, want 3", n)
		}
		want := `
			# HELP rls_violations_total Attempts to reach a row of another organization.
			# TYPE rls_violations_total counter
			rls_violations_total{policy="tenant",resource="gateway"} 2
			rls_violations_total{policy="tenant",resource="provisioning_token"} 1
		`
		if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "rls_violations_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestMemoryOfKeysIsBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-001")
	for range maxKeys {
		o.checked[secret.New("")] = checkedKey{}
	}
	o.knows(t, e.key)
	if len(o.checked) != 1 {
		t.Errorf("%d keys are remembered", len(o.checked))
	}
}

func TestOnlyGatewaysHaveHeartbeats(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	if _, err := o.hear(admin(1), report{}, ""); !errors.Is(err, errUnknown) {
		t.Errorf("a person's heartbeat: %v", err)
	}
	gone := enrolled{gateway: gatewayRow{ID: id.New(), Owned: db.Owned{OrganizationID: 1}}}
	if _, err := o.hear(gone.as(), report{}, ""); !errors.Is(err, errKeyRefused) {
		t.Errorf("a heartbeat of a gateway that is gone: %v", err)
	}
}
