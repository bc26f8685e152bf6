// Package archtest reads the whole source tree and says who imports what it must not,
// and which lines use what only a few files may use. Each message names the way out.
package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const project = "github.com/staff-control/staff-control"

// A contract package is what others may know of a module. A new one is listed here.
var contracts = []string{
	"modules/agents/agent",
	"modules/alerts/alert",
	"modules/auth/identity",
	"modules/buffer/backlog",
	"modules/buffer/bucket",
	"modules/commands/command",
	"modules/computers/computer",
	"modules/doors/pass",
	"modules/employees/employee",
	"modules/gateways/gateway",
	"modules/monitoring/activity",
	"modules/organizations/organization",
	"modules/pki/cert",
	"modules/policy/rule",
	"modules/retention/keep",
	"modules/schedules/schedule",
	"modules/screenshots/shot",
	"modules/storage/file",
	"modules/updater/update",
	"modules/visitors/visitor",
}

// What a contract may import of the platform; of db only Tx.
var contractPlatform = []string{"platform/actor", "platform/canonical", "platform/db", "platform/event", "platform/fault", "platform/fold", "platform/hosts", "platform/id"}

// only lists the packages that a few files may import.
var only = []struct {
	pkgs   []string
	files  []string
	tests  bool // test code may, wherever it is
	wayOut string
}{
	{
		pkgs:   []string{"github.com/uptrace/bun"},
		files:  []string{"platform/db/**", "modules/*/store*.go", "modules/*/models.go"},
		wayOut: "SQL belongs in the module's store.go and models.go",
	},
	{
		pkgs: []string{
			"database/sql", "github.com/mattn/go-sqlite3", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3",
		},
		files:  []string{"platform/db/**", "platform/jobs/driver.go", "modules/*/*bench_test.go", "modules/*bench_test.go"},
		wayOut: "go through platform/db, tests through platform/db/dbtest",
	},
	{
		pkgs:   []string{"github.com/labstack/echo"},
		files:  []string{"platform/httpx/**", "platform/kernel/health.go", "modules/*/http*.go"},
		wayOut: "handlers are functions of (ctx, request), made into routes in the module's http.go",
	},
	{
		pkgs: []string{"net/http"},
		files: []string{
			"*.go", "platform/httpx/**", "platform/kernel/health.go", "platform/ws/**", "modules/*/http*.go",
			"platform/blob/**", "platform/trace/**", "modules/uplink/**", "modules/devices/**",
			"modules/control/**", "modules/executor/**", "modules/auth/**", "modules/demo/**", "modules/gateways/gateway/**",
			"modules/rules/**", "modules/agents/**", "modules/certificates/**", "modules/updater/**",
		},
		tests:  true,
		wayOut: "serve in http*.go through platform/httpx; only modules that call out hold a client",
	},
	{
		pkgs:   []string{"github.com/coder/websocket"},
		files:  []string{"platform/ws/**"},
		wayOut: "use platform/ws",
	},
	{
		pkgs:   []string{"connectrpc.com/connect", "google.golang.org/genproto"},
		files:  []string{"platform/httpx/**"},
		tests:  true,
		wayOut: "procedures are functions of messages, made into routes by httpx.Unary and its like",
	},
	{
		pkgs:   []string{"google.golang.org/grpc"},
		tests:  true,
		wayOut: "procedures are served by platform/httpx; this client is for tests",
	},
	{
		pkgs:   []string{"github.com/gowebpki/jcs"},
		files:  []string{"platform/canonical/**"},
		wayOut: "use platform/canonical",
	},
	{
		pkgs:   []string{"github.com/riverqueue/river"},
		files:  []string{"platform/jobs/**"},
		wayOut: "use platform/jobs",
	},
	{
		pkgs:   []string{"go.opentelemetry.io/otel", "go.opentelemetry.io/contrib"},
		files:  []string{"platform/trace/**", "platform/httpx/**"},
		wayOut: "use platform/trace",
	},
	{
		pkgs:   []string{"github.com/knadh/koanf"},
		files:  []string{"platform/config/**"},
		wayOut: "settings are a struct in the module's config.go; platform/config fills it",
	},
	{
		pkgs:   []string{"github.com/xuri/excelize"},
		files:  []string{"platform/grid/**", "platform/sheet/**"},
		tests:  true,
		wayOut: "a list becomes a workbook through platform/grid, a workbook a table through platform/sheet",
	},
	{
		pkgs:   []string{"github.com/robfig/cron"},
		files:  []string{"platform/jobs/**"},
		wayOut: "use Host.Cron",
	},
	{
		pkgs:   []string{"github.com/prometheus/client_golang"},
		files:  []string{"platform/metrics/**", "platform/kernel/**", "platform/httpx/**", "platform/jobs/**", "platform/audit/**", "modules/*/metrics.go"},
		tests:  true,
		wayOut: "a module's metrics are made in its metrics.go",
	},
	{
		pkgs:   []string{"github.com/aws/aws-sdk-go-v2"},
		files:  []string{"platform/blob/s3*.go"},
		wayOut: "use platform/blob",
	},
	{
		pkgs:   []string{project + "/configs", project + "/migrations"},
		files:  []string{"*.go", "platform/db/**", "modules/*.go", "modules/buffer/*.go"},
		wayOut: "only the database layer and the gateway's buffer read these files",
	},
	{
		pkgs:   []string{project + "/web"},
		files:  []string{"*.go", "modules/*.go", "modules/*/module.go", "modules/*/http*.go"},
		wayOut: "pages are served by a module's http.go",
	},
}

