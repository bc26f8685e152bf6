package commands

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

func TestAnswersOfOthersChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o, g := newOffice(t, d), gateways[0]
		under := o.order(t, g, nil)
		o.clock.pass(time.Microsecond)
		waits := o.order(t, g, nil)
		o.next(t, connect(g))
		done := command.Ack{CommandID: under, Status: command.Completed}
		o.ack(t, gateways[1], done) // a neighbour
		if err := o.acknowledge(context.Background(), gateway.Caller{ID: gateways[2], OrganizationID: 2}, done); err != nil {
			t.Fatal(err)
		}
		o.ack(t, g, command.Ack{CommandID: waits, Status: command.Completed}) // it has not been sent
		o.ack(t, g, command.Ack{CommandID: id.New(), Status: command.Completed})
		if a, b := o.row(t, under).Status, o.row(t, waits).Status; a != command.Sent || b != command.Pending {
			t.Errorf("they are %s and %s", a, b)
		}
		o.ack(t, g, command.Ack{CommandID: under, Status: command.Failed, Code: "x"})
		o.clock.pass(time.Second)
		o.ack(t, g, done) // replayed, and another word than before
		if row := o.row(t, under); row.Status != command.Failed || !row.AckAt.Equal(noon.Add(time.Microsecond)) {
			t.Errorf("it is %+v", row)
		}
	})
}

func TestAnswersThatNoDatabaseKeepsAreAnswersStill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		l := connect(g)
		for name, a := range map[string]command.Ack{
			"zero in JSON":   {Result: json.RawMessage(`{"a":"\u0000"}`)},
			"zero in words":  {Error: "a\x00b", Code: "\x00"},
			"broken letters": {Error: "\xff\xfe", PolicyVersion: "\xd0"},
			"long":           {Error: strings.Repeat("ў", 5000), Code: strings.Repeat("c", 5000), PolicyVersion: strings.Repeat("1", 500), Result: json.RawMessage(`"` + strings.Repeat("r", maxResult) + `"`)},
			"null":           {Result: json.RawMessage(`null`)},
		} {
			a.CommandID, a.Status = o.order(t, g, nil), command.Failed
			o.next(t, l)
			o.ack(t, g, a)
			row := o.row(t, a.CommandID)
			if row.Status != command.Failed || len(row.Error) > maxError || len(row.Code) > maxCode || len(row.Result) > maxResult {
				t.Errorf("%s: %+v", name, row)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		under := o.order(t, g, nil)
		o.clock.pass(time.Microsecond)
		waits := o.order(t, g, nil)
		l := connect(g)
		o.next(t, l)
		for _, commandID := range []id.UUID{under, waits} {
			if err := o.cancel(hr(2), commandID); !errors.Is(err, errUnknown) {
				t.Errorf("by another tenant: %v", err)
			}
			if err := o.cancel(hr(1), commandID); !errors.Is(err, errNotAllowed) {
				t.Errorf("by who may not order it: %v", err)
			}
			if err := o.cancel(administrator(), commandID); err != nil {
				t.Fatal(err)
			}
			if row := o.row(t, commandID); row.Status != command.Cancelled || row.Code != "cancelled" || row.EndedAt == nil {
				t.Errorf("it is %+v", row)
			}
			if err := o.cancel(administrator(), commandID); !errors.Is(err, errEnded) {
				t.Errorf("twice: %v", err)
			}
		}
		if err := o.cancel(administrator(), id.New()); !errors.Is(err, errUnknown) {
			t.Errorf("one that is not there: %v", err)
		}
		o.ack(t, g, command.Ack{CommandID: under, Status: command.Completed})
		if row := o.row(t, under); row.Status != command.Cancelled {
			t.Errorf("an answer brought it back: %+v", row)
		}
		if got := o.next(t, l); len(got) != 0 {
			t.Errorf("delivered all the same: %+v", got)
		}
	})
}

func TestOldEndsAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		l := connect(g)
		end := func(change func(*command.Order)) id.UUID {
			commandID := o.order(t, g, change)
			o.next(t, l)
			if change != nil {
				if _, err := o.keepBundle(hr(1), o.row(t, commandID), strings.NewReader("tar")); err != nil {
					t.Fatal(err)
				}
			}
			o.ack(t, g, command.Ack{CommandID: commandID, Status: command.Completed})
			return commandID
		}
		diagnostics := func(o *command.Order) { o.Type = command.CollectDiagnostics }
		plain, bundled := end(nil), end(diagnostics)
		for _, step := range []struct {
			days         int
			files, plain int
		}{{7, 1, 1}, {8, 0, 1}, {30, 0, 1}, {31, 0, 0}} {
			o.clock.mu.Lock()
			o.clock.at = noon.AddDate(0, 0, step.days)
			o.clock.mu.Unlock()
			if err := o.forgetOld(system()); err != nil {
				t.Fatal(err)
			}
			rows := 0
			for _, commandID := range []id.UUID{plain, bundled} {
				if _, err := o.store.byID(system(), commandID); err == nil {
					rows++
				}
			}
			if len(o.files.kept) != step.files || rows != 2*step.plain {
				t.Errorf("after %d days: %d files, %d commands", step.days, len(o.files.kept), rows)
			}
		}
	})
}

// A file whose command ends on its way is not kept; one that came is kept once, however often and whenever it is brought
// again.
func TestDiagnosticsAreKeptOnceAndInTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		l := connect(g)
		asked := func() commandRow {
			commandID := o.order(t, g, func(o *command.Order) { o.Type = command.CollectDiagnostics })
			o.next(t, l)
			return o.row(t, commandID)
		}
		late := asked()
		meanwhile := ending(func() {
			if err := o.cancel(administrator(), late.ID); err != nil {
				t.Error(err)
			}
		})
		if _, err := o.keepBundle(hr(1), late, io.MultiReader(strings.NewReader("late"), meanwhile)); !errors.Is(err, errNotAwaited) {
			t.Errorf("a file whose command was cancelled meanwhile: %v", err)
		}
		if row := o.row(t, late.ID); row.Bundle != "" || len(o.files.kept) != 0 {
			t.Errorf("%d files are kept, the command has %q", len(o.files.kept), row.Bundle)
		}
		inTime := asked()
		for n, content := range []string{"first", "second", "first", "after the end"} {
			if n == 3 {
				o.ack(t, g, command.Ack{CommandID: inTime.ID, Status: command.Completed})
			}
			if f, err := o.keepBundle(hr(1), inTime, strings.NewReader(content)); err != nil || f.Size != int64(len("first")) {
				t.Errorf("upload %d: %+v, %v", n, f, err)
			}
		}
		if row := o.row(t, inTime.ID); len(o.files.kept) != 1 || string(o.files.kept[row.Bundle]) != "first" {
			t.Errorf("the command has %q of %v", row.Bundle, o.files.kept)
		}
	})
}

// ending is the end of a body, before which something happens.
type ending func()

func (e ending) Read([]byte) (int, error) {
	e()
	return 0, io.EOF
}
