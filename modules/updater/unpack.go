package updater

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/staff-control/staff-control/modules/updater/update"
)

const (
	// maxFiles bounds how many files are in an archive, maxProgram the program among them, maxUnpacked all of them.
	maxFiles    = 64
	maxProgram  = 512 << 20
	maxUnpacked = 1 << 30
)

// unpack writes the program that is in the archive to path, executable, and returns when it has reached the disk.
// Nothing else of the archive is written anywhere.
func unpack(ctx context.Context, archive io.Reader, to string) error {
	zipped, err := gzip.NewReader(archive)
	if err != nil {
		return update.ErrPackage.Wrap(err)
	}
	files := tar.NewReader(io.LimitReader(reading{ctx, zipped}, maxUnpacked))
	found := false
	for n := 0; ; n++ {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n == maxFiles {
			err = errors.New("too many files")
		}
		if err == nil {
			err = harmless(h)
		}
		if err != nil {
			return update.ErrPackage.Wrap(err)
		}
		if path.Clean(h.Name) != program {
			continue
		}
		if found {
			return update.ErrPackage.Wrap(errors.New("two programs"))
		}
		found = true
		if err := extract(files, to); err != nil {
			return err
		}
	}
	if !found {
		return update.ErrPackage.Wrap(fmt.Errorf("no %s in it", program))
	}
	return nil
}

// harmless refuses what does not belong in a package: links, devices, and names that lead out of it.
func harmless(h *tar.Header) error {
	switch {
	case h.Typeflag == tar.TypeDir && path.Clean(h.Name) == ".":
		return nil
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%.80q is no regular file", h.Name)
	case !filepath.IsLocal(h.Name) || path.Dir(path.Clean(h.Name)) != "." || strings.Contains(h.Name, `\`):
		return fmt.Errorf("the name %.80q", h.Name)
	case h.Size < 0 || h.Size > maxProgram:
		return fmt.Errorf("%.80q has %d bytes", h.Name, h.Size)
	}
	return nil
}

func extract(from io.Reader, to string) error {
	var broken error // in the archive, not on the disk
	err := replace(to, 0o755, func(f *os.File) error {
		_, err := io.Copy(f, &noted{from, &broken})
		return err
	})
	switch {
	case broken != nil:
		return update.ErrPackage.Wrap(broken)
	case err != nil:
		return fmt.Errorf("write the program: %w", err)
	}
	return nil
}

// noted tells faults of reading from faults of writing.
type noted struct {
	from io.Reader
	err  *error
}

func (n *noted) Read(p []byte) (int, error) {
	c, err := n.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		*n.err = err
	}
	return c, err
}

// reading ends with its context.
type reading struct {
	ctx  context.Context
	from io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
