package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/jobs"
)

const (
	// lease is how long a job may take before it is taken for lost; less than the queue waits before it runs a turn again.
	lease = time.Minute
	// longestTurn is how long one organization may keep the others waiting, where what it wants is slow.
	longestTurn = 20 * time.Second
	// firstPause and longestPause bound the wait before a job is tried again.
	firstPause, longestPause = 2 * time.Second, 5 * time.Minute
)

// turn is the order to do some jobs of one organization.
type turn struct {
	OrganizationID int64 `json:"organizationId"`
}

// turn does the most urgent jobs that wait, and if some are left orders the next turn.
func (s *service) turn(ctx context.Context, t turn) error {
	a, _ := actor.From(ctx)
	ctx = actor.With(ctx, a.In(t.OrganizationID))
	rows, left, err := s.claim(ctx)
	if err != nil {
		return err
	}
	undone, err := s.work(ctx, rows)
	if err != nil {
		return err
	}
	left = left || undone
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		if err := s.store.bound(ctx, tx, s.cfg.MaxFinished); err != nil {
			return err
		}
		if !left { // what has come meanwhile has a turn of its own
			return nil
		}
		due, err := s.store.due(ctx, tx, s.clock(), 1)
		if err != nil || len(due) == 0 {
			return err
		}
		return s.orders.Enqueue(ctx, tx, t)
	})
}

// work does the jobs for as long as a turn may last. What it leaves undone waits again.
func (s *service) work(ctx context.Context, rows []jobRow) (undone bool, err error) {
	end := s.now().Add(longestTurn)
	for i, row := range rows {
		if s.now().After(end) {
			return true, s.putBack(ctx, rows[i:])
		}
		if err = ctx.Err(); err == nil {
			err = s.do(ctx, row)
		}
		if err != nil { // the process stops, or the database is gone
			return true, errors.Join(err, s.putBack(context.WithoutCancel(ctx), rows[i:]))
		}
	}
	return false, nil
}

// claim takes the jobs of this turn; left says that others wait. A job that was lost too often is given up.
func (s *service) claim(ctx context.Context) (rows []jobRow, left bool, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		now := s.clock()
		due, err := s.store.due(ctx, tx, now, s.cfg.Turn+1)
		if err != nil {
			return err
		}
		rows = due[:min(together(due), s.cfg.Turn)]
		left = len(rows) < len(due)
		if len(rows) > 0 && rows[0].Attempts >= s.cfg.Attempts {
			lost := rows[0]
			lost.Status, lost.Error, lost.FinishedAt, rows = failed, "The server could not do it", &now, nil
			s.count(lost.DataType, "failed")
			return s.store.settle(ctx, tx, lost)
		}
		for i := range rows {
			r := &rows[i]
			r.Status, r.Attempts, r.NextAt, r.StartedAt = processing, r.Attempts+1, now.Add(lease), &now
			if err := s.store.settle(ctx, tx, *r); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, left, err
}

// together is how many of the jobs one turn takes. One that was lost goes alone: the process may have died of it, and others
// must not be lost with it again.
func together(due []jobRow) int {
	lost := slices.IndexFunc(due, func(r jobRow) bool { return r.Status == processing })
	if lost < 0 {
		return len(due)
	}
	return max(lost, 1)
}

func (s *service) putBack(ctx context.Context, rows []jobRow) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, r := range rows {
			r.Status, r.Attempts, r.NextAt = pending, r.Attempts-1, s.clock()
			if err := s.store.settle(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// do does one job and notes what became of it. Its error is not the job's.
func (s *service) do(ctx context.Context, row jobRow) error {
	var request json.RawMessage
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		request, err = s.store.request(ctx, tx, row.ID)
		return err
	})
	if err != nil {
		return err
	}
	start := s.clock()
	row.StartedAt = &start
	in := parse(request)
	out, err := s.run(ctx, row, in)
	end := s.clock()
	row.FinishedAt, row.DurationMS = &end, end.Sub(start).Milliseconds()
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil && fault.Retryable(err) && row.Attempts < s.cfg.Attempts:
		row.Status, row.Error, row.FinishedAt = retrying, "The server cannot store it now", nil
		row.NextAt = end.Add(pause(row.Attempts)).Truncate(time.Second).Add(time.Second)
	case err != nil:
		row.Status, row.Error = failed, refusal(err)
	case out.refused != "":
		row.Status, row.Error = failed, out.refused
	default:
		size := int64(len(in.members["rawData"]))
		out.Metrics = metrics{DataSize: size, MemoryUsed: row.DataSize, CPUTime: row.DurationMS, IOOperations: out.DatabaseResult.RecordsCreated}
		row.Status, row.Error, row.Records = completed, "", out.DatabaseResult.RecordsCreated
		if row.Result, err = json.Marshal(out); err != nil {
			return err
		}
	}
	if err != nil {
		s.log.WarnContext(ctx, "a job failed", "type", row.DataType, "status", string(row.Status), "attempt", row.Attempts, "error", err)
	}
	s.count(row.DataType, map[status]string{completed: "completed", failed: "failed", retrying: "retried"}[row.Status])
	return s.finish(ctx, row)
}

