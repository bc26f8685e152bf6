package retention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/fault"
)

const (
	// archives is where archives are, and archivedRows what those of rows end with.
	archives     = "archives/"
	archivedRows = ".csv.zst"
	// maxArchives bounds the archives of one day of one kind: each holds what came since the one before.
	maxArchives = 100
)

// The metadata of an archive says of what kind its rows are; that of an archived file, beside file.Was, where it was.
const (
	metaKind = "kind"
	metaPath = "path"
)

// archivePath is where the rows of the day are archived; n counts from 1.
func archivePath(k kind, on time.Time, n int) string {
	if n == 1 {
		return archives + k.name + on.Format("/2006/01/02") + archivedRows
	}
	return fmt.Sprintf("%s%s%s.%d%s", archives, k.name, on.Format("/2006/01/02"), n, archivedRows)
}

// parseArchivePath is the inverse.
func parseArchivePath(p string) (k kind, on time.Time, ok bool) {
	rest, isArchive := strings.CutPrefix(p, archives)
	rest, isRows := strings.CutSuffix(rest, archivedRows)
	name, date, _ := strings.Cut(rest, "/")
	k, known := kindOf(name)
	if !isArchive || !isRows || !known || k.rows == "" || len(date) < len("2006/01/02") {
		return k, on, false
	}
	on, err := time.Parse("2006/01/02", date[:len("2006/01/02")])
	return k, on, err == nil
}

// archive puts the rows of the day into an archive, and the files that they name, reads both back, and writes down where
// they are.
func (w *work) archive(ctx context.Context, t *task) error {
	for n := 1; n <= maxArchives; n++ {
		p := archivePath(w.kind, t.day, n)
		rows, err := w.archiveRows(ctx, t, p)
		if isConflict(err) { // an earlier archive of other rows of the day
			continue
		}
		if err != nil {
			return fmt.Errorf("archive %s: %w", p, err)
		}
		t.run.Rows = rows
		return w.readyRowFiles(ctx, t, archived)
	}
	return fmt.Errorf("archive: there are %d archives of the day", maxArchives)
}

func isConflict(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Conflict
}

func (w *work) archiveRows(ctx context.Context, t *task, p string) (rows int64, err error) {
	content := sha256.New()
	stored, err := w.put(ctx, file.New{
		Path: p, Kind: file.Archive, ContentType: "application/zstd", Metadata: map[string]string{metaKind: w.kind.name},
	}, func(out io.Writer) error {
		packed, err := newPacker(out)
		if err != nil {
			return err
		}
		rows, err = w.keeper.Export(ctx, w.kind.rows, t.day, io.MultiWriter(packed, content))
		return errors.Join(err, packed.Close())
	})
	if err != nil {
		return 0, err
	}
	if err := w.verifyRows(ctx, stored, content); err != nil {
		return 0, err
	}
	t.run.ArchivePath, t.run.ArchiveSHA256 = p, stored.SHA256
	return rows, nil
}

// newPacker packs alike each time, so that an archive that is written again is the same file.
func newPacker(out io.Writer) (*zstd.Encoder, error) {
	return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
}

// put stores what write writes.
func (s *service) put(ctx context.Context, n file.New, write func(io.Writer) error) (file.File, error) {
	in, out := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(out)
		out.CloseWithError(err)
		written <- err
	}()
	f, err := s.files.Put(ctx, n, in)
	in.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if wrote := <-written; err == nil && wrote != nil { // the store did not read to the end, and so knows nothing of it
		err = wrote
	}
	return f, err
}

// verifyRows reads an archive back.
func (s *service) verifyRows(ctx context.Context, stored file.File, content hash.Hash) error {
	in, whole, err := s.openPacked(ctx, stored.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	again := sha256.New()
	if _, err := io.Copy(again, in); err != nil {
		return fmt.Errorf("%w: %w", errAltered, err)
	}
	if string(again.Sum(nil)) != string(content.Sum(nil)) || hexOf(whole) != stored.SHA256 {
		return errAltered
	}
	return nil
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// packed is an archive as it is read.
type packed struct {
	io.Reader
	close func()
}

// Close ends the reading.
func (p packed) Close() error {
	p.close()
	return nil
}

// openPacked opens an archive of rows; whole sums the file as it is read.
func (s *service) openPacked(ctx context.Context, p string) (in packed, whole hash.Hash, err error) {
	body, _, err := s.files.Open(ctx, p)
	if err != nil {
		return in, nil, err
	}
	whole = sha256.New()
	rows, err := zstd.NewReader(io.TeeReader(body, whole), zstd.WithDecoderConcurrency(1))
	if err != nil {
		body.Close()
		return in, nil, err
	}
	return packed{rows, func() { rows.Close(); body.Close() }}, whole, nil
}

// removeArchived removes the rows that are in the archive, and none that came since.
func (w *work) removeArchived(ctx context.Context, t *task) (int64, error) {
	in, _, err := w.openPacked(ctx, t.run.ArchivePath)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	return w.keeper.RemoveExported(ctx, w.kind.rows, t.day, in)
}

// removeNamed removes rows that name files: those that are there now, whose files are noted before they go. A row that
// comes meanwhile stays, or nothing would know of its file.
func (w *work) removeNamed(ctx context.Context, t *task) (rows int64, err error) {
	f, err := os.CreateTemp(w.data, "retention-*.csv")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := w.keeper.Export(ctx, w.kind.rows, t.day, f); err != nil {
		return 0, err
	}
	if err := w.readyRowFiles(ctx, t, begun); err != nil {
		return 0, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	return w.keeper.RemoveExported(ctx, w.kind.rows, t.day, f)
}

// archiveFile puts a copy of the file into the archives, and reads it back.
func (s *service) archiveFile(ctx context.Context, f file.File) error {
	for n := 1; n <= maxArchives; n++ {
		p := archives + f.Path
		if n > 1 { // a path that was used again
			ext := path.Ext(f.Path)
			p = fmt.Sprintf("%s%s.%d%s", archives, strings.TrimSuffix(f.Path, ext), n, ext)
		}
		err := s.copyFile(ctx, f, file.New{Path: p, Kind: file.Archive, ContentType: f.ContentType, Metadata: map[string]string{
			metaPath: f.Path, file.Was: string(f.Kind),
		}})
		if isConflict(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("archive %s: %w", f.Path, err)
		}
		return nil
	}
	return fmt.Errorf("archive %s: there are %d files of that path", f.Path, maxArchives)
}

// copyFile stores a copy of a file, and reads it back.
func (s *service) copyFile(ctx context.Context, f file.File, to file.New) error {
	stored, err := s.put(ctx, to, func(out io.Writer) error {
		in, _, err := s.files.Open(ctx, f.Path)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(out, in)
		return err
	})
	if err != nil {
		return err
	}
	in, _, err := s.files.Open(ctx, to.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	again := sha256.New()
	if _, err := io.Copy(again, in); err != nil {
		return err
	}
	if stored.SHA256 != f.SHA256 || hexOf(again) != f.SHA256 {
		return errAltered
	}
	return nil
}
