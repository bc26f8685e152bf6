package storage

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

type fileRow struct {
	bun.BaseModel `bun:"table:stored_files,alias:sf"`
	db.Owned
	ID          id.UUID           `bun:"id,pk"`
	Path        string            `bun:"path"`
	Blob        string            `bun:"blob"` // the file's path in the store
	Kind        file.Kind         `bun:"kind"`
	ContentType string            `bun:"content_type"`
	SHA256      string            `bun:"sha256"`
	Size        int64             `bun:"size"`
	Metadata    map[string]string `bun:"metadata"`
	CreatedAt   time.Time         `bun:"created_at"`
}

// guarded reports whether it is a screenshot, or was one before it was archived: these are opened with a reason only.
func (r fileRow) guarded() bool {
	return r.Kind == file.Screenshot || r.Metadata[file.Was] == string(file.Screenshot)
}

func (r fileRow) file() file.File {
	return file.File{
		Path: r.Path, OrganizationID: r.OrganizationID, Kind: r.Kind, ContentType: r.ContentType, SHA256: r.SHA256, Size: r.Size,
		CreatedAt: r.CreatedAt.UTC(), Metadata: r.Metadata,
	}
}
