package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/js"
)

// routesV1 are v1's seven routes of door terminals (v1-contract 4.2). Nothing in a report is refused: what cannot be
// understood is kept, and answered so.
func (s *service) routesV1(r httpx.Router) {
	limit := httpx.BodyLimit(int64(s.cfg.MaxBody))
	const path = "/api/hikvision"
	r.POST(path+"/actions", pass.Report, httpx.Handle(http.StatusOK, s.actionV1), limit, httpx.Takes[actionRequestV1](), httpx.Doc("v1: report a pass, or a refused try."))
	r.POST(path+"/actions/batch", pass.Report, httpx.Handle(http.StatusOK, s.actionsV1), limit, httpx.Takes[actionsRequestV1](), httpx.Doc("v1: report passes."))
	r.POST(path+"/events", pass.Report, httpx.Handle(http.StatusOK, s.eventV1), limit, httpx.Takes[eventRequestV1](), httpx.Doc("v1: report what happened at a terminal."))
	r.POST(path+"/events/batch", pass.Report, httpx.Handle(http.StatusOK, s.eventsV1), limit, httpx.Takes[eventsRequestV1](), httpx.Doc("v1: report what happened at terminals."))
	r.POST(path+"/device-status", pass.Report, httpx.Handle(http.StatusOK, s.statusV1), limit, httpx.Takes[statusRequestV1](), httpx.Doc("v1: report how a terminal is."))
	r.POST(path+"/device-status/batch", pass.Report, httpx.Handle(http.StatusOK, s.statusesV1), limit, httpx.Takes[statusesRequestV1](), httpx.Doc("v1: report how terminals are."))
	r.POST(path+"/heartbeat", pass.Report, httpx.Handle(http.StatusOK, s.heartbeatV1), httpx.Takes[heartbeatRequestV1](), httpx.Doc("v1: say that a terminal lives."))
}

// The requests, as the documentation has them: handlers read them more kindly.
type (
	heartbeatRequestV1 struct {
		DeviceIP     string    `json:"deviceIp"`
		DeviceSerial string    `json:"deviceSerial"`
		Timestamp    time.Time `json:"timestamp"`
	}
	personV1 struct {
		PersonID       string `json:"personId,omitempty"`
		Name           string `json:"name,omitempty"`
		EmployeeID     string `json:"employeeId,omitempty"`
		CardNumber     string `json:"cardNumber,omitempty"`
		FaceTemplateID string `json:"faceTemplateId,omitempty"`
	}
	actionRequestV1 struct {
		heartbeatRequestV1
		ActionType    string         `json:"actionType" enum:"FACE_RECOGNITION,CARD_SWIPE,FINGERPRINT,PASSWORD,QR_CODE,REMOTE_OPEN"`
		AccessGranted bool           `json:"accessGranted"`
		PersonInfo    *personV1      `json:"personInfo,omitempty"`
		DoorNumber    int64          `json:"doorNumber,omitempty"`
		EventData     map[string]any `json:"eventData,omitempty"`
		PhotoData     string         `json:"photoData,omitempty" doc:"base64; its size and SHA-256 are kept"`
		ErrorMessage  string         `json:"errorMessage,omitempty"`
	}
	actionsRequestV1 struct {
		Actions []actionRequestV1 `json:"actions"`
	}
	eventRequestV1 struct {
		heartbeatRequestV1
		EventType   string         `json:"eventType" enum:"ACCESS_GRANTED,ACCESS_DENIED,DOOR_OPENED,DOOR_CLOSED,ALARM_TRIGGERED,DEVICE_ONLINE,DEVICE_OFFLINE,TAMPER_DETECTED"`
		Description string         `json:"description,omitempty"`
		DoorNumber  int64          `json:"doorNumber,omitempty"`
		Severity    int            `json:"severity,omitempty"`
		Parameters  map[string]any `json:"parameters,omitempty"`
		PersonInfo  *personV1      `json:"personInfo,omitempty"`
	}
	eventsRequestV1 struct {
		Events []eventRequestV1 `json:"events"`
	}
	statusRequestV1 struct {
		heartbeatRequestV1
		Status              string         `json:"status" enum:"ONLINE,OFFLINE,ERROR,MAINTENANCE"`
		DeviceName          string         `json:"deviceName,omitempty"`
		DeviceModel         string         `json:"deviceModel,omitempty"`
		FirmwareVersion     string         `json:"firmwareVersion,omitempty"`
		CPUUsage            float64        `json:"cpuUsage,omitempty"`
		MemoryUsage         float64        `json:"memoryUsage,omitempty"`
		StorageUsage        float64        `json:"storageUsage,omitempty"`
		NetworkInfo         map[string]any `json:"networkInfo,omitempty"`
		ErrorMessages       []string       `json:"errorMessages,omitempty"`
		LastMaintenanceDate time.Time      `json:"lastMaintenanceDate,omitzero"`
	}
	statusesRequestV1 struct {
		Devices []statusRequestV1 `json:"devices"`
	}
)

// one reads a body of one report.
func one(raw json.RawMessage) ([]report, error) {
	if !js.IsObject(raw) {
		return nil, errMalformed
	}
	r, err := decode(raw)
	return []report{r}, err
}

