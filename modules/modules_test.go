package modules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/kernel"
)

func TestModulesAreNamedAfterTheirDirectories(t *testing.T) {
	t.Parallel()
	for _, m := range modules.All() {
		name := m.Manifest().Name
		if got := filepath.Base(reflect.TypeOf(m).Elem().PkgPath()); got != name {
			t.Errorf("module %s lives in %s", name, got)
		}
	}
}

func TestDefaultsAreSettingsThatWork(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"all", "agent-api", "dashboard", "agent-api,dashboard"} {
		if _, err := modules.Load(config.Input{Set: []string{"role=" + role}}, modules.Build{}, io.Discard, false); err != nil {
			t.Errorf("role %s: %v", role, err)
		}
	}
	_, err := modules.Load(config.Input{Set: []string{"role=gateway", "uplink.intervall=1s", "buffer.warn_at=7"}}, modules.Build{}, io.Discard, false)
	for _, want := range []string{"uplink.url: must be set in role gateway, is empty", "uplink.intervall: no such setting (did you mean uplink.interval?)", "buffer.warn_at: must"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q: %v", want, err)
		}
	}
}

// The routes of each role are API: the diff of these files is its review.
func TestGoldenRoutes(t *testing.T) {
	t.Parallel()
	for _, role := range kernel.Roles {
		err := modules.Scratch(context.Background(), role, func(s *httpx.Server) error {
			var b bytes.Buffer
			for _, r := range s.Routes() {
				fmt.Fprintf(&b, "%-6s %-52s %-20s %s\n", r.Method, r.Path, r.Permission, r.Owner)
			}
			httptestx.Golden(t, "routes_"+string(role), b.Bytes())
			document, err := s.OpenAPI()
			if err != nil {
				return err
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, document, "", "  "); err != nil {
				return err
			}
			httptestx.Golden(t, "openapi_"+string(role)+".json", append(bytes.TrimSpace(pretty.Bytes()), '\n'))
			return nil
		})
		if err != nil {
			t.Errorf("role %s: %v", role, err)
		}
	}
}

func TestGoldenPorts(t *testing.T) {
	t.Parallel()
	p, err := modules.Load(config.Input{}, modules.Build{}, io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.CheckPorts(&b); err != nil {
		t.Fatal(err)
	}
	httptestx.Golden(t, "ports", b.Bytes())
}

// configs/staff-control.yaml is every setting with its default; `make golden` writes it anew.
func TestGoldenSettings(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	modules.ExampleSettings(&want)
	const path = "../configs/staff-control.yaml"
	if httptestx.Update() {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("configs/staff-control.yaml is not what the settings are (make golden): %v", err)
	}
}

// Every code of a fault that the source declares, or gives a field, has its texts; and every text has a code.
func TestEveryCodeHasItsTexts(t *testing.T) {
	t.Parallel()
	messages := [][]byte{httpx.Messages}
	for _, m := range modules.All() {
		if text := m.Manifest().Messages; text != nil {
			messages = append(messages, text)
		}
	}
	catalog, err := i18n.New("uz", messages...)
	if err != nil {
		t.Fatal(err)
	}
	if err := catalog.Check(); err != nil {
		t.Error(err)
	}
	declared := declaredCodes(t)
	httptestx.Golden(t, "codes", []byte(strings.Join(catalog.Codes(), "\n")+"\n"))
	for _, code := range declared {
		if !slices.Contains(catalog.Codes(), code) {
			t.Errorf("code %s has no text", code)
		}
	}
}

// declaredCodes finds the codes in calls of fault.New and Fields.Add.
func declaredCodes(t *testing.T) (codes []string) {
	t.Helper()
	looksLikeCode := regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)?$`)
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || strings.Contains(path, "node_modules") || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, isCall := n.(*ast.CallExpr)
			if !isCall || len(call.Args) < 2 {
				return true
			}
			f, isSelector := call.Fun.(*ast.SelectorExpr)
			if !isSelector || f.Sel.Name != "New" && f.Sel.Name != "Add" || len(call.Args) < 2 {
				return true
			}
			pkg, isName := f.X.(*ast.Ident)
			if f.Sel.Name == "New" && (!isName || pkg.Name != "fault") || f.Sel.Name == "Add" && len(call.Args) != 3 {
				return true
			}
			if literal, isLiteral := call.Args[1].(*ast.BasicLit); isLiteral && literal.Kind == token.STRING {
				if code, err := strconv.Unquote(literal.Value); err == nil && looksLikeCode.MatchString(code) {
					codes = append(codes, code)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(codes) < 20 {
		t.Fatalf("found %d codes: %v", len(codes), err)
	}
	return codes
}