func (s *service) finish(ctx context.Context, row jobRow) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.settle(ctx, tx, row); err != nil || row.Status != retrying {
			return err
		}
		of := tx.Actor().OrganizationID
		return s.orders.Enqueue(ctx, tx, turn{of}, jobs.At(row.NextAt), jobs.Unique(fmt.Sprintf("%d %d", of, row.NextAt.Unix())))
	})
}

// pause doubles with each attempt.
func pause(attempt int) time.Duration { return min(firstPause<<min(attempt-1, 16), longestPause) }

// refusal is what a client is told of an error that stays: its code, and nothing from inside.
func refusal(err error) string {
	if fault.Retryable(err) {
		return "The server could not store it"
	}
	return "The data cannot be stored: " + fault.Of(err).Code
}

// outcome is what became of a job that was done, in the shape of v1's answers; refused says why it was not.
type outcome struct {
	refused          string
	ProcessedData    map[string]any `json:"processedData"`
	ValidationResult validation     `json:"validationResult"`
	LinkingResult    *linking       `json:"linkingResult,omitempty"`
	DatabaseResult   databaseResult `json:"databaseResult"`
	Metrics          metrics        `json:"metrics"`
}

type validation struct {
	IsValid       bool     `json:"isValid"`
	Errors        []string `json:"errors,omitempty"`
	SanitizedData any      `json:"sanitizedData"`
	QualityScore  int      `json:"qualityScore"`
}

type linking struct {
	ComputerMatched bool   `json:"computerMatched"`
	UserMatched     bool   `json:"userMatched"`
	EmployeeMatched bool   `json:"employeeMatched"`
	ComputerID      *int64 `json:"computerId"`
	UserID          *int64 `json:"userId"`
	EmployeeID      *int64 `json:"employeeId"`
}

type databaseResult struct {
	RecordsCreated int     `json:"recordsCreated"`
	RecordsUpdated int     `json:"recordsUpdated"`
	RecordIDs      []int64 `json:"recordIds"`
}

type metrics struct {
	DataSize     int64 `json:"dataSize"`
	MemoryUsed   int64 `json:"memoryUsed"`
	CPUTime      int64 `json:"cpuTime"`
	IOOperations int   `json:"ioOperations"`
}

// perFault is what each fault takes off the quality of data, which is 100 at best.
const perFault = 20

