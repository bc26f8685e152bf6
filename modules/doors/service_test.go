package doors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAPassSentAgainIsStoredOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		in := action(1, "09:00:00", true, named(11))
		first := mustTake(t, o, terminal(1), in)[0]
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				r, _ := decode(in)
				again, err := o.takeActions(terminal(1), sourceHikvision, []report{r, r})
				if err != nil || !again[0].duplicate || !again[1].duplicate || again[0].row.ID != first.row.ID {
					t.Errorf("sent again it is %+v, %v", again, err)
				}
			})
		}
		group.Wait()
		if n := counted(t, d, "SELECT count(*) FROM passes"); n != 1 || first.duplicate || first.row.EmployeeID != 11 || first.row.EntryType != pass.Enter {
			t.Errorf("%d rows, the first %+v", n, first)
		}
		mustTake(t, o, terminal(2), in) // to another tenant it is another pass, of nobody it knows
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE organization_id = 2 AND device_id = 4 AND employee_id IS NULL"); n != 1 {
			t.Errorf("%d passes of the other tenant, want 1", n)
		}
	})
}

func TestDirectionsComeFromTheDeviceOrTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		// Both ways: in, out, in; a refused try between them changes nothing, whatever v1 made of it.
		mustTake(t, o, terminal(1),
			action(3, "08:00:00", true, named(11)), action(3, "09:00:00", false, named(11)), action(3, "10:00:00", true, named(11)), action(3, "11:00:00", true, named(11)))
		if got := ways(t, o, 11); got != "IOI" {
			t.Errorf("took turns as %s, want IOI", got)
		}
		// The device's own direction counts, and the next pass by turns follows from it.
		mustTake(t, o, terminal(1), action(1, "08:00:00", true, named(12)), action(1, "08:30:00", true, named(12)), action(3, "09:00:00", true, named(12)), action(2, "10:00:00", true, named(12)))
		if got := ways(t, o, 12); got != "IIOO" {
			t.Errorf("went %s, want IIOO", got)
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE NOT granted AND entry_type IS NULL AND direction_by IS NULL AND action_result = 'DENIED'"); n != 1 {
			t.Errorf("%d refused passes without direction, want 1", n)
		}
	})
}

func TestALatePassTurnsThoseAfterIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		at := []string{"08:00:00", "09:00:00", "10:00:00", "11:00:00", "11:30:00", "11:45:00"}
		for _, i := range []int{0, 3, 5, 1, 4, 2} {
			mustTake(t, o, terminal(1), action(3, at[i], true, named(11)))
		}
		if got := ways(t, o, 11); got != "IOIOIO" {
			t.Errorf("went %s, want IOIOIO", got)
		}
	})
}

func TestAnEntryTooLongAgoWasForgotten(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	yesterday := json.RawMessage(strings.Replace(string(action(3, "09:00:00", true, named(11))), "11-02", "11-01", 1))
	mustTake(t, o, terminal(1), yesterday, action(3, "09:00:00", true, named(11)), action(3, "11:00:00", true, named(11)))
	if got := ways(t, o, 11); got != "IIO" {
		t.Errorf("went %s, want IIO: nobody is inside for a day because a pass was forgotten", got)
	}
}

func TestTurnsHoldWhenPassesComeAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				r, _ := decode(action(3, fmt.Sprintf("09:%02d:00", i), true, named(11)))
				if _, err := o.takeActions(terminal(1), sourceHikvision, []report{r}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := ways(t, o, 11); got != "IOIOIOIO" {
			t.Errorf("went %s", got)
		}
	})
}

