package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/storage/file"
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
	files file.Store
	// terminals takes what door terminals report.
	terminals pass.Terminals
	audit     *audit.Log
	log       *slog.Logger
	now       func() time.Time
	// settle is how long what has been sent may be on its way to the database.
	settle time.Duration
}

// settling is that of a gateway whose server answers.
const settling = 5 * time.Second

func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func asSystem(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("demo"))
}

// asOrganization is the same in one organization.
func asOrganization(ctx context.Context, organizationID int64) context.Context {
	return actor.With(ctx, actor.System("demo").In(organizationID))
}

// claim takes the organization for a made-up company, and returns the company with the token of its maker. A company
// that is there already goes on as it was made, from wherever its making was cut off. It returns errRealData where
// anybody's real data is, and deletes nothing.
func (s *service) claim(ctx context.Context, cfg Config) (row companyRow, token string, err error) {
	ctx, token = asSystem(ctx), secret.New(tokenPrefix)
	rows, err := s.store.companies(ctx)
	if err != nil {
		return row, "", err
	}
	i := slices.IndexFunc(rows, func(r companyRow) bool { return r.OrganizationID == cfg.Organization && r.RemovedAt.IsZero() })
	if i >= 0 {
		row = rows[i]
		row.TokenHash = secret.Hash(token)
		return row, token, s.store.update(ctx, &row, "token_hash")
	}
	row = companyRow{
		Owned: db.Owned{OrganizationID: cfg.Organization}, Seed: cfg.Seed, Employees: cfg.Employees, Days: cfg.Days,
		TokenHash: secret.Hash(token), MadeAt: s.time(),
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
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
// its gateways, users and keys stay. Where more is than was made up it returns errMore, unless all is to go.
func (s *service) remove(ctx context.Context, all bool) (organizations []int64, erased int64, err error) {
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
		n, err := s.erase(ctx, row, all)
		if err != nil {
			return organizations, erased, err
		}
		organizations, erased = append(organizations, row.OrganizationID), erased+n
	}
	return organizations, erased, nil
}

// erase ends the maker first, and deletes again after a while: what was on its way then has arrived. Files go then; one
// that cannot be removed has no row afterwards, and so goes when the storage is next scanned.
func (s *service) erase(ctx context.Context, row companyRow, all bool) (erased int64, err error) {
	row.RemovedAt = s.time()
	usage, err := s.files.Usage(asOrganization(ctx, row.OrganizationID))
	if err != nil {
		return 0, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err := s.store.holdings(ctx, tx, row.OrganizationID)
		if err != nil {
			return err
		}
		if more := beyond(row, found, usage); len(more) > 0 && !all {
			return errMore.With("Tables", strings.Join(more, ", "))
		}
		if erased, err = s.store.erase(ctx, tx, row.OrganizationID); err != nil {
			return err
		}
		if err := s.store.put(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, s.entry("demo.removed", row.OrganizationID, map[string]any{"rows": erased}))
	})
	if err != nil {
		return 0, err
	}
	for rounds, still := 0, 0; rounds < stragglers && still < quiet; rounds++ {
		if err := wait(ctx, s.settle); err != nil {
			return erased, err
		}
		late, err := s.eraseLate(ctx, row.OrganizationID)
		if erased += late; err != nil {
			return erased, err
		}
		if still++; late > 0 {
			still = 0
		}
	}
	return erased, nil
}

// quiet is how often in a row nothing may have arrived for all to have: a picture takes a while to be worked off.
const quiet = 2

// stragglers is how often what has arrived since is looked for: a gateway may still have pictures to deliver.
const stragglers = 24

// eraseLate removes files, and rows that have come since. A file goes with its row: one that comes between the two keeps
// its row, by which the next look finds it.
func (s *service) eraseLate(ctx context.Context, organizationID int64) (erased int64, err error) {
	files, err := s.discard(asOrganization(ctx, organizationID))
	if err != nil {
		s.log.WarnContext(ctx, "not all files of the demo company could be removed; in a day \"storage scan --delete\" does it", "error", err)
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		erased, err = s.store.erase(ctx, tx, organizationID)
		return err
	})
	erased += files
	if err != nil || s.store.series == s.store.db {
		return erased, err
	}
	n, err := s.store.eraseSeries(ctx, organizationID)
	return erased + n, err
}

// discard removes the organization's files, and says how many.
func (s *service) discard(ctx context.Context) (n int64, err error) {
	for after := ""; ; {
		files, next, err := s.files.List(ctx, file.Query{After: after, Limit: 500})
		if err != nil {
			return n, err
		}
		paths := make([]string, len(files))
		for i, f := range files {
			paths[i] = f.Path
		}
		if err := s.files.Delete(ctx, paths...); err != nil {
			return n, err
		}
		n += int64(len(files))
		if after = next; next == "" {
			return n, nil
		}
	}
}

// beyond names the tables in which the organization has more than was made up.
func beyond(row companyRow, found map[string]int64, files file.Usage) (more []string) {
	for _, k := range files.ByKind {
		if k.Kind != file.Screenshot && k.Kind != file.Archive && k.Files > 0 {
			more = append(more, fmt.Sprintf("%s: %d", stored, k.Files))
		}
	}
	for table, made := range map[string]int{
		"employees": row.Employees, "computers": row.Employees + len(strangers) + 1, "departments": len(departments), "work_schedules": len(shifts),
		"devices": len(terminals), "visitors": len(guests),
	} {
		if n := found[table]; n > int64(made) {
			more = append(more, fmt.Sprintf("%s: %d", table, n-int64(made)))
		}
	}
	slices.Sort(more)
	return more
}

// tokenHeader is where the maker of a company shows its token, which begins with tokenPrefix.
const (
	tokenHeader = "X-Demo-Token"
	tokenPrefix = "sdemo_"
)

// authenticate lets the maker of a company act as an administrator of that organization.
func (s *service) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	token := r.Header.Get(tokenHeader)
	if !strings.HasPrefix(token, tokenPrefix) {
		return actor.Actor{}, false, nil
	}
	row, err := s.store.byToken(asSystem(ctx), secret.Hash(token))
	if errors.Is(err, db.ErrNotFound) {
		return actor.Actor{}, false, nil
	}
	return actor.Actor{Role: actor.Admin, ID: "system:demo", OrganizationID: row.OrganizationID}, err == nil, err
}
