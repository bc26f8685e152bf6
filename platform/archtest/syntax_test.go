package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// Who may act for the system itself, across organizations. Each needs its reason.
var mayBeSystem = []string{
	"platform/actor/**",                        // defines it
	"platform/jobs/**",                         // runs what was enqueued before its actor is known
	"platform/audit/violation.go",              // records what was refused, when its transaction is gone
	"platform/event/**",                        // tells handlers on behalf of the publisher
	"platform/kernel/**",                       // periodic work
	"modules/auth/service*.go",                 // looks up who is signing in, before there is an actor
	"modules/commands/hub.go",                  // looks for what is due at all gateways whose sockets it holds
	"modules/commands/service.go",              // keeps a gateway's answer, of which others are told
	"modules/commands/service_deliver.go",      // claims what is due at once for gateways of many organizations
	"modules/demo/service.go",                  // makes up a company where nobody has signed in yet, and takes it away
	"modules/buffer/*.go",                      // the gateway's own file holds what its agents sent, whosever they are
	"modules/feed/hub.go",                      // reads what happens once for listeners of all organizations
	"modules/gateways/service.go",              // looks up which gateway is calling or enrolling
	"modules/gateways/service_held.go",         // asks about gateways of many organizations, whose sockets are held
	"modules/gateways/service_tokens.go",       // keeps the bootstrap token of the settings
	"modules/monitoring/fallback.go",           // says where rows go, whosever they are, and brings them back
	"modules/storage/command.go",               // compares all files with all rows
	"modules/organizations/service.go",         // makes the first organization of a new database
	"modules/policy/service.go",                // makes first versions of what an import wrote, goes on with roll-outs, and takes them back
	"modules/policy/module.go",                 // the same, when it begins
	"modules/retention/service.go",             // reads the rules that are no organization's; the command carries out those of all
	"modules/pki/service.go",                   // keeps the authority, which is no organization's, and knows what was revoked, whosever it is
	"modules/gateways/service_certificates.go", // looks up which gateway a certificate names
}

// Who may make a server. The tests' make it so that its answers are inspected.
var mayServe = []string{"platform/kernel/kernel.go", "platform/httpx/**"}

var environment = []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Exit"}

// syntax checks what a package's lines may say. The type checker resolves names; it sees no imported package,
// so it complains, which is ignored: names of this package and of its imports are all that the rules need.
func (r *report) syntax(files []source) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: hollow{}, Error: func(error) {}, FakeImportC: true}
	var parsed []*ast.File
	for _, s := range files {
		parsed = append(parsed, s.File)
	}
	_, _ = conf.Check(files[0].dir(), r.fset, parsed, info)
	for _, s := range files {
		if s.generated() {
			continue
		}
		v := visitor{report: r, source: s, uses: info.Uses}
		ast.PreorderStack(s.File, nil, v.visit)
		for _, group := range s.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//nolint") || strings.HasPrefix(c.Text, "//lint:ignore") {
					r.add(c.Pos(), "no %s: mend the line, or argue about the rule where all can see it", c.Text[:strings.IndexAny(c.Text+" ", " :")])
				}
			}
		}
	}
}

// hollow imports every package as an empty one of the right name.
type hollow struct{}

func (hollow) Import(pkg string) (*types.Package, error) {
	p := types.NewPackage(pkg, path.Base(pkg))
	p.MarkComplete()
	return p, nil
}

type visitor struct {
	*report
	source
	uses map[*ast.Ident]types.Object
}

func (v visitor) visit(n ast.Node, stack []ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Name.Name == "init" && n.Recv == nil {
			v.add(n.Pos(), "no init(): build it where it is needed, or in the module's Init")
		}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			v.assigned(n.Lhs...)
		}
	case *ast.IncDecStmt:
		v.assigned(n.X)
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			v.assigned(n.Key, n.Value)
		}
	case *ast.CallExpr:
		v.call(n, stack)
	case *ast.SelectorExpr:
		v.selector(n)
	}
	return true
}

// assigned checks the left sides of an assignment: x, x.field, x[i], *x.
func (v visitor) assigned(left ...ast.Expr) {
	for _, e := range left {
		if id := root(e); id != nil {
			switch o := v.uses[id].(type) {
			case *types.Var:
				if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() {
					v.add(e.Pos(), "package variable %s is assigned after its declaration: put it in a struct that somebody makes", id.Name)
				}
			case *types.PkgName:
				v.add(e.Pos(), "a variable of package %s is assigned: pass the value instead", o.Imported().Path())
			}
		}
	}
}

func root(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	}
	return nil
}

func (v visitor) call(n *ast.CallExpr, stack []ast.Node) {
	if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && v.uses[id] == types.Universe.Lookup(id.Name) {
		v.assigned(n.Args[0])
	}
	called, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if called.Sel.Name == "WhereOr" && !inWhereGroup(stack) {
		v.add(called.Sel.Pos(), "WhereOr only inside WhereGroup: at the top it widens the organization's scope")
	}
	if v.qualified(called) == "time.Now" && !v.test() {
		v.add(n.Pos(), "time.Now is not called: keep a field now func() time.Time and give it time.Now as a value")
	}
}

// inWhereGroup reports whether the stack passes through a function given to WhereGroup.
func inWhereGroup(stack []ast.Node) bool {
	for i, n := range stack[:max(len(stack)-1, 0)] {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			continue
		}
		called, ok := call.Fun.(*ast.SelectorExpr)
		_, literal := stack[i+1].(*ast.FuncLit)
		if ok && literal && called.Sel.Name == "WhereGroup" {
			return true
		}
	}
	return false
}

func (v visitor) selector(n *ast.SelectorExpr) {
	name := v.qualified(n)
	switch {
	case name == project+"/platform/actor.System" && !v.test() && !matches(v.name, mayBeSystem):
		v.add(n.Pos(), "actor.System only where archtest lists it: take the actor from the context")
	case name == "context.TODO", name == "context.Background" && !v.test() && !v.command() && !within(v.dir(), "platform/kernel"):
		v.add(n.Pos(), "%s only in main.go, platform/kernel and tests: take the caller's context", name)
	case slices.Contains(environment, name) && !v.test() && !v.command():
		v.add(n.Pos(), "%s only in main.go: take a setting, return an error", name)
	case strings.HasPrefix(name, "fmt.Print") && !v.test() && !v.command():
		v.add(n.Pos(), "%s only in main.go: log it, or write to the io.Writer that you are given", name)
	case strings.HasPrefix(name, "log.") && !v.command():
		v.add(n.Pos(), "%s only in main.go: use the slog.Logger of Host.Log", name)
	case name == project+"/platform/httpx.New" && !matches(v.name, mayServe):
		v.add(n.Pos(), "httpx.New only in the kernel: tests make servers by httptestx.New or kerneltest, which hold each answer against the OpenAPI document")
	case name == "time.Sleep" && !v.imports("testing/synctest"):
		v.add(n.Pos(), "time.Sleep only under testing/synctest: wait for what you wait for, with the context")
	case strings.HasPrefix(name, project+"/platform/db.") && n.Sel.Name != "Tx" && slices.Contains(contracts, v.dir()) && !v.test():
		v.add(n.Pos(), "a contract may name only db.Tx of platform/db")
	}
}

// qualified returns "import/path.Name" if n names something of an imported package, else "".
func (v visitor) qualified(n *ast.SelectorExpr) string {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return ""
	}
	pkg, ok := v.uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return pkg.Imported().Path() + "." + n.Sel.Name
}

func (v visitor) imports(pkg string) bool {
	return slices.ContainsFunc(v.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"`+pkg+`"` })
}
