// Package modules lists the modules, so it may import all of them.
package modules

import _ "github.com/staff-control/staff-control/modules/visitors"
