package computers

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

type computerResponse struct {
	ID             int64         `json:"id"`
	OrganizationID int64         `json:"organizationId"`
	ComputerUID    string        `json:"computerUid"`
	Name           string        `json:"name"`
	OS             string        `json:"os"`
	IPAddress      string        `json:"ipAddress"`
	MACAddress     string        `json:"macAddress"`
	AgentVersion   string        `json:"agentVersion"`
	LastSeenAt     *time.Time    `json:"lastSeenAt,omitempty"`
	IsActive       bool          `json:"isActive"`
	CreatedAt      time.Time     `json:"createdAt"`
	State          string        `json:"state" enum:"online,offline,unknown"`
	StateReason    string        `json:"stateReason" enum:"reporting,no_contact,gateway_offline,shutdown,suspend,logout,update,uninstall,error,never_reported"`
	StateDetail    string        `json:"stateDetail"`
	StateSince     *time.Time    `json:"stateSince,omitempty"`
	GatewayID      *id.UUID      `json:"gatewayId,omitempty" doc:"the gateway by which it was last heard of; none if it reports to the server itself"`
	GatewayName    string        `json:"gatewayName,omitempty"`
	MergedInto     *int64        `json:"mergedInto,omitempty" doc:"the computer that this one is now"`
	Users          []userOfOnePC `json:"users"`
}

// userOfOnePC is a Windows user that was seen on the computer.
type userOfOnePC struct {
	ID           int64  `json:"id"`
	SID          string `json:"sid"`
	Name         string `json:"name"`
	EmployeeID   *int64 `json:"employeeId,omitempty"`
	EmployeeName string `json:"employeeName,omitempty"`
}

// String is how a table of computers shows the user.
func (u userOfOnePC) String() string {
	if u.EmployeeName == "" || u.EmployeeName == u.Name {
		return u.Name
	}
	return u.EmployeeName + " (" + u.Name + ")"
}

// show adds to computers the names of their gateways, and their Windows users with the names of their employees.
func (m *Module) show(ctx context.Context, rows []computerRow) ([]computerResponse, error) {
	gateways, err := m.service.gateways.ByIDs(ctx, gatewaysOf(rows))
	if err != nil {
		return nil, err
	}
	users, err := m.usersOn(ctx, rows)
	if err != nil {
		return nil, err
	}
	items := make([]computerResponse, len(rows))
	for i, r := range rows {
		items[i] = computerResponse{
			ID: r.ID, OrganizationID: r.OrganizationID, ComputerUID: r.UID, Name: r.Name, OS: text(r.OS), IPAddress: text(r.IPAddress), MACAddress: text(r.MACAddress),
			AgentVersion: text(r.AgentVersion), LastSeenAt: r.LastSeenAt, IsActive: r.Active, CreatedAt: r.CreatedAt,
			State: r.State, StateReason: r.StateReason, StateDetail: r.StateDetail, StateSince: r.StateSince,
			GatewayID: r.GatewayID, MergedInto: r.MergedInto, Users: append([]userOfOnePC{}, users[r.ID]...),
		}
		if r.GatewayID != nil {
			items[i].GatewayName = gateways[*r.GatewayID].Label()
		}
	}
	return items, nil
}

func (m *Module) usersOn(ctx context.Context, rows []computerRow) (map[int64][]userOfOnePC, error) {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	found, err := m.service.usersOn(ctx, ids)
	if err != nil {
		return nil, err
	}
	of := make(map[int64][]userOfOnePC, len(found))
	for i, users := range found {
		for _, u := range users {
			shown := userOfOnePC{ID: u.ID, SID: u.SID, Name: u.Name, EmployeeID: u.EmployeeID, EmployeeName: u.EmployeeName}
			if shown.Name == "" {
				shown.Name = u.Username
			}
			of[i] = append(of[i], shown)
		}
	}
	return of, nil
}

type idRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (m *Module) computer(ctx context.Context, in idRequest) (out computerResponse, err error) {
	r, err := m.service.byID(ctx, in.ID, "computers.read")
	if err != nil {
		return out, err
	}
	items, err := m.show(ctx, []computerRow{r})
	if err != nil {
		return out, err
	}
	return items[0], nil
}

type statesRequest struct {
	ID    int64  `path:"id" json:"-"`
	Limit int    `query:"limit"`
	After string `query:"after"`
}

// states pages through the turns by how many are left, which does not change with what is new.
func (m *Module) states(ctx context.Context, in statesRequest) (page httpx.Page[turn], err error) {
	left := historyRows * 2
	if in.After != "" {
		if err := db.ParseCursor(in.After, &left); err != nil {
			return page, err
		}
	}
	turns, err := m.service.history(ctx, in.ID)
	if err != nil {
		return page, err
	}
	left = max(0, min(left, len(turns)))
	for limit := db.Limit(in.Limit); limit > 0 && left > 0; limit-- {
		left--
		page.Items = append(page.Items, turns[left])
	}
	if left > 0 {
		page.Next = db.Cursor(left)
	}
	return page, nil
}

type duplicatesResponse struct {
	Items []duplicateResponse `json:"items"`
}

type duplicateResponse struct {
	Reason    string             `json:"reason" enum:"mac,name"`
	Computers []computerResponse `json:"computers"`
}

func (m *Module) duplicates(ctx context.Context, _ struct{}) (out duplicatesResponse, err error) {
	groups, err := m.service.duplicates(ctx)
	if err != nil {
		return out, err
	}
	var all []computerRow
	for _, g := range groups {
		all = append(all, g.computers...)
	}
	shown, err := m.show(ctx, all)
	if err != nil {
		return out, err
	}
	out.Items = make([]duplicateResponse, len(groups))
	for i, g := range groups {
		n := len(g.computers)
		out.Items[i], shown = duplicateResponse{g.reason, shown[:n:n]}, shown[n:]
	}
	return out, nil
}

type mergeRequest struct {
	ID   int64 `path:"id" json:"-"`
	Into int64 `json:"into" doc:"the id of the computer that this one is now"`
}

// Validate wants a target.
func (r *mergeRequest) Validate() error {
	var f fault.Fields
	if r.Into == 0 {
		f.Add("into", "required", nil)
	}
	return f.Err()
}

func (m *Module) merge(ctx context.Context, in mergeRequest) (struct{}, error) {
	return struct{}{}, m.service.merge(ctx, in.ID, in.Into)
}

func (m *Module) split(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, m.service.split(ctx, in.ID)
}
