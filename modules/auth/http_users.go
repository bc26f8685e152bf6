package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) userRoutes(r httpx.Router) {
	const path = "/api/v2/users"
	httpx.List(r, path, identity.ReadUsers, s.users(), httpx.Doc("All users"))
	r.POST(path, identity.WriteUsers, httpx.Handle(201, s.postUser), httpx.Doc("Make a user"))
	r.GET(path+"/:id", identity.ReadUsers, httpx.Handle(200, s.getUser), httpx.Doc("One user"))
	r.PATCH(path+"/:id", identity.WriteUsers, httpx.Handle(200, s.patchUser), httpx.Doc("Change a user"))
	r.DELETE(path+"/:id", identity.WriteUsers, httpx.Handle(204, s.deleteUser), httpx.Doc("Make a user inactive and end its sign-ins"))
	s.historyRoutes(r)
	r.PUT(path+"/:id/departments", identity.WriteUsers, httpx.Handle(200, s.putDepartments), httpx.Doc("Say which departments a department lead leads"))
}

type idRequest struct {
	ID int64 `path:"id" json:"-"`
}

type listRequest struct {
	OrganizationID int64  `query:"organizationId"`
	After          string `query:"after"`
	Limit          int    `query:"limit"`
}

// place reads the cursor of a list by id.
func (r listRequest) place() (after int64, err error) {
	if r.After != "" {
		err = db.ParseCursor(r.After, &after)
	}
	return after, err
}

// userResponse has no field for the password, not even hashed.
type userResponse struct {
	ID             int64     `json:"id"`
	OrganizationID int64     `json:"organizationId,omitzero"`
	Name           string    `json:"name"`
	Username       string    `json:"username"`
	Role           string    `json:"role" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
	Language       string    `json:"language,omitempty"`
	DepartmentIDs  []int64   `json:"departmentIds,omitempty"`
	IsActive       bool      `json:"isActive"`
	MustChange     bool      `json:"mustChangePassword,omitempty" doc:"at the next sign-in"`
	LockedUntil    time.Time `json:"lockedUntil,omitzero"`
	LastSignInAt   time.Time `json:"lastSignInAt,omitzero" doc:"in lists only"`
	Sessions       int       `json:"sessions,omitzero" doc:"in lists only: how many sign-ins last"`
	CreatedAt      time.Time `json:"createdAt"`
	UpdatedAt      time.Time `json:"updatedAt"`
}

func asUser(u userRow, departments []int64) userResponse {
	return userResponse{
		ID: u.ID, OrganizationID: u.organization(), Name: u.Name, Username: u.Username, Role: u.Role, Language: u.Language,
		DepartmentIDs: departments, IsActive: u.IsActive, MustChange: u.MustChange, LockedUntil: u.LockedUntil.UTC(),
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}

// accountResponse is a user with what guards its sign-in.
type accountResponse struct {
	userResponse
	SecondStep bool `json:"secondStep" doc:"whether it signs in with a code, too"`
}

func (s *service) users() grid.List[accountResponse] {
	return grid.List[accountResponse]{
		Name: "users", Title: "auth.users", Columns: userColumns, Sort: "name", ID: idOfUser, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]accountResponse, db.Found, error) {
			now := s.time()
			rows, found, err := s.store.users(ctx, q.Bind("sessions", now).SQL(), now)
			if err != nil {
				return nil, found, err
			}
			ids := make([]int64, len(rows))
			for i, u := range rows {
				ids[i] = u.ID
			}
			have, err := s.store.secondSteps(ctx, ids)
			return grid.Items(rows, func(u listedUser) accountResponse {
				out := accountResponse{asUser(u.userRow, nil), have[u.ID]}
				out.LastSignInAt, out.Sessions = u.LastSignInAt.UTC(), u.Sessions
				return out
			}), found, err
		},
	}
}

func (s *service) postUser(ctx context.Context, in userInput) (accountResponse, error) {
	u, err := s.createUser(ctx, in)
	return accountResponse{userResponse: asUser(u, nil)}, err
}

func (s *service) getUser(ctx context.Context, in idRequest) (accountResponse, error) {
	u, departments, err := s.user(ctx, in.ID)
	if err != nil {
		return accountResponse{}, err
	}
	have, err := s.store.secondSteps(ctx, []int64{in.ID})
	return accountResponse{asUser(u, departments), have[u.ID]}, err
}

type userPatch struct {
	ID int64 `path:"id" json:"-"`
	userInput
}

func (s *service) patchUser(ctx context.Context, in userPatch) (accountResponse, error) {
	if _, err := s.updateUser(ctx, in.ID, in.userInput); err != nil {
		return accountResponse{}, err
	}
	return s.getUser(ctx, idRequest{in.ID})
}

func (s *service) deleteUser(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.deactivateUser(ctx, in.ID)
}

type departmentsRequest struct {
	ID            int64   `path:"id" json:"-"`
	DepartmentIDs []int64 `json:"departmentIds"`
}

func (s *service) putDepartments(ctx context.Context, in departmentsRequest) (accountResponse, error) {
	if _, err := s.assign(ctx, in.ID, in.DepartmentIDs); err != nil {
		return accountResponse{}, err
	}
	return s.getUser(ctx, idRequest{in.ID})
}
