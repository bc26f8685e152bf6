package storage

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// strayAfter is the age at which a file without a row is one that nobody will name any more.
	strayAfter = 24 * time.Hour
	// maxStray bounds what one scan keeps in mind, and removes.
	maxStray = 100_000
	// maxConfirmed is how many rows without a file are looked at a second time: past it, a few that came or went meanwhile
	// change nothing.
	maxConfirmed = 1000
	// maxShown is how many names of a kind the report has.
	maxShown = 100
	scanPage = 1000
)

var (
	errStrays = errors.New("too many files have no row: is this another system's store, or an old database? To remove them: storage scan --delete --force")
	errLost   = errors.New("too many rows have no file: is the store there, or is this another one? To remove files without a row: storage scan --delete --force")
)

// findings are what a scan found.
type findings struct {
	files, bytes   int64
	strays         []string // files without a row, in the order of their paths, at most maxStray
	strayFiles     int64    // all of them
	strayBytes     int64
	rows, lostRows int64
	lost           []string           // places of rows whose file is not there, or is of another size, at most maxShown
	missing        map[int64]*missing // by organization
	removed, swept int
}

// missing are the files that an organization misses.
type missing struct {
	files int64
	first string // path
}

// suspicious says why nothing should be removed unasked.
func (f *findings) suspicious() error {
	switch {
	case many(f.strayFiles, f.files):
		return errStrays
	case many(f.lostRows, f.rows):
		return errLost
	}
	return nil
}

// many reports whether n of all are more than what crashes leave: most of them, or a tenth of very many.
func many(n, all int64) bool { return n > 100 && n > all/2 || n > 1000 && n > all/10 }

// scan walks through files and rows side by side, in the order of places in the store.
func (s *service) scan(ctx context.Context) (found findings, err error) {
	began := s.now()
	found.missing = map[int64]*missing{}
	nextFile, stopFiles := iter.Pull2(s.blobs.List(ctx, "org-"))
	defer stopFiles()
	nextRow, stopRows := iter.Pull2(s.eachRow(ctx))
	defer stopRows()
	o, err, moreFiles := nextFile()
	row, rowErr, moreRows := nextRow()
	for err == nil && rowErr == nil && (moreFiles || moreRows) {
		switch {
		case !moreRows || moreFiles && o.Path < row.Blob:
			if err = s.stray(ctx, &found, o, began); err == nil {
				o, err, moreFiles = nextFile()
			}
		case !moreFiles || row.Blob < o.Path:
			found.rows++
			if rowErr = s.lost(ctx, &found, row); rowErr == nil {
				row, rowErr, moreRows = nextRow()
			}
		default:
			found.rows++
			if found.see(o); o.Size != row.Size {
				found.miss(row)
			}
			o, err, moreFiles = nextFile()
			row, rowErr, moreRows = nextRow()
		}
	}
	return found, errors.Join(err, rowErr)
}

func (f *findings) see(o blob.Object) { f.files, f.bytes = f.files+1, f.bytes+o.Size }

func (f *findings) miss(row fileRow) {
	f.lostRows++
	if len(f.lost) < maxShown {
		f.lost = append(f.lost, row.Blob)
	}
	m := f.missing[row.OrganizationID]
	if m == nil {
		m = &missing{first: row.Path}
		f.missing[row.OrganizationID] = m
	}
	m.files++
}

// stray notes a file that no row names, unless it is young: its row may be on the way.
func (s *service) stray(ctx context.Context, found *findings, o blob.Object, began time.Time) error {
	found.see(o)
	if !o.Modified.Before(began.Add(-strayAfter)) {
		return nil
	}
	if len(found.strays) < maxStray { // no more than these are removed
		if named, err := s.store.at(ctx, o.Path); err != nil || named {
			return err
		}
		found.strays = append(found.strays, o.Path)
	}
	found.strayFiles, found.strayBytes = found.strayFiles+1, found.strayBytes+o.Size
	return nil
}

// lost notes a row that has no file, unless that came, or the row went, while the scan ran.
func (s *service) lost(ctx context.Context, found *findings, row fileRow) error {
	if found.lostRows < maxConfirmed {
		whole, err := s.whole(ctx, row)
		if err != nil || whole {
			return err
		}
		if named, err := s.store.at(ctx, row.Blob); err != nil || !named {
			return err
		}
	}
	found.miss(row)
	return nil
}

func (s *service) eachRow(ctx context.Context) iter.Seq2[fileRow, error] {
	return func(yield func(fileRow, error) bool) {
		for after := ""; ; {
			page, err := s.store.after(ctx, after, scanPage)
			if err != nil {
				yield(fileRow{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
				after = row.Blob
			}
			if len(page) < scanPage {
				return
			}
		}
	}
}

// clean removes strays, and what uploads that never ended have left.
func (s *service) clean(ctx context.Context, found *findings) (err error) {
	if found.swept, err = s.blobs.Sweep(ctx, s.now().Add(-strayAfter)); err != nil {
		return err
	}
	found.removed, err = s.erase(ctx, found.strays)
	return err
}

// scanWeekly removes strays, and raises an alert where files are missing. Ordered at the same time again, it raises the
// same alert.
func (s *service) scanWeekly(ctx context.Context, ordered time.Time) error {
	found, err := s.scan(ctx)
	if err != nil {
		return err
	}
	for state, n := range map[string]int64{"stored": found.files - found.strayFiles, "orphan": found.strayFiles, "missing": found.lostRows} {
		s.metrics.scanned.WithLabelValues(state).Set(float64(n))
	}
	if err := s.alarm(ctx, found.missing, ordered); err != nil {
		return err
	}
	if err := found.suspicious(); err != nil {
		s.log.ErrorContext(ctx, "files without a row were not removed", "without_row", found.strayFiles, "files", found.files,
			"without_file", found.lostRows, "rows", found.rows, "error", err)
		return nil
	}
	err = s.clean(ctx, &found)
	s.log.InfoContext(ctx, "files were compared with rows", "files", found.files, "bytes", found.bytes, "removed", found.removed,
		"swept", found.swept, "missing", found.lostRows)
	return err
}

// alarm raises one alert for each organization that misses files.
func (s *service) alarm(ctx context.Context, all map[int64]*missing, ordered time.Time) error {
	a, _ := actor.From(ctx)
	for organizationID, m := range all {
		err := s.alerts.Raise(actor.With(ctx, a.In(organizationID)), alert.Alert{
			ID:   id.Derive(organizationID, alert.StorageFileMissing, ordered.UTC().Format(time.RFC3339)),
			Kind: alert.StorageFileMissing, Severity: alert.Critical, At: s.now().UTC(), Subject: "storage",
			Details: map[string]any{"files": m.files, "first": m.first},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
