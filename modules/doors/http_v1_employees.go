package doors

import (
	"context"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/httpx"
)

// The paths of an employee's passes, under v1's last prefix and under the one before.
const (
	logOfEmployeeV1 = "/api/v1/employees/:id/entry-logs"
	logOfEmployee   = "/api/employees/:id/entry-logs"
)

func (s *service) employeeRoutesV1(r httpx.Router) {
	for _, path := range []string{logOfEmployeeV1, logOfEmployee} {
		r.GET(path, pass.Read, httpx.Handle(200, s.getLogV1), httpx.Lenient(), httpx.Doc("An employee's passes and refused tries, the latest first"))
	}
}

type logRequest struct {
	ID int64 `path:"id" json:"-"`
	httpx.QueryV1
}

// logPageV1 is v1's page of passes, which was unlike its other lists.
type logPageV1 struct {
	Data []actionV1 `json:"data"`
	Meta struct {
		Total      int64 `json:"total"`
		Page       int   `json:"page"`
		Limit      int   `json:"limit"`
		TotalPages int64 `json:"totalPages"`
	} `json:"meta"`
}

// movedV1 is a pass in v1's shape. A refused one has no direction.
type movedV1 struct {
	ID           int64        `json:"id"`
	DeviceID     *int64       `json:"deviceId"`
	GateID       *int64       `json:"gateId"`
	ActionTime   httpx.TimeV1 `json:"actionTime"`
	EmployeeID   *int64       `json:"employeeId"`
	VisitorID    *int64       `json:"visitorId"`
	VisitorType  *string      `json:"visitorType"`
	EntryType    *string      `json:"entryType"`
	ActionType   string       `json:"actionType"`
	ActionResult string       `json:"actionResult"`
	ActionMode   string       `json:"actionMode"`
}

type actionV1 struct {
	movedV1
	Device *deviceV1 `json:"device"`
	Gate   *gateV1   `json:"gate"`
}

type deviceV1 struct {
	ID        int64   `json:"id"`
	Name      *string `json:"name"`
	EntryType *string `json:"entryType"`
}

type gateV1 struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func asMovedV1(p loggedPass) movedV1 {
	return movedV1{
		ID: p.ID, DeviceID: numberV1(p.DeviceID), GateID: numberV1(p.GateID), ActionTime: httpx.TimeV1(p.At), EmployeeID: numberV1(p.EmployeeID), VisitorID: p.VisitorID,
		VisitorType: httpx.NullV1(p.VisitorType), EntryType: httpx.NullV1(string(p.EntryType)),
		ActionType: p.ActionType, ActionResult: p.ActionResult, ActionMode: p.ActionMode,
	}
}

// numberV1 is a number as v1 answers it: what is not there is null.
func numberV1(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func asActionV1(p loggedPass) actionV1 {
	out := actionV1{movedV1: asMovedV1(p)}
	if p.DeviceID != 0 {
		out.Device = &deviceV1{p.DeviceID, p.DeviceName, p.DeviceEntryType}
	}
	if p.GateName != nil {
		out.Gate = &gateV1{p.GateID, *p.GateName}
	}
	return out
}

func (s *service) getLogV1(ctx context.Context, in logRequest) (out logPageV1, err error) {
	in.Sort, in.Order = nil, nil // which did nothing
	l, err := in.List(ctx)
	if err != nil {
		return out, err
	}
	v, err := s.sight(ctx)
	if err != nil {
		return out, err
	}
	rows, n, err := s.store.logOf(ctx, v, in.ID, l)
	if err == nil && n == 0 { // whose passes are seen is seen
		_, err = s.staff.ByID(ctx, in.ID)
	}
	total := int64(n)
	out.Meta.Total, out.Meta.Page, out.Meta.Limit, out.Meta.TotalPages = total, l.Page, l.Limit, (total+int64(l.Limit)-1)/int64(l.Limit)
	out.Data = make([]actionV1, len(rows))
	for i, p := range rows {
		out.Data[i] = asActionV1(p)
	}
	return out, err
}
