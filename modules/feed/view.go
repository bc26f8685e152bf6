package feed

import (
	"slices"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
)

// The kinds of what happens.
const (
	kindPass    = "pass"
	kindAlert   = "alert"
	kindGateway = "gateway"
)

// readers returns the right to be told of a kind; nobody's for a kind that is not known.
func readers(kind string) actor.Permission {
	switch kind {
	case kindPass:
		return pass.Read
	case kindAlert:
		return alert.Read
	case kindGateway:
		return gateway.Read
	}
	return actor.Permission{}
}

// view is what somebody wants to be told of, as far as it may.
type view struct {
	who   actor.Actor
	kinds []string // empty: all
}

// sees reports whether the listener is told of a row: of its organization, of a kind that it may see, and as a department
// lead of a person of its departments.
func (v view) sees(r eventRow) bool {
	if !v.who.CrossesOrganizations() && (r.OrganizationID == nil || *r.OrganizationID != v.who.OrganizationID) {
		return false
	}
	if v.who.Role == actor.DepartmentLead && !slices.Contains(v.who.DepartmentIDs, r.DepartmentID) {
		return false
	}
	return v.who.Can(readers(r.Kind)) && (len(v.kinds) == 0 || slices.Contains(v.kinds, r.Kind))
}

// same reports whether somebody sees now what it saw before.
func same(before, now actor.Actor) bool {
	return before.Role == now.Role && before.OrganizationID == now.OrganizationID && slices.Equal(before.DepartmentIDs, now.DepartmentIDs)
}
