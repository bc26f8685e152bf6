package gateways

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
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
		if n := counted(t, d, "SELECT count(*) FROM gateway_instances WHERE serial = 'GW-001' AND api_key = ? AND status = 'offline'", hashOf(e.key)); n != 1 {
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

func newToken(t testing.TB, o office, organization int64, life time.Duration, uses int64) string {
	t.Helper()
	_, token, err := o.newToken(operator(), organization, "for the test", life, uses)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenMakesAGateway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		token := newToken(t, o, 2, time.Hour, 1)
		if n := counted(t, d, "SELECT count(*) FROM provisioning_tokens WHERE hash = ? AND created_by = 'user:1'", hashOf(token)); n != 1 {
			t.Error("the token is not kept as its hash")
		}
		e, err := o.enrol(context.Background(), token, "GW-001", "Ombor", "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		if a := o.knows(t, e.key); a.OrganizationID != 2 {
			t.Errorf("the gateway is of organization %d", a.OrganizationID)
		}
		g := shown(t, o, e)
		if g.Serial != "GW-001" || g.Name != "Ombor" || g.Version != "1.2.3" || g.Status != "offline" || g.StatusReason != "enrolled" || g.OrganizationID != 2 {
			t.Errorf("listed as %+v", g)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'gateways.enrol' AND organization_id = 2"); n != 1 {
			t.Errorf("%d lines in the audit", n)
		}
	})
}

func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		short, used, ended := newToken(t, o, 1, time.Hour, 9), newToken(t, o, 1, 48*time.Hour, 1), newToken(t, o, 1, 48*time.Hour, 9)
		if _, err := o.enrol(context.Background(), used, "GW-USED", "", ""); err != nil {
			t.Fatal(err)
		}
		tokens, err := o.store.tokens(operator(), 10, id.Nil)
		if err != nil || len(tokens) != 3 || tokens[1].Uses != 1 {
			t.Fatalf("tokens %+v, %v", tokens, err)
		}
		if err := o.revokeToken(operator(), tokens[0].ID); err != nil { // the newest, ended
			t.Fatal(err)
		}
		if err := o.revokeToken(operator(), tokens[0].ID); !errors.Is(err, errTokenUnknown) {
			t.Errorf("revoked twice: %v", err)
		}
		o.clock.pass(time.Hour)
		for name, token := range map[string]string{"expired": short, "used up": used, "revoked": ended, "unknown": "spt_x", "empty": ""} {
			if _, err := o.enrol(context.Background(), token, "GW-NEW", "", ""); !errors.Is(err, errTokenRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_instances"); n != 1 {
			t.Errorf("%d gateways, want 1", n)
		}
		if _, _, err := o.newToken(operator(), 9, "", time.Hour, 1); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a token of an organization that is not there: %v", err)
		}
	})
}

func TestRacersDoNotOverdrawAToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		token := newToken(t, o, 1, time.Hour, 3)
		var mu sync.Mutex
		var in, out int
		var group sync.WaitGroup
		for i := range 10 {
			racer := o.neighbour()
			group.Go(func() {
				_, err := racer.enrol(context.Background(), token, "GW-"+string(rune('a'+i)), "", "")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					in++
				case errors.Is(err, errTokenRefused):
					out++
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if in != 3 || out != 7 {
			t.Errorf("%d came in and %d were refused, want 3 and 7", in, out)
		}
		if n := counted(t, d, "SELECT uses FROM provisioning_tokens"); n != 3 {
			t.Errorf("%d uses were counted", n)
		}
	})
}

func TestEnrollingAgainGivesANewKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		token, theirs := newToken(t, o, 1, time.Hour, 9), newToken(t, o, 2, time.Hour, 9)
		first, err := o.enrol(context.Background(), token, "GW-001", "", "1")
		if err != nil {
			t.Fatal(err)
		}
		o.knows(t, first.key)
		again, err := o.enrol(context.Background(), token, "GW-001", "", "2")
		if err != nil {
			t.Fatal(err)
		}
		if again.gateway.ID != first.gateway.ID || again.key == first.key {
			t.Errorf("it is gateway %s now, was %s", again.gateway.ID, first.gateway.ID)
		}
		o.knows(t, again.key)
		o.refuses(t, first.key, "the lost key")
		if _, err := o.enrol(context.Background(), theirs, "GW-001", "", ""); !errors.Is(err, errSerialTaken) {
			t.Errorf("another organization enrols the serial: %v", err)
		}
		o.knows(t, again.key)
		if err := o.revoke(operator(), first.gateway.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.enrol(context.Background(), token, "GW-001", "", ""); !errors.Is(err, errSerialTaken) {
			t.Errorf("a revoked gateway comes back: %v", err)
		}
		if n := counted(t, d, "SELECT uses FROM provisioning_tokens WHERE hash = ?", hashOf(token)); n != 2 {
			t.Errorf("%d uses were counted: a refused enrolment is none", n)
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
		if _, err := there.hear(e.as(), report{}, hashOf(e.key)); !errors.Is(err, errKeyRefused) {
			t.Errorf("a heartbeat of a revoked gateway: %v", err)
		}
		if g := shown(t, here, e); g.Status != "revoked" || !g.StatusSince.Equal(noon) {
			t.Errorf("listed as %+v", g)
		}
		if err := here.revoke(admin(1), e.gateway.ID); !errors.Is(err, errRevoked) {
			t.Errorf("revoked twice: %v", err)
		}
		if _, _, err := here.rotate(admin(1), e.gateway.ID); !errors.Is(err, errRevoked) {
			t.Errorf("a new key for a revoked gateway: %v", err)
		}
	})
}

