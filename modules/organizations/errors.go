package organizations

import "github.com/staff-control/staff-control/platform/fault"

var (
	errNameTaken = fault.New(fault.Conflict, "organizations.name_taken")
	// errOperator: only an actor of no organization makes new ones.
	errOperator = fault.New(fault.Forbidden, "organizations.operator_only")
	// errMoves: what belongs to a department stays with the organization in which it was made.
	errMoves = fault.New(fault.Conflict, "organizations.department_moves")
	errCycle = fault.New(fault.Conflict, "organizations.department_cycle")
)

// The refusal of one field.
const codeZone = "organizations.zone_unknown"
