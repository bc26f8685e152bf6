package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestAJobIsStoredOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if ids, err := o.submit(agent(1), "batch", []json.RawMessage{window("a"), window("a"), window("b")}); err != nil || fmt.Sprint(ids) != "[a a b]" {
					t.Errorf("%v, %v", ids, err)
				}
			})
		}
		group.Wait()
		if n := o.rounds(t); n != 1 {
			t.Errorf("%d turns, want 1", n)
		}
		mustSubmit(t, o, agent(1), window("a"))
		mustSubmit(t, o, agent(2), window("a")) // the same name in another organization is another job
		o.rounds(t)
		if len(o.sink.events) != 3 {
			t.Errorf("%d events, want 3: %v", len(o.sink.events), o.sink.order)
		}
		if got := states(t, o, agent(1)); got != "a COMPLETED, b COMPLETED" {
			t.Errorf("states %s", got)
		}
		e := o.sink.events["1 active_window job a"]
		want := activity.Event{
			Kind: activity.ActiveWindow, Key: "job a", ComputerUID: "PC-1", UserSID: "S-1-5-21-1", At: noon.Add(-2 * time.Hour), Duration: 5,
			Title: "O'zbek a", Process: "p", Source: "job",
		}
		if fmt.Sprint(e) != fmt.Sprint(want) {
			t.Errorf("stored %+v, want %+v", e, want)
		}
	})
}

func TestAnswersAreInV1sShape(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		both := as(actor.Admin, 1)
		mustSubmit(t, o, both,
			window("window"), job("nobody", activeWindow, `{"processName":"p","windowTitle":"t","activeTime":1}`), job("wrong", activeWindow, `{}`),
			job("site", visitedSite, `{"url":"https://x.uz","activeTime":3,"datetime":"2026-11-02T09:00:00Z"}`, linkOf1),
			job("picture", screenshot, `{"imageData":"AAAA","timestamp":"2026-11-02T09:30:00Z"}`, linkOf1),
			job("session", userSession, `{"sessionStart":"2026-11-02T08:00:00Z","sessionEnd":"2026-11-02T09:00:00Z","username":"u"}`, linkOf1),
			job("alone", userSession, `{"sessionStart":"2026-11-02T08:00:00Z","username":"u"}`),
			job("pass", hikvisionAction, `{"deviceIp":"10.0.0.1"}`), job("event", hikvisionEvent, `{"deviceIp":"10.0.0.1"}`), job("stranger", hikvisionAction, `{"deviceIp":"nowhere"}`),
			job("odd", "ODD", `{}`), job("none", activeWindow, `null`), json.RawMessage(`{"jobId":"empty"}`),
			job("vouched", activeWindow, `{"processName":"p"}`, `"options":{"skipValidation":true}`, linkOf1),
			job("minus", activeWindow, `{"processName":"p","windowTitle":"t","activeTime":-5}`, linkOf1))
		if got := resultOfJob(t, o, both, "window"); got != `{"jobId":"window","status":"PENDING","startTime":"2026-11-02T12:00:00.000Z"}` {
			t.Errorf("while it waits: %s", got)
		}
		o.rounds(t)
		done := func(processed, valid, link, database, size string) string {
			return `"status":"COMPLETED","startTime":"2026-11-02T12:00:00.000Z","endTime":"2026-11-02T12:00:00.000Z","duration":0,"processedData":` + processed +
				`,"validationResult":` + valid + link + `,"databaseResult":` + database + `,"metrics":` + size
		}
		fails := func(message string) string {
			return `"status":"FAILED","startTime":"2026-11-02T12:00:00.000Z","endTime":"2026-11-02T12:00:00.000Z","duration":0,"error":{"message":"` + message + `","code":"PROCESSING_ERROR"}}`
		}
		link := `,"linkingResult":{"computerMatched":true,"userMatched":true,"employeeMatched":true,"computerId":4,"userId":10,"employeeId":11}`
		for id, want := range map[string]string{
			"window": done(`{"activeTime":5.5,"computerId":4,"employeeId":11,"processName":"p","windowTitle":"O'zbek window"}`,
				`{"isValid":true,"sanitizedData":{"activeTime":5.5,"processName":"p","windowTitle":"O'zbek window"},"qualityScore":100}`, link,
				`{"recordsCreated":1,"recordsUpdated":0,"recordIds":[]}`, `{"dataSize":66,"memoryUsed":266,"cpuTime":0,"ioOperations":1}}`),
			"session": done(`{"computerId":4,"employeeId":11,"sessionEnd":"2026-11-02T09:00:00.000Z","sessionStart":"2026-11-02T08:00:00.000Z","username":"u"}`,
				`{"isValid":true,"sanitizedData":{"sessionEnd":"2026-11-02T09:00:00Z","sessionStart":"2026-11-02T08:00:00Z","username":"u"},"qualityScore":100}`, link,
				`{"recordsCreated":1,"recordsUpdated":0,"recordIds":[]}`, ``),
			"alone": done(`{"sessionEnd":null,"sessionStart":"2026-11-02T08:00:00.000Z","username":"u"}`,
				`{"isValid":true,"sanitizedData":{"sessionStart":"2026-11-02T08:00:00Z","username":"u"},"qualityScore":100}`, ``,
				`{"recordsCreated":0,"recordsUpdated":0,"recordIds":[]}`, ``),
			"picture": `"imageData":{"size":3,"sha256":"709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"}`,
			"site":    `"recordsCreated":1`, "vouched": `"qualityScore":60`, "minus": `"errors":["the event cannot have happened and is set aside"]`,
			"pass": `"databaseResult":{"recordsCreated":1,"recordsUpdated":0,"recordIds":[1]}`, "event": `"recordIds":[2]`,
			"nobody": fails("No computer and user are linked to the data"), "stranger": fails("Device not found for IP: nowhere"),
			"wrong": fails("Data validation failed: processName is required, windowTitle is required, activeTime must be a number"),
			"odd":   fails("Unsupported data type: ODD"), "none": fails("Data validation failed: Raw data must be a valid object"),
			"empty": fails("Data validation failed: Raw data must be a valid object"),
		} {
			if got := resultOfJob(t, o, both, id); !strings.Contains(got, want) {
				t.Errorf("%s: %s\nlacks %s", id, got, want)
			}
		}
		if got := fmt.Sprint(o.door.taken); got != `[action{"deviceIp":"10.0.0.1"} event{"deviceIp":"10.0.0.1"} action{"deviceIp":"nowhere"}]` {
			t.Errorf("doors were told %s", got)
		}
		shot := o.sink.events["1 screenshot job picture"]
		if shot.FilePath != "job/picture" || shot.FileSize != 3 || len(shot.SHA256) != 64 || !shot.At.Equal(noon.Add(-150*time.Minute)) {
			t.Errorf("the screenshot is %+v", shot)
		}
		if s := o.sink.events["1 user_session job session"]; s.Session != activity.Login || !s.End.Equal(noon.Add(-3*time.Hour)) {
			t.Errorf("the session is %+v", s)
		}
		if got := resultOfJob(t, o, both, "unknown"); got != "null" {
			t.Errorf("a job that there is not: %s", got)
		}
	})
}

