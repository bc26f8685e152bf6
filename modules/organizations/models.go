package organizations

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
)

type organizationRow struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`
	db.Tenant
	db.Place
	FullName          string    `bun:"full_name"`
	FullNameSearch    string    `bun:"full_name_search"`
	ShortName         string    `bun:"short_name"`
	ShortNameSearch   string    `bun:"short_name_search"`
	Address           string    `bun:"address,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	Email             string    `bun:"email,nullzero"`
	Logo              string    `bun:"logo,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	Language          string    `bun:"language"`
	Zone              string    `bun:"zone"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// fold writes the names as they are searched.
func (o *organizationRow) fold() {
	o.FullNameSearch, o.ShortNameSearch = fold.Name(o.FullName), fold.Name(o.ShortName)
}

type departmentRow struct {
	bun.BaseModel `bun:"table:departments,alias:d"`
	db.Owned
	db.Place
	ID                int64     `bun:"id,pk,autoincrement"`
	ParentID          int64     `bun:"parent_id,nullzero"` // 0 at the root
	FullName          string    `bun:"full_name"`
	FullNameSearch    string    `bun:"full_name_search"`
	ShortName         string    `bun:"short_name"`
	ShortNameSearch   string    `bun:"short_name_search"`
	Address           string    `bun:"address,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	Email             string    `bun:"email,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// fold writes the names as they are searched.
func (d *departmentRow) fold() {
	d.FullNameSearch, d.ShortNameSearch = fold.Name(d.FullName), fold.Name(d.ShortName)
}
