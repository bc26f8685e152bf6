// Package web holds the built pages.
package web

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` leaves. A fresh clone has only its .gitkeep, so that the
// program compiles before the pages are built; public/.gitkeep brings it back after each build.
//
//go:embed all:dist
var dist embed.FS

// Files returns the built pages: index.html, assets with hashed names, and beside each text
// file its .br and .gz.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: " + err.Error()) // only an invalid constant name can fail
	}
	return files
}

// Viewer returns what shows the OpenAPI document; nothing is in it before the pages were built.
func Viewer() fs.FS {
	files, err := fs.Sub(dist, "dist/api-docs")
	if err != nil {
		panic("web: " + err.Error()) // only an invalid constant name can fail
	}
	return files
}

// Built reports whether the pages were built before the program was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
