package visitors

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) visitRoutes(r httpx.Router) {
	const visits = path + "/visits"
	httpx.List(r, visits, visitor.Read, s.visits(), httpx.Doc("Visits, the latest first; who is here is ?inside=true, who should have left ?overstay=true"))
	r.POST(visits, visitor.Admit, httpx.Handle(http.StatusCreated, s.postVisit), httpx.Doc("Check a visitor in; a code is used up"))
	r.POST(visits+"/:id/checkout", visitor.Admit, httpx.Handle(http.StatusOK, s.postCheckout), httpx.Doc("Check a visitor out"))
}

type visitResponse struct {
	ID               int64      `json:"id"`
	OrganizationID   *int64     `json:"organizationId,omitempty"`
	VisitorID        int64      `json:"visitorId"`
	VisitorName      string     `json:"visitorName"`
	WorkPlace        string     `json:"workPlace,omitempty"`
	CodeID           int64      `json:"codeId,omitempty"`
	HostID           int64      `json:"hostId,omitempty"`
	HostName         string     `json:"hostName,omitempty"`
	Badge            string     `json:"badge,omitempty"`
	Note             string     `json:"note,omitempty"`
	CheckedInAt      time.Time  `json:"checkedInAt"`
	CheckedInBy      int64      `json:"checkedInBy,omitempty" doc:"the user; left out for a door"`
	CheckedInByName  string     `json:"checkedInByName,omitempty"`
	ExpectedUntil    time.Time  `json:"expectedUntil"`
	CheckedOutAt     *time.Time `json:"checkedOutAt,omitempty"`
	CheckedOutBy     int64      `json:"checkedOutBy,omitempty"`
	CheckedOutByName string     `json:"checkedOutByName,omitempty"`
	Inside           bool       `json:"inside"`
	Overstay         bool       `json:"overstay" doc:"still here, and expected to have left"`
}

// around is who had to do with visits, by id.
type around struct {
	visitors map[int64]visitorRow
	hosts    map[int64]employee.Employee
	users    map[int64]userRow
}

func (s *service) around(ctx context.Context, rows []visitRow) (a around, err error) {
	var visitors, hosts, users []int64
	for _, r := range rows {
		visitors, hosts, users = append(visitors, r.VisitorID), append(hosts, r.HostID), append(users, r.CheckedInBy, r.CheckedOutBy)
	}
	if a.visitors, err = s.store.byIDs(ctx, different(visitors)); err != nil {
		return a, err
	}
	if a.hosts, err = s.staff.ByIDs(ctx, different(hosts)); err != nil {
		return a, err
	}
	a.users, err = s.store.users(ctx, different(users))
	return a, err
}

func (a around) show(r visitRow, now time.Time) visitResponse {
	v := a.visitors[r.VisitorID]
	out := visitResponse{
		ID: r.ID, OrganizationID: r.OrganizationID, VisitorID: r.VisitorID, VisitorName: nameOf(v), WorkPlace: v.WorkPlace, CodeID: r.CodeID,
		HostID: r.HostID, HostName: a.hosts[r.HostID].Name, Badge: r.Badge, Note: r.Note,
		CheckedInAt: r.CheckedInAt.UTC(), CheckedInBy: r.CheckedInBy, CheckedInByName: a.users[r.CheckedInBy].Name,
		ExpectedUntil: r.ExpectedUntil.UTC(), CheckedOutBy: r.CheckedOutBy, CheckedOutByName: a.users[r.CheckedOutBy].Name,
		Inside: r.CheckedOutAt == nil,
	}
	out.Overstay = out.Inside && r.ExpectedUntil.Before(now)
	if r.CheckedOutAt != nil {
		at := r.CheckedOutAt.UTC()
		out.CheckedOutAt = &at
	}
	return out
}

func (s *service) visits() grid.List[visitResponse] {
	return grid.List[visitResponse]{
		Name: "visits", Title: "visitors.visits", Columns: visitColumns(), Sort: "-checkedInAt", ID: idOfVisit, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]visitResponse, db.Found, error) {
			v, err := s.sight(ctx)
			if err != nil {
				return nil, db.Found{}, err
			}
			rows, found, err := s.store.visits(ctx, v, q.Bind("overstay", s.time()).SQL())
			if err != nil {
				return nil, found, err
			}
			items, err := s.showVisits(ctx, rows)
			return items, found, err
		},
	}
}

func (s *service) showVisits(ctx context.Context, rows []visitRow) ([]visitResponse, error) {
	a, err := s.around(ctx, rows)
	now := s.time()
	return grid.Items(rows, func(r visitRow) visitResponse { return a.show(r, now) }), err
}

func (s *service) postVisit(ctx context.Context, in arrival) (visitResponse, error) {
	return s.shownVisit(ctx)(s.arrives(ctx, in))
}

type visitRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) postCheckout(ctx context.Context, in visitRequest) (visitResponse, error) {
	return s.shownVisit(ctx)(s.leaves(ctx, in.ID))
}

// shownVisit shows what a call of the service gave.
func (s *service) shownVisit(ctx context.Context) func(visitRow, error) (visitResponse, error) {
	return func(r visitRow, err error) (visitResponse, error) {
		if err != nil {
			return visitResponse{}, err
		}
		all, err := s.showVisits(ctx, []visitRow{r})
		return all[0], err
	}
}
