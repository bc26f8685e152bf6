package policy

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// policyRowV1 is a policy with what v1 showed beside it. Its organization is read where module organizations keeps it, by
// the row's own id.
type policyRowV1 struct {
	policyRow `bun:",extend"`
	FullName  string `bun:"full_name,scanonly"`
	ShortName string `bun:"short_name,scanonly"`
}

const (
	fullNameOf  = "SELECT x.full_name FROM organizations AS x WHERE x.id = p.organization_id"
	shortNameOf = "SELECT x.short_name FROM organizations AS x WHERE x.id = p.organization_id"
)

func (s store) policiesV1(ctx context.Context, l httpx.ListV1) (rows []policyRowV1, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("p.deleted_at IS NULL")
		if l.IsActive != nil {
			q = q.Where("p.is_active = ?", *l.IsActive)
		}
		q = found(q, "p.title_search", fold.Name(l.Search), l)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		q = q.ColumnExpr("p.*").ColumnExpr("(" + fullNameOf + ") AS full_name").ColumnExpr("(" + shortNameOf + ") AS short_name")
		return page(q, "p", l).Scan(ctx)
	})
	return rows, total, err
}

func (s store) groupsV1(ctx context.Context, l httpx.ListV1) (rows []groupRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		if l.IsActive != nil {
			q = q.Where("g.is_active = ?", *l.IsActive)
		}
		q = found(q, "g.name_search", fold.Name(l.Search), l)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return page(q, "g", l).Scan(ctx)
	})
	return rows, total, err
}

func (s store) resourcesV1(ctx context.Context, l httpx.ListV1) (rows []resourceRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := found(tx.Select(&rows), "lower(r.value)", strings.ToLower(l.Search), l)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return page(q, "r", l).Scan(ctx)
	})
	return rows, total, err
}

func (s store) optionsV1(ctx context.Context, l httpx.ListV1) (rows []optionRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("o.policy_id IN (?)", tx.Select((*policyRow)(nil)).Column("p.id").Where("p.deleted_at IS NULL"))
		if l.IsActive != nil {
			q = q.Where("o.is_active = ?", *l.IsActive)
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return page(q, "o", l).Scan(ctx)
	})
	return rows, total, err
}

// found leaves the rows that have the text somewhere in a column; nothing is nowhere if the caller looks for something.
func found(q *bun.SelectQuery, column, text string, l httpx.ListV1) *bun.SelectQuery {
	if l.Search == "" {
		return q
	}
	return q.Where("(? <> '' AND "+column+` LIKE ? ESCAPE '\')`, text, "%"+wildcards.Replace(text)+"%")
}

// wildcards are taken as they are, with the sign that LIKE is told of.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func page(q *bun.SelectQuery, alias string, l httpx.ListV1) *bun.SelectQuery {
	return q.OrderExpr(l.OrderBy(alias, "id")).Limit(int64(l.Limit)).Offset(l.Offset())
}

func (s store) resource(ctx context.Context, tx db.Tx, resourceID int64) (row resourceRow, err error) {
	err = tx.Select(&row).Where("r.id = ?", resourceID).Scan(ctx)
	return row, db.Translate(err)
}

// resourcesIn returns those of the resources that there are.
func (s store) resourcesIn(ctx context.Context, tx db.Tx, resourceIDs []int64) (rows []resourceRow, err error) {
	for some := range slices.Chunk(resourceIDs, part) {
		var more []resourceRow
		if err := tx.Select(&more).Where("r.id IN (?)", bun.List(some)).Order("r.id").Scan(ctx); err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// valued returns the resources of any type that have one of the values.
func (s store) valued(ctx context.Context, tx db.Tx, values []string) (rows []resourceRow, err error) {
	for some := range slices.Chunk(values, part) {
		var more []resourceRow
		if err := tx.Select(&more).Where("r.value IN (?)", bun.List(some)).Order("r.id").Scan(ctx); err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (s store) addResource(ctx context.Context, tx db.Tx, row *resourceRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) changeResource(ctx context.Context, tx db.Tx, row *resourceRow) error {
	return db.One(tx.Update(row).Column("value", "type").WherePK().Exec(ctx))
}

func (s store) removeResource(ctx context.Context, tx db.Tx, resourceID int64) error {
	return db.One(tx.Delete((*resourceRow)(nil)).Where("?TableAlias.id = ?", resourceID).Exec(ctx))
}

// memberships returns which of the resources are in which groups, of all groups or of these.
func (s store) memberships(ctx context.Context, tx db.Tx, resourceIDs []int64, groupIDs ...int64) (rows []memberRow, err error) {
	q := tx.Select(&rows).Column("m.id", "m.organization_id", "m.resource_id", "m.group_id", "m.created_at").Order("m.id")
	if len(groupIDs) > 0 {
		q = q.Where("m.group_id IN (?)", bun.List(groupIDs))
	}
	if resourceIDs != nil {
		q = q.Where("m.resource_id IN (?)", bun.List(append([]int64{0}, resourceIDs...)))
	}
	err = q.Scan(ctx)
	return rows, err
}

// join puts resources into groups.
func (s store) join(ctx context.Context, tx db.Tx, rows []memberRow) error {
	for some := range slices.Chunk(rows, part) {
		if _, err := tx.Insert(&some).Returning("NULL").Exec(ctx); err != nil {
			return db.Translate(err)
		}
	}
	return nil
}

// leave takes a resource out of a group; it stays known.
func (s store) leave(ctx context.Context, tx db.Tx, groupID, resourceID int64) error {
	return db.One(tx.Delete((*memberRow)(nil)).Where("?TableAlias.group_id = ?", groupID).Where("?TableAlias.resource_id = ?", resourceID).Exec(ctx))
}

// option returns an option of a policy that is not deleted.
func (s store) option(ctx context.Context, tx db.Tx, optionID int64) (row optionRow, err error) {
	err = tx.Select(&row).Where("o.id = ?", optionID).
		Where("o.policy_id IN (?)", tx.Select((*policyRow)(nil)).Column("p.id").Where("p.deleted_at IS NULL")).Scan(ctx)
	return row, db.Translate(err)
}

// allOptions returns the options of policies, active or not, the newest first.
func (s store) allOptions(ctx context.Context, tx db.Tx, policyIDs []int64) (rows []optionRow, err error) {
	if len(policyIDs) == 0 {
		return nil, nil
	}
	err = tx.Select(&rows).Where("o.policy_id IN (?)", bun.List(policyIDs)).OrderExpr("o.created_at DESC, o.id DESC").Scan(ctx)
	return rows, err
}

// optionsFor returns the options of groups, active or not, under policies that are not deleted, the newest first.
func (s store) optionsFor(ctx context.Context, tx db.Tx, groupIDs []int64) (rows []optionRow, err error) {
	if len(groupIDs) == 0 {
		return nil, nil
	}
	err = tx.Select(&rows).Where("o.group_id IN (?)", bun.List(groupIDs)).
		Where("o.policy_id IN (?)", tx.Select((*policyRow)(nil)).Column("p.id").Where("p.deleted_at IS NULL")).
		OrderExpr("o.created_at DESC, o.id DESC").Scan(ctx)
	return rows, err
}

func (s store) addOption(ctx context.Context, tx db.Tx, row *optionRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) changeOption(ctx context.Context, tx db.Tx, row *optionRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) removeOption(ctx context.Context, tx db.Tx, optionID int64) error {
	return db.One(tx.Delete((*optionRow)(nil)).Where("?TableAlias.id = ?", optionID).Exec(ctx))
}
