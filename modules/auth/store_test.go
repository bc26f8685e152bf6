package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

// Each method of the store, called by organization 2, does nothing to a user of organization 1, nor to the operator,
// who has no organization, and shows nothing of them.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		newUser(t, s, 2, "HR", "theirs")
		lead := newVictim(t, s, newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1"))
		if _, err := s.assign(admin(), lead.user.ID, []int64{1}); err != nil {
			t.Fatal(err)
		}
		operator := newVictim(t, s, newUser(t, s, 0, "ADMIN", "operator"))
		key, text, err := s.createKey(admin(), keyInput{OrganizationID: 1, Type: "AGENT"})
		if err != nil {
			t.Fatal(err)
		}
		before := picture(t, d)
		checks := keyChecks(s.store, key, secret.Hash(text))
		for _, v := range []victim{lead, operator} {
			for name, check := range userChecks(s.store, v) {
				earlier := checks[name]
				checks[name] = func() error {
					if earlier != nil {
						if err := earlier(); err != nil {
							return err
						}
					}
					if err := check(); err != nil {
						return fmt.Errorf("%s: %w", v.user.Username, err)
					}
					return nil
				}
			}
		}
		dbtest.Tenants(t, checks)
		if after := picture(t, d); after != before {
			t.Errorf("the others have\n%s\nhad\n%s", after, before)
		}
	})
}

// victim is a user who has signed in.
type victim struct {
	user    userRow
	family  id.UUID
	refresh string // its hash
}

func newVictim(t *testing.T, s *service, u userRow) victim {
	t.Helper()
	g := signIn(t, s, u.Username)
	_, family, err := s.tokens.read(g.access)
	if err != nil {
		t.Fatal(err)
	}
	return victim{u, family, secret.Hash(g.refresh)}
}

// refused runs do for organization 2 and is an error if it is not refused.
func refused(s store, do func(ctx context.Context, tx db.Tx) error) func() error {
	return func() error {
		if err := s.db.Write(keyOfOrganization(2), do); !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) {
			return fmt.Errorf("error %v, want a refusal", err)
		}
		return nil
	}
}

// silent runs do for organization 2. That it has changed nothing, the picture shows.
func silent(s store, do func(ctx context.Context, tx db.Tx) error) func() error {
	return func() error { return s.db.Write(keyOfOrganization(2), do) }
}

func userChecks(s store, v victim) map[string]func() error {
	u, late := v.user, noon.AddDate(1, 0, 0)
	return map[string]func() error{
		"userByName": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.userByName(ctx, tx, u.Username); return err }),
		"user":       refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.user(ctx, tx, u.ID); return err }),
		"userAlone":  refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.userAlone(ctx, tx, u.ID); return err }),
		"insertUser": refused(s, func(ctx context.Context, tx db.Tx) error {
			c, one := u, int64(1)
			c.ID, c.Username, c.OrganizationID = 0, "thief", &one
			return s.insertUser(ctx, tx, &c)
		}),
		"updateUser": refused(s, func(ctx context.Context, tx db.Tx) error { return s.updateUser(ctx, tx, &u) }),
		"anyUser": func() error { // nobody is in organization 3
			return s.db.Read(keyOfOrganization(3), func(ctx context.Context, tx db.Tx) error {
				found, err := s.anyUser(ctx, tx)
				if found {
					return errors.New("finds one")
				}
				return err
			})
		},
		"users": func() error {
			for _, organization := range []int64{0, 1} {
				rows, err := s.users(keyOfOrganization(2), organization, 0, 10)
				for _, r := range rows {
					if r.organization() != 2 {
						return fmt.Errorf("shows %s", r.Username)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		"countFailure":   refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.countFailure(ctx, tx, u.ID); return err }),
		"lock":           refused(s, func(ctx context.Context, tx db.Tx) error { return s.lock(ctx, tx, u.ID, late) }),
		"unlock":         silent(s, func(ctx context.Context, tx db.Tx) error { return s.unlock(ctx, tx, u.ID) }),
		"departmentsOf":  silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.departmentsOf(ctx, tx, u.ID)) }),
		"setDepartments": refused(s, func(ctx context.Context, tx db.Tx) error { return s.setDepartments(ctx, tx, 1, u.ID, []int64{2}) }),
		"insertRefresh": refused(s, func(ctx context.Context, tx db.Tx) error {
			one := int64(1)
			row := refreshRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, Hash: "x", Family: id.New(), UserID: u.ID, CreatedAt: noon, ExpiresAt: late}
			return s.insertRefresh(ctx, tx, &row)
		}),
		"refreshByHash": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.refreshByHash(ctx, tx, v.refresh); return err }),
		"useRefresh":    refused(s, func(ctx context.Context, tx db.Tx) error { return s.useRefresh(ctx, tx, v.refresh, noon) }),
		"alive": silent(s, func(ctx context.Context, tx db.Tx) error {
			found, err := s.alive(ctx, tx, v.family, u.ID, noon)
			if found {
				return errors.New("finds the sign-in")
			}
			return err
		}),
		"endFamily": silent(s, func(ctx context.Context, tx db.Tx) error { return s.endFamily(ctx, tx, v.family, noon) }),
		"endAll":    silent(s, func(ctx context.Context, tx db.Tx) error { return s.endAll(ctx, tx, u.ID, noon) }),
		"sweep":     func() error { return s.sweep(keyOfOrganization(2), late) },
	}
}

