package policy

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) groupRoutesV1(r httpx.Router, path string) {
	one := path + "/:id"
	r.GET(path, rule.Read, httpx.Handle(http.StatusOK, s.getGroupsV1), httpx.Lenient(), httpx.Doc("Groups of sites and of applications, a page at a time"))
	r.GET(one, rule.Read, httpx.Handle(http.StatusOK, s.getGroupV1), httpx.Doc("One group, with its resources and its options"))
	r.POST(path, rule.Write, httpx.Handle(http.StatusCreated, s.postGroupV1), httpx.Doc("Make a group"))
	r.PUT(one, rule.Write, httpx.Handle(http.StatusOK, s.putGroupV1), httpx.Doc("Change what is given of a group; its policies get new versions"))
	r.DELETE(one, rule.Write, silent(func(ctx context.Context, id int64) error { return s.removeGroup(ctx, id, true) }), httpx.Doc("Delete a group that no policy has; its resources stay"))
	r.POST(one+"/resources", rule.Write, httpx.Handle(http.StatusCreated, s.postGroupResourcesV1), httpx.Doc("Put resources into a group; its policies get new versions"))
	r.DELETE(one+"/resources/:resourceId", rule.Write, httpx.Handle(http.StatusOK, s.deleteGroupResourceV1), httpx.Doc("Take a resource out of a group; its policies get new versions"))
}

// groupV1 is a group in v1's shape.
type groupV1 struct {
	ID        int64        `json:"id"`
	Name      string       `json:"name"`
	Type      string       `json:"type" enum:"WEBSITE,APPLICATION"`
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
	UpdatedAt httpx.TimeV1 `json:"updatedAt"`
}

func (g groupRow) v1() groupV1 {
	return groupV1{g.ID, g.Name, g.Type, g.IsActive, httpx.TimeV1(g.CreatedAt), httpx.TimeV1(g.UpdatedAt)}
}

// groupNameV1 is a group as it is named beside what has it.
type groupNameV1 struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type" enum:"WEBSITE,APPLICATION"`
}

func (g groupRow) nameV1() groupNameV1 { return groupNameV1{g.ID, g.Name, g.Type} }

type groupCountV1 struct {
	ResourceGroups int `json:"resourceGroups"`
	Options        int `json:"options"`
}

type groupItemV1 struct {
	groupV1
	Count groupCountV1 `json:"_count"`
}

func sorted[T any](names map[string]T) []string { return slices.Sorted(maps.Keys(names)) }

var groupSortsV1 = []string{"id", "name", "type", "isActive", "createdAt", "updatedAt"}

func (s *service) getGroupsV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[groupItemV1], err error) {
	l, err := in.List(ctx, groupSortsV1...)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.groupsV1(ctx, newestFirst(l))
	if err != nil {
		return page, err
	}
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	ids := make([]int64, len(rows))
	for i, g := range rows {
		ids[i] = g.ID
	}
	values, _, err := s.store.counts(ctx, ids)
	if err != nil {
		return page, err
	}
	options := numbers{}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.optionsFor(ctx, tx, ids)
		for _, o := range rows {
			options[o.GroupID]++
		}
		return err
	})
	for _, g := range rows {
		page.Data = append(page.Data, groupItemV1{g.v1(), groupCountV1{values[g.ID], options[g.ID]}})
	}
	return page, err
}

type groupResponseV1 struct {
	groupV1
	ResourceGroups []membershipV1   `json:"resourceGroups"`
	Options        []policyOptionV1 `json:"options"`
	Count          groupCountV1     `json:"_count"`
}

// membershipV1 is a resource as it stands in a group.
type membershipV1 struct {
	ID         int64        `json:"id"`
	ResourceID int64        `json:"resourceId"`
	GroupID    int64        `json:"groupId"`
	CreatedAt  httpx.TimeV1 `json:"createdAt"`
	Resource   resourceV1   `json:"resource"`
}

func (s *service) getGroupV1(ctx context.Context, in idRequest) (out groupResponseV1, err error) {
	ctx, row, _, err := s.enterGroup(ctx, "read", in.ID)
	if err != nil {
		return out, err
	}
	out.groupV1 = row.v1()
	if out.ResourceGroups, err = s.membersV1(ctx, in.ID); err != nil {
		return out, err
	}
	out.Options, err = s.optionsOfGroup(ctx, in.ID)
	out.Count = groupCountV1{len(out.ResourceGroups), len(out.Options)}
	return out, err
}

