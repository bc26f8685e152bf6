package modules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Every module of a server that has a store has a test, dbtest.Tenants, that names each method of it.
func TestEveryStoreIsShownToKeepTenantsApart(t *testing.T) {
	t.Parallel()
	stores := 0
	for _, m := range modules.All() {
		mf := m.Manifest()
		if !slices.ContainsFunc(mf.Roles, kernel.Role.Serves) {
			continue // a gateway is one organization's
		}
		methods, checked, shown := storeOf(t, mf.Name)
		if len(methods) == 0 {
			continue
		}
		stores++
		if !shown {
			t.Errorf("module %s has a store and no test that calls dbtest.Tenants", mf.Name)
			continue
		}
		for _, name := range methods {
			if !slices.Contains(checked, name) {
				t.Errorf("module %s: no check of store.%s that it keeps tenants apart", mf.Name, name)
			}
		}
	}
	if stores < 7 {
		t.Errorf("found %d stores", stores)
	}
}

// storeOf reads, from the module's source, the methods of its store, and the keys of the checks in the test files
// that call dbtest.Tenants, and in those beside them.
func storeOf(t *testing.T, module string) (methods, checked []string, shown bool) {
	t.Helper()
	files, err := filepath.Glob(module + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			methods = append(methods, methodsOf(file, "store")...)
			continue
		}
		here := calls(file, "dbtest", "Tenants")
		shown = shown || here
		if here || strings.HasPrefix(filepath.Base(path), "tenants_") { // which has a part of the checks
			checked = append(checked, functionsByName(file)...)
		}
	}
	return methods, checked, shown
}

func methodsOf(file *ast.File, typeName string) (names []string) {
	for _, decl := range file.Decls {
		f, isFunc := decl.(*ast.FuncDecl)
		if !isFunc || f.Recv == nil {
			continue
		}
		of := f.Recv.List[0].Type
		if star, isPointer := of.(*ast.StarExpr); isPointer {
			of = star.X
		}
		if name, isName := of.(*ast.Ident); isName && name.Name == typeName {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

func calls(file *ast.File, pkg, function string) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if call, isCall := n.(*ast.CallExpr); isCall {
			if f, isSelector := call.Fun.(*ast.SelectorExpr); isSelector && f.Sel.Name == function {
				of, isName := f.X.(*ast.Ident)
				found = found || isName && of.Name == pkg
			}
		}
		return !found
	})
	return found
}

// functionsByName are the keys of the file's literals of the type map[string]func() error.
func functionsByName(file *ast.File) (keys []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		literal, isLiteral := n.(*ast.CompositeLit)
		if !isLiteral {
			return true
		}
		kind, isMap := literal.Type.(*ast.MapType)
		if !isMap {
			return true
		}
		if _, ofFunctions := kind.Value.(*ast.FuncType); !ofFunctions {
			return true
		}
		for _, element := range literal.Elts {
			pair, isPair := element.(*ast.KeyValueExpr)
			if !isPair {
				continue
			}
			if key, isText := pair.Key.(*ast.BasicLit); isText {
				if name, err := strconv.Unquote(key.Value); err == nil {
					keys = append(keys, name)
				}
			}
		}
		return true
	})
	return keys
}
