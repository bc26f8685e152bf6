package presence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

func TestAttentionIsWhatSomebodyMustLookAt(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	for i, reason := range []string{"no_contact", "gateway_offline", "error", "shutdown", "suspend", "logout"} {
		o.silence(o.employ(int64(i+1), 1, reason), reason, on(10, i))
	}
	o.silence(o.employ(10, 3, "night"), "no_contact", on(10, 0)) // not in the shift
	dead, holey := id.New(), id.New()
	o.troubles = []gateway.Trouble{
		{ID: dead, Name: "GW-1", Reason: "no_heartbeat", Since: on(10, 0)},
		{ID: holey, Name: "GW-2", Online: true, Reason: gateway.ReasonGap, Missing: 7, Since: on(10, 30)},
	}
	o.open = []alert.Alert{
		{ID: id.New(), Kind: alert.GatewayOffline, Subject: "gateway:" + dead.String()},
		{ID: id.New(), Kind: alert.DataGap, Subject: "gateway:" + holey.String()},
		{ID: id.New(), Kind: alert.BufferOverflow, Severity: alert.Warning, At: on(10, 0), Subject: "gateway:" + dead.String()},
	}
	var got []string
	for _, a := range mustAsk(t, o, as(actor.HR, 1), request{}).Attention {
		got = append(got, fmt.Sprint(a.Kind, " ", a.Name, " ", a.State, " ", a.Reason, " ", a.Detail, a.EmployeeName))
	}
	want := []string{
		"gateway GW-2 online data_gap 7", "gateway GW-1 offline no_heartbeat ",
		"agent PC-error offline error error", "agent PC-gateway_offline offline gateway_offline gateway_offline", "agent PC-no_contact offline no_contact no_contact",
		"alert gateway:" + dead.String() + " open buffer_overflow ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("attention\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What an agent says of itself is not forgotten because nobody works at the time; what only is silent then is nothing.
func TestAttentionByDayAndNight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at         time.Time
		department int64
		want       string
	}{
		"at night":               {on(3, 0), 1, "error uninstall"},
		"before the shift":       {on(8, 59), 1, "error uninstall"},
		"when it begins":         {on(9, 0), 1, "error gateway_offline no_contact uninstall update"},
		"before it ends":         {on(17, 59), 1, "error gateway_offline no_contact uninstall update"},
		"in the evening":         {on(20, 0), 1, "error uninstall"},
		"without a shift at all": {on(11, 0), 4, "error uninstall"},
	} {
		o := newOffice(c.at)
		for i, reason := range []string{"error", "uninstall", "update", "no_contact", "gateway_offline", "shutdown", "suspend", "logout"} {
			o.silence(o.employ(int64(i+1), c.department, reason), reason, on(2, 0))
		}
		var got []string
		for _, a := range mustAsk(t, o, as(actor.HR, 1), request{}).Attention {
			got = append(got, a.Reason)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Of several computers a broken one matters, even if another is used; one that only is silent does not.
func TestAttentionToComputersThatAreNotUsed(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	used := o.employ(1, 1, "x")
	o.see(used, on(9, 0), on(10, 59), activity.StateActive)
	for _, reason := range []string{"error", "no_contact"} {
		o.linked = append(o.linked, computer.LinkPeriod{EmployeeID: 1, ComputerUID: reason, UserSID: "S"})
		o.standings[reason] = computer.Standing{ID: int64(len(reason)), UID: reason, State: "offline", Reason: reason, Since: on(10, 0)}
	}
	o.linked = append(o.linked, computer.LinkPeriod{EmployeeID: 1, ComputerUID: "given away", UserSID: "S", Until: on(10, 30)})
	o.standings["given away"] = computer.Standing{ID: 99, UID: "given away", State: "offline", Reason: "error", Since: on(10, 45)}
	got := mustAsk(t, o, as(actor.HR, 1), request{}).Attention
	if len(got) != 1 || got[0].Name != "error" || got[0].EmployeeName != "x" {
		t.Errorf("attention %+v", got)
	}
}

func TestNothingToLookAtIsAList(t *testing.T) {
	t.Parallel()
	for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard} {
		o := newOffice(on(11, 0))
		o.employ(1, 1, "x")
		day := mustAsk(t, o, as(role, 1, 1), request{})
		if text, err := json.Marshal(day); err != nil || !strings.Contains(string(text), `"attention":[]`) {
			t.Errorf("%v: %s, %v", role, text, err)
		}
	}
}
