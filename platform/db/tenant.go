package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
)

// TenantTables returns every table whose rows name an organization, each before those that it refers to, so that
// rows can be deleted in this order. It reads the catalogue: a new table needs no entry anywhere.
func (tx Tx) TenantTables(ctx context.Context) ([]string, error) {
	var tables []string
	if err := tx.bun.NewRaw(tx.db.dialect.tenantTables()).Scan(ctx, &tables); err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	var references []struct{ Child, Parent string }
	if err := tx.bun.NewRaw(tx.db.dialect.references()).Scan(ctx, &references); err != nil {
		return nil, fmt.Errorf("read the catalogue's references: %w", err)
	}
	height := map[string]int{}
	for range tables { // the longest chain is no longer than the list
		for _, r := range references {
			if r.Child != r.Parent {
				height[r.Child] = max(height[r.Child], height[r.Parent]+1)
			}
		}
	}
	slices.SortFunc(tables, func(a, b string) int { return cmp.Or(height[b]-height[a], cmp.Compare(a, b)) })
	return tables, nil
}

// RowsIn counts the rows of a tenant table that the actor sees; of organizationID only, unless that is 0.
func (tx Tx) RowsIn(ctx context.Context, table string, organizationID int64) (n int64, err error) {
	q := tx.bun.NewSelect().TableExpr("?", bun.Ident(table))
	return tx.ofTenant(q, organizationID).Count(ctx)
}

// Erase deletes an organization's rows of a tenant table and returns how many there were.
func (tx Tx) Erase(ctx context.Context, table string, organizationID int64) (int64, error) {
	if !tx.actor.CrossesOrganizations() && tx.actor.OrganizationID != organizationID {
		return 0, ErrForeign
	}
	res, err := tx.bun.NewDelete().TableExpr("?", bun.Ident(table)).Where("organization_id = ?", organizationID).Exec(ctx)
	if err != nil {
		return 0, Translate(err)
	}
	return res.RowsAffected()
}

func (tx Tx) ofTenant(q *bun.SelectQuery, organizationID int64) *bun.SelectQuery {
	if !tx.actor.CrossesOrganizations() {
		organizationID = tx.actor.OrganizationID
	}
	if organizationID == 0 {
		return q
	}
	return q.Where("organization_id = ?", organizationID)
}
