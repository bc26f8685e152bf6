package employees

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) groupRoutes(r httpx.Router) {
	const path = "/api/v2/employees/groups"
	httpx.List(r, path, employee.ReadGroups, s.groups(), httpx.Doc("Groups of people; who is in one, the list of employees says by its filter group"))
	r.POST(path, employee.Write, httpx.Handle(201, s.postGroup), httpx.Doc("Make a group"))
	r.GET(path+"/:id", employee.ReadGroups, httpx.Handle(200, s.getGroup), httpx.Doc("One group"))
	r.PATCH(path+"/:id", employee.Write, httpx.Handle(200, s.patchGroup), httpx.Doc("Change what is given of a group"))
	r.DELETE(path+"/:id", employee.Write, httpx.Handle(204, s.deleteGroup), httpx.Doc("Delete a group; who is in it stays an employee"))
	r.POST(path+"/:id/members", employee.Write, httpx.Handle(200, s.postMembers), httpx.Doc("Put employees into a group and take others out"))
	r.PUT("/api/v2/employees/:id/groups", employee.Write, httpx.Handle(200, s.putGroups), httpx.Doc("Choose all groups of an employee"))
}

// groupRef names a group.
type groupRef struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// String is how a file shows it.
func (g groupRef) String() string { return g.Name }

type groupResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	Members        *int64    `json:"members,omitempty" doc:"how many; not for a department lead"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func asGroup(g groupRow) groupResponse {
	return groupResponse{
		ID: g.ID, OrganizationID: g.OrganizationID, Name: g.Name, Description: g.Description, CreatedAt: g.CreatedAt.UTC(), UpdatedAt: g.UpdatedAt.UTC(),
	}
}

func (s *service) groups() grid.List[groupResponse] {
	return grid.List[groupResponse]{
		Name: "employee-groups", Title: "employees.groups", Columns: groupColumns, Sort: "name", ID: idOfGroup, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]groupResponse, db.Found, error) {
			rows, found, err := s.store.groups(ctx, q.SQL())
			if err != nil {
				return nil, found, err
			}
			items, err := s.sized(ctx, grid.Items(rows, asGroup)...)
			return items, found, err
		},
	}
}

// sized says how many are in the groups, to those who see all of them.
func (s *service) sized(ctx context.Context, groups ...groupResponse) ([]groupResponse, error) {
	if a, _ := actor.From(ctx); a.Role == actor.DepartmentLead || len(groups) == 0 {
		return groups, nil
	}
	counts, err := s.store.sizes(ctx, grid.Items(groups, func(g groupResponse) int64 { return g.ID }))
	for i, g := range groups {
		members := counts[g.ID]
		groups[i].Members = &members
	}
	return groups, err
}

// shownGroup shows what a call of the service gave.
func (s *service) shownGroup(ctx context.Context) func(groupRow, error) (groupResponse, error) {
	return func(row groupRow, err error) (groupResponse, error) {
		if err != nil {
			return groupResponse{}, err
		}
		groups, err := s.sized(ctx, asGroup(row))
		return groups[0], err
	}
}

type newGroup struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	groupInput
}

func (s *service) postGroup(ctx context.Context, in newGroup) (groupResponse, error) {
	return s.shownGroup(ctx)(s.createGroup(ctx, in.OrganizationID, in.groupInput))
}

func (s *service) getGroup(ctx context.Context, in employeeRequest) (groupResponse, error) {
	return s.shownGroup(ctx)(s.group(ctx, in.ID))
}

type groupPatch struct {
	ID int64 `path:"id" json:"-"`
	groupInput
}

func (s *service) patchGroup(ctx context.Context, in groupPatch) (groupResponse, error) {
	return s.shownGroup(ctx)(s.updateGroup(ctx, in.ID, in.groupInput))
}

func (s *service) deleteGroup(ctx context.Context, in employeeRequest) (struct{}, error) {
	return struct{}{}, s.removeGroup(ctx, in.ID)
}

type membersRequest struct {
	ID int64 `path:"id" json:"-"`
	moves
}

func (s *service) postMembers(ctx context.Context, in membersRequest) (groupResponse, error) {
	if err := s.move(ctx, in.ID, in.moves); err != nil {
		return groupResponse{}, err
	}
	return s.getGroup(ctx, employeeRequest{in.ID})
}

type groupsRequest struct {
	ID       int64   `path:"id" json:"-"`
	GroupIDs []int64 `json:"groupIds"`
}

func (s *service) putGroups(ctx context.Context, in groupsRequest) (employeeResponse, error) {
	return s.shown(ctx)(s.chooseGroups(ctx, in.ID, in.GroupIDs))
}
