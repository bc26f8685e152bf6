package dbtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Tenants runs the checks, each named for the method of the package's store that it calls on behalf of another
// organization. A check returns an error if the method shows or changes what is not that organization's. A method
// of the type store that has no check fails the test.
func Tenants(t *testing.T, checks map[string]func() error) {
	t.Helper()
	methods := storeMethods(t)
	for _, name := range methods {
		if checks[name] == nil {
			t.Errorf("store.%s has no check that it keeps tenants apart", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		if !slices.Contains(methods, name) {
			t.Errorf("there is no store.%s to check", name)
		}
		if err := checks[name](); err != nil {
			t.Errorf("store.%s, called by another organization: %v", name, err)
		}
	}
}

// storeMethods reads the methods of the type store from the source of the package under test.
func storeMethods(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("store*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && receiver(f.Recv.List[0].Type) == "store" {
				names = append(names, f.Name.Name)
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("the package has no store")
	}
	return names
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if ident, ok := e.(*ast.Ident); ok {
		return ident.Name
	}
	return ""
}
