package pki

import (
	"context"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
)

func (s store) page(ctx context.Context, l db.List) (rows []certificateRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

var idOfCertificate = grid.Column{Name: "id", Kind: grid.UUID, SQL: "c.id"}

func columns() []grid.Column {
	kinds := []string{string(cert.Gateway), string(cert.Agent), string(cert.Listener)}
	return []grid.Column{
		{Name: "createdAt", Kind: grid.Time, SQL: "c.created_at", Title: "pki.column_created"},
		{Name: "kind", Kind: grid.Enum, SQL: "c.kind", Values: kinds, Title: "pki.column_kind"},
		{Name: "subject", Kind: grid.Text, SQL: "c.subject", Search: true, Title: "pki.column_subject"},
		{Name: "serial", Kind: grid.Text, SQL: "c.serial", Search: true, Title: "pki.column_serial"},
		{Name: "notBefore", Kind: grid.Time, SQL: "c.not_before", Title: "pki.column_from"},
		{Name: "notAfter", Kind: grid.Time, SQL: "c.not_after", Title: "pki.column_until"},
		{Name: "revokedAt", Kind: grid.Time, SQL: "c.revoked_at", Null: true, Title: "pki.column_revoked"},
		{Name: "revokedBy", Kind: grid.Text, SQL: "c.revoked_by", Null: true, Title: "pki.column_revoked_by"},
		{Name: "inForce", Kind: grid.Bool, SQL: "(c.revoked_at IS NULL OR c.revoked_at > ?) AND c.not_after > ?", Title: "pki.column_in_force", Doc: "true: neither revoked nor at its end"},
		{Name: "organizationId", Kind: grid.ID, SQL: "c.organization_id", NotFor: actor.HR},
		idOfCertificate,
	}
}
