package storage

import "github.com/staff-control/staff-control/platform/fault"

var (
	errUnavailable = fault.New(fault.Unavailable, "storage.unavailable")
	errGuarded     = fault.New(fault.Forbidden, "storage.guarded")
	errLink        = fault.New(fault.Forbidden, "storage.link")
)

// Codes of single fields of a request.
const (
	codePath     = "storage.path"
	codeMetadata = "storage.metadata"
	codeHome     = "storage.home"
)
