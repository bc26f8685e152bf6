package computers

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (m *Module) routes(r httpx.Router) {
	httpx.List(r, "/api/v2/computers", computer.Read, m.computers(), httpx.Doc("Computers that reported, by their id on the network."))
	r.GET("/api/v2/computers/duplicates", computer.Read, httpx.Handle(http.StatusOK, m.duplicates), httpx.Doc("Computers that look like one machine, by network address or by name; the newest first."))
	r.GET("/api/v2/computers/:id", computer.Read, httpx.Handle(http.StatusOK, m.computer), httpx.Doc("One computer, also one that is merged into another."))
	r.GET("/api/v2/computers/:id/states", computer.Read, httpx.Handle(http.StatusOK, m.states), httpx.Doc("When the computer was online and offline, and why; the newest first."))
	r.POST("/api/v2/computers/:id/merge", computer.Link, httpx.Handle(http.StatusNoContent, m.merge), httpx.Doc("Say that a computer is another one, set up anew: that one shows what both report."))
	r.POST("/api/v2/computers/:id/split", computer.Link, httpx.Handle(http.StatusNoContent, m.split), httpx.Doc("Undo a merge."))
	httpx.List(r, "/api/v2/computers/users", computer.Read, m.users(), httpx.Doc("Windows users by SID, each with the employee that it is now. linked=false: those who are nobody yet."))
	r.POST("/api/v2/computers/users/:id/link", computer.Link, httpx.Handle(http.StatusNoContent, m.link), httpx.Doc("Say which employee a Windows user is."))
	r.POST("/api/v2/computers/users/:id/unlink", computer.Link, httpx.Handle(http.StatusNoContent, m.unlink), httpx.Doc("Say that a Windows user is nobody's from now on."))
}

func (m *Module) computers() grid.List[computerResponse] {
	return grid.List[computerResponse]{
		Name: "computers", Title: "computers.list", Columns: computerColumns, Sort: "name,computerUid", ID: idOfComputer, Prepare: m.service.inDepartments, DB: m.service.store.db,
		Read: func(ctx context.Context, q grid.Query) (items []computerResponse, found db.Found, err error) {
			v, err := m.service.look(ctx)
			if err != nil {
				return nil, found, err
			}
			q = q.Bind("users", v.now, v.now, v.sight.all, v.sight.employees)
			rows, found, err := m.service.store.computers(ctx, q.SQL(), v)
			if err != nil {
				return nil, found, err
			}
			items, err = m.show(ctx, rows)
			return items, found, err
		},
	}
}

type userResponse struct {
	ID           int64            `json:"id"`
	SID          string           `json:"sid"`
	Name         string           `json:"name"`
	Domain       string           `json:"domain"`
	Username     string           `json:"username"`
	IsAdmin      bool             `json:"isAdmin"`
	IsInDomain   bool             `json:"isInDomain"`
	EmployeeID   *int64           `json:"employeeId,omitempty"`
	EmployeeName string           `json:"employeeName,omitempty"`
	Computers    []computerOfUser `json:"computers"`
	CreatedAt    time.Time        `json:"createdAt"`
}

// computerOfUser is a computer on which a Windows user was seen.
type computerOfUser struct {
	ID   int64  `json:"id"`
	Name string `json:"name" doc:"what it is called, else its id on the network"`
}

// String is how a table of users shows the computer.
func (c computerOfUser) String() string { return c.Name }

func (m *Module) users() grid.List[userResponse] {
	return grid.List[userResponse]{
		Name: "windows-users", Title: "computers.users", Columns: userColumns, Sort: "sid", ID: idOfUser, DB: m.service.store.db,
		Read: func(ctx context.Context, q grid.Query) (items []userResponse, found db.Found, err error) {
			v, err := m.service.look(ctx)
			if err != nil {
				return nil, found, err
			}
			for _, column := range []string{"employeeName", "employeeId", "linked"} {
				q = q.Bind(column, v.now, v.now)
			}
			rows, found, err := m.service.store.users(ctx, q.SQL(), v)
			if err != nil {
				return nil, found, err
			}
			items, err = m.describe(ctx, rows)
			return items, found, err
		},
	}
}

// describe adds to users the names of their employees and their computers.
func (m *Module) describe(ctx context.Context, rows []linkedUser) ([]userResponse, error) {
	var userIDs, employeeIDs []int64
	for _, r := range rows {
		userIDs = append(userIDs, r.ID)
		if r.EmployeeID != nil {
			employeeIDs = append(employeeIDs, *r.EmployeeID)
		}
	}
	computers, err := m.service.store.computersOf(ctx, userIDs)
	if err != nil {
		return nil, err
	}
	people, err := m.service.staff.ByIDs(ctx, employeeIDs)
	if err != nil {
		return nil, err
	}
	items := make([]userResponse, len(rows))
	for i, r := range rows {
		items[i] = userResponse{
			ID: r.ID, SID: r.SID, Name: r.Name, Domain: text(r.Domain), Username: r.Username, IsAdmin: r.Admin, IsInDomain: r.InDomain,
			EmployeeID: r.EmployeeID, Computers: append([]computerOfUser{}, computers[r.ID]...), CreatedAt: r.CreatedAt,
		}
		if r.EmployeeID != nil {
			items[i].EmployeeName = people[*r.EmployeeID].Name
		}
	}
	return items, nil
}

type linkRequest struct {
	ID         int64 `path:"id" json:"-"`
	EmployeeID int64 `json:"employeeId"`
	// From is when the user began to be the employee; without it, always if nobody was linked before, else now.
	From *time.Time `json:"from,omitempty"`
}

// Validate wants an employee.
func (r *linkRequest) Validate() error {
	var f fault.Fields
	if r.EmployeeID == 0 {
		f.Add("employeeId", "required", nil)
	}
	return f.Err()
}

func (m *Module) link(ctx context.Context, in linkRequest) (struct{}, error) {
	if in.From != nil {
		from := in.From.UTC().Truncate(time.Microsecond)
		in.From = &from
	}
	return struct{}{}, m.service.link(ctx, in.ID, in.EmployeeID, in.From)
}

type unlinkRequest struct {
	ID int64 `path:"id" json:"-"`
	// Mistake takes the link back, as if nobody had made it.
	Mistake bool `query:"mistake" json:"-" doc:"the link was wrong: it never was, and whom it took the place of goes on"`
}

func (m *Module) unlink(ctx context.Context, in unlinkRequest) (struct{}, error) {
	return struct{}{}, m.service.unlink(ctx, in.ID, in.Mistake)
}