func (s *service) membersV1(ctx context.Context, groupID int64) ([]membershipV1, error) {
	var members []memberRow
	resources := map[int64]resourceRow{}
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if members, err = s.store.memberships(ctx, tx, nil, groupID); err != nil {
			return err
		}
		ids := make([]int64, len(members))
		for i, m := range members {
			ids[i] = m.ResourceID
		}
		rows, err := s.store.resourcesIn(ctx, tx, ids)
		for _, r := range rows {
			resources[r.ID] = r
		}
		return err
	})
	list := make([]membershipV1, len(members))
	for i, m := range members {
		list[i] = membershipV1{m.ID, m.ResourceID, m.GroupID, httpx.TimeV1(m.CreatedAt), resources[m.ResourceID].v1()}
	}
	return list, err
}

// createGroupV1 is what v1's clients say of a group.
type createGroupV1 struct {
	Name           string `json:"name"`
	Type           string `json:"type" enum:"WEBSITE,APPLICATION"`
	IsActive       *bool  `json:"isActive,omitempty" doc:"true if not given"`
	OrganizationID *int64 `json:"organizationId,omitempty" doc:"for an actor of no organization, where there are several"`
}

func (s *service) postGroupV1(ctx context.Context, in createGroupV1) (out groupV1, err error) {
	wanted := groupInput{Name: in.Name, Type: in.Type, IsActive: in.IsActive}
	if err := wanted.Validate(); err != nil {
		return out, err
	}
	organizationID, err := s.oneOf(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	row, err := s.createGroup(ctx, organizationID, wanted)
	return row.v1(), err
}

type updateGroupV1 struct {
	ID       int64   `path:"id" json:"-"`
	Name     *string `json:"name,omitempty"`
	Type     *string `json:"type,omitempty" enum:"WEBSITE,APPLICATION"`
	IsActive *bool   `json:"isActive,omitempty"`
}

func (s *service) putGroupV1(ctx context.Context, in updateGroupV1) (out groupV1, err error) {
	err = s.changeGroup(ctx, in.ID, func(row groupRow, values []string) (groupInput, error) {
		wanted := groupInput{Name: row.Name, Type: row.Type, IsActive: &row.IsActive}
		override(&wanted.Name, in.Name)
		override(&wanted.Type, in.Type)
		override(wanted.IsActive, in.IsActive)
		err := wanted.Validate()
		wanted.Values = values // they stay as they are
		return wanted, err
	})
	if err != nil {
		return out, inWordsV1(err)
	}
	_, row, _, err := s.enterGroup(ctx, "read", in.ID)
	return row.v1(), err
}

type groupResourcesV1 struct {
	ID          int64   `path:"id" json:"-"`
	ResourceIDs []int64 `json:"resourceIds"`
}

// Validate wants resources.
func (r *groupResourcesV1) Validate() error {
	var f fault.Fields
	switch {
	case r.ResourceIDs == nil:
		f.Add("resourceIds", "required", nil)
	case len(r.ResourceIDs) > rule.MaxEntries:
		f.Add("resourceIds", codeTooMany, fault.Params{"Max": rule.MaxEntries})
	}
	return f.Err()
}

type addedV1 struct {
	Added int `json:"added"`
}

func (s *service) postGroupResourcesV1(ctx context.Context, in groupResourcesV1) (addedV1, error) {
	added, err := s.addToGroup(ctx, in.ID, in.ResourceIDs)
	return addedV1{added}, inWordsV1(err)
}

type groupResourceV1 struct {
	ID         int64 `path:"id" json:"-"`
	ResourceID int64 `path:"resourceId" json:"-"`
}

type messageV1 struct {
	Message string `json:"message"`
}

func (s *service) deleteGroupResourceV1(ctx context.Context, in groupResourceV1) (messageV1, error) {
	return messageV1{"Resource removed from group"}, s.takeFromGroup(ctx, in.ID, in.ResourceID)
}
