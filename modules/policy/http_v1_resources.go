package policy

import (
	"context"
	"fmt"
	"net/http"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) resourceRoutesV1(r httpx.Router, path string) {
	one := path + "/:id"
	r.GET(path, rule.Read, httpx.Handle(http.StatusOK, s.getResourcesV1), httpx.Lenient(), httpx.Doc("Sites and applications, a page at a time"))
	r.GET(one, rule.Read, httpx.Handle(http.StatusOK, s.getResourceV1), httpx.Doc("One site or application, with its groups"))
	r.POST(path, rule.Write, httpx.Handle(http.StatusCreated, s.postResourceV1), httpx.Doc("Make a site or an application known"))
	r.POST(path+"/bulk", rule.Write, httpx.Handle(http.StatusCreated, s.postResourcesV1), httpx.Doc("Make many known; those that are known are skipped"))
	r.PUT(one, rule.Write, httpx.Handle(http.StatusOK, s.putResourceV1), httpx.Doc("Change what is given of a site or an application; the policies that have it get new versions"))
	r.DELETE(one, rule.Write, silent(s.removeResource), httpx.Doc("Forget a site or an application that is in no group"))
}

// resourceV1 is a resource in v1's shape.
type resourceV1 struct {
	ID        int64        `json:"id"`
	Value     string       `json:"value"`
	Type      string       `json:"type" enum:"WEBSITE,APPLICATION"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
}

func (r resourceRow) v1() resourceV1 {
	return resourceV1{r.ID, r.Value, r.Type, httpx.TimeV1(r.CreatedAt)}
}

type resourceCountV1 struct {
	ResourceGroups int `json:"resourceGroups"`
}

type resourceItemV1 struct {
	resourceV1
	Count resourceCountV1 `json:"_count"`
}

var resourceSortsV1 = []string{"id", "value", "type", "createdAt"}

func (s *service) getResourcesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[resourceItemV1], err error) {
	l, err := in.List(ctx, resourceSortsV1...)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.resourcesV1(ctx, newestFirst(l))
	if err != nil {
		return page, err
	}
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	groups := numbers{}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		members, err := s.store.memberships(ctx, tx, ids)
		for _, m := range members {
			groups[m.ResourceID]++
		}
		return err
	})
	for _, r := range rows {
		page.Data = append(page.Data, resourceItemV1{r.v1(), resourceCountV1{groups[r.ID]}})
	}
	return page, err
}

type resourceResponseV1 struct {
	resourceV1
	ResourceGroups []resourceGroupV1 `json:"resourceGroups"`
	Count          resourceCountV1   `json:"_count"`
}

// resourceGroupV1 is a group as it stands in a resource.
type resourceGroupV1 struct {
	ID         int64        `json:"id"`
	ResourceID int64        `json:"resourceId"`
	GroupID    int64        `json:"groupId"`
	CreatedAt  httpx.TimeV1 `json:"createdAt"`
	Group      groupNameV1  `json:"group"`
}

func (s *service) getResourceV1(ctx context.Context, in idRequest) (out resourceResponseV1, err error) {
	ctx, row, err := s.enterResource(ctx, "read", in.ID)
	if err != nil {
		return out, err
	}
	out.resourceV1, out.ResourceGroups = row.v1(), []resourceGroupV1{}
	var members []memberRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		members, err = s.store.memberships(ctx, tx, []int64{in.ID})
		return err
	})
	if err != nil {
		return out, err
	}
	groups, err := s.groupsByID(ctx)
	for _, m := range members {
		out.ResourceGroups = append(out.ResourceGroups, resourceGroupV1{m.ID, m.ResourceID, m.GroupID, httpx.TimeV1(m.CreatedAt), groups[m.GroupID].nameV1()})
	}
	out.Count.ResourceGroups = len(members)
	return out, err
}

// groupsByID returns the groups that the actor sees.
func (s *service) groupsByID(ctx context.Context) (map[int64]groupRow, error) {
	of := map[int64]groupRow{}
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.groups(ctx, tx)
		for _, g := range rows {
			of[g.ID] = g
		}
		return err
	})
	return of, err
}

type createResourceV1 struct {
	resourceInput
	OrganizationID *int64 `json:"organizationId,omitempty" doc:"for an actor of no organization, where there are several"`
}

// Validate wants a value that can be kept.
func (r *createResourceV1) Validate() error {
	var f fault.Fields
	r.check(&f, "")
	return f.Err()
}

func (s *service) postResourceV1(ctx context.Context, in createResourceV1) (out resourceV1, err error) {
	organizationID, err := s.oneOf(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	made, err := s.createResources(ctx, organizationID, []resourceInput{in.resourceInput})
	if err != nil {
		return out, inWordsV1(err)
	}
	return made[0].v1(), nil
}

// createResourcesV1 is a list of resources: the body is nothing else.
type createResourcesV1 []createResourceV1

// maxBulk bounds one request.
const maxBulk = 1000

// Validate wants values that can be kept, all of one organization.
func (r *createResourcesV1) Validate() error {
	var f fault.Fields
	list := *r
	switch {
	case len(list) == 0:
		f.Add("resources", "required", nil)
	case len(list) > maxBulk:
		f.Add("resources", codeTooMany, fault.Params{"Max": maxBulk})
		return f.Err()
	}
	for i := range list {
		list[i].check(&f, fmt.Sprintf("[%d].", i))
		if of := list[i].OrganizationID; of != nil && (list[0].OrganizationID == nil || *of != *list[0].OrganizationID) {
			f.Add(fmt.Sprintf("[%d].organizationId", i), "wrong_format", nil)
		}
	}
	return f.Err()
}

// bulkV1 says what became of a list.
type bulkV1 struct {
	Created int `json:"created"`
	Skipped int `json:"skipped"`
}

func (s *service) postResourcesV1(ctx context.Context, in createResourcesV1) (out bulkV1, err error) {
	organizationID, err := s.oneOf(ctx, in[0].OrganizationID)
	if err != nil {
		return out, err
	}
	list := make([]resourceInput, len(in))
	for i, r := range in {
		list[i] = r.resourceInput
	}
	made, err := s.createResources(ctx, organizationID, list)
	return bulkV1{len(made), len(list) - len(made)}, inWordsV1(err)
}

type updateResourceV1 struct {
	ID    int64   `path:"id" json:"-"`
	Type  *string `json:"type,omitempty" enum:"WEBSITE,APPLICATION"`
	Value *string `json:"value,omitempty"`
}

func (s *service) putResourceV1(ctx context.Context, in updateResourceV1) (resourceV1, error) {
	row, err := s.changeResource(ctx, in.ID, func(is resourceInput) (resourceInput, error) {
		override(&is.Type, in.Type)
		if in.Value == nil {
			return is, nil
		}
		is.Value = *in.Value
		var f fault.Fields
		is.check(&f, "")
		return is, f.Err()
	})
	return row.v1(), inWordsV1(err)
}
