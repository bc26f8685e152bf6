package retention

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/retention/keep"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// restoredFor is how long what was restored stays whatever the rules say: else the next run would take it away again.
const restoredFor = 30 * day

// restored says what came back.
type restored struct{ Rows, Files int64 }

// errNoArchive is a path that is none of an archive.
var errNoArchive = errors.New("not the path of an archive: it begins with " + archives)

// errNoSuchArchive is a path of nothing.
var errNoSuchArchive = errors.New("the organization has no such archive: the runs name those it has, such as " + archives + "visited_site/2026/01/31.csv.zst")

// archived is the file of that path, in words for whoever typed it.
func (s *service) archived(ctx context.Context, p string) (file.File, error) {
	f, err := s.files.Stat(ctx, p)
	if errors.Is(err, file.ErrUnknown) {
		return f, errNoSuchArchive
	}
	return f, err
}

// restore puts an archive of the actor's organization back: the rows of a day with their files, or one file. The archive
// stays, and to restore it twice does nothing.
func (s *service) restore(ctx context.Context, p string) (r restored, err error) {
	k, on, isRows := parseArchivePath(p)
	if isRows {
		return s.restoreDay(ctx, p, k, on)
	}
	f, err := s.archived(ctx, p)
	if err != nil {
		return r, err
	}
	k, known := kindOf(f.Metadata[file.Was])
	if f.Kind != file.Archive || !known || f.Metadata[metaPath] == "" {
		return r, errNoArchive
	}
	today := dayOf(s.now()) // the file is as new as its copy
	if err := s.holdRestored(ctx, p, k, today); err != nil {
		return r, err
	}
	return restored{Files: 1}, s.restoreFile(ctx, f)
}

func (s *service) restoreDay(ctx context.Context, p string, k kind, on time.Time) (r restored, err error) {
	f, err := s.archived(ctx, p)
	if err != nil {
		return r, err
	}
	if f.Kind != file.Archive { // what somebody else put there
		return r, errNoArchive
	}
	if err := s.sound(ctx, f); err != nil {
		return r, err
	}
	if err := s.holdRestored(ctx, p, k, on); err != nil {
		return r, err
	}
	if k.file != "" { // first the files: no row stands without its own
		if r.Files, err = s.restoreFiles(ctx, p); err != nil {
			return r, err
		}
	}
	in, _, err := s.openPacked(ctx, p)
	if err != nil {
		return r, err
	}
	defer in.Close()
	r.Rows, err = s.keeper.Import(ctx, k.rows, in)
	return r, err
}

// sound makes sure that the archive is what was stored, before anything is taken from it.
func (s *service) sound(ctx context.Context, f file.File) error {
	in, whole, err := s.openPacked(ctx, f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := io.Copy(io.Discard, in); err != nil || hexOf(whole) != f.SHA256 {
		return errors.Join(errAltered, err)
	}
	return nil
}

// holdRestored holds the day of what comes back, before it does.
func (s *service) holdRestored(ctx context.Context, p string, k kind, on time.Time) error {
	now := s.clock()
	until, ends := on.Add(day), now.Add(restoredFor)
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a := tx.Actor()
		row := holdRow{
			Owned: db.Owned{OrganizationID: a.OrganizationID}, ID: id.New(), Type: k.rule, From: &on, Until: &until,
			Reason: "restored from " + p, CreatedAt: now, CreatedBy: a.ID, ExpiresAt: &ends,
		}
		if err := s.store.addHold(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: "retention.restored", Permission: keep.Write, Object: "archive:" + p, OrganizationID: a.OrganizationID, After: asHold(row, now),
		})
	})
}

// restoreFiles puts the files back that the rows of an archive name.
func (s *service) restoreFiles(ctx context.Context, p string) (n int64, err error) {
	in, _, err := s.openPacked(ctx, p)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	paths, err := column(in, "file_path")
	if err != nil {
		return 0, fmt.Errorf("read the archive: %w", err)
	}
	for i := range paths {
		paths[i] = archives + paths[i]
	}
	found, err := s.beside(ctx, kind{file: file.Archive}, paths)
	for _, f := range found {
		if err != nil {
			break
		}
		if f.Metadata[metaPath] == "" {
			continue
		}
		if err = s.restoreFile(ctx, f); isConflict(err) { // an earlier archive's, of the same name
			err = nil
			continue
		}
		n++
	}
	return n, err
}

// column reads one column of a CSV with a header line.
func column(in io.Reader, name string) (values []string, err error) {
	lines := csv.NewReader(in)
	lines.ReuseRecord = true
	at := -1
	for {
		line, err := lines.Read()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		if at >= 0 {
			values = append(values, line[at])
			continue
		}
		if at = slices.Index(line, name); at < 0 {
			return nil, fmt.Errorf("there is no column %s", name)
		}
	}
}

// restoreFile puts a copy of an archived file where the file was.
func (s *service) restoreFile(ctx context.Context, f file.File) error {
	err := s.copyFile(ctx, f, file.New{Path: f.Metadata[metaPath], Kind: file.Kind(f.Metadata[file.Was]), ContentType: f.ContentType})
	if err != nil {
		return fmt.Errorf("restore %s: %w", f.Metadata[metaPath], err)
	}
	return nil
}