func TestOnlyTheNamedPersonIsBooked(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for i, want := range []struct {
		person   string
		employee int64
		problem  problem
	}{
		{`{"employeeId":"11"}`, 11, ""},
		{`{"employeeId":11}`, 11, ""},
		{`{"employeeId":"11","name":"Karimova A."}`, 11, ""},
		{`{"employeeId":"12","name":"Shuhrat"}`, 12, ""},                 // in the other script
		{`{"employeeId":"12","name":"***"}`, 12, ""},                     // no name at all
		{`{"employeeId":"11","name":"Al"}`, 0, personDifferent},          // v1 booked it on Al
		{`{"employeeId":"999","name":"Aziza"}`, 0, personUnknown},        // v1 booked it on Aziza
		{`{"employeeId":"13","name":"Al"}`, 0, personInactive},           // has left
		{`{"employeeId":"21","name":"Diyor Rahimov"}`, 0, personUnknown}, // another tenant's
		{`{"employeeId":"11abc"}`, 0, personWrong},
		{`{"employeeId":"99999999999999999999"}`, 0, personWrong},
		{`{"cardNumber":"CARD1"}`, 0, personUnknown},
		{`{"cardNumber":"7011"}`, 11, ""},
		{`{"cardNumber":7011,"name":"Karimova A."}`, 11, ""},
		{`{"cardNumber":"7012","name":"Aziza"}`, 0, personDifferent},
		{`{"cardNumber":"7013"}`, 0, personInactive},
		{`{"cardNumber":"7021"}`, 0, personUnknown},                    // another tenant's
		{`{"employeeId":"12","cardNumber":"7011"}`, 12, ""},            // the id is the closer word
		{`{"employeeId":"999","cardNumber":"7011"}`, 0, personUnknown}, // and not the card's if it is nobody's
		{`{"name":"Aziza Karimova"}`, 0, personUnknown},
		{`{}`, 0, personNotNamed},
		{`[]`, 0, personNotNamed},
		{`null`, 0, personNotNamed},
	} {
		got := mustTake(t, o, terminal(1), action(1, fmt.Sprintf("09:00:%02d", i), true, want.person))[0].row
		if got.EmployeeID != want.employee || got.Problem != want.problem {
			t.Errorf("%s is %d (%s), want %d (%s)", want.person, got.EmployeeID, got.Problem, want.employee, want.problem)
		}
		if counts := got.EntryType != ""; counts == got.Problem.aside() {
			t.Errorf("%s has direction %q with problem %q", want.person, got.EntryType, got.Problem)
		}
	}
}

func TestWhatIsNotUnderstoodIsKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for raw, want := range map[string]problem{
			`{"deviceIp":"1.1.1.1","timestamp":"2026-11-02T09:00:00Z","accessGranted":true,"personInfo":{"employeeId":"11"}}`: deviceUnknown,
			`{"deviceIp":"10.0.0.5","timestamp":"2026-11-02T09:00:00Z","accessGranted":true}`:                                 deviceUnknown,
			`{}`:     deviceUnknown,
			`"text"`: deviceUnknown,
			`{"deviceIp":"10.0.0.1","timestamp":"x","accessGranted":true,"personInfo":{"employeeId":"11"}}`:                          timeUnreadable,
			`{"deviceIp":"10.0.0.1","accessGranted":true}`:                                                                           timeUnreadable,
			`{"deviceIp":"10.0.0.1","timestamp":"2026-11-02T12:11:00Z","accessGranted":true,"personInfo":{"employeeId":"11"}}`:       timeAhead,
			"{\"deviceIp\":\"10.0.0.1\",\"timestamp\":\"\",\"errorMessage\":\"\xff\\u0000\",\"personInfo\":{\"name\":\"a\\u0000\"}}": timeUnreadable,
		} {
			row := mustTake(t, o, terminal(1), json.RawMessage(raw))[0].row
			if row.Problem != want || row.EntryType != "" || row.EmployeeID != 0 || !json.Valid(row.Payload) {
				t.Errorf("%s is %+v, want %s", raw, row, want)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE problem IS NOT NULL"); n != 8 {
			t.Errorf("%d kept, want 8", n)
		}
		soon := mustTake(t, o, terminal(1), action(1, "12:09:00", true, named(11)))[0].row
		if soon.Problem != "" {
			t.Errorf("a clock a little ahead: %s", soon.Problem)
		}
	})
}

