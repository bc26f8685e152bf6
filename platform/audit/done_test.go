package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// What was done is known again: of the same person, to the same object, in the same organization, and not before.
func TestWhatWasDoneIsKnown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(audit.Options{DB: d, Log: quiet})
		began := time.Now()
		deed := audit.Entry{Action: "a", Permission: write, Object: "o", OrganizationID: 5, Reason: "because"}
		if err := d.Write(hr(5), func(ctx context.Context, tx db.Tx) error { return l.Write(ctx, tx, deed) }); err != nil {
			t.Fatal(err)
		}
		done := func(ctx context.Context, e audit.Entry, since time.Time) (found bool) {
			t.Helper()
			err := d.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
				found, err = l.Done(ctx, tx, e, since)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		other := actor.With(context.Background(), actor.Actor{Role: actor.HR, ID: "user:8", OrganizationID: 5})
		minute := began.Add(-time.Minute)
		if !done(hr(5), deed, minute) || !done(hr(5), audit.Entry{Action: "a", Object: "o", OrganizationID: 5}, minute) {
			t.Error("what was done is not known")
		}
		for name, found := range map[string]bool{
			"by another":             done(other, deed, minute),
			"in another":             done(hr(6), deed, minute),
			"of another":             done(hr(5), audit.Entry{Action: "a", Object: "o", OrganizationID: 6}, minute),
			"something else":         done(hr(5), audit.Entry{Action: "b", Object: "o", OrganizationID: 5}, minute),
			"to something else":      done(hr(5), audit.Entry{Action: "a", Object: "p", OrganizationID: 5}, minute),
			"since a time after":     done(hr(5), deed, time.Now().Add(time.Minute)),
			"by the system, not its": done(system(), deed, minute),
		} {
			if found {
				t.Errorf("done %s", name)
			}
		}
	})
}
