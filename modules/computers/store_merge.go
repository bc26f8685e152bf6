package computers

import (
	"context"
	"fmt"

	"github.com/staff-control/staff-control/platform/db"
)

// mergeAlone makes merges and splits in the computer's organization wait for each other: each locks several computers,
// in whatever order they were named.
func (s store) mergeAlone(ctx context.Context, tx db.Tx, computerID int64) error {
	var r computerRow
	if err := tx.Select(&r).Where("c.id = ?", computerID).Scan(ctx); err != nil {
		return db.Translate(err)
	}
	return tx.Serialize(ctx, fmt.Sprintf("merges of computers %d", r.OrganizationID))
}

// lockTarget returns the computer, or what it was merged into, and holds its row until the transaction ends.
func (s store) lockTarget(ctx context.Context, tx db.Tx, computerID int64) (r computerRow, err error) {
	for r.MergedInto = &computerID; err == nil && r.MergedInto != nil; {
		r, err = s.lockComputer(ctx, tx, *r.MergedInto)
	}
	return r, err
}

// merge says that the computer, and those that were merged into it, are the target. What it was merged into until then
// is left without it.
func (s store) merge(ctx context.Context, tx db.Tx, r computerRow, target int64, c contact) error {
	_, err := tx.Update((*computerRow)(nil)).Set("merged_into = ?", target).Set("updated_at = ?", c.at).
		Where("?TableAlias.merged_into = ?", r.ID).Exec(ctx)
	if err != nil {
		return err
	}
	former := r.MergedInto
	r.MergedInto, r.UpdatedAt = &target, c.at
	if r.State == online { // nobody watches over it any more
		r.State, r.StateReason, r.StateDetail, r.StateSince = offline, noContact, "", r.LastSeenAt
	}
	if err := db.One(tx.Update(&r).Column("merged_into", "updated_at", "state", "state_reason", "state_detail", "state_since").WherePK().Exec(ctx)); err != nil {
		return err
	}
	_, err = tx.Update((*computerRow)(nil)).Set("last_seen_at = ?", r.LastSeenAt).
		Where("?TableAlias.id = ? AND (?TableAlias.last_seen_at IS NULL OR ?TableAlias.last_seen_at < ?)", target, r.LastSeenAt).Exec(ctx)
	if err != nil {
		return err
	}
	if former != nil {
		if err := s.regroup(ctx, tx, *former, c); err != nil {
			return err
		}
	}
	return s.settleAnew(ctx, tx, target, c)
}

// regroup finds anew when a computer whose group has changed was last heard of, and settles it.
func (s store) regroup(ctx context.Context, tx db.Tx, computerID int64, c contact) error {
	if err := s.heardOf(ctx, tx, computerID); err != nil {
		return err
	}
	return s.settleAnew(ctx, tx, computerID, c)
}

// settleAnew settles a computer whose row is not held yet.
func (s store) settleAnew(ctx context.Context, tx db.Tx, computerID int64, c contact) error {
	r, err := s.lockComputer(ctx, tx, computerID)
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, []computerRow{r}, c)
}

// split says that the computer is one of its own again.
func (s store) split(ctx context.Context, tx db.Tx, r computerRow, c contact) error {
	target := *r.MergedInto
	r.MergedInto, r.UpdatedAt = nil, c.at
	if err := db.One(tx.Update(&r).Column("merged_into", "updated_at").WherePK().Exec(ctx)); err != nil {
		return err
	}
	for _, i := range []int64{target, r.ID} {
		if err := s.regroup(ctx, tx, i, c); err != nil {
			return err
		}
	}
	return nil
}

