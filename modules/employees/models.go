package employees

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

type employeeRow struct {
	bun.BaseModel `bun:"table:employees,alias:e"`
	db.Owned
	db.Place
	ID                int64     `bun:"id,pk,autoincrement"`
	DepartmentID      int64     `bun:"department_id"`
	PolicyID          int64     `bun:"policy_id,nullzero"` // its own, 0 for none
	PersonalID        string    `bun:"personal_id,nullzero"`
	Position          string    `bun:"position,nullzero"`
	Name              string    `bun:"name"`
	NameSearch        string    `bun:"name_search"`
	Address           string    `bun:"address,nullzero"`
	Phone             string    `bun:"phone,nullzero"`
	Email             string    `bun:"email,nullzero"`
	Photo             string    `bun:"photo,nullzero"`
	PhotoFile         string    `bun:"photo_file,nullzero"` // the path of an uploaded photo, without its ending
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// credentialRow is what an employee shows at a door.
type credentialRow struct {
	bun.BaseModel `bun:"table:credentials,alias:k"`
	db.Owned
	ID                int64     `bun:"id,pk,autoincrement"`
	EmployeeID        int64     `bun:"employee_id"`
	Type              string    `bun:"type"`
	Code              string    `bun:"code"`
	Model             string    `bun:"model,nullzero"`
	AdditionalDetails string    `bun:"additional_details,nullzero"`
	IsActive          bool      `bun:"is_active"`
	CreatedAt         time.Time `bun:"created_at,skipupdate"`
	UpdatedAt         time.Time `bun:"updated_at"`
}

// groupRow is a group of people, across departments.
type groupRow struct {
	bun.BaseModel `bun:"table:employee_groups,alias:g"`
	db.Owned
	db.Place
	ID          int64     `bun:"id,pk,autoincrement"`
	Name        string    `bun:"name"`
	NameSearch  string    `bun:"name_search"`
	Description string    `bun:"description,nullzero"`
	CreatedAt   time.Time `bun:"created_at,skipupdate"`
	UpdatedAt   time.Time `bun:"updated_at"`
}

// memberRow says that an employee is in a group.
type memberRow struct {
	bun.BaseModel `bun:"table:employee_group_members,alias:m"`
	db.Owned
	GroupID    int64     `bun:"group_id,pk"`
	EmployeeID int64     `bun:"employee_id,pk"`
	CreatedAt  time.Time `bun:"created_at"`
}
