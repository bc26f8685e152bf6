package kernel

import (
	"context"
	"strings"
	"testing"
)

type (
	sink   interface{ Put() }
	rules  interface{ Ask() }
	people interface{ Find() }
)

type bare struct{ Manifest_ Manifest }

func (b bare) Manifest() Manifest                { return b.Manifest_ }
func (b bare) Init(context.Context, *Host) error { return nil }

func module(name string, roles []Role, needs, provides []Port) Module {
	return bare{Manifest{Name: name, Roles: roles, Needs: needs, Provides: provides}}
}

var (
	onGateway = []Role{Gateway}
	onServer  = []Role{AgentAPI, Dashboard}
)

func TestPlanReportsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	_, err := plan(Gateway, []Module{
		module("collector", onGateway, []Port{PortOf[sink](), PortOf[rules]()}, nil),
		module("monitoring", onServer, nil, []Port{PortOf[sink]()}),
		module("a", onGateway, nil, []Port{PortOf[people]()}),
		module("b", onGateway, nil, []Port{PortOf[people]()}),
		module("b", onServer, nil, nil),
	})
	if err == nil {
		t.Fatal("a broken plan was accepted")
	}
	for _, want := range []string{
		"role gateway: module collector needs kernel.sink, which only other roles provide: monitoring (agent-api, dashboard)",
		"role gateway: module collector needs kernel.rules, which nobody provides",
		"role gateway: kernel.people is provided by both a and b",
		"two modules are called b",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q:\n%v", want, err)
		}
	}
}

func TestModulesThatNeedEachOtherAreNamed(t *testing.T) {
	t.Parallel()
	_, err := plan(Dashboard, []Module{
		module("visitors", onServer, []Port{PortOf[people]()}, []Port{PortOf[rules]()}),
		module("employees", onServer, []Port{PortOf[rules]()}, []Port{PortOf[people]()}),
	})
	if want := "role dashboard: modules need each other: visitors -> employees -> visitors"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOwnersOfOnePathAreNamed(t *testing.T) {
	t.Parallel()
	_, err := plan(Dashboard, []Module{
		bare{Manifest{Name: "a", Roles: onServer, Paths: []string{"/api/v2/x"}}},
		bare{Manifest{Name: "b", Roles: onServer, Paths: []string{"/api/v2/x"}}},
	})
	if want := "role dashboard: /api/v2/x belongs to both a and b"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProvidersComeFirstAndTheRestAsListed(t *testing.T) {
	t.Parallel()
	modules := []Module{
		module("late", onServer, []Port{PortOf[people](), PortOf[rules]()}, nil),
		module("other", onServer, nil, nil),
		module("rules", onServer, []Port{PortOf[people]()}, []Port{PortOf[rules]()}),
		module("people", onServer, nil, []Port{PortOf[people]()}),
		module("elsewhere", onGateway, nil, nil),
	}
	for range 20 {
		parts, err := plan(Dashboard, modules)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range parts {
			names = append(names, p.manifest.Name)
		}
		if got := strings.Join(names, " "); got != "people rules late other" {
			t.Fatalf("built in the order %s", got)
		}
	}
}
