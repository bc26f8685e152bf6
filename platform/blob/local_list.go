package blob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// List walks the directory in the order of paths.
func (l *local) List(ctx context.Context, prefix string, o ListOptions) ([]Object, string, error) {
	if err := errors.Join(checkPrefix(prefix), checkPrefix(o.After)); err != nil {
		return nil, "", err
	}
	dir := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir = prefix[:i]
	}
	if dir != "." && CheckPath(dir) != nil {
		return nil, "", nil // no path begins so
	}
	limit := o.limit()
	w := walk{local: l, prefix: prefix, after: o.After, limit: limit + 1}
	if err := w.in(ctx, dir); err != nil {
		return nil, "", err
	}
	if len(w.found) <= limit {
		return w.found, "", nil
	}
	return w.found[:limit], w.found[limit-1].Path, nil
}

// walk looks for the first files after a path.
type walk struct {
	*local
	prefix, after string
	limit         int
	found         []Object
}

// step is a directory's entry by the name that decides its place: a directory a is a/, after the file a.b.
type step struct {
	name string
	fs.DirEntry
}

func (w *walk) in(ctx context.Context, dir string) error {
	entries, err := fs.ReadDir(w.root.FS(), dir)
	if errors.Is(missing(err), ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range steps(dir, entries) {
		if len(w.found) == w.limit {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.visit(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func steps(dir string, entries []fs.DirEntry) []step {
	all := make([]step, 0, len(entries))
	for _, e := range entries {
		s := step{path.Join(dir, e.Name()), e}
		if CheckPath(s.name) != nil {
			continue // ours, or somebody else's
		}
		if e.IsDir() {
			s.name += "/"
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b step) int { return cmp.Compare(a.name, b.name) })
	return all
}

func (w *walk) visit(ctx context.Context, s step) error {
	if s.IsDir() {
		reached := s.name > w.after || strings.HasPrefix(w.after, s.name)
		if reached && (strings.HasPrefix(s.name, w.prefix) || strings.HasPrefix(w.prefix, s.name)) {
			return w.in(ctx, strings.TrimSuffix(s.name, "/"))
		}
		return nil
	}
	if !s.Type().IsRegular() || s.name <= w.after || !strings.HasPrefix(s.name, w.prefix) {
		return nil
	}
	info, err := s.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		w.found = append(w.found, w.listed(s.name, info))
	}
	return err
}
