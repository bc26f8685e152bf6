package employees

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/sheet"
)

// The ways to import: people who are there already stay as they are, or get what the file says of them.
const (
	importAdd    = "add"
	importUpdate = "update"
)

const (
	// maxImport bounds a file, in bytes.
	maxImport = 5 << 20
	// maxImportRows bounds its rows: they are written in one transaction, for which SQLite's other writers wait.
	maxImportRows = 10_000
	// maxFileName bounds what is written down of the file's name.
	maxFileName = 200
	// maxShown bounds what is shown of a wrong cell.
	maxShown = 100
)

// importInput is a file with what to do with it.
type importInput struct {
	importMetadata
	fileName string
	file     []byte
	text     texts
}

// importCounts are how many rows of a file were of which kind.
type importCounts struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Errors    int `json:"errors"`
}

// prepare reads the file, and says whose organization it is for.
func (s *service) prepare(ctx context.Context, in importInput) (table importTable, home int64, err error) {
	var f fault.Fields
	if in.Mode != importAdd && in.Mode != importUpdate {
		f.Add("mode", "not_one_of", fault.Params{"Values": importAdd + ", " + importUpdate})
	}
	a, _ := actor.From(ctx)
	if home = a.OrganizationID; home == 0 && in.OrganizationID == 0 {
		f.Add("organizationId", "required", nil)
	}
	if err := f.Err(); err != nil {
		return table, 0, err
	}
	if in.OrganizationID != 0 && in.OrganizationID != home {
		o, err := s.tree.ByID(ctx, in.OrganizationID)
		if err != nil {
			return table, 0, err
		}
		home = o.ID
	}
	// A workbook takes some ten times its size while it is read, so they are read one at a time.
	if err := s.importing.Acquire(ctx, 1); err != nil { // who has left does not wait with the file in memory
		return table, 0, err
	}
	defer s.importing.Release(1)
	rows, err := sheet.Read(in.file, maxImportRows+headingsWithin)
	if err != nil {
		return table, 0, importFault(err)
	}
	if table, err = readTable(rows, in.text); err == nil && len(table.rows) > maxImportRows {
		err = importFault(sheet.ErrRows)
	}
	return table, home, err
}

// importFault says what is wrong with a file as a whole.
func importFault(err error) error {
	switch {
	case errors.Is(err, sheet.ErrLocked):
		return errImportLocked.Wrap(err)
	case errors.Is(err, sheet.ErrRows):
		return errImportRows.With("Most", maxImportRows).Wrap(err)
	case errors.Is(err, sheet.ErrColumns), errors.Is(err, sheet.ErrSize):
		return errImportUnpacked.Wrap(err)
	}
	return errImportFormat.Wrap(err)
}

// previewImport says what an import of the file would do. It writes nothing.
func (s *service) previewImport(ctx context.Context, in importInput) (importPreview, error) {
	table, home, err := s.prepare(ctx, in)
	if err != nil {
		return importPreview{}, err
	}
	var plan importPlan
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		plan, err = s.plan(ctx, tx, table, home, in.Mode == importUpdate)
		return err
	})
	if err != nil {
		return importPreview{}, err
	}
	return plan.preview(plan.digest(in, home), in.text), nil
}

// applyImport does what the preview of the same file said, all of it or nothing. If it would be something else by now, it
// is errImportChanged.
func (s *service) applyImport(ctx context.Context, in importInput) (counts importCounts, err error) {
	table, home, err := s.prepare(ctx, in)
	if err != nil {
		return counts, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockImports(ctx, tx, home); err != nil {
			return err
		}
		if in.Mode == importUpdate { // or it would write what they were over what somebody makes of them meanwhile
			if err := s.store.holdEverybody(ctx, tx, home); err != nil {
				return err
			}
		}
		plan, err := s.plan(ctx, tx, table, home, in.Mode == importUpdate)
		if err != nil {
			return err
		}
		if plan.digest(in, home) != in.Digest {
			return errImportChanged
		}
		if counts = plan.counts(); counts.Errors > 0 {
			return errImportErrors
		}
		for i := range plan.rows {
			if err := s.keep(ctx, tx, &plan.rows[i]); err != nil {
				return err
			}
		}
		return s.audit.Write(ctx, tx, importEntry(in, home, counts))
	})
	if errors.Is(err, db.ErrConflict) || errors.Is(err, db.ErrMissingReference) { // what happened since the plan was made
		return importCounts{}, errImportChanged.Wrap(err)
	}
	if err != nil {
		return importCounts{}, err
	}
	return counts, nil
}

