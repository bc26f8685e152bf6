package employees

import "github.com/staff-control/staff-control/platform/fault"

var (
	// errOtherOrganization: what an employee did stays with the organization in which it was done.
	errOtherOrganization = fault.New(fault.Conflict, "employees.other_organization")
	errCredentialTaken   = fault.New(fault.Conflict, "employees.credential_taken")
	errPersonalTaken     = fault.New(fault.Conflict, "employees.personal_id_taken")
)

// The refusal of one field.
const codePersonal = "employees.personal_id_form"
