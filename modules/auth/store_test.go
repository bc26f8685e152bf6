package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx"
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
		fillSecurity(t, d)
		checks := keyChecks(s.store, key, secret.Hash(text))
		maps.Copy(checks, securityChecks(t, s.store))
		maps.Copy(checks, tokenChecks(s.store, newToken(t, s, operator.user, 1, "user.read")))
		for _, v := range []*victim{&lead, &operator} {
			fillOIDC(t, d, v.user)
			v.code = secret.Hash(plainCode(enrolled(t, s, &clock{noon}, v.user, v.family).recovery[0]))
		}
		before := picture(t, d)
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
	session sessionRow
	code    string // the hash of a recovery code
}

func newVictim(t *testing.T, s *service, u userRow) victim {
	t.Helper()
	g := signIn(t, s, u.Username)
	_, family, err := s.tokens.read(g.access)
	if err != nil {
		t.Fatal(err)
	}
	var row sessionRow
	err = s.store.db.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.session(ctx, tx, family, noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return victim{u, family, secret.Hash(g.refresh), row, ""}
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
		"usersByID": silent(s, func(ctx context.Context, tx db.Tx) error {
			found, err := s.usersByID(ctx, tx, []int64{u.ID})
			if len(found) > 0 {
				return fmt.Errorf("shows %v", found)
			}
			return err
		}),
		"anotherAdmin": silent(s, func(ctx context.Context, tx db.Tx) error {
			found, err := s.anotherAdmin(ctx, tx, 0)
			if found {
				return errors.New("sees an administrator")
			}
			return err
		}),
		"userAlone": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.userAlone(ctx, tx, u.ID); return err }),
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
		"moveUser": refused(s, func(ctx context.Context, tx db.Tx) error { return s.moveUser(ctx, tx, u.ID, 2) }),
		"usersV1": func() error {
			for _, search := range []string{"", u.Username} {
				rows, departments, _, err := s.usersV1(keyOfOrganization(2), httpx.ListV1{Page: 1, Limit: 100, Search: search})
				for _, r := range rows {
					if r.organization() != 2 || len(departments[u.ID]) > 0 {
						return fmt.Errorf("shows %s, %v", r.Username, departments)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		"users": func() error {
			for _, query := range []string{"", "organizationId=1", "q=a&sort=-role,username"} {
				shown, err := gridtest.Walk(keyOfOrganization(2), (&service{store: s, now: time.Now}).users(), query)
				if err != nil {
					return err
				}
				for _, u := range shown {
					if u.OrganizationID != 2 {
						return fmt.Errorf("shows %s", u.Username)
					}
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
		"keepSession": refused(s, func(ctx context.Context, tx db.Tx) error {
			row := v.session
			row.UserAgent = "thief"
			return s.keepSession(ctx, tx, &row)
		}),
		"sessions":  silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.sessions(ctx, tx, u.ID, noon, 9)) }),
		"session":   refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.session(ctx, tx, v.family, noon); return err }),
		"endOthers": silent(s, func(ctx context.Context, tx db.Tx) error { return s.endOthers(ctx, tx, u.ID, id.Nil, noon) }),
		"secondSteps": func() error {
			if have, err := s.secondSteps(keyOfOrganization(2), []int64{u.ID}); err != nil || len(have) > 0 {
				return fmt.Errorf("shows %v, %w", have, err)
			}
			return nil
		},
		"identityOf": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.identityOf(ctx, tx, "issuer", u.ID); return err }),
		"identityBySubject": refused(s, func(ctx context.Context, tx db.Tx) error {
			_, err := s.identityBySubject(ctx, tx, "issuer", u.Username)
			return err
		}),
		"insertIdentity": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.insertIdentity(ctx, tx, &identityRow{MaybeOwned: ownedBy(1), UserID: u.ID, Issuer: "another", Subject: "x", CreatedAt: noon})
		}),
		"dropIdentity": refused(s, func(ctx context.Context, tx db.Tx) error { return s.dropIdentity(ctx, tx, "issuer", u.ID) }),
		"takeOIDC": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.takeOIDC(ctx, tx, &oidcRow{MaybeOwned: ownedBy(1), Hash: "another", ExpiresAt: late})
		}),
		"holdOIDC": refused(s, func(ctx context.Context, tx db.Tx) error { return s.holdOIDC(ctx, tx, u.Username, u, "x") }),
		"heldOIDC": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.heldOIDC(ctx, tx, u.Username, noon); return err }),
		"endOIDC":  refused(s, func(ctx context.Context, tx db.Tx) error { return s.endOIDC(ctx, tx, u.Username, noon) }),
		"totp":     refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.totp(ctx, tx, u.ID); return err }),
		"insertTOTP": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.insertTOTP(ctx, tx, &totpRow{MaybeOwned: ownedBy(1), UserID: u.ID, Sealed: "x", CreatedAt: noon})
		}),
		"takeStep":    refused(s, func(ctx context.Context, tx db.Tx) error { return s.takeStep(ctx, tx, u.ID, 1<<40) }),
		"confirmTOTP": refused(s, func(ctx context.Context, tx db.Tx) error { return s.confirmTOTP(ctx, tx, u.ID, late) }),
		"dropTOTP":    silent(s, func(ctx context.Context, tx db.Tx) error { return s.dropTOTP(ctx, tx, u.ID) }),
		"takeRecovery": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.takeRecovery(ctx, tx, u.ID, v.code, late)
		}),
		"replaceRecovery": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.replaceRecovery(ctx, tx, []recoveryRow{{MaybeOwned: ownedBy(1), UserID: u.ID, Hash: "x"}})
		}),
		"countRecovery": zero(s, func(ctx context.Context, tx db.Tx) (int64, error) { return s.countRecovery(ctx, tx, u.ID) }),
		"sweep":         func() error { return s.sweep(keyOfOrganization(2), late) },
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
		"touchKeys": silent(s, func(ctx context.Context, tx db.Tx) error { return s.touchKeys(ctx, tx, []int64{key.ID}, noon, noon) }),
		"updateKey": refused(s, func(ctx context.Context, tx db.Tx) error { return s.updateKey(ctx, tx, &key) }),
		"countKeys": zero(s, func(ctx context.Context, tx db.Tx) (int64, error) { return s.countKeys(ctx, tx, noon) }),
		"revokeKey": refused(s, func(ctx context.Context, tx db.Tx) error { return s.revokeKey(ctx, tx, key.ID, noon) }),
	}
}