// heardOf finds anew when the computer was last heard of: by its Windows users, by what it told, and by what it was
// merged with.
func (s store) heardOf(ctx context.Context, tx db.Tx, computerID int64) error {
	const group = "(SELECT m.id FROM computers AS m WHERE m.organization_id = ?TableAlias.organization_id AND (m.id = ?TableAlias.id OR m.merged_into = ?TableAlias.id))"
	_, err := tx.Update((*computerRow)(nil)).
		Set(`last_seen_at = COALESCE((SELECT max(h.at) FROM (
			SELECT p.last_seen_at AS at FROM users_on_computers AS p WHERE p.organization_id = ?TableAlias.organization_id AND p.computer_id IN `+group+`
			UNION ALL SELECT t.until FROM computer_states AS t WHERE t.organization_id = ?TableAlias.organization_id AND t.computer_id IN `+group+`
			UNION ALL SELECT o.last_seen_at FROM computers AS o WHERE o.organization_id = ?TableAlias.organization_id AND o.merged_into = ?TableAlias.id
		) AS h), ?TableAlias.last_seen_at)`).
		Where("?TableAlias.id = ?", computerID).Exec(ctx)
	return err
}

// mergedInto returns the uids of the computers that were merged into the one with the uid.
func (s store) mergedInto(ctx context.Context, uid string) (uids []string, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*computerRow)(nil)).Column("c.computer_uid").
			Join("JOIN computers AS t ON t.organization_id = c.organization_id AND t.id = c.merged_into").
			Where("t.computer_uid = ?", uid).Order("c.computer_uid").Scan(ctx, &uids)
	})
	return uids, err
}

// alike returns what duplicates are found by: of all computers that the sight shows, those that have told a name or an address.
func (s store) alike(ctx context.Context, v view) (rows []computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).Where("c.merged_into IS NULL").Where("c.name <> '' OR c.mac_address IS NOT NULL").Order("c.id")
		return v.see(sel).Scan(ctx)
	})
	return rows, err
}

// computer returns the computer, if the sight shows it.
func (s store) computer(ctx context.Context, computerID int64, v view) (r computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.see(tx.Select(&r).Where("c.id = ?", computerID)).Scan(ctx)
	})
	return r, err
}

// userOn is a Windows user on a computer, or on one that was merged into it, with the employee that it is now.
type userOn struct {
	linkedUser   `bun:",extend"`
	ComputerID   int64  `bun:"on_computer,scanonly"`
	EmployeeName string `bun:"employee_name,scanonly"`
}

// usersOnSQL takes the computers, the time twice, and the computers twice; and then perhaps the organization and the employees.
// Names of employees are read where employees keeps them: row level security holds for that table as for ours, and the key is
// of one organization.
const (
	usersOnSQL = `SELECT u.id, u.sid, u.name, u.username, CASE WHEN c.id IN (?) THEN c.id ELSE c.merged_into END AS on_computer, l.employee_id, e.name AS employee_name
		FROM computers AS c
		JOIN users_on_computers AS p ON p.organization_id = c.organization_id AND p.computer_id = c.id
		JOIN computer_users AS u ON u.organization_id = p.organization_id AND u.id = p.computer_user_id
		LEFT JOIN computer_user_links AS l ON l.organization_id = u.organization_id AND l.computer_user_id = u.id AND ` + holds + `
		LEFT JOIN employees AS e ON e.organization_id = l.organization_id AND e.id = l.employee_id
		WHERE (c.id IN (?) OR c.merged_into IN (?))`
	ofOne  = " AND c.organization_id = ?"
	ofSome = " AND l.employee_id IN (?)"
	byUser = " ORDER BY u.sid, u.id, l.id DESC"
)

// usersOn returns the Windows users of the computers that the sight shows.
func (s store) usersOn(ctx context.Context, computerIDs []int64, v view) (map[int64][]userOn, error) {
	query, args := usersOnSQL, []any{computerIDs, v.now, v.now, computerIDs, computerIDs}
	var rows []userOn
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		// Scoped by ofOne, but for actors that see all organizations.
		if a := tx.Actor(); !a.CrossesOrganizations() {
			query, args = query+ofOne, append(args, a.OrganizationID)
		}
		if !v.sight.all {
			query, args = query+ofSome, append(args, v.sight.employees)
		}
		return tx.Planned(ctx, &rows, query+byUser, args...)
	})
	of := map[int64][]userOn{}
	for _, r := range rows {
		on := of[r.ComputerID]
		if last := len(on) - 1; last < 0 || on[last].ID != r.ID { // seen on both, or linked twice
			of[r.ComputerID] = append(on, r)
		}
	}
	return of, err
}
