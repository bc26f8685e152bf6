package policy

import "github.com/staff-control/staff-control/platform/fault"

var (
	errUnknown        = fault.New(fault.NotFound, "policy.unknown")
	errGroupUnknown   = fault.New(fault.NotFound, "policy.group_unknown")
	errVersionUnknown = fault.New(fault.NotFound, "policy.version_unknown")
	errBundleUnknown  = fault.New(fault.NotFound, "policy.bundle_unknown")
	// errStale is for whoever changes what somebody else has changed since it was read.
	errStale      = fault.New(fault.Conflict, "policy.stale")
	errIsDefault  = fault.New(fault.Conflict, "policy.is_default")
	errInUse      = fault.New(fault.Conflict, "policy.in_use")
	errInactive   = fault.New(fault.Conflict, "policy.inactive")
	errGroupInUse = fault.New(fault.Conflict, "policy.group_in_use")
	errNoRollout  = fault.New(fault.Conflict, "policy.no_rollout")

	errOptionUnknown   = fault.New(fault.NotFound, "policy.option_unknown")
	errResourceUnknown = fault.New(fault.NotFound, "policy.resource_unknown")
	errNotInGroup      = fault.New(fault.NotFound, "policy.not_in_group")
	errOptionExists    = fault.New(fault.Conflict, "policy.option_exists")
	errResourceExists  = fault.New(fault.Conflict, "policy.resource_exists")
	errResourceInUse   = fault.New(fault.Conflict, "policy.resource_in_use")
	errAllInGroup      = fault.New(fault.Conflict, "policy.all_in_group")
)

// Codes of single fields of a request, beside those of rule.Policy.Validate.
const (
	codeTitleTaken = "policy.title_taken"
	codeNameTaken  = "policy.name_taken"
	codeTooMany    = "policy.too_many"
	codeGoesOn     = "policy.goes_on"
	codeOtherType  = "policy.other_type"
	codeStays      = "policy.stays"
)
