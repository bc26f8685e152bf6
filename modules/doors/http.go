package doors

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routes(r httpx.Router) {
	r.GET("/api/v2/passes", pass.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getPasses)), httpx.Doc("Passes through doors, and refused tries, the latest first."))
	httpx.List(r, "/api/v2/devices", pass.ReadDevices, s.devices(), httpx.Doc("Door terminals, and how each was last."))
	r.POST("/api/v2/devices", pass.WriteDevices, httpx.Handle(http.StatusCreated, s.postDevice), httpx.Doc("Add a door terminal."))
	r.PATCH("/api/v2/devices/:id", pass.WriteDevices, httpx.Handle(http.StatusOK, s.patchDevice), httpx.Doc("Change a door terminal."))
	r.DELETE("/api/v2/devices/:id", pass.WriteDevices, httpx.Handle(http.StatusOK, s.deleteDevice), httpx.Doc("Delete a door terminal, or make one inactive that has reported."))
}

type passesRequest struct {
	Employee     int64     `query:"employee"`
	Device       int64     `query:"device"`
	Department   int64     `query:"department" doc:"of the people of this department now"`
	Organization int64     `query:"organization"`
	Direction    string    `query:"direction" enum:"ENTER,EXIT"`
	From         time.Time `query:"from"`
	To           time.Time `query:"to" doc:"up to this time, which is not included"`
	Granted      *bool     `query:"granted"`
	After        string    `query:"after"`
	Limit        int       `query:"limit"`
}

type passResponse struct {
	ID             int64          `json:"id"`
	At             time.Time      `json:"at"`
	OrganizationID int64          `json:"organizationId"`
	EmployeeID     int64          `json:"employeeId,omitempty"`
	EmployeeName   string         `json:"employeeName,omitempty"`
	PhotoVersion   string         `json:"photoVersion,omitempty" doc:"of the employee's photo; absent where none was uploaded"`
	DepartmentID   int64          `json:"departmentId,omitempty" doc:"in which the person is now"`
	VisitorID      int64          `json:"visitorId,omitempty"`
	VisitorName    string         `json:"visitorName,omitempty"`
	DeviceID       int64          `json:"deviceId,omitempty"`
	DeviceName     string         `json:"deviceName,omitempty"`
	DeviceAddress  string         `json:"deviceAddress"`
	Granted        bool           `json:"granted"`
	Direction      pass.Direction `json:"direction,omitempty" enum:"ENTER,EXIT"`
	DirectionBy    string         `json:"directionBy,omitempty" enum:"device,alternation,person"`
	ActionType     string         `json:"actionType" enum:"PHOTO,CARD,CAR,QR,PERSONAL_CODE,ONE_TIME_ID,USER"`
	PersonName     string         `json:"personName,omitempty" doc:"the name that the terminal told"`
	CardNumber     string         `json:"cardNumber,omitempty"`
	Problem        problem        `json:"problem,omitempty" doc:"why it counts for nobody"`
	Source         string         `json:"source"`
	ReceivedAt     time.Time      `json:"receivedAt"`
	Reason         string         `json:"reason,omitempty" doc:"why a person wrote it down"`
	EnteredBy      string         `json:"enteredBy,omitempty" doc:"who that was: user:7"`
}

func (s *service) getPasses(ctx context.Context, in passesRequest) (page httpx.Page[passResponse], err error) {
	q := passQuery{
		employee: in.Employee, device: in.Device, organization: in.Organization, from: in.From, until: in.To, granted: in.Granted, limit: db.Limit(in.Limit),
		way: pass.Direction(in.Direction),
	}
	if in.Direction != "" {
		var f fault.Fields
		if oneOf(&f, "direction", in.Direction, []string{string(pass.Enter), string(pass.Exit)}); f.Err() != nil {
			return page, f.Err()
		}
	}
	if in.After != "" {
		if err := db.ParseCursor(in.After, &q.after.at, &q.after.id); err != nil {
			return page, err
		}
	}
	rows, err := s.list(ctx, q, in.Department)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, q.limit, func(r passRow) []any { return []any{r.At, r.ID} })
	names, err := s.namesOf(ctx, rows)
	for _, r := range rows {
		page.Items = append(page.Items, names.pass(r))
	}
	return page, err
}

