package doors

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesDevicesV1 are v1's routes of door terminals, which it had and never mounted.
func (s *service) routesDevicesV1(r httpx.Router) {
	for _, prefix := range []string{"/api/v1", "/api"} {
		path := prefix + "/devices"
		r.GET(path, pass.ReadDevices, httpx.Handle(http.StatusOK, s.getDevicesV1), httpx.Lenient(), httpx.Doc("Door terminals, a page at a time"))
		r.GET(path+"/:id", pass.ReadDevices, httpx.Handle(http.StatusOK, s.getDeviceV1), httpx.Doc("One door terminal, with the last passes at it"))
		r.POST(path, pass.WriteDevices, httpx.Handle(http.StatusCreated, s.postDeviceV1), httpx.Doc("Add a door terminal"))
		r.PUT(path+"/:id", pass.WriteDevices, httpx.Handle(http.StatusOK, s.putDeviceV1), httpx.Doc("Change what is given of a door terminal"))
		r.DELETE(path+"/:id", pass.WriteDevices, httpx.Handle(http.StatusOK, s.deleteDeviceV1), httpx.Doc("Delete a door terminal, or make one inactive that has reported"))
		r.POST(path+"/:id/test-connection", pass.WriteDevices, httpx.Handle(http.StatusCreated, s.testDeviceV1), httpx.Doc("Say whether the server reaches a door terminal: it does not try yet"))
	}
}

// terminalV1 is a device in v1's shape, without its password; a guard sees its state, and not how to reach it.
type terminalV1 struct {
	ID               int64        `json:"id"`
	GateID           *int64       `json:"gateId"`
	Name             *string      `json:"name"`
	EntryType        *string      `json:"entryType"`
	Type             *string      `json:"type"`
	Manufacturer     *string      `json:"manufacturer"`
	Model            *string      `json:"model"`
	Firmware         *string      `json:"firmware"`
	SerialNumber     *string      `json:"serialNumber"`
	IPAddress        *string      `json:"ipAddress"`
	Login            *string      `json:"login" doc:"null for a guard"`
	WelcomeText      *string      `json:"welcomeText"`
	WelcomeTextType  *string      `json:"welcomeTextType"`
	WelcomePhoto     *string      `json:"welcomePhoto"`
	WelcomePhotoType *string      `json:"welcomePhotoType"`
	IsActive         bool         `json:"isActive"`
	CreatedAt        httpx.TimeV1 `json:"createdAt"`
	UpdatedAt        httpx.TimeV1 `json:"updatedAt"`
}

func asTerminalV1(ctx context.Context, d deviceRow) terminalV1 {
	out := terminalV1{
		ID: d.ID, GateID: numberV1(d.GateID), Name: httpx.NullV1(d.Name), EntryType: httpx.NullV1(d.EntryType), Type: httpx.NullV1(d.Type),
		Manufacturer: httpx.NullV1(d.Manufacturer), Model: httpx.NullV1(d.Model), Firmware: httpx.NullV1(d.Firmware), SerialNumber: httpx.NullV1(d.SerialNumber),
		IPAddress: httpx.NullV1(d.IPAddress), Login: httpx.NullV1(d.Login), WelcomeText: httpx.NullV1(d.WelcomeText), WelcomeTextType: httpx.NullV1(d.TextType),
		WelcomePhoto: httpx.NullV1(d.WelcomePhoto), WelcomePhotoType: httpx.NullV1(d.PhotoType),
		IsActive: d.IsActive, CreatedAt: httpx.TimeV1(d.CreatedAt), UpdatedAt: httpx.TimeV1(d.UpdatedAt),
	}
	if a, _ := actor.From(ctx); a.Role == actor.Guard {
		out.Login = nil
	}
	return out
}

type countV1 struct {
	Actions int64 `json:"actions"`
}

type countedTerminalV1 struct {
	terminalV1
	Count countV1 `json:"_count"`
}

func (s *service) getDevicesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[countedTerminalV1], err error) {
	l, err := in.List(ctx, deviceSortsV1...)
	if err != nil {
		return page, err
	}
	if in.Order == nil {
		l.Desc = true // v1 turned its list unless it was told otherwise
	}
	if l.Sort == "" {
		l.Sort = "createdAt"
	}
	rows, total, err := s.store.devicesV1(ctx, l)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, d := range rows {
		page.Data = append(page.Data, countedTerminalV1{asTerminalV1(ctx, d.deviceRow), countV1{d.Actions}})
	}
	return page, err
}

// lastPassesV1 is how many passes are shown with a device.
const lastPassesV1 = 10

type wholeTerminalV1 struct {
	terminalV1
	Actions []passAtV1 `json:"actions"`
	Count   countV1    `json:"_count"`
}

type passAtV1 struct {
	movedV1
	Employee *namedV1 `json:"employee"`
}

func (s *service) getDeviceV1(ctx context.Context, in idRequest) (out wholeTerminalV1, err error) {
	d, passes, err := s.store.deviceV1(ctx, in.ID, lastPassesV1)
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*deviceRow)(nil), in.ID, "device", "device.read")
		return out, errDeviceUnknown.Wrap(err)
	}
	if err != nil {
		return out, err
	}
	rows := make([]passRow, len(passes))
	for i, p := range passes {
		rows[i] = p.passRow
	}
	known, err := s.namesOf(ctx, rows)
	out = wholeTerminalV1{asTerminalV1(ctx, d.deviceRow), make([]passAtV1, len(passes)), countV1{d.Actions}}
	for i, p := range passes {
		out.Actions[i].movedV1 = asMovedV1(p)
		if e, is := known.people[p.EmployeeID]; is {
			out.Actions[i].Employee = &namedV1{p.EmployeeID, e.Name}
		}
	}
	return out, err
}

