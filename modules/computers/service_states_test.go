package computers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

// told is one contact of an agent at a time.
func told(at time.Time) computer.Told { return computer.Told{At: at, Since: at} }

// sees reports a computer on behalf of ctx, at a time.
func sees(t testing.TB, o office, ctx context.Context, uid string, at time.Time) {
	t.Helper()
	if err := o.Seen(ctx, []computer.Sighting{{ComputerUID: uid, UserSID: "S-1", At: at}}); err != nil {
		t.Fatal(err)
	}
}

// wantState fails the test unless the computer is as said: state, reason, and since when in minutes after noon.
func wantState(t testing.TB, o office, uid, want string) {
	t.Helper()
	r := named(t, o, 1, uid)
	got := fmt.Sprint(r.State, " ", r.StateReason, " never")
	if r.StateSince != nil {
		got = fmt.Sprintf("%s %s %d", r.State, r.StateReason, int(r.StateSince.Sub(noon).Minutes()))
	}
	if got != want {
		t.Errorf("%s is %s, want %s", uid, got, want)
	}
}

func TestAComputerThatIsSeenIsOnline(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		if _, err := o.Register(agent(1), computer.Details{UID: "PC-1"}); err != nil {
			t.Fatal(err)
		}
		wantState(t, o, "PC-1", "unknown never_reported never")
		sees(t, o, agent(1), "PC-1", o.clock.pass(time.Minute))
		sees(t, o, agent(1), "PC-2", o.clock.now())
		wantState(t, o, "PC-1", "online reporting 1")
		settled(t, o)
		sees(t, o, agent(1), "PC-1", o.clock.pass(9*time.Minute))
		o.clock.pass(2 * time.Minute)
		settled(t, o)
		wantState(t, o, "PC-1", "online reporting 1")
		wantState(t, o, "PC-2", "offline no_contact 1")
		sees(t, o, agent(1), "PC-1", o.clock.now())
		sees(t, o, agent(1), "PC-2", noon.Add(-time.Hour)) // what a buffer had kept says nothing of now
		wantState(t, o, "PC-2", "offline no_contact 1")
		sees(t, o, agent(1), "PC-2", o.clock.pass(time.Minute))
		wantState(t, o, "PC-2", "online reporting 13")
		o.clock.pass(time.Hour)
		settled(t, o)
		if got, err := o.history(hr(1), computerID(t, o, 1, "PC-2")); err != nil || len(got) != 4 || !got[1].At.Equal(noon.Add(time.Minute)) || got[1].Reason != noContact {
			t.Errorf("the history is %+v (%v)", got, err)
		}
		if got, err := o.history(hr(1), computerID(t, o, 1, "PC-1")); err != nil || len(got) != 2 || !got[1].At.Equal(noon.Add(12*time.Minute)) {
			t.Errorf("the history is %+v (%v)", got, err)
		}
	})
}

// What an agent says when it goes is kept, whatever its last batches and its clock say.
func TestAGoodbyeIsKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		o.clock.pass(time.Minute)
		report(t, o, "PC-1", told(noon), computer.Told{At: noon.Add(time.Minute), Stopped: true, Reason: "error", Detail: "disk full", Version: "2.1"})
		o.clock.pass(4 * time.Minute)
		sees(t, o, agent(1), "PC-1", noon.Add(4*time.Minute))
		wantState(t, o, "PC-1", "offline error 1")
		o.clock.pass(time.Hour)
		settled(t, o)
		wantState(t, o, "PC-1", "offline error 1")
		if r := named(t, o, 1, "PC-1"); r.StateDetail != "disk full" || text(r.AgentVersion) != "2.1" {
			t.Errorf("the computer is %+v", r)
		}
		sees(t, o, agent(1), "PC-1", o.clock.now()) // by a gateway that tells nothing of agents
		wantState(t, o, "PC-1", "online reporting 65")
	})
}