func tokenChecks(s store, made program) map[string]func() error {
	row := made.row
	return map[string]func() error{
		"insertToken": refused(s, func(ctx context.Context, tx db.Tx) error {
			c := row
			c.ID, c.Hash = 0, "another"
			return s.insertToken(ctx, tx, &c)
		}),
		"tokens":      silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.tokens(ctx, tx, row.UserID)) }),
		"token":       refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.token(ctx, tx, row.ID); return err }),
		"tokenByHash": refused(s, func(ctx context.Context, tx db.Tx) error { _, err := s.tokenByHash(ctx, tx, row.Hash); return err }),
		"revokeToken": refused(s, func(ctx context.Context, tx db.Tx) error { return s.revokeToken(ctx, tx, row.ID, noon) }),
		"touchToken":  silent(s, func(ctx context.Context, tx db.Tx) error { return s.touchToken(ctx, tx, row.ID, noon, noon) }),
	}
}

// zero is an error if a count or a time is not zero for organization 3, which has nothing.
func zero[T comparable](s store, read func(ctx context.Context, tx db.Tx) (T, error)) func() error {
	return func() error {
		return s.db.Read(keyOfOrganization(3), func(ctx context.Context, tx db.Tx) error {
			var want T
			got, err := read(ctx, tx)
			if err == nil && got != want {
				return fmt.Errorf("tells %v", got)
			}
			return err
		})
	}
}

