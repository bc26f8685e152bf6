package retention

import (
	"context"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/storage/file"
)

const (
	// listed is how many files one question asks for, and cleared how many one order deletes.
	listed  = 500
	cleared = 100
)

// listed gives the files that the query is about, page by page.
func (s *service) listed(ctx context.Context, q file.Query) iter.Seq2[file.File, error] {
	return func(yield func(file.File, error) bool) {
		q.Limit = listed
		for {
			page, next, err := s.files.List(ctx, q)
			if err != nil {
				yield(file.File{}, err)
				return
			}
			for _, f := range page {
				if !yield(f, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			q.After = next
		}
	}
}

// stem is what files have alike that belong together: a picture, and its small and its blurred one beside it.
func stem(p string) string {
	dir, name := path.Split(p)
	name, _, _ = strings.Cut(name, ".")
	return dir + name
}

// beside returns the files of the kind that are there under these paths, or belong to one that is.
func (s *service) beside(ctx context.Context, k kind, paths []string) (found []file.File, err error) {
	stems, dirs := map[string]bool{}, map[string]bool{}
	for _, p := range paths {
		stems[stem(p)] = true
		dirs[path.Dir(p)] = true
	}
	for dir := range dirs {
		for f, err := range s.listed(ctx, file.Query{Prefix: dir + "/", Kind: k.file}) {
			if err != nil {
				return nil, err
			}
			if stems[stem(f.Path)] {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, func(a, b file.File) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

func sizes(list []file.File) (files, bytes int64) {
	for _, f := range list {
		bytes += f.Size
	}
	return int64(len(list)), bytes
}

// readyRowFiles readies the files of the day's rows to go. The rows that are to go were read before.
func (w *work) readyRowFiles(ctx context.Context, t *task, state string) error {
	if w.kind.file != "" {
		paths, err := w.keeper.Files(ctx, w.kind.rows, t.day)
		if err != nil {
			return err
		}
		if t.list, err = w.beside(ctx, w.kind, paths); err != nil {
			return err
		}
	}
	return w.readyFiles(ctx, t, state)
}

// readyFiles archives the day's files where the rule wants that, and notes which they are.
func (w *work) readyFiles(ctx context.Context, t *task, state string) error {
	if t.run.Action == toArchive {
		for _, f := range t.list {
			if err := w.archiveFile(ctx, f); err != nil {
				return err
			}
		}
	}
	if err := w.store.note(ctx, *t.run, t.list); err != nil {
		return err
	}
	t.run.State = state
	return w.store.change(ctx, t.run, "state", "archive_path", "archive_sha256", "rows")
}

// removeFiles deletes the files that were noted, but those that are to stay.
func (w *work) removeFiles(ctx context.Context, t *task) error {
	noted, err := w.store.notes(ctx, *t.run)
	if err != nil {
		return err
	}
	stays, err := w.stays(ctx, t)
	if err != nil {
		return err
	}
	var paths []string
	t.run.Files, t.run.Bytes = 0, 0
	for _, f := range noted {
		if !stays(f.Path) {
			paths = append(paths, f.Path)
			t.run.Files, t.run.Bytes = t.run.Files+1, t.run.Bytes+f.Size
		}
	}
	for part := range slices.Chunk(paths, cleared) {
		if err := w.files.Delete(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// stays says which of the noted files are to stay after all: those that a row names, and those that the rule, changed
// since, keeps.
func (w *work) stays(ctx context.Context, t *task) (func(path string) bool, error) {
	if w.kind.rows != "" {
		stems := map[string]bool{}
		named, err := w.keeper.Files(ctx, w.kind.rows, t.day)
		for _, p := range named {
			stems[stem(p)] = true
		}
		return func(p string) bool { return stems[stem(p)] }, err
	}
	if t.due {
		return func(string) bool { return false }, nil
	}
	there := map[string]bool{} // and not due
	for f, err := range w.listed(ctx, file.Query{Kind: w.kind.file}) {
		if err != nil {
			return nil, err
		}
		there[f.Path] = true
	}
	return func(p string) bool { return there[p] }, nil
}