func (s *service) run(ctx context.Context, row jobRow, in request) (out outcome, err error) {
	wrong := in.faults()
	if len(wrong) > 0 && !(in.skipsValidation() && in.raw != nil) {
		out.refused = "Data validation failed: " + strings.Join(wrong, ", ")
		return out, nil
	}
	shown := in.shown()
	out = outcome{
		ProcessedData:    map[string]any{},
		ValidationResult: validation{IsValid: len(wrong) == 0, Errors: wrong, SanitizedData: shown, QualityScore: max(0, 100-perFault*len(wrong))},
		DatabaseResult:   databaseResult{RecordIDs: []int64{}},
	}
	for name, value := range shown {
		out.ProcessedData[name] = value
	}
	switch row.DataType {
	case activeWindow, visitedSite, screenshot, userSession:
		err = s.keep(ctx, row, in, &out)
	case hikvisionAction, hikvisionEvent:
		err = s.report(ctx, row.DataType, in, &out)
	default:
		out.refused = "Unsupported data type: " + row.DataType
	}
	return out, err
}

// keep stores what an agent tells. The job's id makes the event's key, so however often it is tried it is stored once.
func (s *service) keep(ctx context.Context, row jobRow, in request, out *outcome) error {
	e := in.event(row.JobID, row.CreatedAt)
	if row.DataType == userSession {
		out.ProcessedData = map[string]any{"username": in.raw.Text("username", maxID), "sessionStart": iso(e.At), "sessionEnd": nil}
		if !e.End.IsZero() {
			out.ProcessedData["sessionEnd"] = iso(e.End)
		}
	}
	switch {
	case e.ComputerUID != "" && e.UserSID != "":
	case row.DataType == userSession:
		return nil // v1 let it pass, of nobody
	default:
		out.refused = "No computer and user are linked to the data"
		return nil
	}
	if err := s.link(ctx, in, out); err != nil {
		return err
	}
	receipt, err := s.sink.Put(ctx, activity.Batch{Events: []activity.Event{e}})
	if err != nil {
		return err
	}
	out.DatabaseResult.RecordsCreated = receipt.Stored + receipt.Known // a job that is tried again has made its row before
	if receipt.Quarantined > 0 {
		out.ValidationResult.IsValid = false
		out.ValidationResult.Errors = append(out.ValidationResult.Errors, "the event cannot have happened and is set aside")
	}
	return nil
}

// link makes the computer and its user known. Who the user is, is not the client's to say.
func (s *service) link(ctx context.Context, in request, out *outcome) error {
	uid, sid := in.pair()
	info := in.link.Object("computerInfo")
	text := func(name string) string { return info.Text(name, activity.MaxUID) }
	c, err := s.computers.Register(ctx, computer.Details{
		UID: uid, Name: text("hostname"), OS: text("operatingSystem"), IPAddress: text("ipAddress"), MACAddress: text("macAddress"),
	})
	if err != nil {
		return err
	}
	u, err := s.computers.RegisterUser(ctx, computer.UserDetails{SID: sid, Username: in.link.Text("username", activity.MaxUID), Domain: text("domain")})
	if err != nil {
		return err
	}
	out.LinkingResult = &linking{ComputerMatched: true, UserMatched: true, ComputerID: &c.ID, UserID: &u.ID}
	out.ProcessedData["computerId"] = c.ID
	if u.EmployeeID != 0 {
		out.LinkingResult.EmployeeMatched, out.LinkingResult.EmployeeID = true, &u.EmployeeID
		out.ProcessedData["employeeId"] = u.EmployeeID
	}
	return nil
}

// report hands on what a door terminal tells.
func (s *service) report(ctx context.Context, dataType string, in request, out *outcome) error {
	take := s.terminals.Action
	if dataType == hikvisionEvent {
		take = s.terminals.Event
	}
	was, err := take(ctx, in.members["rawData"])
	if err != nil {
		return err
	}
	out.refused = was.Problem
	out.DatabaseResult.RecordsCreated, out.DatabaseResult.RecordIDs = 1, []int64{was.ID}
	return nil
}

// iso is a time as v1 wrote it.
func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
