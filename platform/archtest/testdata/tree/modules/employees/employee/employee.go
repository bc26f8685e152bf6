// Package employee is a contract.
package employee

import (
	"context"

	_ "github.com/google/uuid" // want "a contract imports the standard library"
	_ "github.com/staff-control/staff-control/modules/alerts/alert"
	_ "github.com/staff-control/staff-control/modules/employees" // want "must not import modules/employees: a contract imports"
	_ "github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	_ "github.com/staff-control/staff-control/platform/httpx" // want "must not import platform/httpx: a contract"
)

// Directory finds employees.
type Directory interface {
	Add(ctx context.Context, tx db.Tx) error
	Open(d *db.DB) error // want "a contract may name only db.Tx"
}