// Whatever is under way when a gateway is revoked, it stays revoked.
func TestHeartbeatDoesNotUndoARevocation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		var group sync.WaitGroup
		for range 8 {
			process := o.neighbour()
			group.Go(func() {
				for range 5 {
					if _, err := process.hear(e.as(), report{}, hashOf(e.key)); err != nil && !errors.Is(err, errKeyRefused) {
						t.Error(err)
					}
				}
			})
		}
		group.Go(func() {
			if err := o.revoke(admin(1), e.gateway.ID); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		if g := shown(t, o, e); g.Status != "revoked" {
			t.Errorf("it is %s", g.Status)
		}
	})
}

func TestBothKeysWorkDuringTheOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		key, until, err := o.rotate(admin(1), e.gateway.ID)
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
		if _, _, err := o.rotate(admin(1), e.gateway.ID); err != nil {
			t.Fatal(err)
		}
		lost := o.beat(t, e, report{}, e.key).newKey // the answer does not arrive
		h := o.beat(t, e, report{}, e.key)
		if h.newKey == "" || h.newKey == lost {
			t.Fatalf("the second answer brings %q", h.newKey)
		}
		o.knows(t, h.newKey)
		o.knows(t, e.key)
		if again := o.beat(t, e, report{}, h.newKey); again.newKey != "" {
			t.Error("the new key was replaced at once")
		}
		o.clock.pass(keyGrace)
		o.refuses(t, e.key, "the old key, after the new one was shown")
		o.knows(t, h.newKey)
		next, _, err := o.rotate(admin(1), e.gateway.ID) // and so on
		if err != nil {
			t.Fatal(err)
		}
		o.knows(t, h.newKey)
		o.knows(t, next)
		if o.beat(t, e, report{}, h.newKey).newKey == "" {
			t.Error("the second rotation does not reach the gateway")
		}
	})
}

// An operator who rotates twice must not lock out a gateway that has not heard of the first time.
func TestRotatingTwiceKeepsTheKeyInUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		first, _, err := o.rotate(admin(1), e.gateway.ID)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := o.rotate(admin(1), e.gateway.ID)
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
		if _, _, err := o.rotate(admin(2), e.gateway.ID); !errors.Is(err, errUnknown) {
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
		o.checked[newSecret("")] = checkedKey{}
	}
	o.knows(t, e.key)
	if len(o.checked) != 1 {
		t.Errorf("%d keys are remembered", len(o.checked))
	}
}

func TestBootstrapTokenIsReplacedAtEachStart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		person := newToken(t, o, 1, time.Hour, 1)
		start := func(token string) {
			t.Helper()
			if err := o.bootstrap(context.Background(), token, 1); err != nil {
				t.Fatal(err)
			}
		}
		enrols := func(token, serial string) bool {
			t.Helper()
			_, err := o.enrol(context.Background(), token, serial, "", "")
			if err != nil && !errors.Is(err, errTokenRefused) {
				t.Fatal(err)
			}
			return err == nil
		}
		start("")
		start("spt_the_first_start_0")
		start("spt_the_second_start_")
		if enrols("spt_the_first_start_0", "GW-1") {
			t.Error("the token of an earlier start works")
		}
		o.clock.pass(bootstrapLife)
		if enrols("spt_the_second_start_", "GW-1") {
			t.Error("an old token works")
		}
		start("spt_the_second_start_") // the same again lasts longer
		if !enrols("spt_the_second_start_", "GW-1") {
			t.Error("the token of this start is refused")
		}
		start("spt_the_second_start_")
		if enrols("spt_the_second_start_", "GW-2") {
			t.Error("the token of one use works twice")
		}
		if n := counted(t, d, "SELECT count(*) FROM provisioning_tokens WHERE hash = ?", hashOf(person)); n != 1 {
			t.Error("a person's token is gone")
		}
		if err := o.bootstrap(context.Background(), "spt_of_nobody_at_all__", 9); !errors.Is(err, db.ErrMissingReference) {
			t.Errorf("for an organization that is not there: %v", err)
		}
	})
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