func TestAnAgentsKeyReportsNoPasses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustSubmit(t, o, agent(1), job("pass", hikvisionAction, `{}`))
	o.rounds(t)
	if got := resultOfJob(t, o, agent(1), "pass"); !strings.Contains(got, `"status":"FAILED"`) || !strings.Contains(got, "A key of type AGENT may not order HIKVISION_ACTION") || len(o.door.taken) != 0 {
		t.Errorf("%s, doors were told %v", got, o.door.taken)
	}
	if err := o.retry(agent(1), "pass"); !errors.Is(err, errCompleted) {
		t.Errorf("tried again: %v", err)
	}
}

func TestTheUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustSubmit(t, o, agent(1), window("first"), window("low", `"priority":1`), window("urgent", `"priority":10`), window("beyond", `"priority":99`), window("second"))
	o.rounds(t)
	if got := fmt.Sprint(o.sink.order); got != "[job urgent job beyond job first job second job low]" {
		t.Errorf("done in the order %s", got)
	}
}

// One organization orders a hundred jobs, then another orders one: it is done after one turn of the first.
func TestNoOrganizationWaitsForTheBacklogOfAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.cfg.Turn = 10
	for i := range 100 {
		mustSubmit(t, o, agent(1), window(fmt.Sprint("big", i)))
	}
	mustSubmit(t, o, agent(2), window("small"))
	if n := len(o.ordered.turns); n != 2 {
		t.Fatalf("%d turns are ordered, want one for each organization", n)
	}
	n := o.rounds(t)
	for i, key := range o.sink.order {
		if key == "job small" && i != 10 {
			t.Errorf("it was done after %d others, want 10", i)
		}
	}
	if len(o.sink.order) != 101 || n != 11 {
		t.Errorf("%d jobs done in %d turns", len(o.sink.order), n)
	}
}

func TestTheBacklogIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.cfg.MaxWaiting = 3
		mustSubmit(t, o, agent(1), window("a"), window("b"))
		_, err := o.submit(agent(1), "", []json.RawMessage{window("c"), window("d")})
		if f := fault.Of(err); f.Kind != fault.TooMany || f.RetryAfter != patience {
			t.Errorf("error %v", err)
		}
		mustSubmit(t, o, agent(1), window("a"), window("c")) // one is known
		mustSubmit(t, o, agent(2), window("a"))              // another's backlog is its own
		if got := states(t, o, agent(1)); got != "a PENDING, b PENDING, c PENDING" {
			t.Errorf("states %s", got)
		}
		o.rounds(t)
		mustSubmit(t, o, agent(1), window("d"))
		o.rounds(t)
		o.cfg.MaxWaitingBytes = config.Bytes(len(window("e")) + len(window("f")) - 1)
		if _, err := o.submit(agent(1), "", []json.RawMessage{window("e"), window("f")}); !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
		mustSubmit(t, o, agent(1), window("e"))
		want := `
			# HELP jobs_total Jobs of v1's clients by type and by what became of them: queued, completed, failed, retried, refused.
			# TYPE jobs_total counter
			jobs_total{result="completed",type="ACTIVE_WINDOW"} 5
			jobs_total{result="queued",type="ACTIVE_WINDOW"} 6
			jobs_total{result="refused",type="ACTIVE_WINDOW"} 4
		`
		if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "jobs_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatFailsForAWhileIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.cfg.Attempts = 3
		o.sink.fail = errBroken
		mustSubmit(t, o, agent(1), window("a"))
		o.rounds(t)
		got := resultOfJob(t, o, agent(1), "a")
		if want := `{"jobId":"a","status":"RETRY","startTime":"2026-11-02T12:00:00.000Z","error":{"message":"The server cannot store it now","code":"PROCESSING_ERROR"}}`; got != want || o.ordered.later != 1 {
			t.Errorf("%s, %d turns ordered for later", got, o.ordered.later)
		}
		if err := o.turn(agent(1), turn{1}); err != nil || !strings.Contains(resultOfJob(t, o, agent(1), "a"), "RETRY") {
			t.Errorf("it was tried too early: %v", err)
		}
		for range 2 {
			o.now = func(at time.Time) func() time.Time { return func() time.Time { return at } }(o.now().Add(10 * time.Second))
			if err := o.turn(agent(1), turn{1}); err != nil {
				t.Fatal(err)
			}
		}
		got = resultOfJob(t, o, agent(1), "a")
		if !strings.Contains(got, `"status":"FAILED"`) || !strings.Contains(got, `"message":"The server could not store it"`) {
			t.Errorf("after three tries: %s", got)
		}
		o.sink.fail = nil
		if err := o.retry(agent(2), "a"); !errors.Is(err, errUnknown) {
			t.Errorf("another organization tries it again: %v", err)
		}
		if err := o.retry(agent(1), "a"); err != nil {
			t.Fatal(err)
		}
		if err := o.retry(agent(1), "a"); err != nil { // it waits: that is what is asked
			t.Fatal(err)
		}
		o.rounds(t)
		if got := resultOfJob(t, o, agent(1), "a"); !strings.Contains(got, `"status":"COMPLETED"`) || strings.Contains(got, "error") || len(o.sink.events) != 1 {
			t.Errorf("after the retry: %s", got)
		}
		if err := o.retry(agent(1), "a"); !errors.Is(err, errCompleted) {
			t.Errorf("a completed job is tried again: %v", err)
		}
	})
}

func TestWhatCanNeverBeStoredFailsAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.sink.fail = fault.New(fault.Invalid, "monitoring.incomplete").Wrap(errors.New("at /secret/path"))
	mustSubmit(t, o, agent(1), window("a"))
	o.rounds(t)
	got := resultOfJob(t, o, agent(1), "a")
	if !strings.Contains(got, `"status":"FAILED"`) || !strings.Contains(got, `"The data cannot be stored: monitoring.incomplete"`) || strings.Contains(got, "secret") {
		t.Errorf("it is %s", got)
	}
}

func TestWaitsDouble(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 9: longestPause, 99: longestPause} {
		if got := pause(attempt); got != want {
			t.Errorf("after attempt %d it waits %v, want %v", attempt, got, want)
		}
	}
}

// The process stops in the middle of a turn: what was done is done once, and the rest waits as if it had not been touched.
func TestAStopInTheMiddlePutsTheRestBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustSubmit(t, o, agent(1), window("a"), window("b"), window("c"))
		ctx, stop := context.WithCancel(agent(1))
		done := 0
		o.sink.before = func() {
			if done++; done == 2 {
				stop()
			}
		}
		if err := o.turn(ctx, turn{1}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if got := states(t, o, agent(1)); got != "a COMPLETED, b PENDING, c PENDING" {
			t.Errorf("states %s", got)
		}
		o.sink.before = nil
		o.rounds(t)
		if got := states(t, o, agent(1)); got != "a COMPLETED, b COMPLETED, c COMPLETED" || len(o.sink.order) != 3 {
			t.Errorf("states %s, stored %v", got, o.sink.order)
		}
	})
}

