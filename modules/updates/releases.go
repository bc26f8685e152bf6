package updates

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// release is a version in the directory of releases, as its manifest.json describes it.
type release struct {
	Version    string         `json:"version"`
	Channel    string         `json:"channel"`
	MinVersion string         `json:"minVersion,omitempty"`
	ReleasedAt time.Time      `json:"releasedAt,omitzero"`
	Packages   map[string]pkg `json:"packages"` // by GOARCH
}

// pkg is an archive in a release's directory.
type pkg struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

const (
	manifestName = "manifest.json"
	// maxManifest and maxSignature bound what is read into memory.
	maxManifest  = 1 << 20
	maxSignature = 8 << 10
)

// releases is the directory of releases. Who may put something there decides what gateways are offered; what they take
// is decided by its signature, which they check themselves.
type releases struct {
	path string
	log  *slog.Logger
}

// open opens the directory, so that nothing outside of it can be named, by a link neither.
func (r releases) open() (*os.Root, error) {
	if r.path == "" {
		return nil, update.ErrNone
	}
	root, err := os.OpenRoot(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, update.ErrNone.Wrap(err)
	}
	return root, err
}

// all returns the releases, the newest first. One that cannot be read is left out: it may be on its way.
func (r releases) all(ctx context.Context) ([]release, error) {
	root, err := r.open()
	if errors.Is(err, update.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the releases: %w", err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the releases: %w", err)
	}
	var found []release
	for _, e := range entries {
		if !e.IsDir() || !semver.IsValid("v"+e.Name()) {
			continue
		}
		one, err := read(root, e.Name())
		if err != nil {
			r.log.WarnContext(ctx, "a release cannot be offered", "release", e.Name(), "error", err)
			continue
		}
		found = append(found, one)
	}
	slices.SortFunc(found, func(a, b release) int {
		return cmp.Or(semver.Compare("v"+b.Version, "v"+a.Version), strings.Compare(b.Version, a.Version))
	})
	return found, nil
}

// read reads one release's description and refuses what makes no sense.
func read(root *os.Root, version string) (one release, err error) {
	text, err := bounded(root, filepath.Join(version, manifestName), maxManifest)
	if err != nil {
		return one, err
	}
	return one, errors.Join(json.Unmarshal(text, &one), one.check(version))
}

func (r release) check(directory string) error {
	if r.Version != directory {
		return fmt.Errorf("%s is of version %q", manifestName, r.Version)
	}
	if r.Channel == "" || r.MinVersion != "" && !semver.IsValid("v"+r.MinVersion) {
		return errors.New("no channel, or a minVersion that is none")
	}
	for arch, p := range r.Packages {
		digest, err := hex.DecodeString(p.SHA256)
		if err != nil || len(digest) != 32 || p.Size <= 0 || p.File == "" || p.File != filepath.Base(p.File) || !filepath.IsLocal(p.File) {
			return fmt.Errorf("the package for %s is not described right", arch)
		}
	}
	return nil
}

func bounded(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return text, err
}

// wanted is what a gateway asks for: the version, or the newest if that is empty.
type wanted struct{ channel, arch, version, from string }

func (w wanted) is(r release) bool {
	if _, has := r.Packages[w.arch]; !has || r.Channel != w.channel {
		return false
	}
	if w.version != "" {
		return w.version == r.Version
	}
	return r.MinVersion == "" || !semver.IsValid("v"+w.from) || semver.Compare("v"+w.from, "v"+r.MinVersion) >= 0
}

// find returns the first release that is wanted.
func (r releases) find(ctx context.Context, w wanted) (release, error) {
	found, err := r.all(ctx)
	if err != nil {
		return release{}, err
	}
	for _, one := range found {
		if w.is(one) {
			return one, nil
		}
	}
	return release{}, update.ErrNone
}

// manifest describes the release's package to a gateway.
func (r releases) manifest(one release, arch, base string) (m update.Manifest, err error) {
	root, err := r.open()
	if err != nil {
		return m, err
	}
	defer root.Close()
	p := one.Packages[arch]
	signature, err := bounded(root, filepath.Join(one.Version, p.File+".minisig"), maxSignature)
	if err != nil {
		return m, update.ErrNone.Wrap(fmt.Errorf("read the signature of release %s: %w", one.Version, err))
	}
	return update.Manifest{
		Version: one.Version, Channel: one.Channel, MinVersion: one.MinVersion,
		DownloadURL: base + "/" + one.Version + "/" + p.File, SHA256: p.SHA256, Signature: string(signature), Size: p.Size,
	}, nil
}

// content opens a release's package.
func (r releases) content(version, file string) (f *os.File, p pkg, err error) {
	root, err := r.open()
	if err != nil {
		return nil, p, err
	}
	defer root.Close()
	if !semver.IsValid("v" + version) {
		return nil, p, update.ErrNone
	}
	one, err := read(root, version)
	if err != nil {
		return nil, p, update.ErrNone.Wrap(err)
	}
	for _, p := range one.Packages {
		if p.File == file {
			f, err := root.Open(filepath.Join(version, file))
			if err != nil {
				return nil, p, fmt.Errorf("open a package: %w", err)
			}
			return f, p, nil
		}
	}
	return nil, p, update.ErrNone
}
