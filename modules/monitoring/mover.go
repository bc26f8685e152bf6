package monitoring

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// mover brings rows from the primary database back to TimescaleDB: each step stores some there, reads them again, and
// only then deletes them here. It may be cut off anywhere, since a row that is there already stays one row.
type mover struct {
	store store
	count func(rows int) // of the primary database's that are gone
	log   *slog.Logger
	now   func() time.Time
}

// otherContent is why a row is set aside that TimescaleDB has with another content: of two reports of one event the
// first counts, here as always, but a row that was acknowledged does not vanish.
const otherContent = "other_content"

// run moves what can be moved, and says so when nothing is left. What fails by itself keeps nothing else waiting.
func (m *mover) run(ctx context.Context) error {
	var errs []error
	for _, k := range activity.Kinds {
		errs = append(errs, m.each(ctx, tables[k].name, func(ctx context.Context) error { return m.rows(ctx, k) }))
	}
	for name, step := range map[string]func(context.Context) (int, error){"batch_tokens": m.store.moveTokens, "quarantine": m.store.moveAsides} {
		errs = append(errs, m.each(ctx, name, func(ctx context.Context) error { return untilNone(ctx, step) }))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return m.store.finish(ctx, m.now())
}

// hopeless reports whether nothing else can be moved either after this error.
func hopeless(ctx context.Context, err error) bool {
	return ctx.Err() != nil || db.Away(err) && !db.Unsure(err)
}

// each runs fn as each organization that has rows of the table in the primary database.
func (m *mover) each(ctx context.Context, table string, fn func(context.Context) error) error {
	organizations, err := m.store.left(ctx, table)
	if err != nil {
		return err
	}
	a, _ := actor.From(ctx)
	var errs []error
	for _, o := range organizations {
		if err := fn(actor.With(ctx, a.In(o))); err != nil {
			errs = append(errs, fmt.Errorf("move %s of organization %d: %w", table, o, err))
			if hopeless(ctx, err) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// untilNone repeats a step until it finds nothing.
func untilNone(ctx context.Context, step func(context.Context) (int, error)) error {
	for {
		if n, err := step(ctx); err != nil || n == 0 {
			return err
		}
	}
}

// rows moves the rows of one kind of the actor's organization, and tells of each day what was compared. A day that
// fails stays.
func (m *mover) rows(ctx context.Context, k activity.Kind) error {
	var of integrity
	var from time.Time
	var errs []error
	for {
		step, err := m.store.moveRows(ctx, k, from, m.now())
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", step.Day.Format(time.DateOnly), err))
			if step.Day.IsZero() || hopeless(ctx, err) {
				return errors.Join(errs...)
			}
			from = step.Day.Add(day)
			continue
		}
		if of.SourceCount > 0 && (step.SourceCount == 0 || !step.Day.Equal(of.Day)) {
			a, _ := actor.From(ctx)
			m.log.InfoContext(ctx, "rows are in TimescaleDB again", "organization_id", a.OrganizationID, "table", of.Table, "day", of.Day.Format(time.DateOnly),
				"source_count", of.SourceCount, "target_count", of.TargetCount, "content", fmt.Sprintf("%x", of.TargetHash), "other_content", of.Differing)
			of = integrity{}
		}
		if step.SourceCount == 0 {
			return errors.Join(errs...)
		}
		m.count(step.SourceCount)
		of = of.plus(step)
	}
}

// integrity compares rows of one table and one day of UTC with those that have the same keys in TimescaleDB.
type integrity struct {
	Table                    string
	Day                      time.Time
	SourceCount, TargetCount int
	// The hashes are sums over the contents of the rows, but of those that were there with another content before,
	// which Differing counts.
	SourceHash, TargetHash uint64
	Differing              int
}

// IsValid reports whether TimescaleDB has all of the rows, with their content.
func (i integrity) IsValid() bool {
	return i.SourceCount == i.TargetCount && i.SourceHash == i.TargetHash
}

func (i integrity) plus(o integrity) integrity {
	o.SourceCount += i.SourceCount
	o.TargetCount += i.TargetCount
	o.SourceHash += i.SourceHash
	o.TargetHash += i.TargetHash
	o.Differing += i.Differing
	return o
}

// compared compares rows with those that have their keys.
func compared(k activity.Kind, source, target []row, differing map[rowKey]bool) integrity {
	i := integrity{Table: tables[k].name, SourceCount: len(source), Differing: len(differing)}
	wanted := make(map[rowKey]bool, len(source))
	for _, r := range source {
		i.Day = r.Datetime.UTC().Truncate(day)
		wanted[keyOf(r)] = true
		if !differing[keyOf(r)] {
			i.SourceHash += contentOf(r)
		}
	}
	for _, r := range target {
		if !wanted[keyOf(r)] {
			continue
		}
		i.TargetCount++
		if !differing[keyOf(r)] {
			i.TargetHash += contentOf(r)
		}
	}
	return i
}

// rowKey is what makes a row of an organization that row.
type rowKey struct {
	at int64
	id id.UUID
}

func keyOf(r row) rowKey { return rowKey{micros(r.Datetime), r.ID} }

// contentOf hashes all that is in a row.
func contentOf(r row) uint64 {
	r.Datetime, r.EndTime = r.Datetime.UTC(), r.EndTime.UTC()
	b, err := json.Marshal(r)
	if err != nil { // a year that JSON does not know
		b = fmt.Append(nil, r)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// asPrepared are rows of one kind as a batch.
func asPrepared(k activity.Kind, rows []row) *prepared {
	p := &prepared{}
	t := &p.tables[tableOf(k)]
	t.grow(k, len(rows))
	for _, r := range rows {
		e := asEvent(k, r)
		t.add(&e, r.ID, r.AgentID)
	}
	return p
}

// asEvent is the event that the row was made of, without its key.
func asEvent(k activity.Kind, r row) activity.Event {
	return activity.Event{
		Kind: k, ComputerUID: r.ComputerUID, UserSID: r.UserSID, At: r.Datetime.UTC(), End: r.EndTime, Duration: r.DurationSeconds,
		Title: r.Title, Process: r.ProcessName, URL: r.URL, Session: r.SessionType, FilePath: r.FilePath, FileSize: r.FileSize,
		SHA256: r.SHA256, Width: r.Width, Height: r.Height, Source: r.Source,
	}
}

// oneDay are those of the rows, which are in the order of time, that began on the day of the first.
func oneDay(rows []row) []row {
	if len(rows) == 0 {
		return nil
	}
	end := rows[0].Datetime.UTC().Truncate(day).Add(day)
	n, _ := slices.BinarySearchFunc(rows, end, func(r row, t time.Time) int { return cmp.Compare(micros(r.Datetime), micros(t)) })
	return rows[:n]
}

// errDiffers is a step whose rows are not in TimescaleDB after they were stored there.
type errDiffers struct{ integrity }

func (e errDiffers) Error() string {
	return fmt.Sprintf("%s of %s: of %d rows TimescaleDB has %d, content %x is %x there",
		e.Table, e.Day.Format(time.DateOnly), e.SourceCount, e.TargetCount, e.SourceHash, e.TargetHash)
}
