// Package migrations embeds the schemas: the server's, once for each database, that of time series on TimescaleDB, and the gateway's own.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql postgres/*.sql timescale/*.sql gateway/*.sql
var files embed.FS

// For returns the server's migrations for the database called name: "sqlite" or "postgres".
func For(name string) fs.FS { return sub(name) }

// Timescale returns the migrations of time series on TimescaleDB.
func Timescale() fs.FS { return sub("timescale") }

// Gateway returns the migrations of the gateway's own file.
func Gateway() fs.FS { return sub("gateway") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the names are this package's own
	}
	return f
}