// nothing is an error if a read has shown anything.
func nothing[T any](rows []T, err error) error {
	if err == nil && len(rows) > 0 {
		return fmt.Errorf("shows %+v", rows)
	}
	return err
}

func keyChecks(s store, key keyRow, hash string) map[string]func() error {
	theirs := keyOfOrganization(2)
	return map[string]func() error{
		"insertKey": refused(s, func(ctx context.Context, tx db.Tx) error {
			c := key
			c.ID, c.Hash = 0, "another"
			return s.insertKey(ctx, tx, &c)
		}),
		"key": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.key(ctx, tx, key.ID); return err }),
		"keyByHash": func() error {
			if _, err := s.keyByHash(theirs, hash); !errors.Is(err, db.ErrNotFound) {
				return fmt.Errorf("finds it: %w", err)
			}
			return nil
		},
		"keys": func() error {
			all, err := s.keys(theirs, 0, 0, 10)
			named, namedErr := s.keys(theirs, 1, 0, 10)
			return errors.Join(nothing(all, err), nothing(named, namedErr))
		},
		"agentKeys": func() error { return nothing(s.agentKeys(theirs, noon)) },
		"touchKey":  func() error { return s.touchKey(theirs, key.ID, noon, noon) },
		"revokeKey": refused(s, func(ctx context.Context, tx db.Tx) error { return s.revokeKey(ctx, tx, key.ID, noon) }),
	}
}

// picture is all that is stored of users, sign-ins and keys, but for organization 2, as text.
func picture(t *testing.T, d *db.DB) string {
	t.Helper()
	var users []userRow
	var sessions []refreshRow
	var keys []keyRow
	var departments []departmentUserRow
	const others = "organization_id IS NULL OR organization_id <> 2"
	err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		return errors.Join(tx.Select(&users).Where(others).Order("id").Scan(ctx), tx.Select(&sessions).Where(others).Order("hash").Scan(ctx),
			tx.Select(&keys).Where(others).Order("id").Scan(ctx), tx.Select(&departments).Where(others).Scan(ctx))
	})
	if err != nil || len(users) != 2 || len(sessions) != 2 || len(keys) != 1 || len(departments) != 1 {
		t.Fatalf("%d users, %d sign-ins, %d keys, %d departments: %v", len(users), len(sessions), len(keys), len(departments), err)
	}
	text, err := json.Marshal([]any{users, sessions, keys, departments}) // it follows pointers
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
