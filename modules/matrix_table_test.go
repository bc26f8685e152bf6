package modules_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// sights is the part of testdata/matrix.txt for one role of the process.
type sights struct {
	askers []string
	lines  map[string]*line
}

// line is what each asker sees through a route, and how to ask it.
type line struct {
	route  string
	sights []string // one for each asker
	status int      // with which the route answers the request, when that is not 2xx
	// apart is for what may be moved to another organization.
	apart bool
	// home is for what is made in the caller's organization whichever the request names, as v1 has it.
	home    bool
	request string
}

const public = "public"

func readSights(t *testing.T, role kernel.Role) *sights {
	t.Helper()
	text, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	table := &sights{lines: map[string]*line{}}
	of := ""
	for number, row := range strings.Split(string(text), "\n") {
		words := strings.Fields(row)
		switch {
		case len(words) == 0 || words[0] == "#":
			continue
		case words[0] == "ROLE":
			if of = words[1]; of == string(role) {
				table.askers = words[2:]
			}
			continue
		case of != string(role):
			continue
		}
		l, err := readLine(row, len(table.askers))
		if err != nil || table.lines[l.route] != nil {
			t.Fatalf("testdata/matrix.txt:%d: %v, or the line is there twice", number+1, err)
		}
		table.lines[l.route] = l
	}
	return table
}

func readLine(row string, askers int) (*line, error) {
	word := func() (w string) {
		w, row, _ = strings.Cut(strings.TrimLeft(row, " "), " ")
		return w
	}
	l := &line{route: word() + " " + word()}
	for range askers {
		s := word()
		if s == public {
			l.sights = []string{public}
			return l, nil
		}
		if !slices.Contains([]string{refused, all, org, dep, basic, self, yes, none, "?"}, s) {
			return l, fmt.Errorf("%q is no sight", s)
		}
		l.sights = append(l.sights, s)
	}
	rest := strings.TrimSpace(row)
	if status, err := strconv.Atoi(rest[:min(3, len(rest))]); err == nil {
		l.status, rest = status, strings.TrimSpace(rest[3:])
	}
	rest, l.apart = strings.CutPrefix(rest, "apart")
	rest, l.home = strings.CutPrefix(rest, "home")
	l.request = strings.TrimSpace(rest)
	return l, nil
}

// line is the route's; v1's routes have one line for both of their prefixes, /api and /api/v1. It is empty for a route
// that the table lacks.
func (s *sights) line(route httpx.Route) *line {
	for _, r := range s.names(route) {
		if l := s.lines[r]; l != nil {
			return l
		}
	}
	return &line{}
}

func (s *sights) names(route httpx.Route) []string {
	return []string{name(route), strings.Replace(name(route), " /api/", " /api/v1/", 1)}
}

// unused are the lines that are of none of the routes.
func (s *sights) unused(routes []httpx.Route) (lines []string) {
	of := map[string]bool{}
	for _, r := range routes {
		for _, n := range s.names(r) {
			of[n] = true
		}
	}
	for r := range s.lines {
		if !of[r] {
			lines = append(lines, r)
		}
	}
	slices.Sort(lines)
	return lines
}

// write is the line as it stands, or with what was found.
func (s *sights) write(route httpx.Route, l *line, found map[string]finding) string {
	of, status := slices.Clone(l.sights), l.status
	if route.Permission == public {
		of = []string{public}
	} else if found != nil {
		of, status = nil, 0
		for _, c := range s.askers {
			f := found[c]
			of = append(of, f.sight)
			if f.sight != refused && f.sight != "" && f.status >= 300 {
				status = f.status
			}
		}
	}
	text := fmt.Sprintf("%-6s %-58s", route.Method, route.Path)
	for _, s := range of {
		text += fmt.Sprintf(" %-5s", s)
	}
	if status != 0 {
		text += fmt.Sprint(" ", status)
	}
	if l.apart {
		text += " apart"
	}
	if l.home {
		text += " home"
	}
	return strings.TrimSpace(text + " " + l.request)
}

// takes reports whether the route answers so when it does what it is asked.
func (l *line) takes(status int) bool { return status < 300 || status == l.status }

// form is a request with names of rows to be filled in.
type form struct{ query, body string }

// forms are the requests of a line: of a read one for each query, else one.
func (l *line) forms(route httpx.Route) []form {
	if route.Method != http.MethodGet {
		f := form{}
		if i := strings.IndexAny(l.request, "{["); i >= 0 && !strings.HasPrefix(l.request, "?") {
			f.body = l.request
		} else {
			f.query, f.body, _ = strings.Cut(l.request, " ")
		}
		if f.body == "" && route.Method != http.MethodDelete {
			f.body = "{}"
		}
		return []form{f}
	}
	var all []form
	for _, q := range strings.Fields(l.request) {
		all = append(all, form{query: strings.TrimSuffix(q, "?")})
	}
	if len(all) == 0 {
		all = []form{{}}
	}
	return all
}

// holder stands in a form for what differs: {employees} for the id of a row of /api/v2/employees.
var holder = regexp.MustCompile(`\{\+?[a-z/][a-zA-Z0-9/_-]*\}`)

// names reports whether the form names rows. A text in a body names nothing, one in a query does.
func (f form) names() bool {
	return slices.ContainsFunc(holder.FindAllString(f.query+strings.ReplaceAll(f.body, "{mark}", ""), -1), func(h string) bool {
		return !slices.Contains([]string{"{n}", "{a-day}", "{today}", "{now}", "{tomorrow}", "{tomorrow-day}", "{password}"}, h)
	})
}
