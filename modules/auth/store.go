package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps users and their sign-ins. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

func (s store) userByName(ctx context.Context, tx db.Tx, username string) (row userRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.username = ?", username).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) user(ctx context.Context, tx db.Tx, id int64) (row userRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// userAlone returns the user and makes other transactions that want it alone wait: what is decided on its row still
// holds when it is written.
func (s store) userAlone(ctx context.Context, tx db.Tx, id int64) (userRow, error) {
	err := db.One(tx.Update((*userRow)(nil)).Set("updated_at = updated_at").Where("?TableAlias.id = ?", id).Exec(ctx))
	if err != nil {
		return userRow{}, err
	}
	return s.user(ctx, tx, id)
}

func (s store) anyUser(ctx context.Context, tx db.Tx) (bool, error) {
	return tx.Select((*userRow)(nil)).Exists(ctx)
}

// anotherAdmin reports whether there is an active administrator besides the user.
func (s store) anotherAdmin(ctx context.Context, tx db.Tx, id int64) (bool, error) {
	return tx.Select((*userRow)(nil)).Where("?TableAlias.role = ?", actor.Admin.String()).Where("?TableAlias.is_active").
		Where("?TableAlias.id <> ?", id).Exists(ctx)
}

func (s store) insertUser(ctx context.Context, tx db.Tx, row *userRow) error {
	row.NameSearch = fold.Name(row.Name)
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) updateUser(ctx context.Context, tx db.Tx, row *userRow) error {
	row.NameSearch = fold.Name(row.Name)
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// moveUser changes whose the user is, which no other update does.
func (s store) moveUser(ctx context.Context, tx db.Tx, id, organizationID int64) error {
	return db.One(tx.Update((*userRow)(nil)).Set("organization_id = ?", organizationID).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// countFailure adds a wrong password and returns how many there are in a row.
func (s store) countFailure(ctx context.Context, tx db.Tx, userID int64) (int, error) {
	err := db.One(tx.Update((*userRow)(nil)).Set("failed_logins = failed_logins + 1").Where("?TableAlias.id = ?", userID).Exec(ctx))
	if err != nil {
		return 0, err
	}
	u, err := s.user(ctx, tx, userID)
	return u.FailedLogins, err
}

func (s store) lock(ctx context.Context, tx db.Tx, userID int64, until time.Time) error {
	return db.One(tx.Update((*userRow)(nil)).Set("locked_until = ?", until).Where("?TableAlias.id = ?", userID).Exec(ctx))
}

// unlock forgets wrong passwords.
func (s store) unlock(ctx context.Context, tx db.Tx, userID int64) error {
	_, err := tx.Update((*userRow)(nil)).Set("failed_logins = 0, locked_until = NULL").
		Where("?TableAlias.id = ?", userID).Where("failed_logins > 0").Exec(ctx)
	return err
}

func (s store) departmentsOf(ctx context.Context, tx db.Tx, userID int64) (ids []int64, err error) {
	err = tx.Select((*departmentUserRow)(nil)).Column("department_id").
		Where("?TableAlias.user_id = ?", userID).Order("du.department_id").Scan(ctx, &ids)
	return ids, err
}

// setDepartments replaces the departments of a user of the organization.
func (s store) setDepartments(ctx context.Context, tx db.Tx, organization, userID int64, ids []int64) error {
	if _, err := tx.Delete((*departmentUserRow)(nil)).Where("?TableAlias.user_id = ?", userID).Exec(ctx); err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	rows := make([]departmentUserRow, len(ids))
	for i, d := range ids {
		rows[i] = departmentUserRow{Owned: db.Owned{OrganizationID: organization}, UserID: userID, DepartmentID: d}
	}
	_, err := tx.Insert(&rows).Exec(ctx)
	return err
}

func (s store) insertRefresh(ctx context.Context, tx db.Tx, row *refreshRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) refreshByHash(ctx context.Context, tx db.Tx, hash string) (row refreshRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.hash = ?", hash).Scan(ctx)
	return row, db.Translate(err)
}

// useRefresh marks a token as used; db.ErrNotFound says that it was, or that its sign-in has ended.
func (s store) useRefresh(ctx context.Context, tx db.Tx, hash string, now time.Time) error {
	return db.One(tx.Update((*refreshRow)(nil)).Set("used_at = ?", now).
		Where("?TableAlias.hash = ?", hash).Where("used_at IS NULL").Where("revoked_at IS NULL").Exec(ctx))
}

// alive reports whether the family is a sign-in of the user that has not ended.
func (s store) alive(ctx context.Context, tx db.Tx, family id.UUID, userID int64, now time.Time) (bool, error) {
	return tx.Select((*refreshRow)(nil)).Where("?TableAlias.family = ?", family).Where("?TableAlias.user_id = ?", userID).
		Where("?TableAlias.revoked_at IS NULL").Where("?TableAlias.expires_at > ?", now).Exists(ctx)
}

func (s store) endFamily(ctx context.Context, tx db.Tx, family id.UUID, now time.Time) error {
	_, err := tx.Update((*refreshRow)(nil)).Set("revoked_at = ?", now).
		Where("?TableAlias.family = ?", family).Where("revoked_at IS NULL").Exec(ctx)
	return err
}

func (s store) endAll(ctx context.Context, tx db.Tx, userID int64, now time.Time) error {
	_, err := tx.Update((*refreshRow)(nil)).Set("revoked_at = ?", now).
		Where("?TableAlias.user_id = ?", userID).Where("revoked_at IS NULL").Exec(ctx)
	return err
}

func (s store) sweep(ctx context.Context, until time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.Delete((*refreshRow)(nil)).Where("?TableAlias.expires_at <= ?", until).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.Delete((*tokenRow)(nil)).Where("?TableAlias.expires_at <= ?", until.Add(-keepTokens)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.Delete((*oidcRow)(nil)).Where("?TableAlias.expires_at <= ?", until).Exec(ctx); err != nil {
			return err
		}
		// The last one of a user stays: it says when that was.
		_, err := tx.Delete((*sessionRow)(nil)).Where("?TableAlias.expires_at <= ?", until).
			Where("EXISTS (SELECT 1 FROM sessions AS later WHERE later.user_id = ?TableAlias.user_id AND (later.created_at, later.id) > (?TableAlias.created_at, ?TableAlias.id))").Exec(ctx)
		return err
	})
}
