package grid

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The formats of exports.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

const paramFormat = "format"

// Reader is for whom a list is exported.
type Reader struct {
	Text func(code string, p fault.Params) string
	Zone *time.Location
	Now  time.Time
}

// Export is all rows of a list that somebody asked for, ready to be written.
type Export struct {
	Format string
	// File is the name of the file.
	File     string
	reader   Reader
	lines    []string
	headings []string
	rows     iter.Seq2[[]any, error]
}

// Export reads the parameters of a request for an export. It reads no row yet.
func (l List[Item]) Export(ctx context.Context, parameters url.Values, r Reader) (*Export, error) {
	format := CSV
	if f := parameters[paramFormat]; len(f) > 0 {
		format = strings.Join(f, ",")
	}
	rest := url.Values{}
	for name, values := range parameters {
		if name != paramFormat {
			rest[name] = values
		}
	}
	if format != CSV && format != XLSX {
		var f fault.Fields
		f.Add(paramFormat, "not_one_of", fault.Params{"Values": CSV + ", " + XLSX})
		return nil, f.Err()
	}
	q, err := l.query(ctx, rest, false)
	if err != nil {
		return nil, err
	}
	e := &Export{Format: format, File: l.Name + "-" + r.Now.In(r.Zone).Format(time.DateOnly) + "." + format, reader: r}
	shown := l.shown(ctx)
	for _, c := range shown {
		e.headings = append(e.headings, r.Text(c.title(), nil))
	}
	e.rows = l.rows(ctx, q, shown)
	e.lines = []string{
		r.Text(l.Title, nil),
		r.Text("grid.made", fault.Params{"At": r.local(r.Now).Format(stamp), "Zone": r.zone()}),
		r.filters(q),
	}
	return e, nil
}

const stamp = "2006-01-02 15:04:05"

func (l List[Item]) shown(ctx context.Context) []Column {
	a, _ := actor.From(ctx)
	return slices.DeleteFunc(slices.Clone(l.Columns), func(c Column) bool { return !c.is(Show) || c.hidden(a.Role, Show) })
}

func (l List[Item]) rows(ctx context.Context, q Query, shown []Column) iter.Seq2[[]any, error] {
	fields := cellsOf(reflect.TypeFor[Item]())
	return func(yield func([]any, error) bool) {
		row := make([]any, len(shown))
		for item, err := range l.all(ctx, q) {
			if err != nil {
				yield(nil, err)
				return
			}
			v := reflect.ValueOf(item)
			for i, c := range shown {
				row[i] = fields.value(v, c.Name)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// local is the time in the reader's zone.
func (r Reader) local(t time.Time) time.Time { return t.In(r.Zone) }

// zone names the reader's zone, as in "Asia/Tashkent, UTC+05:00".
func (r Reader) zone() string { return r.Zone.String() + ", UTC" + r.local(r.Now).Format("-07:00") }

// filters says what the rows have been narrowed to.
func (r Reader) filters(q Query) string {
	var all []string
	if q.words != "" {
		all = append(all, r.Text("grid.search", nil)+": "+q.words)
	}
	for _, f := range q.filters {
		shown := f.shown
		if t, ok := f.value.(time.Time); ok {
			shown = r.local(t).Format(stamp)
		}
		all = append(all, r.Text(f.column.title(), nil)+sign[f.op]+shown)
	}
	if len(all) == 0 {
		return r.Text("grid.unfiltered", nil)
	}
	return r.Text("grid.filters", fault.Params{"Filters": strings.Join(all, "; ")})
}

var sign = map[db.Op]string{db.In: " = ", db.Contains: ": ", db.From: " ≥ ", db.Before: " < "}

// Write writes the file. Until the first row has been read, nothing is written.
func (e *Export) Write(w io.Writer) error {
	if e.Format == XLSX {
		return e.writeXLSX(w)
	}
	return e.writeCSV(w)
}

// exportBuffer holds the lines before the first row, so that a fault is still answered as one.
const exportBuffer = 64 << 10

func (e *Export) writeCSV(w io.Writer) error {
	buffer := bufio.NewWriterSize(w, exportBuffer)
	if _, err := buffer.WriteString("\ufeff"); err != nil { // by which Excel knows UTF-8
		return err
	}
	out := csv.NewWriter(buffer)
	out.UseCRLF = true
	for _, line := range e.lines {
		if err := out.Write([]string{line}); err != nil {
			return err
		}
	}
	if err := out.Write(e.headings); err != nil {
		return err
	}
	texts := make([]string, len(e.headings))
	for row, err := range e.rows {
		if err != nil {
			return err
		}
		for i, v := range row {
			texts[i] = e.text(v)
		}
		if err := out.Write(texts); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffer.Flush()
}

func (e *Export) text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case bool:
		return e.yes(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		return e.reader.local(v).Format(stamp)
	}
	return fmt.Sprint(v)
}

func (e *Export) yes(v bool) string {
	if v {
		return e.reader.Text("grid.yes", nil)
	}
	return e.reader.Text("grid.no", nil)
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
