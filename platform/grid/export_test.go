package grid_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

// sheet is an item with a cell of each type.
type sheet struct {
	Text   string            `json:"text"`
	Whole  int               `json:"whole"`
	Part   float64           `json:"part"`
	Yes    *bool             `json:"yes"`
	At     time.Time         `json:"at"`
	Seen   *time.Time        `json:"seen"`
	Many   []string          `json:"many"`
	Map    map[string]any    `json:"map"`
	Secret string            `json:"secret"`
	inner                    // its fields are the item's, as in JSON
	_      map[string]string // not exported, not shown
}

type inner struct {
	Deep string `json:"deep"`
}

func sheets(items ...sheet) grid.List[sheet] {
	return grid.List[sheet]{
		Name: "sheets", Title: "sheets.list", Sort: "text", ID: grid.Column{Kind: grid.ID, SQL: "id"},
		Columns: []grid.Column{
			{Name: "text", Kind: grid.Text, SQL: "text", Search: true},
			{Name: "whole", Kind: grid.Number, SQL: "whole"}, {Name: "part"}, {Name: "yes", Kind: grid.Bool, SQL: "yes"},
			{Name: "at", Kind: grid.Time, SQL: "at"}, {Name: "seen"}, {Name: "many"}, {Name: "map"}, {Name: "deep"},
			{Name: "secret", NotFor: actor.Guard}, {Name: "only", Kind: grid.Bool, SQL: "only", Only: grid.Filter},
		},
		Read: func(_ context.Context, q grid.Query) ([]sheet, db.Found, error) {
			if q.SQL().Keys {
				return nil, db.Found{Keys: make([]int64, min(len(items), 1))}, nil
			}
			return items, db.Found{}, nil
		},
	}
}

var tashkent = time.FixedZone("Asia/Tashkent", 5*3600)

func reader() grid.Reader {
	return grid.Reader{
		Zone: tashkent, Now: noon,
		Text: func(code string, p fault.Params) string {
			if len(p) == 0 {
				return code
			}
			return fmt.Sprint(code, p)
		},
	}
}

func as(role actor.Role) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:1", UserID: 1, OrganizationID: 1})
}

func exported(t *testing.T, ctx context.Context, l grid.List[sheet], query string) (*grid.Export, []byte) {
	t.Helper()
	parameters, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Export(ctx, parameters, reader())
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := e.Write(&file); err != nil {
		t.Fatal(err)
	}
	return e, file.Bytes()
}

// risky are texts that a spreadsheet would run.
var risky = []string{"=1+1", "+998901234567", "-2", "@SUM(A1)", "\tx", "\r=x"}

