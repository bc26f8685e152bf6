package employees

import "github.com/staff-control/staff-control/platform/fault"

// errOtherOrganization: what an employee did stays with the organization in which it was done.
var errOtherOrganization = fault.New(fault.Conflict, "employees.other_organization")
