package actor_test

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
)

var parsed = map[string]actor.Role{
	"ADMIN": actor.Admin, "HR": actor.HR, "DEPARTMENT_LEAD": actor.DepartmentLead, "GUARD": actor.Guard,
	"GATEWAY": actor.Gateway, "AGENT": actor.Agent, "HIKVISION": actor.Hikvision,
}

func TestRolesReadBackAsWritten(t *testing.T) {
	t.Parallel()
	for name, role := range parsed {
		got, ok := actor.ParseRole(name)
		if !ok || got != role || role.String() != name {
			t.Errorf("%s: parsed %s, %v; written %s", name, got, ok, role)
		}
	}
	for _, name := range []string{"", "admin", "SYSTEM", "ADMIN|HR", "ROOT", " HR"} {
		if got, ok := actor.ParseRole(name); ok || got != 0 {
			t.Errorf("%q is the role %s", name, got)
		}
	}
	if got := (actor.Admin | actor.Guard).String(); got != "ADMIN|GUARD" {
		t.Errorf("a set is written %q", got)
	}
	if got := actor.Role(0).String(); got != "" {
		t.Errorf("no role is written %q", got)
	}
}

func TestARoleHoldsItsPermissionsOnly(t *testing.T) {
	t.Parallel()
	admit := actor.Permission{Name: "visitor.admit", Roles: actor.Guard | actor.Admin}
	for name, role := range parsed {
		a := actor.Actor{Role: role}
		if got, want := a.Can(admit), role == actor.Guard || role == actor.Admin; got != want {
			t.Errorf("%s may admit: %v", name, got)
		}
		if got, want := a.Can(actor.SignedIn), role&actor.People != 0; got != want {
			t.Errorf("%s is signed in: %v", name, got)
		}
		if !a.Can(actor.Public) {
			t.Errorf("%s may not do what is public", name)
		}
	}
	var nobody actor.Actor
	if nobody.Can(admit) || nobody.Can(actor.Public) || nobody.Can(actor.SignedIn) {
		t.Error("the zero actor may do something")
	}
	if actor.System("test").Can(admit) || actor.System("test").Can(actor.SignedIn) {
		t.Error("the system is a person")
	}
}

func TestScopesOnlyNarrow(t *testing.T) {
	t.Parallel()
	admit, read := actor.Permission{Name: "visitor.admit", Roles: actor.Guard}, actor.Permission{Name: "visitor.read", Roles: actor.Guard}
	a := actor.Actor{Role: actor.Guard, Scopes: []string{"visitor.read", "user.write"}}
	if !a.Can(read) || a.Can(admit) || a.Can(actor.SignedIn) || !a.Can(actor.Public) {
		t.Errorf("%v: read %v, admit %v, signed in %v", a.Scopes, a.Can(read), a.Can(admit), a.Can(actor.SignedIn))
	}
	if a.Can(actor.Permission{Name: "user.write", Roles: actor.Admin}) {
		t.Error("a scope gives what the role does not hold")
	}
	if a.Scopes = []string{}; a.Can(read) {
		t.Error("no scopes are all scopes")
	}
}

func TestOnlyTheOperatorAndTheSystemCrossOrganizations(t *testing.T) {
	t.Parallel()
	for name, role := range parsed {
		a := actor.Actor{Role: role}
		if got, want := a.CrossesOrganizations(), role == actor.Admin; got != want {
			t.Errorf("%s without an organization crosses: %v", name, got)
		}
		if narrowed := a.In(7); narrowed.CrossesOrganizations() || narrowed.OrganizationID != 7 || a.OrganizationID != 0 {
			t.Errorf("%s: narrowed %+v, itself %+v", name, narrowed, a)
		}
	}
	if (actor.Actor{}).CrossesOrganizations() {
		t.Error("the zero actor crosses organizations")
	}
	system := actor.System("retention")
	if !system.CrossesOrganizations() || system.In(1).CrossesOrganizations() || system.ID != "system:retention" {
		t.Errorf("got %+v", system)
	}
}

func TestTheContextCarriesTheActor(t *testing.T) {
	t.Parallel()
	if a, ok := actor.From(context.Background()); ok || a.ID != "" {
		t.Errorf("an empty context acts for %+v", a)
	}
	outer := actor.With(context.Background(), actor.Actor{ID: "user:7", Role: actor.HR, OrganizationID: 3})
	inner := actor.With(outer, actor.System("test"))
	if a, ok := actor.From(inner); !ok || a.ID != "system:test" {
		t.Errorf("inner %+v", a)
	}
	if a, ok := actor.From(outer); !ok || a.ID != "user:7" || a.OrganizationID != 3 {
		t.Errorf("outer %+v", a)
	}
}