func TestAPictureLeavesItsSizeAndSum(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		picture := bytes.Repeat([]byte("jpeg"), 50_000)
		text, _ := json.Marshal("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(picture))
		raw := strings.Replace(string(action(1, "09:00:00", true, named(11))), "{", `{"photoData":`+string(text)+`,"eventData":{"a":"<ё>"},`, 1)
		mustTake(t, o, terminal(1), json.RawMessage(raw))
		var kept []byte
		err := d.Read(terminal(1), func(ctx context.Context, tx db.Tx) error {
			return tx.Select((*passRow)(nil)).Column("payload").Scan(ctx, &kept)
		})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			PhotoData struct {
				Size   int
				SHA256 string
			}
			EventData map[string]string
			DeviceIP  string
		}
		sum := sha256.Sum256(picture)
		if err := json.Unmarshal(kept, &got); err != nil || got.PhotoData.Size != len(picture) || got.PhotoData.SHA256 != hex.EncodeToString(sum[:]) || got.EventData["a"] != "<ё>" || got.DeviceIP != "10.0.0.1" {
			t.Errorf("kept %s, %v", kept, err)
		}
	})
}

func TestAReportTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	raw := `{"deviceIp":"10.0.0.1","eventData":"` + strings.Repeat("x", maxPayload) + `"}`
	if _, err := decode(json.RawMessage(raw)); fault.Of(err).Kind != fault.TooLarge {
		t.Errorf("error %v", err)
	}
}

func TestOfDevicesWithOneAddressTheSerialNumberTells(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	write(t, d, `INSERT INTO devices (id, organization_id, name, entry_type, ip_address, serial_number, is_active, created_at, updated_at)
		VALUES (9, 1, 'Twin', 'EXIT', '10.0.0.1', 'TWIN', true, ?0, ?0)`, noon)
	for serial, want := range map[string]int64{"TWIN": 9, "SN1": 1, "other": 1} {
		raw := strings.Replace(string(action(1, "09:00:00", true, named(11))), "SN1", serial, 1)
		if got := mustTake(t, o, terminal(1), json.RawMessage(raw))[0].row.DeviceID; got != want {
			t.Errorf("serial number %s is device %d, want %d", serial, got, want)
		}
	}
	raw := strings.Replace(string(action(1, "09:01:00", true, named(11))), "10.0.0.1", "::ffff:10.0.0.1", 1)
	if got := mustTake(t, o, terminal(1), json.RawMessage(raw))[0].row.DeviceID; got != 1 {
		t.Errorf("the address in its long form is device %d", got)
	}
}

func TestBoundsAreOfPassesThatCount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1),
			action(3, "06:00:00", false, named(11)), action(3, "08:00:00", true, named(11)), action(3, "10:00:00", true, named(11)), action(3, "11:00:00", true, named(11)),
			action(2, "09:30:00", true, named(12)), action(2, "09:45:00", false, named(12)), action(1, "09:00:00", true, `{"cardNumber":"C"}`))
		mustTake(t, o, terminal(2), action(1, "09:00:00", true, named(21)))
		at := func(h, m int) time.Time { return time.Date(2026, 11, 2, h, m, 0, 0, time.UTC) }
		aziza := pass.EmployeeBounds{EmployeeID: 11, FirstEnter: at(8, 0), LastExit: at(10, 0), LastAt: at(11, 0), Inside: true}
		shuxrat := pass.EmployeeBounds{EmployeeID: 12, LastExit: at(9, 30), LastAt: at(9, 30)}
		diyor := pass.EmployeeBounds{EmployeeID: 21, LastExit: at(9, 0), LastAt: at(9, 0)}
		for name, c := range map[string]struct {
			ctx         context.Context
			from, until time.Time
			want        []pass.EmployeeBounds
		}{
			"all":               {as(actor.HR, 1), at(0, 0), at(23, 0), []pass.EmployeeBounds{aziza, shuxrat}},
			"a guard":           {as(actor.Guard, 1), at(0, 0), at(23, 0), []pass.EmployeeBounds{aziza, shuxrat}},
			"a lead":            {as(actor.DepartmentLead, 1, 2), at(0, 0), at(23, 0), []pass.EmployeeBounds{shuxrat}},
			"a lead of nothing": {as(actor.DepartmentLead, 1), at(0, 0), at(23, 0), nil},
			"the operator":      {system(), at(0, 0), at(23, 0), []pass.EmployeeBounds{aziza, shuxrat, diyor}},
			"until excludes":    {as(actor.HR, 1), at(8, 0), at(9, 30), []pass.EmployeeBounds{{EmployeeID: 11, FirstEnter: at(8, 0), LastAt: at(8, 0), Inside: true}}},
			"another day":       {as(actor.HR, 1), at(0, 0).Add(24 * time.Hour), at(23, 0).Add(24 * time.Hour), nil},
		} {
			got, err := o.Bounds(c.ctx, c.from, c.until)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
			}
		}
	})
}