// terminalBodyV1 is what v1 let be said of a device, by the names that it had there.
type terminalBodyV1 struct {
	Name              *string `json:"name,omitempty"`
	Type              *string `json:"type,omitempty" enum:"FACE,CARD,CAR,QR,ACCESS_CONTROL,BIOMETRIC,OTHER"`
	IPAddress         *string `json:"ip_address,omitempty"`
	Port              *int64  `json:"port,omitempty" doc:"8000 if a new device names none"`
	Username          *string `json:"username,omitempty"`
	Password          *string `json:"password,omitempty" doc:"is kept sealed and never answered"`
	EntryType         *string `json:"entry_type,omitempty" enum:"ENTER,EXIT,BOTH"`
	AdditionalDetails *string `json:"additional_details,omitempty"`
	IsActive          *bool   `json:"is_active,omitempty"`
}

func (b terminalBodyV1) input() deviceInput {
	if b.Port != nil && *b.Port == 0 {
		*b.Port = -1 // v1 knew no way to take a port away
	}
	return deviceInput{
		Name: b.Name, Type: b.Type, IPAddress: b.IPAddress, Port: b.Port, Login: b.Username, Password: b.Password,
		EntryType: b.EntryType, Details: b.AdditionalDetails, IsActive: b.IsActive,
	}
}

type newTerminalV1 struct {
	terminalBodyV1
	OrganizationID int64 `json:"organizationId,omitempty" doc:"where there are several; v1's devices were nobody's"`
}

// Validate wants what v1 wanted.
func (n *newTerminalV1) Validate() error {
	var f fault.Fields
	for _, need := range []struct {
		field string
		text  *string
	}{{"name", n.Name}, {"type", n.Type}, {"ip_address", n.IPAddress}, {"username", n.Username}, {"password", n.Password}, {"entry_type", n.EntryType}} {
		if need.text == nil || strings.TrimSpace(*need.text) == "" {
			f.Add(need.field, "required", nil)
		}
	}
	return f.Err()
}

// portV1 is where v1 reached a device that named no port.
const portV1 = 8000

func (s *service) postDeviceV1(ctx context.Context, in newTerminalV1) (out terminalV1, err error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 && in.OrganizationID == 0 {
		all, err := s.index.All(ctx)
		if err != nil {
			return out, err
		}
		if len(all) == 1 {
			in.OrganizationID = all[0].ID
		}
	}
	what := in.input()
	if what.Port == nil {
		usual := int64(portV1)
		what.Port = &usual
	}
	row, err := s.create(ctx, in.OrganizationID, what)
	return asTerminalV1(ctx, row), inWordsV1(err)
}

type changedTerminalV1 struct {
	ID int64 `path:"id" json:"-"`
	terminalBodyV1
}

func (s *service) putDeviceV1(ctx context.Context, in changedTerminalV1) (terminalV1, error) {
	row, err := s.update(ctx, in.ID, in.input())
	return asTerminalV1(ctx, row), inWordsV1(err)
}

// inWordsV1 gives the fields of a refused device the names that v1's clients know, and v1's refusal of an address.
func inWordsV1(err error) error {
	var wrong *fault.Error
	if !errors.As(err, &wrong) || len(wrong.Details) == 0 {
		return err
	}
	named := *wrong
	named.Details = nil
	for _, d := range wrong.Details {
		if d.Field == "ipAddress" && d.Code == "taken" {
			return errAddressTakenV1
		}
		d.Field = fieldsV1.Replace(d.Field)
		named.Details = append(named.Details, d)
	}
	return &named
}

var fieldsV1 = strings.NewReplacer("ipAddress", "ip_address", "entryType", "entry_type", "login", "username", "additionalDetails", "additional_details")

// nothingV1 is v1's empty answer.
type nothingV1 = *struct{}

func (s *service) deleteDeviceV1(ctx context.Context, in idRequest) (nothingV1, error) {
	_, err := s.remove(ctx, in.ID)
	return nil, err
}

type testRequestV1 struct {
	ID      int64 `path:"id" json:"-"`
	Timeout int64 `json:"timeout,omitempty" doc:"seconds; not used yet"`
}

type testedV1 struct {
	Success      bool         `json:"success"`
	Message      string       `json:"message"`
	ResponseTime *int64       `json:"response_time" doc:"milliseconds; null where nothing was tried"`
	TestedAt     httpx.TimeV1 `json:"tested_at"`
}

// testDeviceV1 says what is so: v1 drew lots, and switched the device on or off by them.
func (s *service) testDeviceV1(ctx context.Context, in testRequestV1) (out testedV1, err error) {
	found, err := s.store.devicesByIDs(ctx, []int64{in.ID})
	if err != nil {
		return out, err
	}
	d, known := found[in.ID]
	if !known {
		s.audit.Missed(ctx, (*deviceRow)(nil), in.ID, "device", "device.test")
		return out, errDeviceUnknown
	}
	out = testedV1{Message: "No connection was tried: the server does not call devices yet. The device has never reported.", TestedAt: httpx.TimeV1(s.clock())}
	if d.LastSeenAt != nil {
		out.Message = "No connection was tried: the server does not call devices yet. The device last reported at " + d.LastSeenAt.UTC().Format("2006-01-02T15:04:05Z") + "."
	}
	return out, err
}