// keep writes what was planned for a row, as single edits write it.
func (s *service) keep(ctx context.Context, tx db.Tx, r *plannedRow) error {
	switch {
	case r.state == rowUnchanged:
		return nil
	case r.state == rowNew:
		if err := s.add(ctx, tx, &r.after); err != nil {
			return err
		}
	case r.edited():
		if err := s.change(ctx, tx, r.before, &r.after); err != nil {
			return err
		}
	}
	for i := range r.give {
		if err := s.hand(ctx, tx, r.after, &r.give[i]); err != nil {
			return err
		}
	}
	return nil
}

// edited reports whether the person changes, and not only what she carries.
func (r *plannedRow) edited() bool {
	return slices.ContainsFunc(r.changes, func(c importChange) bool { return c.Column != colCards && c.Column != colCars })
}

func importEntry(in importInput, home int64, counts importCounts) audit.Entry {
	sum := sha256.Sum256(in.file)
	return audit.Entry{
		Action: "employees.imported", Permission: employee.Write, Object: fmt.Sprintf("organization:%d", home), OrganizationID: home,
		After: map[string]any{
			"file": in.fileName, "sha256": hex.EncodeToString(sum[:]), "mode": in.Mode,
			"new": counts.New, "changed": counts.Changed, "unchanged": counts.Unchanged,
		},
	}
}

func (p importPlan) counts() (n importCounts) {
	for _, r := range p.rows {
		switch r.state {
		case rowNew:
			n.New++
		case rowChanged:
			n.Changed++
		case rowUnchanged:
			n.Unchanged++
		case rowError:
			n.Errors++
		}
	}
	return n
}

// digest is the same for the same file, choice and outcome: by it an import does what its preview showed.
func (p importPlan) digest(in importInput, home int64) string {
	h := sha256.New()
	file := sha256.Sum256(in.file)
	lines := json.NewEncoder(h) // each value is a line, so that two never read as one
	parts := []any{file[:], home, in.Mode}
	for _, r := range p.rows {
		parts = append(parts, r.number, r.state, r.before.ID, r.after.DepartmentID, r.changes)
		for _, problem := range r.problems {
			parts = append(parts, problem.column, problem.code)
		}
	}
	for _, part := range parts {
		_ = lines.Encode(part) // numbers and texts; a hash takes all
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (p importPlan) preview(digest string, text texts) importPreview {
	out := importPreview{Digest: digest, Counts: p.counts(), Unknown: append([]string{}, p.table.unknown...), Rows: make([]importRow, len(p.rows))}
	for i, r := range p.rows {
		row := importRow{
			Row: r.number, State: r.state, EmployeeID: r.before.ID, Name: r.name, Department: r.department,
			Changes: append([]importChange{}, r.changes...), Problems: make([]importProblem, len(r.problems)),
		}
		for j, c := range row.Changes {
			row.Changes[j].Heading = p.table.heading(c.Column, text)
			if c.Column == colActive {
				row.Changes[j].Before, row.Changes[j].After = shownYes(c.Before, text), shownYes(c.After, text)
			}
		}
		for j, problem := range r.problems {
			row.Problems[j] = importProblem{
				Column: problem.column, Heading: p.table.heading(problem.column, text), Code: problem.code,
				Message: text(problem.code, problem.params), Value: shortened(problem.value), Warning: problem.warning,
			}
		}
		out.Rows[i] = row
	}
	return out
}

// shownYes is what plan wrote for yes or no in the reader's words.
func shownYes(value string, text texts) string {
	switch value {
	case "true":
		return text("grid.yes", nil)
	case "false":
		return text("grid.no", nil)
	}
	return value
}

// shortened cuts a text that is only shown.
func shortened(text string) string {
	if r := []rune(text); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return text
}