func TestCSVSaysWhatItIsAndHarmsNobody(t *testing.T) {
	t.Parallel()
	yes := true
	items := []sheet{{
		Text: `Oʻktam, "Ўктам"`, Whole: 1, Part: 0.25, Yes: &yes, At: noon, Seen: nil, Many: []string{"a", "b"}, Map: map[string]any{"k": 1}, Secret: "s", inner: inner{"d"},
	}}
	for _, text := range risky {
		items = append(items, sheet{Text: text})
	}
	e, file := exported(t, as(actor.HR), sheets(items...), "q=a b&at.from=2026-11-23T12:00:00Z&yes=true&only=false&whole.to=5&text=x&sort=-text")
	if e.File != "sheets-2026-11-23.csv" || e.Format != grid.CSV {
		t.Errorf("the file is %s, %s", e.File, e.Format)
	}
	text, marked := strings.CutPrefix(string(file), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil || !marked {
		t.Fatalf("marked %v, %v", marked, err)
	}
	filters := "grid.filtersmap[Filters:grid.search: a b; column.at ≥ 2026-11-23 17:00:00; column.only = false; column.text: x; column.whole < 5; column.yes = true]"
	want := [][]string{
		{"sheets.list"}, {"grid.mademap[At:2026-11-23 17:00:00 Zone:Asia/Tashkent, UTC+05:00]"}, {filters},
		{"column.text", "column.whole", "column.part", "column.yes", "column.at", "column.seen", "column.many", "column.map", "column.deep", "column.secret"},
		{`Oʻktam, "Ўктам"`, "1", "0.25", "grid.yes", "2026-11-23 17:00:00", "", "a, b", `{"k":1}`, "d", "s"},
	}
	for i, line := range want {
		if !slices.Equal(lines[i], line) {
			t.Errorf("line %d is %q\nwant %q", i, lines[i], line)
		}
	}
	for i, line := range lines[len(want):] {
		if line[0] != "'"+strings.TrimPrefix(risky[i], "\r") || line[3] != "" || line[4] != "" {
			t.Errorf("%q is written as %q", risky[i], line)
		}
	}
}

func TestXLSXHasRealDatesAndNumbers(t *testing.T) {
	t.Parallel()
	no := false
	items := []sheet{{Text: "a", Whole: 7, Part: 1.5, Yes: &no, At: noon.Add(90 * time.Second), Map: nil}}
	for _, text := range risky {
		items = append(items, sheet{Text: text})
	}
	e, file := exported(t, as(actor.Guard), sheets(items...), "format=xlsx")
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if e.File != "sheets-2026-11-23.xlsx" {
		t.Errorf("the file is %s", e.File)
	}
	for cell, want := range map[string]string{
		"A1": "sheets.list", "A3": "grid.unfiltered", "A4": "column.text", "I4": "column.deep", "J4": "",
		"A5": "a", "B5": "7", "C5": "1.5", "D5": "grid.no", "E5": "2026-11-23 17:01:30", "F5": "", "H5": "", "D6": "", "E6": "",
	} {
		if got, err := f.GetCellValue("Sheet1", cell); err != nil || got != want {
			t.Errorf("%s is %q, want %q, %v", cell, got, want, err)
		}
	}
	if raw, err := f.GetCellValue("Sheet1", "E5", excelize.Options{RawCellValue: true}); err != nil || !strings.HasPrefix(raw, "46349.709") {
		t.Errorf("the date is kept as %q, %v", raw, err)
	}
	for i, text := range risky {
		cell := fmt.Sprint("A", 6+i)
		got, err := f.GetCellValue("Sheet1", cell)
		if formula, _ := f.GetCellFormula("Sheet1", cell); err != nil || formula != "" || !strings.HasPrefix(got, "'") {
			t.Errorf("%q is written as %q, formula %q", text, got, formula)
		}
	}
}

func TestAnExportSortsOnceAndStopsAtAFault(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, format := range []string{grid.CSV, grid.XLSX} {
		for failing := range 4 {
			l, asked := sheets(), 0
			l.Read = func(_ context.Context, q grid.Query) ([]sheet, db.Found, error) {
				s := q.SQL()
				asked++
				switch {
				case asked == failing:
					return nil, db.Found{}, broken
				case asked == 1 && (!s.Keys || s.Count || len(s.Where) != 1):
					t.Errorf("the first read asks for %+v", s)
				case asked == 1:
					return nil, db.Found{Keys: make([]int64, db.MaxLimit+7)}, nil
				}
				if n := len(s.Where[0][0].Value.([]int64)); s.Keys || s.Order[0].Name != "text" || len(s.Where) != 1 || n != []int{db.MaxLimit, 7}[asked-2] {
					t.Errorf("read %d asks for %d, %+v", asked, n, s.Order)
				}
				return []sheet{{Text: "x"}}, db.Found{}, nil
			}
			e, err := l.Export(as(actor.HR), url.Values{"format": {format}, "yes": {"true"}}, reader())
			if err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			if err := e.Write(&file); failing > 0 && (!errors.Is(err, broken) || file.Len() != 0) || failing == 0 && (err != nil || asked != 3) {
				t.Errorf("%s failing at %d: %v after %d reads and %d bytes", format, failing, err, asked, file.Len())
			}
		}
	}
}

func TestWhatAnExportDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	for query, field := range map[string]string{
		"format=pdf": "format", "format=csv&format=xlsx": "format", "after=x": "after", "limit=5": "limit", "size=1": "size", "sort=map": "sort", "seen.from=2026-01-01T00:00:00Z": "seen.from",
	} {
		parameters, _ := url.ParseQuery(query)
		_, err := sheets().Export(as(actor.HR), parameters, reader())
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Details[0].Field != field {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// An export has what the pages have, in the same order.
func TestAnExportIsAllPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := rand.New(rand.NewPCG(9, 9))
		rows := newThings(r)
		with(t, d, rows, func(ctx context.Context, tx db.Tx) {
			for i := range 30 {
				a, l := newAsked(r), things(tx)
				if i%3 == 0 {
					l.ID = columns[1]
				}
				want := gridtest.All(t, ctx, l, a.query.Encode())
				a.query.Del("limit")
				e, err := l.Export(ctx, a.query, reader())
				if err != nil {
					t.Fatal(err)
				}
				var file bytes.Buffer
				if err := e.Write(&file); err != nil {
					t.Fatal(err)
				}
				lines := csv.NewReader(&file)
				lines.FieldsPerRecord = -1
				all, err := lines.ReadAll()
				if err != nil || len(all) != 4+len(want) {
					t.Fatalf("%v: %d lines for %d rows, %v", a.query, len(all), len(want), err)
				}
				for i, x := range want {
					if all[4+i][0] != fmt.Sprint(x.ID) {
						t.Fatalf("%v: line %d is of %s, want %d", a.query, i, all[4+i][0], x.ID)
					}
				}
			}
		})
	})
}

func TestADeclarationIsChecked(t *testing.T) {
	t.Parallel()
	known := func(code string) bool { return code != "column.untold" && code != "untold" }
	if err := sheets().Check(known); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for want, spoil := range map[string]func(*grid.List[sheet]){
		"twice":            func(l *grid.List[sheet]) { l.Columns = append(l.Columns, grid.Column{Name: "text"}) },
		"is a parameter":   func(l *grid.List[sheet]) { l.Columns = append(l.Columns, grid.Column{Name: "sort", Only: grid.Filter}) },
		"cannot do that":   func(l *grid.List[sheet]) { l.Columns[1].Search = true },
		"no field":         func(l *grid.List[sheet]) { l.Columns = append(l.Columns, grid.Column{Name: "nothing"}) },
		"has no text":      func(l *grid.List[sheet]) { l.Columns[2].Title = "untold" },
		"untold has no":    func(l *grid.List[sheet]) { l.Title = "untold" },
		"cannot be sorted": func(l *grid.List[sheet]) { l.Sort = "-map" },
		"needs an id":      func(l *grid.List[sheet]) { l.ID = grid.Column{} },
	} {
		l := sheets()
		spoil(&l)
		if err := l.Check(known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
