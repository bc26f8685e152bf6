// Package db knows the database, and not the product.
package db

import (
	_ "database/sql"

	_ "github.com/staff-control/staff-control/migrations"
	_ "github.com/staff-control/staff-control/modules/employees/employee" // want "the platform knows nothing of the product"
	_ "github.com/uptrace/bun"
)
