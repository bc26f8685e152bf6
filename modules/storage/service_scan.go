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
	// suspicious is a number of strays above which they must not be most of what there is: a store shared with another
	// system, or a database that was put back, looks like that.
	suspicious = 100
	scanPage   = 1000
)

var errSuspicious = errors.New("most files have no row: is this another system's store, or an old database? To remove them: storage scan --delete")

// findings are what a scan found.
type findings struct {
	files, bytes   int64
	strays         []string // files without a row, in the order of their paths, at most maxStray
	strayFiles     int64    // all of them
	strayBytes     int64
	lost           []fileRow // rows whose file is not there, or is of another size
	removed, swept int
}

// scan walks through files and rows side by side, in the order of places in the store.
func (s *service) scan(ctx context.Context) (found findings, err error) {
	began := s.now()
	nextFile, stopFiles := iter.Pull2(s.eachFile(ctx))
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
			if rowErr = s.lost(ctx, &found, row); rowErr == nil {
				row, rowErr, moreRows = nextRow()
			}
		default:
			if found.see(o); o.Size != row.Size {
				found.lost = append(found.lost, row)
			}
			o, err, moreFiles = nextFile()
			row, rowErr, moreRows = nextRow()
		}
	}
	return found, errors.Join(err, rowErr)
}

func (f *findings) see(o blob.Object) { f.files, f.bytes = f.files+1, f.bytes+o.Size }

// stray notes a file that no row names, unless it is young: its row may be on the way.
func (s *service) stray(ctx context.Context, found *findings, o blob.Object, began time.Time) error {
	found.see(o)
	if !o.Modified.Before(began.Add(-strayAfter)) {
		return nil
	}
	if named, err := s.store.at(ctx, o.Path); err != nil || named {
		return err
	}
	found.strayFiles, found.strayBytes = found.strayFiles+1, found.strayBytes+o.Size
	if len(found.strays) < maxStray {
		found.strays = append(found.strays, o.Path)
	}
	return nil
}

// lost notes a row that has no file, unless that came, or the row went, while the scan ran.
func (s *service) lost(ctx context.Context, found *findings, row fileRow) error {
	whole, err := s.whole(ctx, row)
	if err != nil || whole {
		return err
	}
	if named, err := s.store.at(ctx, row.Blob); err != nil || !named {
		return err
	}
	found.lost = append(found.lost, row)
	return nil
}

func (s *service) eachFile(ctx context.Context) iter.Seq2[blob.Object, error] {
	return func(yield func(blob.Object, error) bool) {
		for after, more := "", true; more; more = after != "" {
			page, next, err := s.blobs.List(ctx, "org-", blob.ListOptions{After: after, Limit: scanPage})
			if err != nil {
				yield(blob.Object{}, err)
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			after = next
		}
	}
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

// scanWeekly removes strays, and raises an alert where files are missing.
func (s *service) scanWeekly(ctx context.Context) error {
	found, err := s.scan(ctx)
	if err != nil {
		return err
	}
	for state, n := range map[string]int64{"stored": found.files - found.strayFiles, "orphan": found.strayFiles, "missing": int64(len(found.lost))} {
		s.metrics.scanned.WithLabelValues(state).Set(float64(n))
	}
	if err := s.alarm(ctx, found.lost); err != nil {
		return err
	}
	if found.strayFiles > suspicious && found.strayFiles > found.files/2 {
		s.log.ErrorContext(ctx, "files without a row were not removed", "files", found.strayFiles, "of", found.files, "error", errSuspicious)
		return nil
	}
	err = s.clean(ctx, &found)
	s.log.InfoContext(ctx, "files were compared with rows", "files", found.files, "bytes", found.bytes, "removed", found.removed,
		"swept", found.swept, "missing", len(found.lost))
	return err
}

// alarm raises one alert for each organization that misses files.
func (s *service) alarm(ctx context.Context, lost []fileRow) error {
	missing := map[int64][]string{}
	for _, row := range lost {
		missing[row.OrganizationID] = append(missing[row.OrganizationID], row.Path)
	}
	a, _ := actor.From(ctx)
	for organizationID, paths := range missing {
		err := s.alerts.Raise(actor.With(ctx, a.In(organizationID)), alert.Alert{
			ID: id.New(), Kind: alert.StorageFileMissing, Severity: alert.Critical, At: s.now().UTC(), Subject: "storage",
			Details: map[string]any{"files": len(paths), "first": paths[0]},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
