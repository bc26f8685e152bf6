package organizations

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

type organizationRow struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`
	db.Tenant
	FullName          string    `bun:"full_name"`
	ShortName         string    `bun:"short_name"`
	Address           string    `bun:"address,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	Email             string    `bun:"email,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	Language          string    `bun:"language"`
	Zone              string    `bun:"zone"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

type departmentRow struct {
	bun.BaseModel `bun:"table:departments,alias:d"`
	db.Owned
	ID                int64     `bun:"id,pk,autoincrement"`
	ParentID          int64     `bun:"parent_id,nullzero"` // 0 at the root
	FullName          string    `bun:"full_name"`
	ShortName         string    `bun:"short_name"`
	Address           string    `bun:"address,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	Email             string    `bun:"email,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}
