package doors

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func doorEvent(device int, kind, at string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"deviceIp":"10.0.0.%d","eventType":%q,"timestamp":"2026-11-02T%sZ","doorNumber":2,"severity":3,"description":"d"}`, device, kind, at))
}

func status(address, is, at string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"deviceIp":%q,"status":%q,"timestamp":"2026-11-02T%sZ"}`, address, is, at))
}

func reports(t testing.TB, raw ...json.RawMessage) []report {
	t.Helper()
	all := make([]report, len(raw))
	for i := range raw {
		var err error
		if all[i], err = decode(raw[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestEventsAreStoredOnceAndAlarmsRaised(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		in := reports(t, doorEvent(1, "DOOR_OPENED", "09:00:00"), doorEvent(1, "ALARM_TRIGGERED", "09:00:00"), doorEvent(1, "TAMPER_DETECTED", "09:00:00"),
			doorEvent(1, "ACCESS_DENIED", "09:00:00"), doorEvent(1, "ACCESS_DENIED", "09:01:00"), doorEvent(7, "ALARM_TRIGGERED", "09:00:00"), doorEvent(1, "XX", "09:00:00"))
		for range 2 {
			all, err := o.takeEvents(terminal(1), sourceHikvision, in)
			if err != nil {
				t.Fatal(err)
			}
			var alerts []bool
			for _, n := range all {
				alerts = append(alerts, n.alert)
			}
			if got := fmt.Sprint(alerts); got != "[false true true true true false false]" {
				t.Errorf("alerts %s", got)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM door_events WHERE door_number = 2 AND severity = 3 AND description = 'd'"); n != 7 {
			t.Errorf("%d events, want 7", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM door_events WHERE device_id IS NULL AND problem = 'device_unknown'"); n != 1 {
			t.Errorf("%d events of unknown devices, want 1", n)
		}
		if got := o.bell.kinds(); got != "access_denied device:1, door_alarm device:1, door_tampered device:1" {
			t.Errorf("raised %s", got)
		}
	})
}

// The rows are there and the alert is not: whoever reports hears so, and what comes again raises it.
func TestAnAlertThatFailedIsRaisedWhenTheReportComesAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	broken := errors.New("broken")
	o.bell.fail = broken
	in := reports(t, doorEvent(1, "ALARM_TRIGGERED", "09:00:00"))
	offline := reports(t, status("10.0.0.1", "OFFLINE", "09:00:00"))
	if _, err := o.takeEvents(terminal(1), sourceHikvision, in); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := o.takeStatuses(terminal(1), offline); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	o.bell.fail = nil
	if _, err := o.takeEvents(terminal(1), sourceHikvision, in); err != nil {
		t.Error(err)
	}
	if _, err := o.takeStatuses(terminal(1), offline); err != nil {
		t.Error(err)
	}
	if n := counted(t, d, "SELECT (SELECT count(*) FROM door_events) + (SELECT count(*) FROM device_statuses)"); n != 2 || o.bell.kinds() != "device_offline device:1, door_alarm device:1" {
		t.Errorf("%d rows, raised %s", n, o.bell.kinds())
	}
}

func TestADeviceHasOneRowForAsLongAsItSaysTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		told, err := o.takeStatuses(terminal(1), reports(t,
			status("10.0.0.1", "ONLINE", "09:00:00"), status("10.0.0.1", "ONLINE", "09:01:00"), status("10.0.0.1", "OFFLINE", "09:02:00"),
			status("10.0.0.1", "OFFLINE", "09:03:00"), status("10.0.0.1", "ONLINE", "09:01:30"), // late: it is over
			status("10.0.0.1", "ERROR", "09:04:00"), status("1.1.1.1", "OFFLINE", "09:00:00"), status("1.1.1.1", "OFFLINE", "09:01:00"),
			json.RawMessage(`{}`), status("10.0.0.2", "MAINTENANCE", "18:00:00")))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(told); got != "[{true 0} {true 0} {true 1} {true 1} {true 0} {true 1} {true 0} {true 0} {false 0} {true 0}]" {
			t.Errorf("told %s", got)
		}
		if got := o.bell.kinds(); got != "device_failed device:1, device_offline device:1" {
			t.Errorf("raised %s", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM device_statuses"); n != 5 {
			t.Errorf("%d rows, want 5", n)
		}
		offline := time.Date(2026, 11, 2, 9, 2, 0, 0, time.UTC)
		if n := counted(t, d, "SELECT count(*) FROM device_statuses WHERE device_id = 1 AND status = 'OFFLINE' AND since = ? AND last_at = ?", offline, offline.Add(time.Minute)); n != 1 {
			t.Errorf("%d rows for the time without contact, want 1", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM device_statuses WHERE device_id = 2 AND since = ?", noon); n != 1 {
			t.Error("a clock ahead made a status of the future")
		}
		if n := counted(t, d, "SELECT count(*) FROM devices WHERE last_seen_at = ?", noon); n != 2 {
			t.Errorf("%d devices were seen, want 2", n)
		}
	})
}

func TestStatusesOfADeviceAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var in []json.RawMessage
		for i := range keptStatuses + 20 {
			in = append(in, status("10.0.0.1", []string{"ONLINE", "MAINTENANCE"}[i%2], fmt.Sprintf("08:%02d:%02d", i/60, i%60)))
		}
		for i := range keptStatuses + 10 {
			in = append(in, status(fmt.Sprintf("9.9.%d.%d", i/250, i%250), "ONLINE", "09:00:00"))
		}
		if _, err := o.takeStatuses(terminal(1), reports(t, in...)); err != nil {
			t.Fatal(err)
		}
		for where, want := range map[string]int{"device_id = 1": keptStatuses, "device_id IS NULL": keptStatuses, "device_id = 1 AND since < '2026-11-02 08:00:20Z'": 0} {
			if strings.Contains(where, "since") && d.Name() == "sqlite" {
				continue
			}
			if n := counted(t, d, "SELECT count(*) FROM device_statuses WHERE "+where); n != want {
				t.Errorf("%d rows where %s, want %d", n, where, want)
			}
		}
	})
}

func TestAHeartbeatIsASignOfLife(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	beat := func() {
		t.Helper()
		if err := o.beat(terminal(1), reports(t, json.RawMessage(`{"deviceIp":"10.0.0.1"}`))[0]); err != nil {
			t.Fatal(err)
		}
	}
	beat()
	for after, want := range map[time.Duration]time.Duration{freshness / 2: 0, 2 * freshness: 2 * freshness} {
		o.now = func() time.Time { return noon.Add(after) }
		beat()
		if n := counted(t, d, "SELECT count(*) FROM devices WHERE id = 1 AND last_seen_at >= ?", noon.Add(want)); n != 1 {
			t.Errorf("%v later it was last seen before %v", after, want)
		}
	}
	if n := counted(t, d, "SELECT count(*) FROM devices WHERE last_seen_at IS NOT NULL"); n != 1 {
		t.Errorf("%d devices were seen, want 1", n)
	}
}

func TestAlertsSayWhichDevice(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	if _, err := o.takeEvents(terminal(1), sourceHikvision, reports(t, doorEvent(2, "ALARM_TRIGGERED", "09:00:00"))); err != nil {
		t.Fatal(err)
	}
	for _, a := range o.bell.all {
		if a.Severity != alert.Critical || a.Details["device"] != "Out" || a.Details["ipAddress"] != "10.0.0.2" || a.Details["description"] != "d" || !a.At.Equal(noon.Add(-3*time.Hour)) {
			t.Errorf("raised %+v", a)
		}
	}
}