// The process dies in the middle of a turn: its jobs are taken for lost after a while, and are done by another.
func TestWhatADeadProcessHeldIsDone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustSubmit(t, o, agent(1), window("a"))
	if rows, _, err := o.claim(agent(1)); err != nil || len(rows) != 1 {
		t.Fatalf("claimed %v, %v", rows, err)
	}
	o.ordered.turns = nil // the turn died with it
	if err := o.tidy(system()); err != nil || len(o.ordered.turns) != 0 {
		t.Errorf("a turn was ordered too early: %v", err)
	}
	o.now = func() time.Time { return noon.Add(3 * lease) }
	if err := o.tidy(system()); err != nil || fmt.Sprint(o.ordered.turns) != "[{1}]" {
		t.Errorf("ordered %v, %v", o.ordered.turns, err)
	}
	for _, ordered := range o.ordered.turns {
		if err := o.turn(system(), ordered); err != nil { // nobody's turn is of the organization that it names
			t.Fatal(err)
		}
	}
	if got := states(t, o, agent(1)); got != "a COMPLETED" {
		t.Errorf("states %s", got)
	}
}

func TestATurnThatTakesTooLongEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	at := noon
	o.now = func() time.Time { return at }
	o.sink.before = func() { at = at.Add(longestTurn + time.Second) }
	mustSubmit(t, o, agent(1), window("a"), window("b"))
	if n := o.rounds(t); n != 2 {
		t.Errorf("%d turns, want 2", n)
	}
	if got := states(t, o, agent(1)); got != "a COMPLETED, b COMPLETED" {
		t.Errorf("states %s", got)
	}
}

func TestFinishedJobsAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.cfg.MaxFinished = 3
		for i := range 5 {
			o.now = func() time.Time { return noon.Add(time.Duration(i) * time.Minute) }
			mustSubmit(t, o, agent(1), window(fmt.Sprint(i)))
			mustSubmit(t, o, agent(2), window(fmt.Sprint(i)))
			o.rounds(t)
		}
		if got := states(t, o, agent(1)); got != "2 COMPLETED, 3 COMPLETED, 4 COMPLETED" {
			t.Errorf("states %s", got)
		}
		mustSubmit(t, o, agent(1), job("bad", activeWindow, `{}`), window("waits"))
		o.cfg.Turn = 1
		if err := o.turn(agent(1), turn{1}); err != nil {
			t.Fatal(err)
		}
		if n, err := o.cleanup(agent(1)); n != 2 || err != nil { // one more was forgotten by the turn
			t.Errorf("%d deleted, %v", n, err)
		}
		if got := states(t, o, agent(1)); got != "bad FAILED, waits PENDING" {
			t.Errorf("states %s", got)
		}
		if got := states(t, o, agent(2)); got != "2 COMPLETED, 3 COMPLETED, 4 COMPLETED" {
			t.Errorf("another organization has %s", got)
		}
		o.now = func() time.Time { return noon.Add(o.cfg.Keep + 5*time.Minute) }
		if err := o.tidy(system()); err != nil {
			t.Fatal(err)
		}
		if got := states(t, o, agent(1)) + states(t, o, agent(2)); got != "waits PENDING" {
			t.Errorf("left are %s", got)
		}
	})
}

func TestLinksNameAComputerAndAUser(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		`{"computerIdentifier":"PC-1","username":"u"}`:                                                     "PC-1 u",
		`{"computerIdentifier":"S-1-5-21-7","username":"u","computerInfo":{"hostname":"PC-2"}}`:            "PC-2 S-1-5-21-7",
		`{"computerIdentifier":"s-1-5-21-7"}`:                                                              " s-1-5-21-7",
		`{"username":"u","computerInfo":{"hostname":"PC-3"}}`:                                              "PC-3 u",
		`{"computerIdentifier":"UID","username":"u","computerInfo":{"hostname":"PC-3"},"employeeId":"11"}`: "UID u",
		`{}`: " ", `null`: " ", `[]`: " ",
	} {
		uid, sid := parse(json.RawMessage(`{"computerUserLink":` + link + `}`)).pair()
		if got := uid + " " + sid; got != want {
			t.Errorf("%s names %q, want %q", link, got, want)
		}
	}
	for name, want := range map[string]string{"": activity.Login, "LOGOUT": activity.Logout, "locked": activity.Lock, "UNLOCKED": activity.Unlock} {
		if got := session(name); got != want {
			t.Errorf("a session %q is %s", name, got)
		}
	}
}

func TestSettingsOutOfBoundsAreRefused(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{}
	err := bad.Validate()
	for _, key := range []string{"max_waiting:", "max_waiting_bytes:", "max_batch:", "max_body:", "attempts:", "keep:", "max_finished:", "turn:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v lacks %s", err, key)
		}
	}
}
