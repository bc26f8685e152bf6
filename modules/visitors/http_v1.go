package visitors

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesV1 serves v1's clients: its nine routes, and those of its second module that was never reachable.
func (s *service) routesV1(r httpx.Router, path string) {
	api := httpx.Enveloped(httpx.API)
	r.GET(path, visitor.Read, httpx.Handle(http.StatusOK, s.getVisitorsV1), httpx.Lenient(), httpx.Doc("Visitors, a page at a time, the newest first"))
	r.GET(path+"/today", visitor.Read, httpx.Handle(http.StatusOK, s.getTodayV1), httpx.Doc("Visitors who were registered today"))
	r.GET(path+"/active-codes", visitor.Read, httpx.Handle(http.StatusOK, s.getActiveV1), httpx.Doc("Codes that let in now"))
	r.GET(path+"/validate-code/:code", visitor.Read, httpx.Handle(http.StatusOK, s.getValidV1), api, httpx.Doc("Whose the code is, if it lets in now; it is not used up"))
	r.PUT(path+"/codes/:codeId/deactivate", visitor.Write, httpx.Handle(http.StatusOK, s.putDeactivateV1), api, httpx.Doc("Withdraw a code"))
	r.GET(path+"/:id", visitor.Read, httpx.Handle(http.StatusOK, s.getVisitorV1), api, httpx.Doc("One visitor"))
	r.POST(path, visitor.Write, httpx.Handle(http.StatusCreated, s.postVisitorV1), api, httpx.Doc("Register a visitor"))
	r.PUT(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.putVisitorV1), api, httpx.Doc("Change a visitor"))
	r.DELETE(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.deleteVisitorV1), api, httpx.Doc("Delete a visitor who has never been here, with the codes"))
	r.POST(path+"/:id/generate-code", visitor.Write, httpx.Handle(http.StatusCreated, s.postCodeV1), api, httpx.Doc("Give a visitor a code"))
	r.GET(path+"/:id/entry-logs", visitor.Read, httpx.Handle(http.StatusOK, s.getLogsV1), httpx.Lenient(), api, httpx.Doc("A visitor's passes, a page at a time, the latest first"))
	r.GET(path+"/:id/actions", visitor.Read, httpx.Handle(http.StatusOK, s.getActionsV1), httpx.Doc("A visitor's passes, the latest first"))
}

// bodyV1 is a visitor in v1's shape: what is not known is null.
type bodyV1 struct {
	ID         int64   `json:"id"`
	FirstName  string  `json:"firstName"`
	LastName   string  `json:"lastName"`
	MiddleName *string `json:"middleName"`
	Birthday   *string `json:"birthday"`
	Phone      *string `json:"phone"`
	papersV1
	WorkPlace *string `json:"workPlace"`
}

type papersV1 struct {
	PassportNumber    *string `json:"passportNumber"`
	PINFL             *string `json:"pinfl"`
	AdditionalDetails *string `json:"additionalDetails"`
}

type changedV1 struct {
	bodyV1
	CreatedAt httpx.TimeV1 `json:"createdAt"`
}

type visitorV1 struct {
	bodyV1
	CreatorID *int64       `json:"creatorId"`
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
}

func asBodyV1(v visitorRow) bodyV1 {
	return bodyV1{
		ID: v.ID, FirstName: v.FirstName, LastName: v.LastName, MiddleName: orNull(v.MiddleName), Birthday: orNull(v.Birthday), Phone: orNull(v.Phone),
		papersV1: papersV1{orNull(v.PassportNumber), orNull(v.PINFL), orNull(v.AdditionalDetails)}, WorkPlace: orNull(v.WorkPlace),
	}
}

func asVisitorV1(ctx context.Context, v visitorRow) visitorV1 {
	out := visitorV1{bodyV1: asBodyV1(v), CreatorID: orNull(v.CreatorID), IsActive: v.IsActive, CreatedAt: httpx.TimeV1(v.CreatedAt)}
	if a, _ := actor.From(ctx); a.Role == actor.Guard {
		out.papersV1 = papersV1{}
	}
	return out
}

// orNull is null for what is not there.
func orNull[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}

