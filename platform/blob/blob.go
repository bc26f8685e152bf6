// Package blob keeps whole files under paths: on a disk, or in a bucket of an S3 server. It knows nothing of what
// they are or whose.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The drivers.
const (
	Local = "local"
	S3    = "s3"
	MinIO = "minio" // S3 with the bucket in the path, not in the host's name
)

var (
	// ErrNotFound is what there is no file for.
	ErrNotFound = errors.New("no such file")
	// ErrPath refuses a path that cannot be one on every driver; see CheckPath.
	ErrPath = errors.New("not a path of a file")
	// ErrMetadata refuses metadata that cannot be kept on every driver; see CheckMetadata.
	ErrMetadata = errors.New("not metadata of a file")
)

// Store keeps files. All of its methods may be called at once, by many processes too.
type Store interface {
	// Put stores what r gives until its end. It returns once the file is durable; until then, and for ever if it
	// returns an error of r, of ctx or of its own, others see what was there before. Of several at once one wins, whole.
	Put(ctx context.Context, path string, r io.Reader, o Options) (Object, error)
	// Open returns the file's content, which the caller closes. Putting or deleting the path does not disturb it.
	Open(ctx context.Context, path string) (io.ReadCloser, Object, error)
	// Stat returns what is known of the file.
	Stat(ctx context.Context, path string) (Object, error)
	// Delete removes the file; that there is none is no error.
	Delete(ctx context.Context, path string) error
	// List gives files in the order of their paths' bytes, with path, size and time only. An error is the last it gives.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// URL is an address at which whoever has it gets the file, until it expires. Whether there is such a file is not
	// asked. Disposition tells browsers what to do with it, where the store's server answers them and not ours.
	URL(ctx context.Context, path string, expiresIn time.Duration, disposition string) (string, error)
	// Sweep removes what is left of uploads that began before the time and never ended, and counts them.
	Sweep(ctx context.Context, before time.Time) (int, error)
	// Check tells whether files can be stored now.
	Check(ctx context.Context) error
	Close() error
}

// Object is one file.
type Object struct {
	Path        string
	Size        int64
	Modified    time.Time
	ContentType string
	Metadata    map[string]string
	// Locator says where it is to whoever looks without us: s3://bucket/path, or the name on the disk.
	Locator string
}

// Options tell more of a file to be stored.
type Options struct {
	ContentType string // application/octet-stream if empty
	Metadata    map[string]string
	Size        int64 // of the body if it is known, else 0; another size is refused
}

// Config says which store, and where.
type Config struct {
	Driver string
	Dir    string  // local: the directory of all files
	Signer *Signer // local: makes URLs
	Bucket S3Config
	Now    func() time.Time // time.Now if nil
}

// New opens the store of cfg.Driver.
func New(cfg Config) (Store, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch cfg.Driver {
	case Local:
		return newLocal(cfg)
	case S3, MinIO:
		return newS3(cfg), nil
	}
	return nil, errors.New("Unsupported storage driver: " + cfg.Driver) // the design document's words
}

const (
	maxPath     = 900 // bytes; S3 allows 1024, and the caller may have put something before it
	maxElement  = 255 // bytes; of most file systems
	maxMetadata = 2000
)

// CheckPath returns ErrPath unless path is one that every driver can keep: elements of at most 255 bytes with single
// slashes between them, 900 bytes in all, UTF-8, no control characters and no backslash, and none that begins with a
// dot: those are hidden, or lead elsewhere.
func CheckPath(path string) error {
	if len(path) > maxPath || !fs.ValidPath(path) || strings.ContainsFunc(path, unicode.IsControl) || strings.Contains(path, `\`) {
		return fmt.Errorf("%w: %.100q", ErrPath, path)
	}
	for element := range strings.SplitSeq(path, "/") {
		if len(element) > maxElement || element[0] == '.' {
			return fmt.Errorf("%w: %.100q", ErrPath, path)
		}
	}
	return nil
}

var metadataKey = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// CheckMetadata returns ErrMetadata unless every driver can keep it: keys of lower-case letters, digits and hyphens,
// any values, 2000 bytes in all as S3 counts them.
func CheckMetadata(metadata map[string]string) error {
	size := 0
	for key, value := range metadata {
		if !metadataKey.MatchString(key) {
			return fmt.Errorf("%w: key %.100q", ErrMetadata, key)
		}
		size += len(key) + len(escapeMetadata(value))
	}
	if size > maxMetadata {
		return fmt.Errorf("%w: %d bytes", ErrMetadata, size)
	}
	return nil
}

func (o Options) check(path string) error {
	return errors.Join(CheckPath(path), CheckMetadata(o.Metadata))
}

// checkPrefix refuses what no path begins with and a server may stumble over.
func checkPrefix(prefix string) error {
	if len(prefix) > maxPath || strings.ContainsFunc(prefix, unicode.IsControl) || strings.ToValidUTF8(prefix, "") != prefix {
		return fmt.Errorf("%w: %.100q", ErrPath, prefix)
	}
	return nil
}

const anyType = "application/octet-stream"

// source is a body on its way into a store: it ends when ctx does, and where the body has another size than was said.
type source struct {
	ctx  context.Context
	r    io.Reader
	want int64
	size int64
}

func (s *source) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.size += int64(n)
	if s.want > 0 && (s.size > s.want || errors.Is(err, io.EOF) && s.size != s.want) {
		return n, fmt.Errorf("%d bytes of %d: %w", s.size, s.want, io.ErrUnexpectedEOF)
	}
	return n, err
}
