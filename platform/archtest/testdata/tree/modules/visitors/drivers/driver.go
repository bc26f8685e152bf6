// Package drivers is a module's own sub-package, no contract.
package drivers

import (
	_ "github.com/staff-control/staff-control/modules/auth/identity"
	_ "github.com/staff-control/staff-control/modules/auth/passwords" // want "modules/auth/<noun>"
)
