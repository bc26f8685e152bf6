// Package file is the contract of what is kept as whole files: pictures, archives, photos.
package file

import (
	"context"
	"io"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "file.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "file.write", Roles: actor.Admin | actor.HR}
)

var (
	// ErrUnknown is returned for a file that is not there or that the actor may not see.
	ErrUnknown = fault.New(fault.NotFound, "storage.unknown")
	// ErrExists is returned where there is another content under the path.
	ErrExists = fault.New(fault.Conflict, "storage.exists")
	// ErrLost is returned for a file whose content is not where it was stored. To put it again mends it.
	ErrLost = fault.New(fault.Gone, "storage.lost")
)

// Kind is what a file is, which decides how long it is kept.
type Kind string

// The kinds of files.
const (
	Screenshot Kind = "screenshot"
	Archive    Kind = "archive"
	Credential Kind = "credential"
	Profile    Kind = "profile"
)

// Was is the name in the metadata of an archived file of the kind that it was before.
const Was = "was"

// File is one file of one organization.
type File struct {
	// Path is unique in the organization, with slashes.
	Path           string            `json:"path"`
	OrganizationID int64             `json:"organizationId"`
	Kind           Kind              `json:"kind"`
	ContentType    string            `json:"contentType"`
	SHA256         string            `json:"sha256"`
	Size           int64             `json:"size"` // bytes
	CreatedAt      time.Time         `json:"createdAt"`
	Metadata       map[string]string `json:"metadata,omitempty"`
}

// New is a file to be stored.
type New struct {
	Path        string
	Kind        Kind
	ContentType string
	Metadata    map[string]string
}

// Query asks for files, in the order of their paths.
type Query struct {
	Prefix string
	Kind   Kind      // empty for all
	Before time.Time // created before; zero for all
	After  string    // cursor
	Limit  int
}

// Usage is what an organization's files take.
type Usage struct {
	Files  int64       `json:"files"`
	Bytes  int64       `json:"bytes"`
	ByKind []KindUsage `json:"byKind"`
}

// KindUsage is the part of one kind.
type KindUsage struct {
	Kind  Kind  `json:"kind"`
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Store keeps the files of the actor's one organization; an actor that crosses organizations is narrowed to one first
// (actor.In). A store that does not answer is Unavailable.
type Store interface {
	// Put stores the body, then the row that names it; both are durable when it returns. The same path with the
	// same content again is the same file; with other content it is ErrExists. An error of the body is returned as it
	// is, and nothing is stored.
	Put(ctx context.Context, n New, body io.Reader) (File, error)
	// Open returns the file's content, which the caller closes. Reading it to the end fails if it is not what was put.
	Open(ctx context.Context, path string) (io.ReadCloser, File, error)
	// Stat returns what is known of the file.
	Stat(ctx context.Context, path string) (File, error)
	// Delete removes the rows, then the files. Unknown paths are no error. A file that the store does not remove now
	// is found by nobody any more, and the next scan removes it.
	Delete(ctx context.Context, paths ...string) error
	// List returns a page of files and the cursor of the next, empty at the end.
	List(ctx context.Context, q Query) (files []File, next string, err error)
	// URL is an address that gives the file to whoever has it, until it expires: from a second to seven days. It may
	// have no host, and is the dashboard's then.
	URL(ctx context.Context, path string, expiresIn time.Duration) (string, error)
	// Usage sums up what there is.
	Usage(ctx context.Context) (Usage, error)
}
