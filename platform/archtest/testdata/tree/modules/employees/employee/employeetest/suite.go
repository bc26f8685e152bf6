// Package employeetest is the suite that every Directory passes; it is test code.
package employeetest

import (
	_ "net/http"
	_ "testing"

	_ "github.com/staff-control/staff-control/modules/employees/employee"
	_ "github.com/staff-control/staff-control/modules/visitors" // want "modules/visitors/<noun>"
	_ "github.com/staff-control/staff-control/platform/db/dbtest"
)