// said is an answer with v1's words.
func said[T any](data T, message string) httpx.Said[T] {
	return httpx.Said[T]{Data: data, Message: message}
}

// pageQueryV1 reads a query of which v1 took page and limit alone.
func pageQueryV1(ctx context.Context, in httpx.QueryV1) (httpx.ListV1, error) {
	query := httpx.Request(ctx).URL.Query()
	var f fault.Fields
	for _, name := range []string{"search", "isActive", "sort", "order", "startDate", "endDate", "filters"} {
		if query.Has(name) {
			f.Add(name, "old_unknown", fault.Params{"Name": name})
		}
	}
	l, err := in.List(ctx)
	if len(f) == 0 {
		return l, err
	}
	return l, f.Err()
}

func (s *service) getVisitorsV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[visitorV1], err error) {
	l, err := pageQueryV1(ctx, in)
	if err != nil {
		return page, err
	}
	v, err := s.sight(ctx)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.listV1(ctx, v, l)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, r := range rows {
		page.Data = append(page.Data, asVisitorV1(ctx, r))
	}
	return page, err
}

func (s *service) getTodayV1(ctx context.Context, _ struct{}) ([]visitorV1, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	now, zone, err := s.today(ctx, 0)
	if err != nil {
		return nil, err
	}
	from, until := day(now, zone)
	rows, err := s.store.createdV1(ctx, v, from, until)
	all := make([]visitorV1, len(rows))
	for i, r := range rows {
		all[i] = asVisitorV1(ctx, r)
	}
	return all, err
}

type idV1 struct {
	ID int64 `path:"id" json:"-"`
}

type creatorV1 struct {
	ID              int64           `json:"id"`
	Name            *string         `json:"name"`
	OrganizationID  *int64          `json:"organizationId"`
	Organization    *organizationV1 `json:"organization"`
	DepartmentUsers []memberV1      `json:"departmentUsers"`
}

type organizationV1 struct {
	ID        int64  `json:"id"`
	FullName  string `json:"fullName"`
	ShortName string `json:"shortName"`
}

type memberV1 struct {
	DepartmentID int64 `json:"departmentId"`
}

// wholeV1 is one visitor; a guard gets neither papers nor codes.
type wholeV1 struct {
	ID         int64   `json:"id"`
	FirstName  string  `json:"firstName"`
	LastName   string  `json:"lastName"`
	MiddleName *string `json:"middleName"`
	Birthday   *string `json:"birthday"`
	Phone      *string `json:"phone"`
	*papersV1
	WorkPlace *string         `json:"workPlace"`
	CreatedAt httpx.TimeV1    `json:"createdAt"`
	Creator   creatorV1       `json:"creator"`
	Codes     []codeOfWholeV1 `json:"onetimeCodes,omitzero"`
}

type codeOfWholeV1 struct {
	ID        int64        `json:"id"`
	CodeType  string       `json:"codeType"`
	Code      string       `json:"code"`
	StartDate httpx.TimeV1 `json:"startDate"`
	EndDate   httpx.TimeV1 `json:"endDate"`
	IsActive  bool         `json:"isActive"`
}

func (s *service) getVisitorV1(ctx context.Context, in idV1) (out httpx.Said[wholeV1], err error) {
	row, err := s.readV1(ctx, in.ID)
	if err != nil {
		return out, err
	}
	b := asBodyV1(row)
	whole := wholeV1{
		ID: b.ID, FirstName: b.FirstName, LastName: b.LastName, MiddleName: b.MiddleName, Birthday: b.Birthday, Phone: b.Phone,
		WorkPlace: b.WorkPlace, CreatedAt: httpx.TimeV1(row.CreatedAt),
	}
	if whole.Creator, err = s.creatorV1(ctx, row.CreatorID); err != nil {
		return out, err
	}
	if a, _ := actor.From(ctx); a.Role != actor.Guard {
		whole.papersV1, whole.Codes = &b.papersV1, []codeOfWholeV1{}
		codes, err := s.store.codesOf(ctx, []int64{row.ID})
		if err != nil {
			return out, err
		}
		for _, c := range codes[row.ID] {
			whole.Codes = append(whole.Codes, codeOfWholeV1{c.ID, c.CodeType, c.Code, httpx.TimeV1(c.StartDate), httpx.TimeV1(c.EndDate), c.IsActive})
		}
	}
	return said(whole, "Visitor retrieved successfully"), nil
}

