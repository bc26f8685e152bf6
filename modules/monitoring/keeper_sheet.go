package monitoring

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// cell is how a column of a row is written in an archive, and read again.
type cell struct {
	name string
	get  func(*row) string
	set  func(*row, string) error
}

// An archive outlives the program that wrote it, so it says itself what its columns are: a header line of their names.
// What is not there is empty, times are RFC 3339 in UTC. A carriage return is \r, since readers of CSV lose it before a
// line feed, and a backslash is doubled.
func cells(k activity.Kind) []cell {
	all := []cell{
		timeCell("datetime", func(r *row) *time.Time { return &r.Datetime }),
		idCell("id", func(r *row) *id.UUID { return &r.ID }), idCell("agent_id", func(r *row) *id.UUID { return &r.AgentID }),
		textCell("computer_uid", func(r *row) *string { return &r.ComputerUID }), textCell("user_sid", func(r *row) *string { return &r.UserSID }),
	}
	title := textCell("title", func(r *row) *string { return &r.Title })
	process := textCell("process_name", func(r *row) *string { return &r.ProcessName })
	page := textCell("url", func(r *row) *string { return &r.URL })
	seconds := numberCell("duration_seconds", func(r *row) *int64 { return &r.DurationSeconds })
	switch k {
	case activity.ActiveWindow:
		title.name = "window_title"
		return append(all, title, process, page, seconds)
	case activity.VisitedSite:
		return append(all, title, process, page, seconds)
	case activity.Screenshot:
		return append(all, title, process, textCell("file_path", func(r *row) *string { return &r.FilePath }),
			numberCell("file_size", func(r *row) *int64 { return &r.FileSize }), textCell("sha256", func(r *row) *string { return &r.SHA256 }),
			numberCell("width", func(r *row) *int32 { return &r.Width }), numberCell("height", func(r *row) *int32 { return &r.Height }))
	case activity.UserSession:
		return append(all, textCell("session_type", func(r *row) *string { return &r.SessionType }),
			timeCell("end_time", func(r *row) *time.Time { return &r.EndTime }), textCell("source", func(r *row) *string { return &r.Source }))
	}
	return append(all, seconds)
}

var escape, unescape = strings.NewReplacer(`\`, `\\`, "\r", `\r`), strings.NewReplacer(`\\`, `\`, `\r`, "\r")

func textCell(name string, of func(*row) *string) cell {
	return cell{name, func(r *row) string { return escape.Replace(*of(r)) }, func(r *row, s string) error {
		*of(r) = unescape.Replace(s)
		return nil
	}}
}

func numberCell[T int32 | int64](name string, of func(*row) *T) cell {
	return cell{name, func(r *row) string { return strconv.FormatInt(int64(*of(r)), 10) }, func(r *row, s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if err == nil && int64(T(n)) != n {
			err = strconv.ErrRange
		}
		*of(r) = T(n)
		return err
	}}
}

func timeCell(name string, of func(*row) *time.Time) cell {
	return cell{name, func(r *row) string {
		if of(r).IsZero() {
			return ""
		}
		return of(r).UTC().Format(time.RFC3339Nano)
	}, func(r *row, s string) (err error) {
		if s != "" {
			*of(r), err = time.Parse(time.RFC3339Nano, s)
		}
		return err
	}}
}

func idCell(name string, of func(*row) *id.UUID) cell {
	return cell{name, func(r *row) string { return of(r).String() }, func(r *row, s string) (err error) {
		*of(r), err = id.Parse(s)
		return err
	}}
}

// sheetWriter writes rows as an archive has them.
type sheetWriter struct {
	csv   *csv.Writer
	cells []cell
	line  []string
}

func newSheetWriter(k activity.Kind, w io.Writer) *sheetWriter {
	s := &sheetWriter{csv: csv.NewWriter(w), cells: cells(k)}
	for _, c := range s.cells {
		s.line = append(s.line, c.name)
	}
	_ = s.csv.Write(s.line) // flush tells
	return s
}

func (s *sheetWriter) write(rows []row) error {
	for i := range rows {
		for c, cell := range s.cells {
			s.line[c] = cell.get(&rows[i])
		}
		if err := s.csv.Write(s.line); err != nil {
			return err
		}
	}
	return nil
}

func (s *sheetWriter) flush() error {
	s.csv.Flush()
	return s.csv.Error()
}

// errNotASheet is what is no archive of the kind.
var errNotASheet = errors.New("no archive of this kind")

// readSheet reads rows in parts that one transaction takes; none is empty.
func readSheet(k activity.Kind, r io.Reader) iter.Seq2[[]row, error] {
	return func(yield func([]row, error) bool) {
		in := csv.NewReader(r)
		in.ReuseRecord = true
		columns, err := header(k, in)
		if err != nil {
			yield(nil, err)
			return
		}
		for err == nil {
			var rows []row
			if rows, err = readRows(in, columns); len(rows) > 0 && !yield(rows, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

// header returns the columns in the order in which the archive has them. One that was written by an older program may
// have fewer.
func header(k activity.Kind, in *csv.Reader) (columns []cell, err error) {
	names, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotASheet, err)
	}
	known := cells(k)
	for _, name := range names {
		i := slices.IndexFunc(known, func(c cell) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: column %q", errNotASheet, name)
		}
		columns = append(columns, known[i])
	}
	for _, must := range known[:5] {
		if !slices.Contains(names, must.name) {
			return nil, fmt.Errorf("%w: it has no %s", errNotASheet, must.name)
		}
	}
	return columns, nil
}

func readRows(in *csv.Reader, columns []cell) (rows []row, err error) {
	for len(rows) < db.Part {
		line, err := in.Read()
		if err != nil {
			return rows, err
		}
		var r row
		for i, c := range columns {
			if err := c.set(&r, line[i]); err != nil {
				at, _ := in.FieldPos(i)
				return nil, fmt.Errorf("%w: line %d: %s: %w", errNotASheet, at, c.name, err)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}