// many reads the list of a batch.
func (s *service) many(name string, raw json.RawMessage) ([]report, error) {
	list, err := js.List(name, raw)
	if err != nil {
		return nil, err
	}
	if len(list) > s.cfg.MaxBatch {
		return nil, errBatchTooLarge.With("Max", s.cfg.MaxBatch)
	}
	reports := make([]report, len(list))
	for i, item := range list {
		if reports[i], err = decode(item); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

type actionResponseV1 struct {
	ID             string   `json:"id"`
	Processed      bool     `json:"processed"`
	DeviceMatched  bool     `json:"deviceMatched"`
	PersonMatched  bool     `json:"personMatched"`
	ActionRecorded bool     `json:"actionRecorded"`
	Errors         []string `json:"errors"`
}

func (s *service) actionV1(ctx context.Context, raw json.RawMessage) (actionResponseV1, error) {
	reports, err := one(raw)
	if err != nil {
		return actionResponseV1{}, err
	}
	all, err := s.answerActions(ctx, reports)
	if err != nil {
		return actionResponseV1{}, err
	}
	return all[0], nil
}

type actionListV1 struct {
	Actions json.RawMessage `json:"actions"`
}

func (s *service) actionsV1(ctx context.Context, in actionListV1) ([]actionResponseV1, error) {
	reports, err := s.many("actions", in.Actions)
	if err != nil {
		return nil, err
	}
	return s.answerActions(ctx, reports)
}

func (s *service) answerActions(ctx context.Context, reports []report) ([]actionResponseV1, error) {
	all, err := s.takeActions(ctx, sourceHikvision, reports)
	if err != nil {
		return nil, err
	}
	answers := make([]actionResponseV1, len(all))
	for i, t := range all {
		answers[i] = actionResponseV1{
			ID: nameV1("action", t.row.ReceivedAt, t.row.EventKey), Processed: !t.row.Problem.aside(), DeviceMatched: t.row.DeviceID != 0,
			PersonMatched: t.row.EmployeeID != 0 || t.row.VisitorID != 0, ActionRecorded: !t.row.Problem.aside(), Errors: errorsV1(t.row.Problem, reports[i]),
		}
	}
	return answers, nil
}

// nameV1 is v1's form of an id: the time, and nine characters that were random. A report sent again has the same.
func nameV1(kind string, at time.Time, key string) string {
	sum := id.Derive(0, key)
	var n uint64
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprintf("%s_%d_%09.9s", kind, at.UnixMilli(), strconv.FormatUint(n, 36))
}

func errorsV1(p problem, r report) []string {
	if !p.aside() {
		return []string{}
	}
	return []string{p.text(r)}
}

type eventResponseV1 struct {
	ID               string   `json:"id"`
	Processed        bool     `json:"processed"`
	AlertGenerated   bool     `json:"alertGenerated"`
	NotificationSent bool     `json:"notificationSent"`
	Errors           []string `json:"errors"`
}

func (s *service) eventV1(ctx context.Context, raw json.RawMessage) (eventResponseV1, error) {
	reports, err := one(raw)
	if err != nil {
		return eventResponseV1{}, err
	}
	all, err := s.answerEvents(ctx, reports)
	if err != nil {
		return eventResponseV1{}, err
	}
	return all[0], nil
}

type eventListV1 struct {
	Events json.RawMessage `json:"events"`
}

func (s *service) eventsV1(ctx context.Context, in eventListV1) ([]eventResponseV1, error) {
	reports, err := s.many("events", in.Events)
	if err != nil {
		return nil, err
	}
	return s.answerEvents(ctx, reports)
}

func (s *service) answerEvents(ctx context.Context, reports []report) ([]eventResponseV1, error) {
	all, err := s.takeEvents(ctx, sourceHikvision, reports)
	if err != nil {
		return nil, err
	}
	answers := make([]eventResponseV1, len(all))
	for i, n := range all {
		answers[i] = eventResponseV1{
			ID: nameV1("event", n.row.ReceivedAt, n.row.EventKey), Processed: !n.row.Problem.aside(),
			AlertGenerated: n.alert, Errors: errorsV1(n.row.Problem, reports[i]),
		}
	}
	return answers, nil
}

type statusResponseV1 struct {
	DeviceIP        string   `json:"deviceIp,omitempty"`
	StatusUpdated   bool     `json:"statusUpdated"`
	AlertsGenerated int      `json:"alertsGenerated"`
	Errors          []string `json:"errors"`
}

func (s *service) statusV1(ctx context.Context, raw json.RawMessage) (statusResponseV1, error) {
	reports, err := one(raw)
	if err != nil {
		return statusResponseV1{}, err
	}
	all, err := s.answerStatuses(ctx, reports)
	if err != nil {
		return statusResponseV1{}, err
	}
	return all[0], nil
}

type statusListV1 struct {
	Devices json.RawMessage `json:"devices"`
}

func (s *service) statusesV1(ctx context.Context, in statusListV1) ([]statusResponseV1, error) {
	reports, err := s.many("devices", in.Devices)
	if err != nil {
		return nil, err
	}
	return s.answerStatuses(ctx, reports)
}

func (s *service) answerStatuses(ctx context.Context, reports []report) ([]statusResponseV1, error) {
	all, err := s.takeStatuses(ctx, reports)
	if err != nil {
		return nil, err
	}
	answers := make([]statusResponseV1, len(all))
	for i, t := range all {
		answers[i] = statusResponseV1{DeviceIP: reports[i].deviceIP, StatusUpdated: t.updated, AlertsGenerated: t.alerts, Errors: []string{}}
	}
	return answers, nil
}

type heartbeatResponseV1 struct {
	Status    string `json:"status"`
	Timestamp string `json:"timestamp"`
	Message   string `json:"message"`
}

func (s *service) heartbeatV1(ctx context.Context, raw json.RawMessage) (out heartbeatResponseV1, err error) {
	reports, err := one(raw)
	if err != nil {
		return out, err
	}
	out = heartbeatResponseV1{
		Status: "ok", Timestamp: s.clock().Format("2006-01-02T15:04:05.000Z"), Message: "Heartbeat received from device " + reports[0].deviceIP,
	}
	return out, s.beat(ctx, reports[0])
}
