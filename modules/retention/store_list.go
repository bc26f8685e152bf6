package retention

import (
	"slices"

	"github.com/staff-control/staff-control/modules/retention/keep"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

var idOfRun = grid.Column{Name: "id", Kind: grid.UUID, SQL: "r.id"}

func runColumns() []grid.Column {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return []grid.Column{
		{Name: "startedAt", Kind: grid.Time, SQL: "r.started_at", Title: "retention.column_started"},
		{Name: "kind", Kind: grid.Enum, SQL: "r.kind", Values: names, Title: "retention.column_kind"},
		{Name: "day", Kind: grid.Time, SQL: "r.day", Title: "retention.column_day"},
		{Name: "action", Kind: grid.Enum, SQL: "CAST(r.action AS text)", Values: []string{toDelete, toArchive}, Title: "retention.column_action"},
		{Name: "state", Kind: grid.Enum, SQL: "r.state", Values: []string{begun, archived, removed, finished}, Title: "retention.column_state"},
		{Name: "rows", Kind: grid.Number, SQL: "r.rows", Title: "retention.column_rows"},
		{Name: "files", Kind: grid.Number, SQL: "r.files", Title: "retention.column_files"},
		{Name: "bytes", Kind: grid.Number, SQL: "r.bytes", Title: "retention.column_bytes"},
		{Name: "archivePath", Kind: grid.Text, SQL: "r.archive_path", Search: true, Title: "retention.column_archive"},
		{Name: "archiveSha256", Title: "retention.column_sha256"},
		{Name: "finishedAt", Kind: grid.Time, SQL: "r.finished_at", Null: true, Title: "retention.column_finished"},
		{Name: "error", Kind: grid.Text, SQL: "r.error", Search: true, Title: "retention.column_error"},
		{Name: "failed", Kind: grid.Bool, SQL: "r.finished_at IS NULL AND r.error <> ''", Only: grid.Filter, Title: "retention.column_failed", Doc: "true: those that an error keeps from being finished"},
		{Name: "organizationId", Kind: grid.ID, SQL: "r.organization_id", NotFor: actor.HR},
		idOfRun,
	}
}

var idOfHold = grid.Column{Name: "id", Kind: grid.UUID, SQL: "h.id"}

func holdColumns() []grid.Column {
	return []grid.Column{
		{Name: "createdAt", Kind: grid.Time, SQL: "h.created_at"},
		{Name: "resourceType", Kind: grid.Enum, SQL: "h.resource_type", Values: slices.Concat([]string{everything}, keep.Types[:]), Title: "retention.column_kind"},
		{Name: "from", Kind: grid.Time, SQL: "h.from_day", Null: true, Title: "retention.column_from"},
		{Name: "until", Kind: grid.Time, SQL: "h.until_day", Null: true, Title: "retention.column_until"},
		{Name: "reason", Kind: grid.Text, SQL: "h.reason", Search: true, Title: "retention.column_reason"},
		{Name: "createdBy", Kind: grid.Text, SQL: "h.created_by", Title: "retention.column_by"},
		{Name: "expiresAt", Kind: grid.Time, SQL: "h.expires_at", Null: true, Title: "retention.column_expires"},
		{Name: "releasedAt", Kind: grid.Time, SQL: "h.released_at", Null: true, Title: "retention.column_released"},
		{Name: "releasedBy", Kind: grid.Text, SQL: "h.released_by", Null: true, Title: "retention.column_released_by"},
		{Name: "active", Kind: grid.Bool, SQL: "h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > ?)", Title: "retention.column_active", Doc: "true: those that hold now"},
		{Name: "organizationId", Kind: grid.ID, SQL: "h.organization_id", NotFor: actor.HR},
		idOfHold,
	}
}