// readV1 returns a visitor. A department lead is told that another's is there, as v1 did, and no more.
func (s *service) readV1(ctx context.Context, id int64) (visitorRow, error) {
	row, err := s.get(ctx, id)
	if a, _ := actor.From(ctx); a.Role != actor.DepartmentLead || !errors.Is(err, visitor.ErrUnknown) {
		return row, err
	}
	there, lookErr := s.store.byIDs(ctx, []int64{id})
	if _, is := there[id]; is {
		return visitorRow{}, errForbiddenV1
	}
	return visitorRow{}, errors.Join(lookErr, err)
}

func (s *service) creatorV1(ctx context.Context, id int64) (creatorV1, error) {
	out := creatorV1{ID: id, DepartmentUsers: []memberV1{}}
	users, err := s.store.users(ctx, []int64{id})
	u, seen := users[id]
	if err != nil || !seen {
		return out, err
	}
	out.Name, out.OrganizationID = &u.Name, u.OrganizationID
	o, members, err := s.store.placesV1(ctx, u)
	if o.ID != 0 {
		out.Organization = &organizationV1{o.ID, o.FullName, o.ShortName}
	}
	for _, m := range members {
		out.DepartmentUsers = append(out.DepartmentUsers, memberV1{m.DepartmentID})
	}
	return out, err
}

// inputV1 is v1's body: of what came later it knows nothing.
type inputV1 struct {
	FirstName         *string `json:"firstName,omitempty"`
	LastName          *string `json:"lastName,omitempty"`
	MiddleName        *string `json:"middleName,omitempty"`
	Birthday          *string `json:"birthday,omitempty"`
	Phone             *string `json:"phone,omitempty"`
	PassportNumber    *string `json:"passportNumber,omitempty"`
	PINFL             *string `json:"pinfl,omitempty"`
	WorkPlace         *string `json:"workPlace,omitempty"`
	AdditionalDetails *string `json:"additionalDetails,omitempty"`
}

func (in inputV1) input() visitorInput {
	return visitorInput{
		FirstName: in.FirstName, LastName: in.LastName, MiddleName: in.MiddleName, Birthday: in.Birthday, Phone: in.Phone,
		PassportNumber: in.PassportNumber, PINFL: in.PINFL, WorkPlace: in.WorkPlace, AdditionalDetails: in.AdditionalDetails,
	}
}

type postV1 struct {
	inputV1
	OrganizationID *int64 `json:"organizationId,omitempty" doc:"for an actor of no organization, where there are several"`
}

func (s *service) postVisitorV1(ctx context.Context, in postV1) (out httpx.Said[visitorV1], err error) {
	visitor := in.input()
	visitor.OrganizationID = in.OrganizationID
	row, err := s.create(ctx, visitor)
	return said(asVisitorV1(ctx, row), "Visitor created successfully"), err
}

type putV1 struct {
	idV1
	inputV1
}

func (s *service) putVisitorV1(ctx context.Context, in putV1) (out httpx.Said[changedV1], err error) {
	row, err := s.update(ctx, in.ID, in.input())
	return said(changedV1{asBodyV1(row), httpx.TimeV1(row.CreatedAt)}, "Visitor updated successfully"), err
}

func (s *service) deleteVisitorV1(ctx context.Context, in idV1) (out httpx.Said[any], err error) {
	_, err = s.remove(ctx, in.ID, errHasLogsV1)
	return said[any](nil, "Visitor deleted successfully"), err
}

type logsV1 struct {
	Data  []logV1 `json:"data"`
	Page  int     `json:"page"`
	Total int64   `json:"total"`
	Limit int     `json:"limit"`
}

type logV1 struct {
	ID           int64        `json:"id"`
	ActionTime   httpx.TimeV1 `json:"actionTime"`
	EntryType    *string      `json:"entryType"`
	ActionType   string       `json:"actionType"`
	ActionResult string       `json:"actionResult"`
	ActionMode   string       `json:"actionMode"`
	Device       *logDeviceV1 `json:"device"`
}

