package demo

import (
	"context"
	"slices"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps which companies are made up. It holds no rule: those are in service.go.
type store struct {
	db     *db.DB
	series *db.DB // of time series; mostly the same
}

func (s store) companies(ctx context.Context) (rows []companyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Order("dc.organization_id").Scan(ctx)
	})
	return rows, err
}

// byToken returns the company whose maker holds the token.
func (s store) byToken(ctx context.Context, hash string) (row companyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("dc.token_hash = ? AND dc.removed_at IS NULL", hash).Scan(ctx)
	})
	return row, db.Translate(err)
}

func (s store) put(ctx context.Context, tx db.Tx, row *companyRow) error {
	if _, err := tx.Delete((*companyRow)(nil)).Where("?TableAlias.organization_id = ?", row.OrganizationID).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// update changes columns of the company's row, or returns db.ErrNotFound if it has been removed.
func (s store) update(ctx context.Context, row *companyRow, columns ...string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.One(tx.Update(row).Column(columns...).
			Where("?TableAlias.organization_id = ? AND ?TableAlias.removed_at IS NULL", row.OrganizationID).Exec(ctx))
	})
}

// stays are the tables that say how the system is set up rather than what happened in it, and the record of who did
// what. A demo may begin beside their rows, and leaves them when it goes.
var stays = []string{
	"alerts", "api_keys", "audit_log", "blocked_addresses", "demo_companies", "gateway_commands", "gateway_instances", "gateway_ranges",
	"gateway_sockets", "gateway_status_snapshots", "gateway_streams", "groups", "ip_whitelist", "organizations", "pki_certificates", "policies",
	"policy_bundles", "policy_changes", "policy_group_rules", "policy_rollout_gateways", "policy_rollouts", "policy_versions", "provisioning_tokens",
	"refresh_tokens", "resource_groups", "resources", "retention_holds", "retention_policies", "retention_runs", "security_events", "users",
}

// holdings counts the rows of the tables that do not stay: of one organization, or of all where it is 0.
func (s store) holdings(ctx context.Context, tx db.Tx, organizationID int64) (map[string]int64, error) {
	tables, err := tx.TenantTables(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	for _, table := range tables {
		if slices.Contains(stays, table) {
			continue
		}
		n, err := tx.RowsIn(ctx, table, organizationID)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			found[table] = n
		}
	}
	return found, nil
}

// eraseSeries deletes the organization's rows in the database of time series.
func (s store) eraseSeries(ctx context.Context, organizationID int64) (rows int64, err error) {
	err = s.series.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.erase(ctx, tx, organizationID)
		return err
	})
	return rows, err
}

// stored is the table that names files: a row of it goes with its file.
const stored = "stored_files"

// erase deletes the organization's rows of all tables that do not stay, but those of files.
func (s store) erase(ctx context.Context, tx db.Tx, organizationID int64) (rows int64, err error) {
	tables, err := tx.TenantTables(ctx)
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		if table == stored || slices.Contains(stays, table) {
			continue
		}
		n, err := tx.Erase(ctx, table, organizationID)
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}
