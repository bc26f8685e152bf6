package policy

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routesOfGroups(r httpx.Router) {
	groups := prefix + "/groups"
	one := groups + "/:id"
	httpx.List(r, groups, rule.Read, s.groups(), httpx.Doc("Groups of sites and of applications."))
	r.POST(groups, rule.Write, httpx.Handle(http.StatusCreated, s.postGroup), httpx.Doc("Make a group."))
	r.GET(one, rule.Read, httpx.Handle(http.StatusOK, s.getGroup), httpx.Doc("One group with its values."))
	r.PUT(one, rule.Write, httpx.Handle(http.StatusOK, s.replaceGroup), httpx.Doc("Change a group, whole. The policies that it is part of get new versions."))
	r.POST(one+"/values", rule.Write, httpx.Handle(http.StatusOK, s.postValues), httpx.Doc("Put values into a group and take others out."))
	r.DELETE(one, rule.Write, httpx.Handle(http.StatusNoContent, s.deleteGroup), httpx.Doc("Delete a group that no policy has."))
}

// groupItem is a group in the list.
type groupItem struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	Type           string    `json:"type" enum:"WEBSITE,APPLICATION"`
	IsActive       bool      `json:"isActive"`
	Values         int       `json:"values" doc:"how many"`
	Policies       int       `json:"policies" doc:"that it is part of"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func (s *service) groups() grid.List[groupItem] {
	return grid.List[groupItem]{
		Name: "policy-groups", Title: "policy.groups", Columns: groupColumns, Sort: "name", ID: idOfGroup, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]groupItem, db.Found, error) {
			rows, found, err := s.store.groupsPage(ctx, q.SQL())
			if err != nil {
				return nil, found, err
			}
			values, policies, err := s.store.counts(ctx, grid.Items(rows, func(g groupRow) int64 { return g.ID }))
			return grid.Items(rows, func(g groupRow) groupItem {
				return groupItem{g.ID, g.OrganizationID, g.Name, g.Type, g.IsActive, values[g.ID], policies[g.ID], g.CreatedAt.UTC(), g.UpdatedAt.UTC()}
			}), found, err
		},
	}
}

type groupResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Name           string    `json:"name"`
	Type           string    `json:"type" enum:"WEBSITE,APPLICATION"`
	IsActive       bool      `json:"isActive"`
	Values         []string  `json:"values"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func (s *service) getGroup(ctx context.Context, in idRequest) (groupResponse, error) {
	_, g, values, err := s.enterGroup(ctx, "read", in.ID)
	return groupResponse{g.ID, g.OrganizationID, g.Name, g.Type, g.IsActive, values, g.CreatedAt.UTC(), g.UpdatedAt.UTC()}, err
}

type createGroupRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	groupInput
}

func (s *service) postGroup(ctx context.Context, in createGroupRequest) (groupResponse, error) {
	row, err := s.createGroup(ctx, in.OrganizationID, in.groupInput)
	if err != nil {
		return groupResponse{}, err
	}
	return s.getGroup(ctx, idRequest{row.ID})
}

type updateGroupRequest struct {
	ID int64 `path:"id" json:"-"`
	groupInput
}

func (s *service) replaceGroup(ctx context.Context, in updateGroupRequest) (groupResponse, error) {
	if err := s.updateGroup(ctx, in.ID, in.groupInput); err != nil {
		return groupResponse{}, err
	}
	return s.getGroup(ctx, idRequest{in.ID})
}

type valuesRequest struct {
	ID     int64    `path:"id" json:"-"`
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Validate brings the values to the form in which they are kept; what is wrong with them is found when they are put in.
func (r *valuesRequest) Validate() error {
	var f fault.Fields
	if len(r.Add)+len(r.Remove) == 0 {
		f.Add("add", "required", nil)
	}
	r.Add, r.Remove = tidyList(r.Add, true), tidyList(r.Remove, true)
	return f.Err()
}

func (s *service) postValues(ctx context.Context, in valuesRequest) (groupResponse, error) {
	if err := s.changeValues(ctx, in.ID, in.Add, in.Remove); err != nil {
		return groupResponse{}, err
	}
	return s.getGroup(ctx, idRequest{in.ID})
}

func (s *service) deleteGroup(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.removeGroup(ctx, in.ID, false)
}
