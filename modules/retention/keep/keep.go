// Package keep is the contract of how long things are kept.
package keep

import "github.com/staff-control/staff-control/platform/actor"

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "retention.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "retention.write", Roles: actor.Admin | actor.HR}
)

// All is the resource type of a hold on everything.
const All = "all"

// Types are what there are rules for. Times without input go with active windows.
var Types = [...]string{"active_window", "visited_site", "screenshot", "user_session", "credential", "profile"}
