package policy

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) groupsPage(ctx context.Context, l db.List) (rows []groupRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) group(ctx context.Context, tx db.Tx, groupID int64) (row groupRow, err error) {
	err = tx.Select(&row).Where("g.id = ?", groupID).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) groups(ctx context.Context, tx db.Tx) (rows []groupRow, err error) {
	err = tx.Select(&rows).Order("g.id").Scan(ctx)
	return rows, err
}

func (s store) addGroup(ctx context.Context, tx db.Tx, row *groupRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) changeGroup(ctx context.Context, tx db.Tx, row *groupRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) removeGroup(ctx context.Context, tx db.Tx, groupID int64) error {
	return db.One(tx.Delete((*groupRow)(nil)).Where("?TableAlias.id = ?", groupID).Exec(ctx))
}

// options returns how groups count: under the policies, or all if there are none, in the order of their ids.
func (s store) options(ctx context.Context, tx db.Tx, policyIDs ...int64) (rows []optionRow, err error) {
	q := tx.Select(&rows).Where("o.is_active").Order("o.id")
	if len(policyIDs) > 0 {
		q = q.Where("o.policy_id IN (?)", bun.List(policyIDs))
	}
	err = q.Scan(ctx)
	return rows, err
}

// putOptions makes these the policy's only ones that count: inactive ones, and those of inactive groups, stay as they are.
func (s store) putOptions(ctx context.Context, tx db.Tx, policyID int64, rows []optionRow) error {
	stay := []int64{0}
	for _, r := range rows {
		stay = append(stay, r.GroupID)
	}
	counts := tx.Select((*groupRow)(nil)).Column("g.id").Where("g.is_active")
	_, err := tx.Delete((*optionRow)(nil)).Where("o.policy_id = ?", policyID).Where("o.is_active").
		Where("o.group_id NOT IN (?)", bun.List(stay)).Where("o.group_id IN (?)", counts).Exec(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = tx.Insert(&rows).On("CONFLICT (organization_id, policy_id, group_id) DO UPDATE").
		Set("category = EXCLUDED.category").Set("type = EXCLUDED.type").Set("is_active = TRUE").Set("updated_at = EXCLUDED.updated_at").
		Returning("NULL").Exec(ctx)
	return db.Translate(err)
}

// counts counts the values of groups, and the policies that they are part of.
func (s store) counts(ctx context.Context, groupIDs []int64) (values, policies numbers, err error) {
	if len(groupIDs) == 0 {
		return nil, nil, nil
	}
	values, policies = numbers{}, numbers{}
	var rows []struct {
		groupRow `bun:",extend"`
		Values   int `bun:"vals,scanonly"`
		Policies int `bun:"policies,scanonly"`
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("g.id").ColumnExpr("("+countValues+") AS vals").ColumnExpr("("+countPolicies+") AS policies").
			Where("g.id IN (?)", bun.List(groupIDs)).Scan(ctx)
	})
	for _, r := range rows {
		values[r.ID], policies[r.ID] = r.Values, r.Policies
	}
	return values, policies, err
}

// members returns the values of groups, in order.
func (s store) members(ctx context.Context, tx db.Tx, groupIDs []int64) (rows []memberRow, err error) {
	if len(groupIDs) == 0 {
		return nil, nil
	}
	err = tx.Select(&rows).Column("m.group_id", "m.resource_id").ColumnExpr("r.value").
		Join("JOIN resources AS r ON r.organization_id = m.organization_id AND r.id = m.resource_id").
		Where("m.group_id IN (?)", bun.List(groupIDs)).Order("m.group_id", "r.value").Scan(ctx)
	return rows, err
}

// part is how many rows one statement names; their values stand in its text.
const part = 500

// addMembers puts values into a group, and makes those known that are not.
func (s store) addMembers(ctx context.Context, tx db.Tx, g groupRow, values []string, now time.Time) error {
	for some := range slices.Chunk(values, part) {
		ids, err := s.resources(ctx, tx, g, some, now)
		if err != nil {
			return err
		}
		rows := make([]memberRow, 0, len(some))
		for _, v := range some {
			rows = append(rows, memberRow{Owned: g.Owned, ResourceID: ids[v], GroupID: g.ID, CreatedAt: now})
		}
		if _, err := tx.Insert(&rows).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return db.Translate(err)
		}
	}
	return nil
}

// resources returns the ids of values of the group's type, and adds those that are not there. v1 kept a value once for
// each, but may have it twice: then the older is meant.
func (s store) resources(ctx context.Context, tx db.Tx, g groupRow, values []string, now time.Time) (map[string]int64, error) {
	ids := map[string]int64{}
	read := func() error {
		var rows []resourceRow
		err := tx.Select(&rows).Where("r.value IN (?)", bun.List(values)).Where("r.type = ?", g.Type).Order("r.id DESC").Scan(ctx)
		for _, r := range rows {
			ids[r.Value] = r.ID
		}
		return err
	}
	if err := read(); err != nil {
		return nil, err
	}
	var fresh []resourceRow
	for _, v := range values {
		if ids[v] == 0 {
			fresh = append(fresh, resourceRow{Owned: g.Owned, Value: v, Type: g.Type, CreatedAt: now})
		}
	}
	if len(fresh) == 0 {
		return ids, nil
	}
	if _, err := tx.Insert(&fresh).Returning("NULL").Exec(ctx); err != nil {
		return nil, db.Translate(err)
	}
	return ids, read()
}

// removeMembers takes values out of a group, and forgets those that are in no other.
func (s store) removeMembers(ctx context.Context, tx db.Tx, g groupRow, resourceIDs []int64) error {
	for some := range slices.Chunk(resourceIDs, part) {
		_, err := tx.Delete((*memberRow)(nil)).Where("?TableAlias.group_id = ?", g.ID).Where("?TableAlias.resource_id IN (?)", bun.List(some)).Exec(ctx)
		if err != nil {
			return err
		}
		elsewhere := tx.Select((*memberRow)(nil)).Column("m.resource_id")
		_, err = tx.Delete((*resourceRow)(nil)).Where("?TableAlias.id IN (?)", bun.List(some)).Where("r.id NOT IN (?)", elsewhere).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}