func (n names) pass(r passRow) passResponse {
	return passResponse{
		ID: r.ID, At: r.At.UTC(), OrganizationID: r.OrganizationID, EmployeeID: r.EmployeeID, EmployeeName: n.people[r.EmployeeID].Name,
		PhotoVersion: n.people[r.EmployeeID].PhotoVersion, DepartmentID: n.people[r.EmployeeID].DepartmentID, VisitorID: r.VisitorID, VisitorName: n.visitors[r.VisitorID].Name,
		DeviceID: r.DeviceID, DeviceName: n.devices[r.DeviceID], DeviceAddress: r.DeviceIP, Granted: r.Granted,
		Direction: r.EntryType, DirectionBy: r.directionBy(), ActionType: r.ActionType, PersonName: r.PersonName, CardNumber: r.CardNumber,
		Problem: r.Problem, Source: r.Source, ReceivedAt: r.ReceivedAt.UTC(), Reason: r.Reason, EnteredBy: r.EnteredBy,
	}
}

// deviceResponse is a device without its secrets.
type deviceResponse struct {
	ID             int64      `json:"id"`
	OrganizationID int64      `json:"organizationId"`
	Name           string     `json:"name"`
	IPAddress      string     `json:"ipAddress"`
	EntryType      string     `json:"entryType,omitempty" enum:"ENTER,EXIT,BOTH"`
	Type           string     `json:"type,omitempty" enum:"FACE,CARD,CAR,QR,ACCESS_CONTROL,BIOMETRIC,OTHER"`
	SerialNumber   string     `json:"serialNumber,omitempty"`
	Manufacturer   string     `json:"manufacturer,omitempty"`
	Model          string     `json:"model,omitempty"`
	Firmware       string     `json:"firmware,omitempty"`
	IsActive       bool       `json:"isActive"`
	GateID         int64      `json:"gateId,omitempty"`
	Port           int64      `json:"port,omitempty"`
	Login          string     `json:"login,omitempty" doc:"who signs in at it; not told to guards"`
	HasPassword    bool       `json:"hasPassword" doc:"the server knows a password for it, which it does not tell"`
	Details        string     `json:"additionalDetails,omitempty"`
	LastSeenAt     *time.Time `json:"lastSeenAt,omitempty"`
	Status         string     `json:"status,omitempty" doc:"what the terminal last said of itself"`
	StatusSince    *time.Time `json:"statusSince,omitempty"`
	CreatedAt      time.Time  `json:"createdAt"`
	UpdatedAt      time.Time  `json:"updatedAt"`
}

func recordOf(d deviceRow) deviceResponse {
	return deviceResponse{
		ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, IPAddress: d.IPAddress, EntryType: d.EntryType, Type: d.Type,
		SerialNumber: d.SerialNumber, Manufacturer: d.Manufacturer, Model: d.Model, Firmware: d.Firmware, IsActive: d.IsActive,
		GateID: d.GateID, Port: d.Port, Login: d.Login, HasPassword: d.Sealed != "", Details: d.Details,
		LastSeenAt: d.LastSeenAt, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
}

type newDeviceRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty"`
	deviceInput
}

func (s *service) postDevice(ctx context.Context, in newDeviceRequest) (deviceResponse, error) {
	row, err := s.create(ctx, in.OrganizationID, in.deviceInput)
	return recordOf(row), err
}

type deviceRequest struct {
	ID int64 `path:"id" json:"-"`
	deviceInput
}

func (s *service) patchDevice(ctx context.Context, in deviceRequest) (deviceResponse, error) {
	row, err := s.update(ctx, in.ID, in.deviceInput)
	return recordOf(row), err
}

type removedResponse struct {
	Outcome string `json:"outcome" enum:"deleted,deactivated"`
}

func (s *service) deleteDevice(ctx context.Context, in idRequest) (removedResponse, error) {
	deleted, err := s.remove(ctx, in.ID)
	if deleted {
		return removedResponse{"deleted"}, err
	}
	return removedResponse{"deactivated"}, err
}
