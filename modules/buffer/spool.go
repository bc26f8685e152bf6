package buffer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// spool is the directory of the pictures, beside the buffer's file. A picture is there before the row that names it
// and goes after it, so what has no row is left over from a crash.
type spool struct {
	root *os.Root
	// writing counts the bytes of files that have no row yet.
	writing atomic.Int64
}

func openSpool(dir string) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &spool{root: root}, nil
}

// picture is a file of the spool while it has no row.
type picture struct {
	name, contentType, sha256 string
	size                      int64
}

// The formats of pictures, by how their files begin.
var formats = []struct {
	contentType, ending string
	is                  func(head []byte) bool
}{
	{"image/jpeg", ".jpg", func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) }},
	{"image/png", ".png", func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }},
	{"image/webp", ".webp", func(b []byte) bool {
		return len(b) == headSize && string(b[:4]) == "RIFF" && string(b[8:]) == "WEBP"
	}},
}

// headSize is how much of a file is needed to know its format.
const headSize = 12

// write brings a picture to the disk. Each piece finds room by reserve, and stays counted in writing until the caller
// has taken it off again. On an error nothing is left.
func (s *spool) write(body io.Reader, reserve func(n int64) error) (p picture, err error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return p, err
	}
	head = head[:n]
	p.name = id.New().String()
	for _, f := range formats {
		if f.is(head) {
			p.contentType, p.name = f.contentType, p.name+f.ending
		}
	}
	if p.contentType == "" {
		return p, errNoPicture
	}
	f, err := s.root.OpenFile(p.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return p, diskError(err)
	}
	err = p.fill(f, io.MultiReader(bytes.NewReader(head), body), reserve)
	if err == nil {
		err = diskError(f.Sync())
	}
	if err = errors.Join(err, diskError(f.Close())); err == nil {
		err = diskError(s.sync())
	}
	if err != nil {
		s.discard(p)
	}
	return p, err
}

// fill copies the body and measures it.
func (p *picture) fill(f io.Writer, body io.Reader, reserve func(n int64) error) error {
	sum, piece := sha256.New(), make([]byte, 32<<10)
	for {
		n, readErr := body.Read(piece)
		if n > 0 {
			if err := reserve(int64(n)); err != nil {
				return err
			}
			p.size += int64(n)
			sum.Write(piece[:n])
			if _, err := f.Write(piece[:n]); err != nil {
				return diskError(err)
			}
		}
		if errors.Is(readErr, io.EOF) {
			p.sha256 = hex.EncodeToString(sum.Sum(nil))
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// discard takes a picture away that got no row.
func (s *spool) discard(p picture) {
	s.writing.Add(-p.size)
	_ = s.root.Remove(p.name) // else the next start does it
}

// sync makes the names of new files durable.
func (s *spool) sync() error {
	dir, err := s.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// diskError marks an error as the disk's, and a full one as what the buffer calls that.
func diskError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		err = errors.Join(db.ErrFull, err)
	}
	return &spoolError{err}
}

// spoolError is an error of the disk, as against one of whoever sends the picture.
type spoolError struct{ error }

// Unwrap returns the cause.
func (e *spoolError) Unwrap() error { return e.error }

// open opens a file and reads it once to see that it is what was taken.
func (s *spool) open(row fileRow) (file *os.File, err error) {
	f, err := s.root.Open(row.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, backlog.ErrLost
	}
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err == nil && n == row.Size && hex.EncodeToString(sum.Sum(nil)) == row.SHA256 {
		return f, nil
	}
	f.Close()
	return nil, errors.Join(backlog.ErrLost, err)
}

// sweep removes the pictures that no row knows and returns how many those were. Files of other names are not ours.
func (s *spool) sweep(known map[string]bool) (n int, err error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			if _, err := id.Parse(strings.TrimSuffix(name, path.Ext(name))); err != nil || known[name] {
				continue
			}
			if err := s.root.Remove(name); err != nil {
				return n, err
			}
			n++
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
