package employees

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

var (
	// errOtherOrganization: what an employee did stays with the organization in which it was done.
	errOtherOrganization = fault.New(fault.Conflict, "employees.other_organization")
	errCredentialTaken   = fault.New(fault.Conflict, "employees.credential_taken")
	errNoPhoto           = fault.New(fault.NotFound, "employees.no_photo")
	errPhotoUnreadable   = fault.New(fault.Unprocessable, "employees.photo_unreadable")
	errPhotoTooLarge     = fault.New(fault.TooLarge, "employees.photo_too_large")
	errPhotoBusy         = fault.New(fault.TooMany, "employees.photo_busy").After(5 * time.Second)
	errGroupUnknown      = fault.New(fault.NotFound, "employees.group_unknown")
	errGroupTaken        = fault.New(fault.Conflict, "employees.group_name_taken")
	errPersonalTaken     = fault.New(fault.Conflict, "employees.personal_id_taken")

	errImportForm     = fault.New(fault.Malformed, "employees.import_form")
	errImportTooLarge = fault.New(fault.TooLarge, "employees.import_too_large")
	errImportFormat   = fault.New(fault.Unprocessable, "employees.import_format")
	errImportLocked   = fault.New(fault.Unprocessable, "employees.import_locked")
	errImportRows     = fault.New(fault.Unprocessable, "employees.import_rows")
	errImportUnpacked = fault.New(fault.Unprocessable, "employees.import_unpacked")
	errImportEmpty    = fault.New(fault.Unprocessable, "employees.import_empty")
	errImportColumns  = fault.New(fault.Unprocessable, "employees.import_columns")
	errImportErrors   = fault.New(fault.Unprocessable, "employees.import_errors")
	// errImportChanged: what was previewed is not what would be done now.
	errImportChanged = fault.New(fault.Conflict, "employees.import_changed")
)

// The refusal of one field.
const codePersonal = "employees.personal_id_form"