// source is one parsed file; name is relative to the project's root.
type source struct {
	name string
	*ast.File
}

func (s source) dir() string { return path.Dir(s.name) }

// test reports whether the file is test code: a _test.go, or a file of a package made for tests.
func (s source) test() bool {
	pkg := path.Base(s.dir())
	return strings.HasSuffix(s.name, "_test.go") || strings.HasSuffix(pkg, "test") || strings.HasSuffix(pkg, "testx")
}

// generated reports whether the file is the Go of a .proto file, whose lines are not ours. What it imports counts.
func (s source) generated() bool {
	return strings.HasSuffix(s.name, ".pb.go") && ast.IsGenerated(s.File)
}

// command reports whether the file belongs to a command: the product's own, or a tool of the build.
func (s source) command() bool { return s.Name.Name == "main" }

type report struct {
	fset   *token.FileSet
	root   string
	faults []fault
}

type fault struct {
	file string
	line int
	text string
}

func (f fault) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

func (r *report) add(pos token.Pos, format string, args ...any) {
	p := r.fset.Position(pos)
	file, _ := filepath.Rel(r.root, p.Filename)
	r.faults = append(r.faults, fault{filepath.ToSlash(file), p.Line, fmt.Sprintf(format, args...)})
}

// examine checks all Go files under root.
func examine(t *testing.T, root string) []fault {
	t.Helper()
	r := &report{fset: token.NewFileSet(), root: root}
	packages := map[string][]source{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(r.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		s := source{filepath.ToSlash(rel), file}
		packages[s.dir()+" "+file.Name.Name] = append(packages[s.dir()+" "+file.Name.Name], s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range packages {
		r.imports(files)
		r.syntax(files)
	}
	slices.SortFunc(r.faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	return r.faults
}

func skipDir(root, name string) error {
	base := filepath.Base(name)
	hidden := strings.HasPrefix(base, ".") && base != ".ci"
	if name != root && (hidden || slices.Contains([]string{"testdata", "node_modules", "dist", "data", "bin"}, base)) {
		return filepath.SkipDir
	}
	return nil
}

func (r *report) imports(files []source) {
	for _, s := range files {
		for _, spec := range s.Imports {
			pkg, _ := strconv.Unquote(spec.Path.Value)
			if why := layer(s, pkg); why != "" {
				r.add(spec.Pos(), "must not import %s: %s", strings.TrimPrefix(pkg, project+"/"), why)
			}
			for _, o := range only {
				named := slices.ContainsFunc(o.pkgs, func(p string) bool { return within(pkg, p) })
				if named && !matches(s.name, o.files) && !(o.tests && s.test()) {
					r.add(spec.Pos(), "must not import %s: %s", strings.TrimPrefix(pkg, project+"/"), o.wayOut)
				}
			}
		}
	}
}

// layer returns why the file may not import pkg, judged by where both stand in the tree; empty if it may.
func layer(s source, pkg string) string {
	local, ours := strings.CutPrefix(pkg, project+"/")
	toModule := ours && within(local, "modules")
	switch dir := s.dir(); {
	case dir == "." || dir == "modules":
		return ""
	case slices.Contains(contracts, dir) && !s.test():
		third := !ours && strings.Contains(strings.Split(pkg, "/")[0], ".")
		if third || ours && !slices.Contains(contracts, local) && !slices.Contains(contractPlatform, local) {
			return "a contract imports the standard library, " + strings.Join(contractPlatform, ", ") + " and other contracts"
		}
	case within(dir, "platform") && toModule:
		return "the platform knows nothing of the product; take it as an argument or a port"
	case (dir == "configs" || dir == "migrations" || dir == "web") && ours && !s.test():
		return "this package only embeds files"
	case within(dir, "modules") && toModule:
		own, other := strings.Split(dir, "/")[1], strings.Split(local+"/", "/")[1]
		suite := s.test() && slices.Contains(contracts, path.Dir(local))
		if own != other && !slices.Contains(contracts, local) && !suite {
			return "a module is reached through its contract package, modules/" + other + "/<noun> (a new one is listed in archtest)"
		}
	}
	return ""
}

// within reports whether p is root or lies under it.
func within(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

// matches reports whether the file fits one of the patterns: path.Match's, or "dir/**" for all that is under dir.
func matches(file string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if dir, ok := strings.CutSuffix(p, "/**"); ok {
			return within(file, dir)
		}
		ok, err := path.Match(p, file)
		return ok && err == nil
	})
}

func TestTheTreeKeepsTheRules(t *testing.T) {
	t.Parallel()
	for _, f := range examine(t, filepath.Join("..", "..")) {
		t.Error(f)
	}
	for _, dir := range contracts {
		if _, err := os.Stat(filepath.Join("..", "..", dir)); err != nil {
			t.Errorf("contract %s is listed and is not there: %v", dir, err)
		}
	}
}

// The sources under testdata break each rule once, where a comment says: // want "part of the message".
func TestEachRuleFires(t *testing.T) {
	t.Parallel()
	root := filepath.Join("testdata", "tree")
	want := wanted(t, root)
	for _, got := range examine(t, root) {
		key := fmt.Sprintf("%s:%d", got.file, got.line)
		i := slices.IndexFunc(want[key], func(w string) bool { return strings.Contains(got.text, w) })
		if i < 0 {
			t.Errorf("not wanted: %s", got)
			continue
		}
		want[key] = slices.Delete(want[key], i, i+1)
	}
	for key, texts := range want {
		for _, w := range texts {
			t.Errorf("%s: no fault with %q", key, w)
		}
	}
}

// wanted returns the messages that the comments ask for, by file:line.
func wanted(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	each := regexp.MustCompile(`want((?: "[^"]+")+)`)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		for i, line := range strings.Split(string(text), "\n") {
			if m := each.FindStringSubmatch(line); m != nil {
				key := fmt.Sprintf("%s:%d", filepath.ToSlash(rel), i+1)
				found[key] = strings.Split(strings.Trim(m[1], ` "`), `" "`)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEachDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join("docs", "decisions", "0007-dependencies.md")
	reasons, err := os.ReadFile(filepath.Join("..", "..", record))
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+) v[^/\n]*$`)
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(reasons), -1) {
		listed[m[1]] = true
	}
	for _, m := range required.FindAllStringSubmatch(string(mod), -1) {
		if !listed[m[1]] {
			t.Errorf("go.mod: %s has no reason: give it a line in %s", m[1], record)
		}
		delete(listed, m[1])
	}
	for module := range listed {
		t.Errorf("%s: %s is no direct dependency any more", record, module)
	}
}
