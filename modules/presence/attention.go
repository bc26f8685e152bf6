package presence

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
)

// maxAttention bounds the things of each kind.
const maxAttention = 50

// The reasons for which an agent is silent, and which are its affair: of those somebody has to look at, broken are so
// by day and night, and of expected ones nobody need look at any: somebody switched off or left.
var (
	brokenReasons   = [...]string{"error", "uninstall"}
	expectedReasons = [...]string{"shutdown", "suspend", "logout"}
)

// attention is what somebody has to look at now, as far as the actor may know.
func (s *service) attention(ctx context.Context, m moment, people []employee.Employee, found map[int64]*traces, standings map[string]computer.Standing) ([]Attention, error) {
	var list []Attention
	a, _ := actor.From(ctx)
	told := map[string]string{} // kinds of alerts that a gateway's own line tells already
	if a.Can(gateway.Read) {
		gateways, err := s.troubledGateways(ctx, m)
		if err != nil {
			return nil, err
		}
		for _, g := range gateways {
			told["gateway:"+g.ID] = alert.GatewayOffline
			if g.State == "online" {
				told["gateway:"+g.ID] = g.Reason
			}
		}
		list = append(list, gateways...)
	}
	if a.Can(computer.Read) {
		list = append(list, silentAgents(people, found, standings)...)
	}
	if !a.Can(alert.Read) {
		return list, nil
	}
	alerts, err := s.openAlerts(ctx, told)
	return append(list, alerts...), err
}

func (s *service) troubledGateways(ctx context.Context, m moment) ([]Attention, error) {
	midnight, _ := m.day()
	troubles, err := s.gateways.Troubled(ctx, midnight)
	if err != nil {
		return nil, err
	}
	list := make([]Attention, 0, len(troubles))
	for _, t := range troubles {
		g := Attention{Kind: "gateway", ID: t.ID.String(), Name: t.Name, State: "offline", Reason: t.Reason, Since: known(t.Since)}
		if t.Online {
			g.State, g.Detail = "online", strconv.FormatInt(t.Missing, 10)
		}
		list = append(list, g)
	}
	return newestFirst(list), nil
}

// silentAgents are first those that said that they are broken, on any computer of the people and at any time, then
// those that should report in their people's shifts and do not, for no good reason.
func silentAgents(people []employee.Employee, found map[int64]*traces, standings map[string]computer.Standing) []Attention {
	var broken, silent []Attention
	shown := map[int64]bool{}
	for _, e := range people {
		t := found[e.ID]
		used, _ := t.computer(standings)
		for _, uid := range t.usual {
			c := standings[uid]
			if c.State != "offline" || shown[c.ID] {
				continue
			}
			switch {
			case slices.Contains(brokenReasons[:], c.Reason):
				broken = append(broken, silentAgent(c, e))
			case c.ID == used.ID && t.onShift() && !slices.Contains(expectedReasons[:], c.Reason):
				silent = append(silent, silentAgent(c, e))
			default:
				continue
			}
			shown[c.ID] = true
		}
	}
	return append(newestFirst(broken), newestFirst(silent)...)
}

func silentAgent(c computer.Standing, e employee.Employee) Attention {
	return Attention{
		Kind: "agent", ID: strconv.FormatInt(c.ID, 10), Name: nameOf(c), State: c.State, Reason: c.Reason, Detail: c.Detail,
		Since: known(c.Since), EmployeeID: e.ID, EmployeeName: e.Name,
	}
}

// openAlerts are those that nobody has acknowledged, but for what gateways' own lines tell.
func (s *service) openAlerts(ctx context.Context, told map[string]string) ([]Attention, error) {
	alerts, err := s.alerts.Open(ctx, 2*maxAttention)
	if err != nil {
		return nil, err
	}
	var list []Attention
	for _, a := range alerts {
		if told[a.Subject] == a.Kind {
			continue
		}
		list = append(list, Attention{
			Kind: "alert", ID: a.ID.String(), Name: a.Subject, State: "open", Reason: a.Kind, Severity: string(a.Severity), Since: known(a.At),
		})
	}
	return newestFirst(list), nil
}

// newestFirst orders one kind, in which nobody wants to read all.
func newestFirst(list []Attention) []Attention {
	at := func(a Attention) time.Time {
		if a.Since == nil {
			return time.Time{}
		}
		return *a.Since
	}
	slices.SortStableFunc(list, func(a, b Attention) int { return cmp.Or(at(b).Compare(at(a)), cmp.Compare(a.ID, b.ID)) })
	return list[:min(len(list), maxAttention)]
}
