package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
)

// readAtOnce is how many entries of a directory are read at a time.
const readAtOnce = 1000

// List walks the directory in the order of paths. It reads each directory once, and keeps its names until it is through.
func (l *local) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		dir := prefix[:strings.LastIndexByte(prefix, '/')+1]
		err := checkPrefix(prefix)
		if err == nil && dir != "" && CheckPath(dir[:len(dir)-1]) != nil {
			return // no path begins so
		}
		w := walk{prefix: prefix, yield: yield}
		if err == nil {
			err = w.in(ctx, l.root, dir, dir)
		}
		if err != nil && !w.ended {
			yield(Object{}, err)
		}
	}
}

// walk gives files until it has ended, because nobody wants more.
type walk struct {
	prefix string
	yield  func(Object, error) bool
	ended  bool
}

// in goes through a directory, which has that name in the one above, and ends with a slash as dir, its path, does.
func (w *walk) in(ctx context.Context, above *os.Root, name, dir string) error {
	root, err := above.OpenRoot("./" + name)
	if errors.Is(missing(err), ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	names, err := w.names(root, dir)
	for _, name := range names {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if strings.HasSuffix(name, "/") {
			err = w.in(ctx, root, name, dir+name)
		} else {
			err = w.file(root, name, dir+name)
		}
		if w.ended {
			return nil
		}
	}
	return err
}

// names are those of a directory that the walk is about, in the order of paths: a directory a is a/, after the file a.b.
func (w *walk) names(root *os.Root, dir string) (names []string, err error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(readAtOnce)
		for _, e := range entries {
			if name := e.Name(); CheckPath(dir+name) == nil { // else it is ours, or somebody else's
				names = append(names, w.about(e, dir, name)...)
			}
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (w *walk) about(e fs.DirEntry, dir, name string) []string {
	path := dir + name
	switch {
	case e.IsDir() && (strings.HasPrefix(path+"/", w.prefix) || strings.HasPrefix(w.prefix, path+"/")):
		return []string{name + "/"}
	case e.Type().IsRegular() && strings.HasPrefix(path, w.prefix):
		return []string{name}
	}
	return nil
}

func (w *walk) file(root *os.Root, name, path string) error {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		w.ended = !w.yield(listed(path, info), nil)
	}
	return err
}
