package policy

import (
	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// policyRow is the part of a policy that says whether and how screens are pictured.
type policyRow struct {
	bun.BaseModel `bun:"table:policies"`
	db.Owned
	ID                  int64 `bun:"id,pk"`
	Screenshot          bool
	ScreenshotInterval  *int64 // seconds
	ScreenshotGrayscale *bool  `bun:"screenshot_is_grayscale"`
}