func TestASilentGatewayIsToBlame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		site := func(online bool, since int) {
			at := noon.Add(time.Duration(since) * time.Minute)
			o.sites[gatewayID] = gateway.Gateway{ID: gatewayID, Online: online, Since: at, LastSeenAt: at}
		}
		site(true, -60)
		sees(t, o, through(), "PC-EARLY", o.clock.now())
		o.clock.pass(15 * time.Minute)
		settled(t, o)
		sees(t, o, through(), "PC-LATE", o.clock.now())
		sees(t, o, agent(1), "PC-DIRECT", o.clock.now())
		site(false, 16)
		o.clock.pass(15 * time.Minute)
		settled(t, o)
		wantState(t, o, "PC-EARLY", "offline no_contact 0")
		wantState(t, o, "PC-LATE", "offline gateway_offline 15")
		wantState(t, o, "PC-DIRECT", "offline no_contact 15")
		if r := named(t, o, 1, "PC-LATE"); r.GatewayID == nil || *r.GatewayID != gatewayID {
			t.Errorf("it was heard of through %v", r.GatewayID)
		}
		// The gateway is back. What it had kept comes first, then nothing more.
		site(true, 40)
		o.clock.pass(12 * time.Minute)
		if err := o.Report(through(), []computer.Told{{UID: "PC-LATE", Since: noon.Add(15 * time.Minute), At: noon.Add(20 * time.Minute)}}); err != nil {
			t.Fatal(err)
		}
		settled(t, o)
		wantState(t, o, "PC-LATE", "offline gateway_offline 20")
		o.clock.pass(9 * time.Minute)
		settled(t, o)
		wantState(t, o, "PC-LATE", "offline no_contact 20")
		if err := o.Report(agent(1), []computer.Told{{UID: "PC-LATE", At: o.clock.now()}}); err != nil {
			t.Fatal(err)
		}
		wantState(t, o, "PC-LATE", "online reporting 51")
		if r := named(t, o, 1, "PC-LATE"); r.GatewayID != nil {
			t.Errorf("it is still heard of through %v", r.GatewayID)
		}
	})
}

// A silence that the gateway caused is called so in the history for as long as it was one.
func TestHistorySaysThatAGatewayWasOffline(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	o.sites[gatewayID] = gateway.Gateway{ID: gatewayID, LastSeenAt: noon}
	run := func(minutes int) computer.Told {
		return computer.Told{UID: "PC-1", Since: noon, At: noon.Add(time.Duration(minutes) * time.Minute)}
	}
	for _, minutes := range []int{0, 30} {
		if err := o.Report(through(), []computer.Told{run(minutes)}); err != nil {
			t.Fatal(err)
		}
		o.clock.pass(time.Hour)
		settled(t, o)
		got, err := o.history(hr(1), computerID(t, o, 1, "PC-1"))
		if err != nil || len(got) != 2 || got[1].Reason != gatewayOffline || !got[1].At.Equal(noon.Add(time.Duration(minutes)*time.Minute)) {
			t.Errorf("after %d minutes: %+v (%v)", minutes, got, err)
		}
	}
	report(t, o, "PC-1", told(o.clock.now()))
	got, err := o.history(hr(1), computerID(t, o, 1, "PC-1"))
	if err != nil || len(got) != 3 || got[1].Reason != gatewayOffline {
		t.Errorf("once it is back: %+v (%v)", got, err)
	}
}

// A clock that is fast by a year must not outweigh for a year what comes later.
func TestWhatIsToldOfTheFutureIsOfNow(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	future := computer.Told{At: noon.AddDate(1, 0, 0), Stopped: true, Reason: "shutdown"}
	report(t, o, "PC-1", future)
	wantState(t, o, "PC-1", "offline shutdown 0")
	o.clock.pass(time.Hour)
	report(t, o, "PC-1", future)
	report(t, o, "PC-1", told(o.clock.now()))
	wantState(t, o, "PC-1", "online reporting 60")
	if n := counted(t, d, "SELECT count(*) FROM computer_states"); n != 2 {
		t.Errorf("there are %d rows, want one for each thing that was told", n)
	}
}

func TestNobodyReportsForNoOrganization(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	one := []computer.Told{{UID: "PC-1", At: noon}}
	if err := o.Report(context.Background(), one); !errors.Is(err, db.ErrNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	if err := o.Report(system(), one); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("across organizations: %v", err)
	}
	for name, useless := range map[string]computer.Told{"no computer": {At: noon}, "no time": {UID: "PC-1"}, "older than the history": {UID: "PC-1", At: noon.AddDate(-2, 0, 0)}} {
		if err := o.Report(agent(1), []computer.Told{useless}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := counted(t, d, "SELECT count(*) FROM computers"); n != 0 {
		t.Errorf("%d computers were made of what says nothing", n)
	}
}

func TestOldStatesAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		report(t, o, "PC-1", told(noon.AddDate(0, 0, -364)), told(noon))
		o.clock.pass(48 * time.Hour)
		if err := o.forgetStates(system()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM computer_states"); n != 1 {
			t.Errorf("%d rows are left, want the newer one", n)
		}
	})
}

func TestGatewaysAreReadFromTheActor(t *testing.T) {
	t.Parallel()
	o := newOffice(nil)
	if c := o.contact(through()); c.gateway == nil || *c.gateway != gatewayID || c.silence != 10*time.Minute {
		t.Errorf("the contact is %+v", c)
	}
	if c := o.contact(agent(1)); c.gateway != nil {
		t.Errorf("an agent comes through %v", id.UUID(*c.gateway))
	}
}

func TestSettingsHaveBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{OfflineAfter: time.Second, HistoryDays: 1}, {OfflineAfter: time.Hour}} {
		if c.Validate() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if c := defaults(); c.Validate() != nil {
		t.Error(c.Validate())
	}
}
