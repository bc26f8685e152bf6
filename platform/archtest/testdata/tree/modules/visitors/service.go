// Package visitors breaks the rules of imports.
package visitors

import (
	_ "database/sql" // want "must not import database/sql: go through platform/db"
	_ "net/http"     // want "must not import net/http: serve in http*.go"

	_ "github.com/aws/aws-sdk-go-v2/service/s3"        // want "use platform/blob"
	_ "github.com/coder/websocket"                     // want "use platform/ws"
	_ "github.com/jackc/pgx/v5/stdlib"                 // want "go through platform/db"
	_ "github.com/knadh/koanf/v2"                      // want "platform/config fills it"
	_ "github.com/labstack/echo/v5"                    // want "handlers are functions"
	_ "github.com/mattn/go-sqlite3"                    // want "go through platform/db"
	_ "github.com/pressly/goose/v3"                    // want "go through platform/db"
	_ "github.com/prometheus/client_golang/prometheus" // want "metrics.go"
	_ "github.com/riverqueue/river/rivermigrate"       // want "use platform/jobs"
	_ "github.com/robfig/cron/v3"                      // want "use Host.Cron"
	_ "github.com/uptrace/bun"                         // want "SQL belongs in"
	_ "go.opentelemetry.io/otel/trace"                 // want "use platform/trace"

	_ "github.com/staff-control/staff-control/migrations"        // want "only the database layer"
	_ "github.com/staff-control/staff-control/modules/employees" // want "must not import modules/employees: a module is reached through its contract package, modules/employees/<noun>"
	_ "github.com/staff-control/staff-control/modules/employees/employee"
	_ "github.com/staff-control/staff-control/modules/employees/employee/employeetest" // want "modules/employees/<noun>"
	_ "github.com/staff-control/staff-control/modules/visitors/drivers"
	_ "github.com/staff-control/staff-control/platform/db"
	_ "github.com/staff-control/staff-control/web" // want "pages are served"
)
