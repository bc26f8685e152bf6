package demo

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/secret"
)

// manage is the right to make and remove a demo company, as the audit names it: that of who may start the program.
var manage = actor.Permission{Name: "demo.manage", Roles: actor.Admin}

// service decides where a company may be made up, and takes it away again.
type service struct {
	store store
	audit *audit.Log
	log   *slog.Logger
	now   func() time.Time
}

func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func asSystem(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("demo"))
}

// claim takes the organization for a made-up company, and returns the company with the token of its maker. A company
// that is there already goes on as it was made. It returns errRealData where anybody's real data is.
func (s *service) claim(ctx context.Context, cfg Config) (row companyRow, token string, err error) {
	ctx, token = asSystem(ctx), secret.New("sdemo_")
	rows, err := s.store.companies(ctx)
	if err != nil {
		return row, "", err
	}
	i := slices.IndexFunc(rows, func(r companyRow) bool { return r.OrganizationID == cfg.Organization })
	if i >= 0 && rows[i].RemovedAt.IsZero() && !rows[i].StaffedAt.IsZero() {
		row = rows[i]
		row.TokenHash = secret.Hash(token)
		return row, token, s.store.update(ctx, &row, "token_hash")
	}
	row = companyRow{
		Owned: db.Owned{OrganizationID: cfg.Organization}, Seed: cfg.Seed, Employees: cfg.Employees, Days: cfg.Days,
		TokenHash: secret.Hash(token), MadeAt: s.time(),
	}
	half := i >= 0 && rows[i].RemovedAt.IsZero() // its making was cut off
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if half {
			if _, err := s.store.erase(ctx, tx, cfg.Organization); err != nil {
				return err
			}
		}
		found, err := s.store.holdings(ctx, tx, 0)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return errRealData.With("Tables", strings.Join(slices.Sorted(maps.Keys(found)), ", "))
		}
		if err := s.store.put(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, s.entry("demo.made", row.OrganizationID, map[string]any{"employees": row.Employees, "days": row.Days, "seed": row.Seed}))
	})
	if errors.Is(err, db.ErrMissingReference) {
		err = fmt.Errorf("there is no organization %d", cfg.Organization)
	}
	return row, token, err
}

func (s *service) entry(action string, organizationID int64, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: manage, Object: fmt.Sprintf("organization:%d", organizationID), OrganizationID: organizationID, After: after,
	}
}

// remove takes the made-up companies away: their people, their computers and all that these reported. The organization,
// its gateways, users and keys stay.
func (s *service) remove(ctx context.Context) (organizations []int64, erased int64, err error) {
	ctx = asSystem(ctx)
	rows, err := s.store.companies(ctx)
	if err != nil {
		return nil, 0, err
	}
	rows = slices.DeleteFunc(rows, func(r companyRow) bool { return !r.RemovedAt.IsZero() })
	if len(rows) == 0 {
		return nil, 0, errNone
	}
	for _, row := range rows {
		n, err := s.erase(ctx, row)
		if err != nil {
			return organizations, erased, err
		}
		organizations, erased = append(organizations, row.OrganizationID), erased+n
	}
	return organizations, erased, nil
}

// erase ends the maker first, whose token is good for companies that are not removed.
func (s *service) erase(ctx context.Context, row companyRow) (erased int64, err error) {
	row.RemovedAt = s.time()
	if err := s.store.update(ctx, &row, "removed_at"); err != nil {
		return 0, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if erased, err = s.store.erase(ctx, tx, row.OrganizationID); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, s.entry("demo.removed", row.OrganizationID, map[string]any{"rows": erased}))
	})
	return erased, err
}

// tokenHeader is where the maker of a company shows its token.
const tokenHeader = "X-Demo-Token"

// authenticate lets the maker of a company act as an administrator of that organization.
func (s *service) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	token := r.Header.Get(tokenHeader)
	if token == "" {
		return actor.Actor{}, false, nil
	}
	hash := secret.Hash(token)
	row, err := s.store.byToken(asSystem(ctx), hash)
	if errors.Is(err, db.ErrNotFound) || err == nil && subtle.ConstantTimeCompare([]byte(hash), []byte(row.TokenHash)) != 1 {
		return actor.Actor{}, false, nil
	}
	return actor.Actor{Role: actor.Admin, ID: "system:demo", OrganizationID: row.OrganizationID}, err == nil, err
}
