package visitors

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

const path = "/api/v2/visitors"

func (s *service) routes(r httpx.Router) {
	httpx.List(r, path, visitor.Read, s.visitors(), httpx.Doc("Visitors that you may see, the newest first"))
	r.GET(path+"/today", visitor.Read, httpx.Handle(http.StatusOK, s.getToday), httpx.Doc("How many visitors are expected, here, and gone today"))
	r.POST(path, visitor.Create, httpx.Handle(http.StatusCreated, s.postVisitor), httpx.Doc("Register a visitor"))
	r.GET(path+"/:id", visitor.Read, httpx.Handle(http.StatusOK, s.getVisitor), httpx.Doc("One visitor"))
	r.PATCH(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.patchVisitor), httpx.Doc("Change a visitor"))
	r.DELETE(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.deleteVisitor), httpx.Doc("Delete a visitor with the codes, or make one inactive who has been here"))
}

// papers are what a guard does not see of a visitor.
type papers struct {
	Birthday          string `json:"birthday,omitempty"`
	PassportNumber    string `json:"passportNumber,omitempty"`
	PINFL             string `json:"pinfl,omitempty"`
	AdditionalDetails string `json:"additionalDetails,omitempty"`
}

type visitorResponse struct {
	ID             int64  `json:"id"`
	OrganizationID *int64 `json:"organizationId,omitempty"`
	Name           string `json:"name"`
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	MiddleName     string `json:"middleName,omitempty"`
	Phone          string `json:"phone,omitempty"`
	WorkPlace      string `json:"workPlace,omitempty"`
	papers
	HostID        int64      `json:"hostId,omitempty"`
	HostName      string     `json:"hostName,omitempty"`
	CreatorID     int64      `json:"creatorId,omitempty"`
	Inside        bool       `json:"inside"`
	ExpectedFrom  *time.Time `json:"expectedFrom,omitempty" doc:"of the code that lets in now or next; left out where there is none"`
	ExpectedUntil *time.Time `json:"expectedUntil,omitempty"`
	IsActive      bool       `json:"isActive"`
	CreatedAt     time.Time  `json:"createdAt"`
	UpdatedAt     time.Time  `json:"updatedAt"`
}

func recordOf(v visitorRow) visitorResponse {
	return visitorResponse{
		ID: v.ID, OrganizationID: v.OrganizationID, Name: nameOf(v), FirstName: v.FirstName, LastName: v.LastName, MiddleName: v.MiddleName,
		Phone: v.Phone, WorkPlace: v.WorkPlace, papers: papers{v.Birthday, v.PassportNumber, v.PINFL, v.AdditionalDetails},
		HostID: v.HostID, CreatorID: v.CreatorID, IsActive: v.IsActive, CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

// show is the visitors as the actor may see them.
func (s *service) show(ctx context.Context, rows []visitorRow) ([]visitorResponse, error) {
	a, _ := actor.From(ctx)
	var ids, hosts []int64
	for _, r := range rows {
		ids, hosts = append(ids, r.ID), append(hosts, r.HostID)
	}
	staff, err := s.staff.ByIDs(ctx, different(hosts))
	if err != nil {
		return nil, err
	}
	next, err := s.store.nextCodes(ctx, ids, s.time())
	if err != nil {
		return nil, err
	}
	return grid.Items(rows, func(r visitorRow) visitorResponse {
		out := recordOf(r)
		out.Inside, out.HostName = r.Inside, staff[r.HostID].Name
		if code, may := next[r.ID]; may && r.IsActive {
			from, until := code.StartDate.UTC(), code.EndDate.UTC()
			out.ExpectedFrom, out.ExpectedUntil = &from, &until
		}
		if a.Role == actor.Guard {
			out.papers = papers{}
		}
		return out
	}), nil
}

// different are the ids without 0 and without those that were there before.
func different(ids []int64) (all []int64) {
	seen := map[int64]bool{0: true}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			all = append(all, id)
		}
	}
	return all
}

