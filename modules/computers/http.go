package computers

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (m *Module) routes(r httpx.Router) {
	r.GET("/api/v2/computers", computer.Read, httpx.Handle(http.StatusOK, m.list), httpx.Doc("Computers that reported, by their id on the network."))
	r.GET("/api/v2/computers/users", computer.Read, httpx.Handle(http.StatusOK, m.listUsers), httpx.Doc("Windows users by SID, each with the employee that it is now. linked=false: those who are nobody yet."))
	r.POST("/api/v2/computers/users/:id/link", computer.Link, httpx.Handle(http.StatusNoContent, m.link), httpx.Doc("Say which employee a Windows user is."))
	r.POST("/api/v2/computers/users/:id/unlink", computer.Link, httpx.Handle(http.StatusNoContent, m.unlink), httpx.Doc("Say that a Windows user is nobody's from now on."))
}

type listRequest struct {
	Search string `query:"search"`
	Limit  int    `query:"limit"`
	After  string `query:"after"`
}

type listUsersRequest struct {
	Search string `query:"search"`
	Linked *bool  `query:"linked"`
	Limit  int    `query:"limit"`
	After  string `query:"after"`
}

func newListQuery(search, after string, limit int) (q listQuery, err error) {
	q = listQuery{search: search, limit: db.Limit(limit)}
	if after != "" {
		err = db.ParseCursor(after, &q.after.text, &q.after.id)
	}
	return q, err
}

type computerResponse struct {
	ID           int64      `json:"id"`
	ComputerUID  string     `json:"computerUid"`
	Name         string     `json:"name"`
	OS           string     `json:"os"`
	IPAddress    string     `json:"ipAddress"`
	MACAddress   string     `json:"macAddress"`
	AgentVersion string     `json:"agentVersion"`
	LastSeenAt   *time.Time `json:"lastSeenAt,omitempty"`
	IsActive     bool       `json:"isActive"`
	CreatedAt    time.Time  `json:"createdAt"`
}

func (m *Module) list(ctx context.Context, in listRequest) (page httpx.Page[computerResponse], err error) {
	q, err := newListQuery(in.Search, in.After, in.Limit)
	if err != nil {
		return page, err
	}
	rows, err := m.service.list(ctx, q)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, q.limit, func(r computerRow) []any { return []any{r.UID, r.ID} })
	for _, r := range rows {
		page.Items = append(page.Items, computerResponse{
			ID: r.ID, ComputerUID: r.UID, Name: r.Name, OS: text(r.OS), IPAddress: text(r.IPAddress), MACAddress: text(r.MACAddress),
			AgentVersion: text(r.AgentVersion), LastSeenAt: r.LastSeenAt, IsActive: r.Active, CreatedAt: r.CreatedAt,
		})
	}
	return page, nil
}

type userResponse struct {
	ID           int64     `json:"id"`
	SID          string    `json:"sid"`
	Name         string    `json:"name"`
	Domain       string    `json:"domain"`
	Username     string    `json:"username"`
	IsAdmin      bool      `json:"isAdmin"`
	IsInDomain   bool      `json:"isInDomain"`
	EmployeeID   *int64    `json:"employeeId,omitempty"`
	EmployeeName string    `json:"employeeName,omitempty"`
	Computers    []string  `json:"computers"`
	CreatedAt    time.Time `json:"createdAt"`
}

func (m *Module) listUsers(ctx context.Context, in listUsersRequest) (page httpx.Page[userResponse], err error) {
	q, err := newListQuery(in.Search, in.After, in.Limit)
	if err != nil {
		return page, err
	}
	q.linked = in.Linked
	rows, err := m.service.listUsers(ctx, q)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, q.limit, func(r linkedUser) []any { return []any{r.SID, r.ID} })
	page.Items, err = m.describe(ctx, rows)
	return page, err
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
			EmployeeID: r.EmployeeID, Computers: append([]string{}, computers[r.ID]...), CreatedAt: r.CreatedAt,
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
}

func (m *Module) unlink(ctx context.Context, in unlinkRequest) (struct{}, error) {
	return struct{}{}, m.service.unlink(ctx, in.ID)
}
