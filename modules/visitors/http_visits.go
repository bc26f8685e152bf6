package visitors

import (
	"context"
	"net/http"
	"time"

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
	ID             int64      `json:"id"`
	OrganizationID *int64     `json:"organizationId,omitempty"`
	VisitorID      int64      `json:"visitorId"`
	VisitorName    string     `json:"visitorName"`
	WorkPlace      string     `json:"workPlace,omitempty"`
	CodeID         int64      `json:"codeId,omitempty"`
	HostID         int64      `json:"hostId,omitempty"`
	HostName       string     `json:"hostName,omitempty"`
	Badge          string     `json:"badge,omitempty"`
	Note           string     `json:"note,omitempty"`
	CheckedInAt    time.Time  `json:"checkedInAt"`
	CheckedInBy    int64      `json:"checkedInBy,omitempty" doc:"the user; left out for a door"`
	ExpectedUntil  time.Time  `json:"expectedUntil"`
	CheckedOutAt   *time.Time `json:"checkedOutAt,omitempty"`
	CheckedOutBy   int64      `json:"checkedOutBy,omitempty"`
	Inside         bool       `json:"inside"`
	Overstay       bool       `json:"overstay" doc:"still here, and expected to have left"`
}

func asVisit(r visitRow, v visitorRow, host string, now time.Time) visitResponse {
	out := visitResponse{
		ID: r.ID, OrganizationID: r.OrganizationID, VisitorID: r.VisitorID, VisitorName: nameOf(v), WorkPlace: v.WorkPlace, CodeID: r.CodeID,
		HostID: r.HostID, HostName: host, Badge: r.Badge, Note: r.Note, CheckedInAt: r.CheckedInAt.UTC(), CheckedInBy: r.CheckedInBy,
		ExpectedUntil: r.ExpectedUntil.UTC(), CheckedOutBy: r.CheckedOutBy, Inside: r.CheckedOutAt == nil,
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
		Name: "visits", Title: "visitors.visits", Columns: visitColumns(), Sort: "-checkedInAt", ID: idOfVisit,
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
	people, err := s.store.byIDs(ctx, different(grid.Items(rows, func(r visitRow) int64 { return r.VisitorID })))
	if err != nil {
		return nil, err
	}
	staff, err := s.staff.ByIDs(ctx, different(grid.Items(rows, func(r visitRow) int64 { return r.HostID })))
	now := s.time()
	return grid.Items(rows, func(r visitRow) visitResponse {
		return asVisit(r, people[r.VisitorID], staff[r.HostID].Name, now)
	}), err
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
func (s *service) shownVisit(ctx context.Context) func(visitRow, visitorRow, error) (visitResponse, error) {
	return func(r visitRow, v visitorRow, err error) (visitResponse, error) {
		if err != nil {
			return visitResponse{}, err
		}
		staff, err := s.staff.ByIDs(ctx, different([]int64{r.HostID}))
		return asVisit(r, v, staff[r.HostID].Name, s.time()), err
	}
}
