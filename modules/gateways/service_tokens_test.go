package gateways

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

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
		if n := counted(t, d, "SELECT count(*) FROM provisioning_tokens WHERE hash = ? AND created_by = 'user:1'", secret.Hash(token)); n != 1 {
			t.Error("the token is not kept as its hash")
		}
		e, err := o.enrol(context.Background(), token, "GW-001", "Ombor", "1.2.3", "")
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
		if _, err := o.enrol(context.Background(), used, "GW-USED", "", "", ""); err != nil {
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
			if _, err := o.enrol(context.Background(), token, "GW-NEW", "", "", ""); !errors.Is(err, errTokenRefused) {
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
				_, err := racer.enrol(context.Background(), token, "GW-"+string(rune('a'+i)), "", "", "")
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
		first, err := o.enrol(context.Background(), token, "GW-001", "", "1", "")
		if err != nil {
			t.Fatal(err)
		}
		o.knows(t, first.key)
		again, err := o.enrol(context.Background(), token, "GW-001", "", "2", "")
		if err != nil {
			t.Fatal(err)
		}
		if again.gateway.ID != first.gateway.ID || again.key == first.key {
			t.Errorf("it is gateway %s now, was %s", again.gateway.ID, first.gateway.ID)
		}
		o.knows(t, again.key)
		o.refuses(t, first.key, "the lost key")
		if _, err := o.enrol(context.Background(), theirs, "GW-001", "", "", ""); !errors.Is(err, errSerialTaken) {
			t.Errorf("another organization enrols the serial: %v", err)
		}
		o.knows(t, again.key)
		if err := o.revoke(operator(), first.gateway.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.enrol(context.Background(), token, "GW-001", "", "", ""); !errors.Is(err, errSerialTaken) {
			t.Errorf("a revoked gateway comes back: %v", err)
		}
		if n := counted(t, d, "SELECT uses FROM provisioning_tokens WHERE hash = ?", secret.Hash(token)); n != 2 {
			t.Errorf("%d uses were counted: a refused enrolment is none", n)
		}
	})
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
			_, err := o.enrol(context.Background(), token, serial, "", "", "")
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
		if n := counted(t, d, "SELECT count(*) FROM provisioning_tokens WHERE hash = ?", secret.Hash(person)); n != 1 {
			t.Error("a person's token is gone")
		}
		if err := o.bootstrap(context.Background(), "spt_of_nobody_at_all__", 9); !errors.Is(err, db.ErrMissingReference) {
			t.Errorf("for an organization that is not there: %v", err)
		}
	})
}
