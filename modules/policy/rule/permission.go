package rule

import "github.com/staff-control/staff-control/platform/actor"

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "policy.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "policy.write", Roles: actor.Admin | actor.HR}
)