func TestAJobBringsWhatATerminalWould(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	in := action(1, "09:00:00", true, named(11))
	first, err := o.Action(terminal(1), in)
	if err != nil || first.ID == 0 || first.EmployeeID != 11 || first.Duplicate || first.Problem != "" {
		t.Errorf("%+v, %v", first, err)
	}
	if got := mustTake(t, o, terminal(1), in)[0]; !got.duplicate {
		t.Error("the same report by another way is another pass")
	}
	aside, err := o.Action(terminal(1), json.RawMessage(`{"deviceIp":"1.1.1.1"}`))
	if err != nil || aside.Problem != "Device not found for IP: 1.1.1.1" {
		t.Errorf("%+v, %v", aside, err)
	}
	event, err := o.Event(terminal(1), json.RawMessage(`{"deviceIp":"10.0.0.1","eventType":"DOOR_OPENED","timestamp":"2026-11-02T09:00:00Z"}`))
	if err != nil || event.ID == 0 || event.Problem != "" {
		t.Errorf("%+v, %v", event, err)
	}
	large := json.RawMessage(`"` + strings.Repeat("x", maxPayload) + `"`)
	if _, err := o.Action(terminal(1), large); !errors.Is(err, errReportTooLarge) {
		t.Errorf("error %v", err)
	}
	if _, err := o.Event(terminal(1), large); !errors.Is(err, errReportTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestNothingIsStoredForNoOrganization(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	r, _ := decode(json.RawMessage(`{}`))
	if _, err := o.takeActions(system(), sourceHikvision, []report{r}); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("error %v", err)
	}
	if _, err := o.takeEvents(system(), sourceHikvision, []report{r}); !errors.Is(err, db.ErrNoOrganization) {
		t.Errorf("error %v", err)
	}
}

func TestReportsAreCountedByWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	in := action(1, "09:00:00", true, named(11))
	mustTake(t, o, terminal(1), in, in, json.RawMessage(`{}`))
	want := `
		# HELP reports_total Reports of door terminals by kind and by what became of them: stored, known, aside.
		# TYPE reports_total counter
		reports_total{kind="action",result="aside"} 1
		reports_total{kind="action",result="known"} 1
		reports_total{kind="action",result="stored"} 1
	`
	if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "reports_total"); err != nil {
		t.Error(err)
	}
}

func TestWhatIsOldIsForgottenButPassesAreNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(1, "09:00:00", true, named(11)), json.RawMessage(`{}`))
		if _, err := o.Event(terminal(1), json.RawMessage(`{"deviceIp":"10.0.0.1","timestamp":"2026-11-02T09:00:00Z"}`)); err != nil {
			t.Fatal(err)
		}
		o.now = func() time.Time { return noon.Add(364 * day) }
		if err := o.forget(system()); err != nil || counted(t, d, "SELECT (SELECT count(*) FROM passes) + (SELECT count(*) FROM door_events)") != 3 {
			t.Errorf("something was forgotten too early, %v", err)
		}
		o.now = func() time.Time { return noon.Add(366 * day) }
		if err := o.forget(system()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM passes WHERE employee_id = 11"); n != 1 {
			t.Errorf("%d passes, want 1", n)
		}
		if n := counted(t, d, "SELECT (SELECT count(*) FROM passes) + (SELECT count(*) FROM door_events)"); n != 1 {
			t.Errorf("%d rows are left, want 1", n)
		}
	})
}

func TestSettingsOutOfBoundsAreRefused(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Ahead: -1}
	err := bad.Validate()
	for _, key := range []string{"ahead:", "forget_after:", "keep_days:", "max_batch:", "max_body:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v lacks %s", err, key)
		}
	}
}