// fillOIDC connects a user to a subject of its name, of whom a sign-in waits for the second step.
func fillOIDC(t *testing.T, d *db.DB, u userRow) {
	t.Helper()
	s := store{d}
	err := d.Write(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		connected := identityRow{MaybeOwned: u.MaybeOwned, UserID: u.ID, Issuer: "issuer", Subject: u.Username, CreatedAt: noon}
		waiting := oidcRow{MaybeOwned: u.MaybeOwned, Hash: u.Username, UserID: u.ID, ExpiresAt: noon.Add(time.Hour)}
		return errors.Join(s.insertIdentity(ctx, tx, &connected), s.takeOIDC(ctx, tx, &waiting))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fillSecurity gives organization 1, and nobody, a block and an event, and the one a listed address.
func fillSecurity(t *testing.T, d *db.DB) {
	t.Helper()
	s, one := store{d}, int64(1)
	err := d.Write(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		for _, o := range []*int64{&one, nil} {
			owned := db.MaybeOwned{OrganizationID: o}
			block := blockRow{MaybeOwned: owned, Address: "192.0.2.66", Reason: "r", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
			event := eventRow{MaybeOwned: owned, ID: id.New(), EventType: eventInvalidKey, IPAddress: "192.0.2.66", Severity: 7, Times: 1, FirstAt: noon, LastAt: noon}
			if err := errors.Join(s.block(ctx, tx, &block), s.writeEvents(ctx, tx, []eventRow{event})); err != nil {
				return err
			}
		}
		return s.allow(ctx, tx, &whitelistRow{Owned: db.Owned{OrganizationID: 1}, Address: "192.0.2.67", IsActive: true, CreatedAt: noon})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func securityChecks(t *testing.T, s store) map[string]func() error {
	t.Helper()
	late, one := noon.AddDate(1, 0, 0), int64(1)
	var event eventRow
	err := s.db.Read(keyOfOrganization(1), func(ctx context.Context, tx db.Tx) error { return tx.Select(&event).Scan(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func() error{
		"security": func() error {
			all, err := s.security(keyOfOrganization(2), noon)
			return errors.Join(nothing(all.keys, err), nothing(all.tokens, nil), nothing(all.blocks, nil), nothing(all.whitelist, nil))
		},
		"whitelist": silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.whitelist(ctx, tx)) }),
		"allow": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.allow(ctx, tx, &whitelistRow{Owned: db.Owned{OrganizationID: 1}, Address: "192.0.2.67", CreatedAt: noon})
		}),
		"disallow": refused(s, func(ctx context.Context, tx db.Tx) error { return s.disallow(ctx, tx, "192.0.2.67") }),
		"blocks":   silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.blocks(ctx, tx, noon)) }),
		"block": refused(s, func(ctx context.Context, tx db.Tx) error {
			return s.block(ctx, tx, &blockRow{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, Address: "192.0.2.66", CreatedAt: noon})
		}),
		"unblock": refused(s, func(ctx context.Context, tx db.Tx) error { return s.unblock(ctx, tx, "192.0.2.66") }),
		"writeEvents": func() error {
			mine := event
			mine.OrganizationID, mine.Times = nil, 99
			err := s.db.Write(keyOfOrganization(2), func(ctx context.Context, tx db.Tx) error { return s.writeEvents(ctx, tx, []eventRow{mine}) })
			if err != nil && !errors.Is(err, db.ErrForeign) {
				return err
			}
			mine.OrganizationID = &one
			return refused(s, func(ctx context.Context, tx db.Tx) error { return s.writeEvents(ctx, tx, []eventRow{mine}) })()
		},
		"blocksPage": silent(s, func(ctx context.Context, tx db.Tx) error {
			return errors.Join(nothing(s.blocksPage(ctx, tx, noon, 0, blockPlace{}, 10)), nothing(s.blocksPage(ctx, tx, noon, 1, blockPlace{}, 10)))
		}),
		"listEvents": func() error {
			rows, found, err := s.listEvents(keyOfOrganization(2), db.List{Order: []db.Order{{Name: "id", Expr: db.Expr{SQL: "?TableAlias.id", Kind: db.ID}}}, Limit: 9, Count: true})
			if found.Total != 0 {
				return fmt.Errorf("counts %d", found.Total)
			}
			return nothing(rows, err)
		},
		"events":      silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.events(ctx, tx, "", 10)) }),
		"eventsSince": silent(s, func(ctx context.Context, tx db.Tx) error { return nothing(s.eventsSince(ctx, tx, noon)) }),
		"edge":        zero(s, func(ctx context.Context, tx db.Tx) (time.Time, error) { return s.edge(ctx, tx, 0) }),
		"sweepEvents": silent(s, func(ctx context.Context, tx db.Tx) error {
			n, err := s.sweepEvents(ctx, tx, late, 10)
			if n != 0 {
				return fmt.Errorf("deletes %d", n)
			}
			return err
		}),
		"sweepBlocks": silent(s, func(ctx context.Context, tx db.Tx) error { return s.sweepBlocks(ctx, tx, late) }),
	}
}

// picture is all that is stored of users, sign-ins, keys, addresses and events, but for organization 2, as text.
func picture(t *testing.T, d *db.DB) string {
	t.Helper()
	var users []userRow
	var sessions []refreshRow
	var keys []keyRow
	var departments []departmentUserRow
	var blocks []blockRow
	var whitelist []whitelistRow
	var events []eventRow
	var devices []sessionRow
	var steps []totpRow
	var recovery []recoveryRow
	var programs []tokenRow
	var identities []identityRow
	var arrivals []oidcRow
	const others = "organization_id IS NULL OR organization_id <> 2"
	err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
		return errors.Join(tx.Select(&users).Where(others).Order("id").Scan(ctx), tx.Select(&sessions).Where(others).Order("hash").Scan(ctx),
			tx.Select(&keys).Where(others).Order("id").Scan(ctx), tx.Select(&departments).Where(others).Scan(ctx),
			tx.Select(&blocks).Where(others).Order("address").Scan(ctx), tx.Select(&whitelist).Where(others).Scan(ctx),
			tx.Select(&events).Where(others).Order("id").Scan(ctx), tx.Select(&devices).Where(others).Order("id").Scan(ctx),
			tx.Select(&steps).Where(others).Order("user_id").Scan(ctx), tx.Select(&recovery).Where(others).Order("user_id", "hash").Scan(ctx),
			tx.Select(&programs).Where(others).Scan(ctx), tx.Select(&identities).Where(others).Order("user_id").Scan(ctx),
			tx.Select(&arrivals).Where(others).Order("hash").Scan(ctx))
	})
	if err != nil || len(users) != 2 || len(sessions) != 2 || len(keys) != 1 || len(departments) != 1 {
		t.Fatalf("%d users, %d sign-ins, %d keys, %d departments: %v", len(users), len(sessions), len(keys), len(departments), err)
	}
	text, err := json.Marshal([]any{users, sessions, keys, departments, blocks, whitelist, events, devices, steps, recovery, programs, identities, arrivals}) // it follows pointers
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
