package monitoring

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) list(ctx context.Context, k activity.Kind, in listRequest) (page httpx.Page[Item], err error) {
	w := window{limit: db.Limit(in.Limit) + 1}
	if w.after, err = placeOf(in.After); err != nil {
		return page, err
	}
	q := asked{organization: in.Organization, employee: in.Employee, computer: in.Computer, from: in.From, until: in.To}
	ctx, a, err := s.enter(ctx, q) // by itself, since a miss is written down
	if err != nil {
		return page, reading(err)
	}
	page, err = readTogether(ctx, s.store, func(ctx context.Context) (httpx.Page[Item], error) {
		v, err := s.viewFrom(ctx, a, k, q)
		if err != nil || len(v.sights) == 0 {
			return httpx.Page[Item]{}, err
		}
		return s.page(ctx, k, v, w)
	})
	return page, reading(err)
}

func (s *service) page(ctx context.Context, k activity.Kind, v view, w window) (page httpx.Page[Item], err error) {
	rows, err := s.newest(ctx, k, v.sights, w)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, w.limit-1, func(r row) []any { return []any{r.Datetime, r.ID} })
	people, err := s.whoIs(ctx, v, rows)
	if err != nil {
		return page, err
	}
	page.Items = make([]Item, len(rows))
	for i, r := range rows {
		page.Items[i] = item(k, r, people.of(r))
	}
	return page, nil
}

// newest reads a page of the sights, newest first: what is of the last days and then what is older, until the page is
// full. A database looks at each day in which something may be for each sight, so that all days at once take long.
func (s *service) newest(ctx context.Context, k activity.Kind, sights []sight, w window) (page []row, err error) {
	const first = 2 * day
	limit, end, until := w.limit, s.end(sights, w), s.now().Add(day) // each day of those that are made in advance costs, too
	for reach := time.Duration(first); ; reach *= 4 {
		from := end.Add(-reach)
		found := len(page)
		if reach > s.cfg.oldest() {
			from = time.Time{}
		}
		part, older := within(sights, from, until)
		if len(part) > 0 {
			w.limit = limit - len(page)
			rows, err := s.store.newest(ctx, k, part, w)
			if err != nil {
				return nil, err
			}
			page = append(page, rows...)
		}
		if !older || len(page) >= limit {
			return page, nil
		}
		if until = from; len(page) > found {
			continue
		}
		last, err := s.store.lastDay(ctx, k, until) // nothing may have come for long
		if err != nil || last.IsZero() {
			return page, err
		}
		if last.Before(until) {
			end, until, reach = last, last, first/4
		}
	}
}

// end is when the newest of a page may have begun, as far as it is known.
func (s *service) end(sights []sight, w window) (end time.Time) {
	for _, v := range sights {
		end = later(end, earlier(v.until, s.now()))
	}
	if w.after != nil {
		end = earlier(end, w.after.at)
	}
	return end
}

// within narrows sights to [from, until), and reports whether they reach further back.
func within(sights []sight, from, until time.Time) (part []sight, older bool) {
	for _, v := range sights {
		older = older || v.from.Before(from)
		v.from, v.until = later(v.from, from), earlier(v.until, until)
		if v.until.IsZero() || v.from.Before(v.until) {
			part = append(part, v)
		}
	}
	return part, older
}

func placeOf(cursor string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	var p place
	if err := db.ParseCursor(cursor, &p.at, &p.id); err != nil {
		return nil, err
	}
	return &p, nil
}

func (s *service) quarantine(ctx context.Context, in quarantineRequest) (page httpx.Page[QuarantineItem], err error) {
	limit := db.Limit(in.Limit)
	after, err := placeOf(in.After)
	if err != nil {
		return page, err
	}
	ctx, _, err = narrow(ctx, in.Organization)
	if err != nil {
		return page, err
	}
	rows, err := s.store.quarantined(ctx, after, limit+1)
	if err != nil {
		return page, reading(err)
	}
	rows, page.Next = db.NextPage(rows, limit, func(r quarantineRow) []any { return []any{r.ReceivedAt, r.ID} })
	for _, r := range rows {
		page.Items = append(page.Items, QuarantineItem{r.ID, r.OrganizationID, r.ReceivedAt.UTC(), r.Type, r.Reason, r.Payload})
	}
	return page, nil
}

// home is the organization whose day it is.
func (s *service) home(ctx context.Context, in dayRequest) (context.Context, organization.Organization, error) {
	ctx, a, err := narrow(ctx, in.Organization)
	if err != nil {
		return ctx, organization.Organization{}, err
	}
	where := a.OrganizationID
	switch {
	case where != 0:
	case in.Employee != 0:
		e, err := s.staff.ByID(ctx, in.Employee)
		if err != nil {
			return ctx, organization.Organization{}, err
		}
		where = e.OrganizationID
	default:
		if where, err = s.onlyOrganization(ctx); err != nil {
			return ctx, organization.Organization{}, err
		}
	}
	ctx = actor.With(ctx, a.In(where))
	o, err := s.tree.ByID(ctx, where)
	return ctx, o, err
}

// onlyOrganization is the one that is active or, of several, the one that has events; else the reader has to choose.
func (s *service) onlyOrganization(ctx context.Context) (int64, error) {
	active, err := s.index.All(ctx)
	if err != nil {
		return 0, err
	}
	if len(active) == 1 { // also while TimescaleDB, which knows who has events, is away
		return active[0].ID, nil
	}
	reporting, err := s.store.organizations(ctx, activity.ActiveWindow)
	if err != nil {
		return 0, err
	}
	if len(reporting) != 1 {
		var f fault.Fields
		f.Add("organization", codeChoosesNone, nil)
		return 0, f.Err()
	}
	return reporting[0], nil
}