type logDeviceV1 struct {
	ID   int64   `json:"id"`
	Name *string `json:"name"`
	Gate *gateV1 `json:"gate"`
}

type gateV1 struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type logsQueryV1 struct {
	idV1
	httpx.QueryV1
}

func (s *service) getLogsV1(ctx context.Context, in logsQueryV1) (out httpx.Said[logsV1], err error) {
	l, err := pageQueryV1(ctx, in.QueryV1)
	if err != nil {
		return out, err
	}
	if _, err := s.readV1(ctx, in.ID); err != nil {
		return out, err
	}
	passes, total, err := s.store.passesV1(ctx, in.ID, l)
	if err != nil {
		return out, err
	}
	devices, err := s.store.devicesV1(ctx, passes)
	if err != nil {
		return out, err
	}
	gates, err := s.store.gatesV1(ctx, nil, devices)
	whole := logsV1{Data: []logV1{}, Page: l.Page, Total: total, Limit: l.Limit}
	for _, p := range passes {
		one := logV1{p.ID, httpx.TimeV1(p.At), p.EntryType, p.ActionType, p.ActionResult, p.ActionMode, nil}
		if d, known := devices[number(p.DeviceID)]; known {
			one.Device = &logDeviceV1{ID: d.ID, Name: d.Name}
			if g, known := gates[number(d.GateID)]; known {
				one.Device.Gate = &gateV1{g.ID, g.Name}
			}
		}
		whole.Data = append(whole.Data, one)
	}
	return said(whole, "Entry logs retrieved successfully"), err
}

type actionsV1 struct {
	Visitor nameV1     `json:"visitor"`
	Actions []actionV1 `json:"actions"`
}

type nameV1 struct {
	ID        int64  `json:"id"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

type actionV1 struct {
	ID           int64           `json:"id"`
	DeviceID     *int64          `json:"deviceId"`
	GateID       *int64          `json:"gateId"`
	ActionTime   httpx.TimeV1    `json:"actionTime"`
	EmployeeID   *int64          `json:"employeeId"`
	VisitorID    *int64          `json:"visitorId"`
	VisitorType  *string         `json:"visitorType"`
	EntryType    *string         `json:"entryType"`
	ActionType   string          `json:"actionType"`
	ActionResult string          `json:"actionResult"`
	ActionMode   string          `json:"actionMode"`
	Device       *actionDeviceV1 `json:"device"`
	Gate         *actionGateV1   `json:"gate"`
}

type actionGateV1 struct {
	Name string `json:"name"`
}

type actionDeviceV1 struct {
	Name      *string `json:"name"`
	IPAddress *string `json:"ipAddress"`
	EntryType *string `json:"entryType"`
}

func (s *service) getActionsV1(ctx context.Context, in idV1) (out actionsV1, err error) {
	row, err := s.readV1(ctx, in.ID)
	if err != nil {
		return out, err
	}
	out = actionsV1{Visitor: nameV1{row.ID, row.FirstName, row.LastName}, Actions: []actionV1{}}
	passes, _, err := s.store.passesV1(ctx, in.ID, httpx.ListV1{Page: 1, Limit: maxV1})
	if err != nil {
		return out, err
	}
	devices, err := s.store.devicesV1(ctx, passes)
	if err != nil {
		return out, err
	}
	gates, err := s.store.gatesV1(ctx, passes, nil)
	for p := range slices.Values(passes) {
		one := actionV1{
			ID: p.ID, DeviceID: p.DeviceID, GateID: p.GateID, ActionTime: httpx.TimeV1(p.At), EmployeeID: p.EmployeeID, VisitorID: p.VisitorID,
			VisitorType: p.VisitorType, EntryType: p.EntryType, ActionType: p.ActionType, ActionResult: p.ActionResult, ActionMode: p.ActionMode,
		}
		if g, known := gates[number(p.GateID)]; known {
			one.Gate = &actionGateV1{g.Name}
		}
		if d, known := devices[number(p.DeviceID)]; known {
			one.Device = &actionDeviceV1{d.Name, d.IPAddress, d.EntryType}
		}
		out.Actions = append(out.Actions, one)
	}
	return out, err
}
