package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// noted is what became of an event.
type noted struct {
	row       eventRow
	device    deviceRow
	duplicate bool
	alert     bool
}

// Event takes one event that a job brings.
func (s *service) Event(ctx context.Context, raw json.RawMessage) (pass.Outcome, error) {
	r, err := decode(raw)
	if err != nil {
		return pass.Outcome{}, err
	}
	all, err := s.takeEvents(ctx, sourceJob, []report{r})
	if err != nil {
		return pass.Outcome{}, err
	}
	return pass.Outcome{ID: all[0].row.ID, Duplicate: all[0].duplicate, Problem: all[0].row.Problem.text(r)}, nil
}

// takeEvents stores what happened at terminals, each of it once, and then raises the alerts. When it returns nil all is
// durable; after an error the same reports may come again.
func (s *service) takeEvents(ctx context.Context, source string, reports []report) ([]noted, error) {
	all := make([]noted, len(reports))
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		err := s.lock(ctx, tx)
		for i := 0; err == nil && i < len(reports); i++ {
			all[i], err = s.takeEvent(ctx, tx, source, reports[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		s.tally("event", all[i].duplicate, all[i].row.Problem)
		if all[i].row.Problem.aside() {
			continue
		}
		if all[i].alert, err = s.alertOfEvent(ctx, all[i].row, all[i].device); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *service) takeEvent(ctx context.Context, tx db.Tx, source string, r report) (n noted, err error) {
	key := id.Derive(tx.Actor().OrganizationID, r.identity("event")...).String()
	device, known, err := s.seen(ctx, tx, r)
	if err != nil {
		return n, err
	}
	n.device = device
	if n.row, n.duplicate, err = s.store.eventByKey(ctx, tx, key); err != nil || n.duplicate {
		return n, err
	}
	n.row = eventRow{
		EventKey: key, DeviceID: device.ID, EventType: r.text("eventType"), At: r.at, DoorNumber: r.members.Integer("doorNumber"),
		Severity: r.members.Integer("severity"), Description: r.text("description"), Problem: s.doubt(r, known),
		DeviceIP: r.address, DeviceSerial: r.deviceSerial, Payload: r.payload, Source: source, ReceivedAt: s.clock(),
	}
	if n.row.At.IsZero() {
		n.row.At = n.row.ReceivedAt
	}
	return n, s.store.addEvent(ctx, tx, &n.row)
}

// alertOfEvent raises what somebody must look at, and reports whether the event is such. Of refused tries a device has one
// alert an hour, whose list is the passes.
func (s *service) alertOfEvent(ctx context.Context, e eventRow, d deviceRow) (bool, error) {
	a := alert.Alert{At: e.At, Subject: subject(d), Details: details(d, e.DeviceIP)}
	once := e.EventKey
	switch e.EventType {
	case "ALARM_TRIGGERED":
		a.Kind, a.Severity = alert.DoorAlarm, alert.Critical
	case "TAMPER_DETECTED":
		a.Kind, a.Severity = alert.DoorTampered, alert.Critical
	case "ACCESS_DENIED":
		a.Kind, a.Severity = alert.AccessDenied, alert.Info
		once = e.At.UTC().Truncate(time.Hour).Format(time.RFC3339)
	default:
		return false, nil
	}
	if e.Description != "" {
		a.Details["description"] = e.Description
	}
	return true, s.raise(ctx, a, once)
}

// raise raises the alert once for each device, kind and once.
func (s *service) raise(ctx context.Context, a alert.Alert, once string) error {
	who, _ := actor.From(ctx)
	a.ID = id.Derive(who.OrganizationID, "doors", a.Kind, a.Subject, once)
	return s.alerts.Raise(ctx, a)
}

func subject(d deviceRow) string { return fmt.Sprintf("device:%d", d.ID) }

func details(d deviceRow, address string) map[string]any {
	return map[string]any{"device": d.Name, "ipAddress": address}
}

// told is what became of a status.
type told struct {
	updated bool
	alerts  int
}

// statusAlerts are the statuses in which a device needs somebody.
var statusAlerts = map[string]struct {
	kind     string
	severity alert.Severity
}{
	"OFFLINE": {alert.DeviceOffline, alert.Warning},
	"ERROR":   {alert.DeviceFailed, alert.Warning},
}

// takeStatuses stores how devices are, known ones and others. When it returns nil it is durable.
func (s *service) takeStatuses(ctx context.Context, reports []report) ([]told, error) {
	rows, devices := make([]statusRow, len(reports)), make([]deviceRow, len(reports))
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		err := s.lock(ctx, tx)
		for i := 0; err == nil && i < len(reports); i++ {
			rows[i], devices[i], err = s.takeStatus(ctx, tx, reports[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]told, len(reports))
	for i, row := range rows {
		if row.Status == "" {
			s.count("status", "aside")
			continue
		}
		s.count("status", "stored")
		all[i].updated = true
		if is, bad := statusAlerts[row.Status]; bad && row.DeviceID != 0 { // of strangers there is no end
			all[i].alerts = 1
			a := alert.Alert{Kind: is.kind, Severity: is.severity, At: row.Since, Subject: subject(devices[i]), Details: details(devices[i], row.DeviceIP)}
			if err := s.raise(ctx, a, row.Since.Format(time.RFC3339Nano)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// takeStatus lengthens the device's last status, or begins another. A report older than the last one changes nothing.
func (s *service) takeStatus(ctx context.Context, tx db.Tx, r report) (statusRow, deviceRow, error) {
	device, _, err := s.seen(ctx, tx, r)
	if err != nil {
		return statusRow{}, device, err
	}
	now := s.clock()
	row := statusRow{
		DeviceID: device.ID, DeviceIP: r.address, DeviceSerial: r.deviceSerial, Status: r.text("status"),
		Since: r.at, LastAt: r.at, Payload: r.payload, ReceivedAt: now,
	}
	if row.Status == "" || row.DeviceIP == "" {
		return statusRow{}, device, nil // nothing is said, or of nobody
	}
	if r.at.IsZero() || r.at.After(now) {
		row.Since, row.LastAt = now, now
	}
	last, found, err := s.store.lastStatus(ctx, tx, device.ID, r.address)
	switch {
	case err != nil:
		return row, device, err
	case found && row.LastAt.Before(last.LastAt):
		row.Since = last.Since
		return row, device, nil
	case found && last.Status == row.Status:
		row.ID, row.Since = last.ID, last.Since
		return row, device, s.store.lengthenStatus(ctx, tx, row)
	}
	if err := s.store.addStatus(ctx, tx, &row); err != nil {
		return row, device, err
	}
	return row, device, s.store.boundStatuses(ctx, tx, device.ID, keptStatuses)
}

// keptStatuses bounds the statuses kept of one device, and of all addresses together where no device is.
const keptStatuses = 500

// beat notes that a device lives.
func (s *service) beat(ctx context.Context, r report) error {
	s.count("heartbeat", "stored")
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, _, err := s.seen(ctx, tx, r)
		return err
	})
}
