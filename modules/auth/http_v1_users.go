package auth

import (
	"context"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) userRoutesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/users", "/api/users"} {
		r.GET(path, identity.ReadUsers, httpx.Handle(200, s.getUsersV1), httpx.Lenient(), httpx.Doc("All users, a page at a time"))
		r.POST(path, identity.WriteUsers, httpx.Handle(201, s.postUserV1), httpx.Doc("Make a user"))
		r.GET(path+"/roles", identity.ReadUsers, httpx.Handle(200, s.getRolesV1), httpx.Doc("The roles that users may have"))
		r.GET(path+"/me", actor.SignedIn, httpx.Handle(200, s.getMeV1), httpx.Doc("Who you are"))
		r.PUT(path+"/me", actor.SignedIn, httpx.Handle(200, s.putMeV1), httpx.Doc("Change your name, or with your password your user name or password"))
		r.GET(path+"/:id", identity.ReadUsers, httpx.Handle(200, s.getUserV1), httpx.Doc("One user"))
		r.PUT(path+"/:id", identity.WriteUsers, httpx.Handle(200, s.putUserV1), httpx.Doc("Change a user"))
		r.DELETE(path+"/:id", identity.WriteUsers, httpx.Handle(200, s.deleteUserV1), httpx.Doc("Make a user inactive and end its sign-ins"))
		r.POST(path+"/:id/assign-department", identity.WriteUsers, httpx.Handle(201, s.assignDepartmentV1), httpx.Doc("Give a department lead more departments"))
		r.POST(path+"/:id/change-role", identity.WriteUsers, httpx.Handle(201, s.changeRoleV1), httpx.Doc("Give a user another role"))
		r.POST(path+"/:id/assign-organization", identity.WriteUsers, httpx.Handle(201, s.assignOrganizationV1), httpx.Doc("Move a user to another organization"))
	}
}

// userV1 is a user in v1's shape, without the hash of the password that v1 showed.
type userV1 struct {
	ID             int64        `json:"id"`
	Name           string       `json:"name"`
	Username       string       `json:"username"`
	OrganizationID *int64       `json:"organizationId"`
	Role           string       `json:"role" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
	IsActive       bool         `json:"isActive"`
	CreatedAt      httpx.TimeV1 `json:"createdAt"`
	UpdatedAt      httpx.TimeV1 `json:"updatedAt"`
}

func asUserV1(u userRow) userV1 {
	return userV1{
		ID: u.ID, Name: u.Name, Username: u.Username, OrganizationID: u.OrganizationID, Role: u.Role, IsActive: u.IsActive,
		CreatedAt: httpx.TimeV1(u.CreatedAt), UpdatedAt: httpx.TimeV1(u.UpdatedAt),
	}
}

type listedUserV1 struct {
	userV1
	DepartmentUsers []departmentUserV1 `json:"departmentUsers"`
}

type departmentUserV1 struct {
	DepartmentID int64 `json:"departmentId"`
}

func (s *service) getUsersV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[listedUserV1], err error) {
	if in.Order == nil {
		in.Sort = nil // as in v1, where a name alone did nothing
	}
	l, err := in.List(ctx, userSortsV1...)
	if err != nil {
		return page, err
	}
	rows, departments, total, err := s.store.usersV1(ctx, l)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, u := range rows {
		item := listedUserV1{asUserV1(u), []departmentUserV1{}}
		for _, d := range departments[u.ID] {
			item.DepartmentUsers = append(item.DepartmentUsers, departmentUserV1{d})
		}
		page.Data = append(page.Data, item)
	}
	return page, err
}

func (s *service) getRolesV1(context.Context, struct{}) ([]string, error) {
	return []string{"ADMIN", "HR", "DEPARTMENT_LEAD", "GUARD"}, nil
}

func (s *service) getMeV1(ctx context.Context, _ struct{}) (userV1, error) {
	u, _, err := s.me(ctx)
	return asUserV1(u), err
}

func (s *service) getUserV1(ctx context.Context, in idRequest) (userV1, error) {
	u, _, err := s.user(ctx, in.ID)
	return asUserV1(u), err
}

// userBodyV1 is what v1 let be said of a user.
type userBodyV1 struct {
	OrganizationID *int64  `json:"organizationId,omitempty" doc:"of all but ADMIN"`
	Name           *string `json:"name,omitempty"`
	Username       *string `json:"username,omitempty"`
	Password       *string `json:"password,omitempty"`
	Role           *string `json:"role,omitempty" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
	IsActive       *bool   `json:"isActive,omitempty"`
}

func (in userBodyV1) input() userInput {
	return userInput{
		OrganizationID: in.OrganizationID, Name: in.Name, Username: in.Username, Password: in.Password, Role: in.Role, IsActive: in.IsActive,
	}
}

func (s *service) postUserV1(ctx context.Context, in userBodyV1) (userV1, error) {
	u, err := s.createUser(ctx, in.input())
	return asUserV1(u), err
}

func (s *service) putMeV1(ctx context.Context, in profileInput) (userV1, error) {
	if err := s.changeProfile(ctx, in); err != nil {
		return userV1{}, err
	}
	return s.getMeV1(ctx, struct{}{})
}

type userChangeV1 struct {
	ID int64 `path:"id" json:"-"`
	userBodyV1
}

func (s *service) putUserV1(ctx context.Context, in userChangeV1) (userV1, error) {
	a, _ := actor.From(ctx)
	if a.UserID == in.ID { // users/me is for that
		return userV1{}, errSelf
	}
	return s.changedV1(ctx, in.ID, in.input())
}

// changedV1 changes a user and returns it.
func (s *service) changedV1(ctx context.Context, id int64, in userInput) (userV1, error) {
	in.move = true
	if _, err := s.updateUser(ctx, id, in); err != nil {
		return userV1{}, err
	}
	return s.getUserV1(ctx, idRequest{id})
}

func (s *service) deleteUserV1(ctx context.Context, in idRequest) (userV1, error) {
	if err := s.deactivateUser(ctx, in.ID); err != nil {
		return userV1{}, err
	}
	return s.getUserV1(ctx, in)
}

func (s *service) assignDepartmentV1(ctx context.Context, in departmentsRequest) (userV1, error) {
	if in.DepartmentIDs == nil {
		var f fault.Fields
		f.Add("departmentIds", "required", nil)
		return userV1{}, f.Err()
	}
	_, err := s.lead(ctx, in.ID, func(before []int64) []int64 { return append(before, in.DepartmentIDs...) })
	if err != nil {
		return userV1{}, err
	}
	return s.getUserV1(ctx, idRequest{in.ID})
}

type roleRequest struct {
	ID   int64  `path:"id" json:"-"`
	Role string `json:"role" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
}

func (s *service) changeRoleV1(ctx context.Context, in roleRequest) (userV1, error) {
	return s.changedV1(ctx, in.ID, userInput{Role: &in.Role})
}

type organizationRequest struct {
	ID             int64 `path:"id" json:"-"`
	OrganizationID int64 `json:"organizationId"`
}

func (s *service) assignOrganizationV1(ctx context.Context, in organizationRequest) (userV1, error) {
	return s.changedV1(ctx, in.ID, userInput{OrganizationID: &in.OrganizationID})
}