func (s *service) visitors() grid.List[visitorResponse] {
	return grid.List[visitorResponse]{
		Name: "visitors", Title: "visitors.list", Columns: visitorColumns(), Sort: "-createdAt", ID: idOfVisitor, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]visitorResponse, db.Found, error) {
			v, err := s.sight(ctx)
			if err != nil {
				return nil, db.Found{}, err
			}
			var home int64
			if asked := q.IDs("organizationId"); len(asked) == 1 {
				home = asked[0]
			}
			now, zone, err := s.today(ctx, home)
			if err != nil {
				return nil, db.Found{}, err
			}
			_, until := day(now, zone)
			rows, found, err := s.store.list(ctx, v, q.Bind("expected", until, now).SQL())
			if err != nil {
				return nil, found, err
			}
			items, err := s.show(ctx, rows)
			return items, found, err
		},
	}
}

func (s *service) postVisitor(ctx context.Context, in visitorInput) (visitorResponse, error) {
	if err := in.check(); err != nil {
		return visitorResponse{}, err
	}
	return s.shown(ctx)(s.create(ctx, in))
}

type visitorRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) getVisitor(ctx context.Context, in visitorRequest) (visitorResponse, error) {
	return s.shown(ctx)(s.get(ctx, in.ID))
}

type visitorPatch struct {
	ID int64 `path:"id" json:"-"`
	visitorInput
}

func (s *service) patchVisitor(ctx context.Context, in visitorPatch) (visitorResponse, error) {
	if err := in.check(); err != nil {
		return visitorResponse{}, err
	}
	return s.shown(ctx)(s.update(ctx, in.ID, in.visitorInput))
}

// shown shows what a call of the service gave.
func (s *service) shown(ctx context.Context) func(visitorRow, error) (visitorResponse, error) {
	return func(row visitorRow, err error) (visitorResponse, error) {
		if err != nil {
			return visitorResponse{}, err
		}
		all, err := s.show(ctx, []visitorRow{row})
		if err != nil {
			return visitorResponse{}, err
		}
		return all[0], nil
	}
}

type removal struct {
	Outcome string `json:"outcome" enum:"deleted,deactivated"`
}

func (s *service) deleteVisitor(ctx context.Context, in visitorRequest) (removal, error) {
	deleted, err := s.remove(ctx, in.ID, nil)
	if deleted {
		return removal{"deleted"}, err
	}
	return removal{"deactivated"}, err
}

type todayResponse struct {
	Date     string `json:"date"`
	Zone     string `json:"zone"`
	Expected int64  `json:"expected" doc:"who may still come today, and is not here"`
	Inside   int64  `json:"inside"`
	Overstay int64  `json:"overstay" doc:"of those inside, who should have left"`
	Arrived  int64  `json:"arrived"`
	Left     int64  `json:"left"`
	// OrganizationName is for badges: guards read no organizations.
	OrganizationName string `json:"organizationName,omitempty" doc:"left out for several"`
}

type todayRequest struct {
	OrganizationID int64 `query:"organizationId" doc:"for those who see several; all of them if left out"`
}

func (s *service) getToday(ctx context.Context, in todayRequest) (out todayResponse, err error) {
	v, err := s.sight(ctx)
	if err != nil {
		return out, err
	}
	v.organization = in.OrganizationID
	now, zone, err := s.today(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	var home organization.Organization
	a, _ := actor.From(ctx)
	if id := cmp.Or(in.OrganizationID, a.OrganizationID); id != 0 {
		if home, err = s.tree.ByID(ctx, id); err != nil {
			return out, err
		}
	}
	from, until := day(now, zone)
	c, err := s.store.counts(ctx, v, now, from, until)
	return todayResponse{
		Date: now.In(zone).Format(time.DateOnly), Zone: zone.String(),
		Expected: c.expected, Inside: c.inside, Overstay: c.overstay, Arrived: c.arrived, Left: c.left, OrganizationName: home.Name,
	}, err
}

// today is now, with the zone in which the organization counts its days, or if that is 0 the actor's. Who sees organizations
// of several zones counts them in UTC.
func (s *service) today(ctx context.Context, organizationID int64) (time.Time, *time.Location, error) {
	if organizationID != 0 {
		home, err := s.tree.ByID(ctx, organizationID)
		return s.time(), cmp.Or(home.Zone, time.UTC), err
	}
	all, err := s.days(ctx)
	zone := time.UTC
	for _, z := range all {
		if zone != time.UTC && zone.String() != z.String() {
			return s.time(), time.UTC, err
		}
		zone = z
	}
	return s.time(), zone, err
}
