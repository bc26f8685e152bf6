// Package actor says on whose behalf code runs: who, in which organization, with which role.
// Every transaction and every route asks it.
package actor

import (
	"context"
	"slices"
	"strings"
)

// Role is one of the product's roles, or a set of them.
type Role uint16

// The roles. The first four are people's, named as in v1; the others are machines'.
const (
	Admin Role = 1 << iota
	HR
	DepartmentLead
	Guard
	Gateway
	Agent
	Hikvision
	system
)

// People are the roles that a user can have.
const People = Admin | HR | DepartmentLead | Guard

const everyone = People | Gateway | Agent | Hikvision | system

// Roles in the order of their bits, with the names that v1 and the database use.
var names = [...]string{"ADMIN", "HR", "DEPARTMENT_LEAD", "GUARD", "GATEWAY", "AGENT", "HIKVISION", "SYSTEM"}

// String returns the role's name; a set is its names joined by "|".
func (r Role) String() string {
	var set []string
	for i, name := range names {
		if r&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, "|")
}

// ParseRole returns the one role with this name. It knows no set and no system.
func ParseRole(name string) (Role, bool) {
	for i, n := range names[:len(names)-1] {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Permission is the right to do one thing, with the roles that hold it.
// A contract package declares those of its noun: visitor.Read, visitor.Admit.
type Permission struct {
	Name  string
	Roles Role
}

var (
	// Public is said by routes that need nobody.
	Public = Permission{Name: "public", Roles: everyone}
	// SignedIn is held by every user, whatever the role.
	SignedIn = Permission{Name: "signed_in", Roles: People}
)

// Actor is on whose behalf code runs.
type Actor struct {
	Role Role
	// ID names the actor in logs and in the audit: user:7, gateway:0192…, key:12, system:retention.
	ID string
	// UserID is the user's id; 0 for machines.
	UserID int64
	// OrganizationID is the one organization that the actor sees; 0 for an actor that crosses organizations.
	OrganizationID int64
	// Key is the hash of the API key that an agent came with, or that its token came from; empty where there was none.
	Key string
	// DepartmentIDs narrow a department lead's sight. They are a rule of the services, not tenancy.
	DepartmentIDs []int64
	// Scopes narrow a program's token to permissions of these names; nil for all that the role holds.
	Scopes []string
	// Language is the language of the actor's texts: uz, uz-Cyrl, ru or en; empty when the actor has chosen none.
	Language string
}

// Can reports whether the actor's role holds p, and its scopes let it.
func (a Actor) Can(p Permission) bool {
	return a.Role&p.Roles != 0 && (a.Scopes == nil || p.Name == Public.Name || slices.Contains(a.Scopes, p.Name))
}

// CrossesOrganizations reports whether the actor sees all organizations at once:
// the operator of the whole system (ADMIN) and the system itself, unless narrowed by In.
func (a Actor) CrossesOrganizations() bool {
	return a.OrganizationID == 0 && a.Role&(Admin|system) != 0
}

// In returns the actor narrowed to one organization.
func (a Actor) In(organizationID int64) Actor {
	a.OrganizationID = organizationID
	return a
}

// System returns the actor that crosses organizations for the system's own work.
// The reason is logged; who may call it is listed in archtest.
func System(reason string) Actor { return Actor{Role: system, ID: "system:" + reason} }

type key struct{}

// With returns a context in which code runs on a's behalf.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns the context's actor; ok is false where there is none.
func From(ctx context.Context) (a Actor, ok bool) {
	a, ok = ctx.Value(key{}).(Actor)
	return a, ok
}
