package blob

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// Beside the files, under names that no file can have: uploads on their way, and what is known of files that their
// names do not say.
const (
	uploads = ".uploads"
	known   = ".known"
)

// local keeps files under their own names in a directory, which os.Root does not let it leave.
type local struct {
	root   *os.Root
	dir    string
	signer *Signer
	now    func() time.Time
	seed   maphash.Seed
	// One path's file and what is known of it change together.
	locks [64]sync.Mutex
}

func newLocal(cfg Config) (*local, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the directory of files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of files: %w", err)
	}
	return &local{root: root, dir: dir, signer: cfg.Signer, now: cfg.Now, seed: maphash.MakeSeed()}, nil
}

// Close lets go of the directory.
func (l *local) Close() error { return l.root.Close() }

// Put writes the file aside, and gives it its name when it is on the disk.
func (l *local) Put(ctx context.Context, name string, r io.Reader, o Options) (Object, error) {
	if err := o.check(name); err != nil {
		return Object{}, err
	}
	aside, err := l.write(&source{ctx: ctx, r: r, want: o.Size})
	if err != nil {
		return Object{}, fmt.Errorf("store a file: %w", err)
	}
	defer l.lock(name)()
	if err := l.tell(name, o); err != nil {
		return Object{}, errors.Join(fmt.Errorf("store a file: %w", err), l.root.Remove(aside))
	}
	if err := l.name(aside, name); err != nil {
		return Object{}, errors.Join(fmt.Errorf("store a file: %w", asPath(err)), l.root.Remove(aside))
	}
	return l.stat(name)
}

// asPath calls what a disk cannot do and S3 can by its name: a file a where there is already a file a/b.
func asPath(err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrPath, err)
	}
	return err
}

func (l *local) lock(name string) (unlock func()) {
	m := &l.locks[maphash.String(l.seed, name)%uint64(len(l.locks))]
	m.Lock()
	return m.Unlock
}

// write makes a file without a name of its own that is on the disk when it returns.
func (l *local) write(r io.Reader) (aside string, err error) {
	if err := l.mkdirs(uploads); err != nil {
		return "", err
	}
	aside = path.Join(uploads, id.New().String())
	f, err := l.root.OpenFile(aside, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, l.root.Remove(aside))
	}
	return aside, nil
}

// name gives a written file its name, and returns when the disk knows it. Who deletes the last file of the directory
// at this moment takes the directory away; then it is made again.
func (l *local) name(aside, name string) (err error) {
	dir := path.Dir(name)
	for range 100 {
		if err = l.mkdirs(dir); err == nil {
			err = l.root.Rename(aside, name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	return l.sync(dir)
}

// mkdirs makes a directory and those above it, each of them on the disk when it returns.
func (l *local) mkdirs(dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := l.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := l.mkdirs(path.Dir(dir)); err != nil {
		return err
	}
	if err := l.root.Mkdir(dir, 0o700); err != nil {
		info, statErr := l.root.Stat(dir)
		switch {
		case statErr == nil && info.IsDir():
			return nil // somebody else was faster
		case errors.Is(err, fs.ErrExist) && errors.Is(statErr, fs.ErrNotExist):
			return statErr // somebody else made it and took it away since
		}
		return err
	}
	return l.sync(path.Dir(dir))
}

func (l *local) sync(dir string) error {
	f, err := l.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // what was in it has been deleted since
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open opens the file.
func (l *local) Open(_ context.Context, name string) (io.ReadCloser, Object, error) {
	if err := CheckPath(name); err != nil {
		return nil, Object{}, err
	}
	f, err := l.root.Open(name)
	if err != nil {
		return nil, Object{}, missing(err)
	}
	info, err := f.Stat()
	if err == nil {
		var o Object
		if o, err = l.object(name, info); err == nil {
			return f, o, nil
		}
	}
	return nil, Object{}, errors.Join(err, f.Close())
}

// Stat looks at the file.
func (l *local) Stat(_ context.Context, name string) (Object, error) {
	if err := CheckPath(name); err != nil {
		return Object{}, err
	}
	return l.stat(name)
}

func (l *local) stat(name string) (Object, error) {
	info, err := l.root.Stat(name)
	if err != nil {
		return Object{}, missing(err)
	}
	return l.object(name, info)
}

func (l *local) object(name string, info fs.FileInfo) (Object, error) {
	if !info.Mode().IsRegular() {
		return Object{}, ErrNotFound
	}
	o := listed(name, info)
	o.ContentType, o.Locator = typeOf(name), filepath.Join(l.dir, filepath.FromSlash(name))
	return o, l.recall(&o)
}

func listed(name string, info fs.FileInfo) Object {
	return Object{Path: name, Size: info.Size(), Modified: info.ModTime().UTC()}
}

// missing calls by its name that there is no such file.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Delete removes the file, what is known of it, and directories that are empty then.
func (l *local) Delete(_ context.Context, name string) error {
	if err := CheckPath(name); err != nil {
		return err
	}
	defer l.lock(name)()
	if info, err := l.root.Lstat(name); err == nil && info.IsDir() {
		return nil // there is no such file
	}
	for _, n := range []string{name, path.Join(known, name)} {
		if err := l.remove(n); err != nil {
			return fmt.Errorf("delete a file: %w", err)
		}
	}
	return nil
}

func (l *local) remove(name string) error {
	err := l.root.Remove(name)
	if errors.Is(missing(err), ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	for dir != "." && l.root.Remove(dir) == nil { // a directory that is not empty stays
		dir = path.Dir(dir)
	}
	return l.sync(dir)
}

// URL signs an address of this server.
func (l *local) URL(_ context.Context, name string, expiresIn time.Duration, _ string) (string, error) {
	if err := CheckPath(name); err != nil {
		return "", err
	}
	return l.signer.URL(name, l.now().Add(expiresIn)), nil
}

// Sweep removes uploads that a process left when it ended.
func (l *local) Sweep(ctx context.Context, before time.Time) (n int, err error) {
	entries, err := fs.ReadDir(l.root.FS(), uploads)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return n, err
		}
		if err := l.root.Remove(path.Join(uploads, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		n++
	}
	return n, nil
}

// Check writes a file and removes it.
func (l *local) Check(context.Context) error {
	aside, err := l.write(strings.NewReader("."))
	if err != nil {
		return err
	}
	return l.root.Remove(aside)
}
