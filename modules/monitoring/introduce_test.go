package monitoring

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// diary is a registry that writes down what agents told.
type diary struct {
	registry
	told    *[]computer.Told
	failure error
}

func (d diary) Report(_ context.Context, told []computer.Told) error {
	*d.told = append(*d.told, told...)
	return d.failure
}

func TestStatesOfAgentsArePassedOn(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	d := diary{registry: registry{seen: make(chan []computer.Sighting, 3)}, told: new([]computer.Told)}
	s.computers = d
	state := func(key, uid string, details map[string]string) activity.Event {
		return activity.Event{Kind: activity.AgentState, Key: key, ComputerUID: uid, At: noon, Details: details}
	}
	running := state("1", "PC\x00-1", map[string]string{
		activity.DetailState: activity.Running, activity.DetailSince: "2026-11-02T16:30:00.5+05:00", activity.DetailAgentVersion: "2.1", activity.DetailIPAddress: "10.0.0.7"})
	running.UserSID = "S-1"
	stopping := state("2", "PC-2", map[string]string{
		activity.DetailState: activity.Stopping, activity.DetailReason: "error", activity.DetailDetail: "disk\x00 full", activity.DetailSince: "yesterday"})
	if r := mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{running, stopping}}); r != (activity.Receipt{Stored: 2}) {
		t.Errorf("receipt %+v", r)
	}
	want := []computer.Told{
		{UID: "PC-1", At: noon, Since: noon.Add(-30*time.Minute + 500*time.Millisecond), Version: "2.1", Address: "10.0.0.7"},
		{UID: "PC-2", At: noon, Stopped: true, Reason: "error", Detail: "disk full"},
	}
	if got := *d.told; len(got) != 2 || !got[0].Since.Equal(want[0].Since) || fmt.Sprint(got[1]) != fmt.Sprint(want[1]) || got[0].Address+got[0].Version != "10.0.0.72.1" {
		t.Errorf("told %+v\nwant %+v", got, want)
	}
	if pair := <-d.seen; len(pair) != 1 || pair[0].ComputerUID != "PC-1" || pair[0].UserSID != "S-1" {
		t.Errorf("seen %+v", pair)
	}
	d.failure = db.ErrUnavailable
	s.computers = d
	_, err := s.Put(agent(1), activity.Batch{Events: []activity.Event{running}})
	isPassing(t, err)
}

// What an agent says of its policy is a sign of life, and no state of the computer.
func TestAnswersToPoliciesAreNoStates(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	d := diary{registry: registry{seen: make(chan []computer.Sighting, 3)}, told: new([]computer.Told)}
	s.computers = d
	mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: []activity.Event{{
		Kind: activity.AgentState, Key: "1", ComputerUID: "PC-1", UserSID: "S-1", At: noon, Details: map[string]string{activity.DetailPolicyVersion: "7.2"},
	}}})
	if seen := <-d.seen; len(seen) != 1 || seen[0] != (computer.Sighting{ComputerUID: "PC-1", At: noon}) || len(*d.told) != 0 {
		t.Errorf("seen %+v, told %+v", seen, *d.told)
	}
}

// remade is a registry in whose organization 1 PC-1 was merged into PC-2; organization 2 has computers of these names.
type remade struct{ registry }

func (remade) Merged(ctx context.Context, uid string) ([]string, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 1 && uid == "PC-2" {
		return []string{"PC-1"}, nil
	}
	return nil, nil
}

// What a computer reported before it was set up anew is its own, and nobody sees more of it than before.
func TestReadsByComputerIncludeWhatWasMergedIntoIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.computers = remade{o.computers.(registry)}
		for name, c := range map[string]struct {
			as    context.Context
			query string
			want  []string
		}{
			"the target":               {as(actor.HR, 1), "computer=PC-2", []string{"1 PC-1 10", "1 PC-1 11", "1 PC-1 8", "1 PC-1 9", "1 PC-2 10", "1 PC-2 11", "1 PC-2 8", "1 PC-2 9"}},
			"the merged one":           {as(actor.HR, 1), "computer=PC-1", []string{"1 PC-1 10", "1 PC-1 11", "1 PC-1 8", "1 PC-1 9"}},
			"an employee on it":        {as(actor.HR, 1), "employee=1&computer=PC-2", []string{"1 PC-1 8", "1 PC-1 9", "1 PC-2 10", "1 PC-2 11"}},
			"a lead's own":             {lead(20), "computer=PC-2", []string{"1 PC-1 10", "1 PC-1 11"}},
			"another organization's":   {as(actor.HR, 2), "computer=PC-2", []string{"2 PC-2 10", "2 PC-2 11", "2 PC-2 8", "2 PC-2 9"}},
			"all of the organizations": {as(actor.Admin, 0), "computer=PC-2&from=2026-11-02T11:00:00Z", []string{"1 PC-1 11", "1 PC-2 11", "2 PC-2 11"}},
		} {
			got := o.titles(t, c.as, c.query)
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		var day struct{ Windows []struct{ Title string } }
		code := o.get(t, as(actor.HR, 1), "/day?date=2026-11-02&computer=PC-2", &day)
		for _, title := range []string{"1 PC-1 8", "1 PC-2 8"} {
			if !slices.Contains(day.Windows, struct{ Title string }{title}) {
				t.Errorf("the day (%d) has no %s: %+v", code, title, day.Windows)
			}
		}
	})
}
