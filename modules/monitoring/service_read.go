package monitoring

import (
	"context"

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
	ctx, v, err := s.view(ctx, k, asked{organization: in.Organization, employee: in.Employee, computer: in.Computer, from: in.From, until: in.To})
	if err != nil || len(v.sights) == 0 {
		return page, storage(err)
	}
	rows, err := s.store.newest(ctx, k, v.sights, w)
	if err != nil {
		return page, storage(err)
	}
	rows, page.Next = db.NextPage(rows, w.limit-1, func(r row) []any { return []any{r.Datetime, r.ID} })
	people, err := s.whoIs(ctx, v, rows)
	if err != nil {
		return page, storage(err)
	}
	page.Items = make([]Item, len(rows))
	for i, r := range rows {
		page.Items[i] = item(k, r, people.of(r))
	}
	return page, nil
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
		return page, storage(err)
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

// onlyOrganization is the one that has events; where there are several, the reader has to choose.
func (s *service) onlyOrganization(ctx context.Context) (int64, error) {
	all, err := s.store.organizations(ctx, activity.ActiveWindow)
	if err != nil {
		return 0, err
	}
	if len(all) != 1 {
		var f fault.Fields
		f.Add("organization", codeChoosesNone, nil)
		return 0, f.Err()
	}
	return all[0], nil
}
