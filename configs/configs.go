// Package configs embeds the configuration files that the program itself needs.
package configs

import _ "embed"

// PostgresRoles makes the database roles that the product uses.
//
//go:embed postgres-roles.sql
var PostgresRoles string

// PostgresTimescale makes a database ready for TimescaleDB.
//
//go:embed postgres-timescale.sql
var PostgresTimescale string
