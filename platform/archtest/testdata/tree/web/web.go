// Package web embeds files.
package web

import (
	_ "embed"

	_ "github.com/staff-control/staff-control/platform/fault" // want "this package only embeds files"
)
