package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

// service takes jobs and does them. One job of the queue, a turn, does some jobs of one organization and then orders the
// next turn behind those of all others: so no organization waits for the backlog of another.
type service struct {
	cfg       Config
	store     store
	sink      activity.Sink
	computers computer.Registry
	terminals pass.Terminals
	orders    kernel.Orders
	log       *slog.Logger
	now       func() time.Time
	began     time.Time
	count     func(dataType, result string)
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// lock makes what changes the backlog of an organization wait for each other.
func (s *service) lock(ctx context.Context, tx db.Tx) error {
	return tx.Serialize(ctx, fmt.Sprintf("processing %d", tx.Actor().OrganizationID))
}

// submit takes jobs, all or none, and returns their ids. A job that is known by its id is not taken again.
func (s *service) submit(ctx context.Context, batchID string, texts []json.RawMessage) ([]string, error) {
	rows, ids, err := s.rows(ctx, batchID, texts)
	if err != nil || len(rows) == 0 {
		return ids, err
	}
	var news []jobRow
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		if news, err = s.unknown(ctx, tx, rows); err != nil || len(news) == 0 {
			return err
		}
		return s.add(ctx, tx, news)
	})
	if errors.Is(err, errFull) {
		s.tally(rows, "refused")
	}
	if err == nil {
		s.tally(news, "queued")
	}
	return ids, err
}

// rows are the jobs as they are kept, each once.
func (s *service) rows(ctx context.Context, batchID string, texts []json.RawMessage) (rows []jobRow, ids []string, err error) {
	var f fault.Fields
	if len(batchID) > maxID {
		f.Add("batchId", "too_long", fault.Params{"Max": maxID})
	}
	who, _ := actor.From(ctx)
	now, seen := s.clock(), map[string]bool{}
	ids = make([]string, len(texts))
	for i, text := range texts {
		r := parse(text)
		if ids[i] = r.members.Text("jobId", maxID+1); len(ids[i]) > maxID {
			f.Add("jobId", "too_long", fault.Params{"Max": maxID})
		} else if ids[i] == "" {
			ids[i] = id.New().String()
		}
		if seen[ids[i]] {
			continue
		}
		seen[ids[i]] = true
		row := jobRow{
			JobID: ids[i], OrderedBy: who.ID, BatchID: batchID, DataType: r.dataType(), Priority: r.priority(), Status: pending, Request: kept(text),
			DataSize: int64(len(text)), NextAt: now, CreatedAt: now,
		}
		if may := permission(row.DataType); !who.Can(may) { // whose job it is nobody knows when it is done
			row.Status, row.Error, row.Request = failed, "A key of type "+who.Role.String()+" may not order "+row.DataType, nil
			row.FinishedAt, row.StartedAt = &now, &now
		}
		rows = append(rows, row)
	}
	return rows, ids, f.Err()
}

// sight is the key whose jobs the actor sees: an agent's its own, for they tell of people; the others all.
func sight(ctx context.Context) (key string) {
	if who, _ := actor.From(ctx); who.Role == actor.Agent {
		return who.ID
	}
	return ""
}

// permission is the right to report what a job of the type reports.
func permission(dataType string) actor.Permission {
	if dataType == hikvisionAction || dataType == hikvisionEvent {
		return pass.Report
	}
	return activity.Report
}

// unknown leaves out the jobs that are there already.
func (s *service) unknown(ctx context.Context, tx db.Tx, rows []jobRow) (news []jobRow, err error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.JobID
	}
	known, err := s.store.known(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if !known[r.JobID] {
			news = append(news, r)
		}
	}
	return news, nil
}

// add puts the jobs behind those that wait, unless these are too many. Where nothing waits, no turn is ordered yet: one
// that is at work orders the next only for what it has left.
func (s *service) add(ctx context.Context, tx db.Tx, rows []jobRow) error {
	w, err := s.store.waiting(ctx, tx)
	if err != nil {
		return err
	}
	bytes := w.Bytes
	for _, r := range rows {
		bytes += r.DataSize
	}
	if w.Jobs+len(rows) > s.cfg.MaxWaiting || bytes > int64(s.cfg.MaxWaitingBytes) {
		return errFull
	}
	if err := s.store.add(ctx, tx, rows); err != nil {
		return err
	}
	if w.Ready > 0 {
		return nil
	}
	return s.orders.Enqueue(ctx, tx, turn{tx.Actor().OrganizationID})
}

// retry makes a failed job wait again, and one that waits for its next try go now.
func (s *service) retry(ctx context.Context, jobID string) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		row, err := s.store.job(ctx, tx, jobID, sight(ctx))
		switch {
		case err != nil:
			return err
		case row.Status == pending || row.Status == processing:
			return nil
		case row.Status == completed:
			return errCompleted
		}
		switch request, err := s.store.request(ctx, tx, row.ID); {
		case err != nil:
			return err
		case len(request) == 0:
			return errCompleted
		}
		row.Status, row.Attempts, row.NextAt = pending, 0, s.clock()
		row.FinishedAt, row.Error, row.DurationMS = nil, "", 0
		if err := s.store.settle(ctx, tx, row); err != nil {
			return err
		}
		return s.orders.Enqueue(ctx, tx, turn{tx.Actor().OrganizationID})
	})
	if errors.Is(err, db.ErrNotFound) {
		return errUnknown.Wrap(err)
	}
	return err
}

// cleanup deletes the completed jobs that the actor sees. Failed ones stay as long as they can be tried again.
func (s *service) cleanup(ctx context.Context) (int64, error) {
	return s.store.forgetCompleted(ctx, sight(ctx))
}

// tidy deletes what finished long ago, and orders a turn wherever jobs wait that nobody does: a turn may have died.
func (s *service) tidy(ctx context.Context) error {
	now := s.clock()
	if err := s.store.forget(ctx, now.Add(-s.cfg.Keep)); err != nil {
		return err
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		left, err := s.store.leftBehind(ctx, tx, now.Add(-lease))
		for i := 0; err == nil && i < len(left); i++ {
			err = s.orders.Enqueue(ctx, tx, turn{left[i]})
		}
		return err
	})
}

func (s *service) tally(rows []jobRow, result string) {
	for _, r := range rows {
		if r.Status == failed && result == "queued" {
			s.count(r.DataType, "failed")
			continue
		}
		s.count(r.DataType, result)
	}
}
