package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestHistoryTellsOfFields(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)})
		type person struct {
			ID        int64     `json:"id"`
			Name      string    `json:"name"`
			Phone     string    `json:"phone,omitempty"`
			Note      string    `json:"note"`
			Age       int64     `json:"age"`
			Password  string    `json:"password"`
			UpdatedAt time.Time `json:"updatedAt"`
		}
		first := person{ID: 1, Name: "Nodira", Age: 12345678901234567, Password: "x"}
		second := person{ID: 1, Name: "Nodira A.", Phone: "+998", Age: first.Age, Password: "y", UpdatedAt: time.Now()}
		err := d.Write(hr(5), func(ctx context.Context, tx db.Tx) error {
			return errors.Join(
				l.Write(ctx, tx, audit.Entry{Action: "made", Object: "employee:1", After: first}),
				l.Write(ctx, tx, audit.Entry{Action: "changed", Object: "employee:1", Before: first, After: second, Reason: "asked"}),
				l.Write(ctx, tx, audit.Entry{Action: "other", Object: "employee:11", After: first}),
				l.Write(ctx, tx, audit.Entry{Action: "gone", Object: "employee:1", Before: second}),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		read := func(ctx context.Context, of audit.Of) (changes []audit.Change, next string) {
			t.Helper()
			err := d.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
				changes, next, err = l.History(ctx, tx, of)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return changes, next
		}
		of := audit.Of{OrganizationID: 5, Object: "employee:1", Limit: 2}
		page, next := read(hr(5), of)
		if len(page) != 2 || page[0].Action != "gone" || page[1].Action != "changed" || page[1].Actor != "user:7" || page[1].UserID() != 7 || page[1].Reason != "asked" || next == "" {
			t.Fatalf("%+v, next %q", page, next)
		}
		got, _ := json.Marshal(page[1].Fields)
		if want := `[{"name":"name","from":"Nodira","to":"Nodira A."},{"name":"phone","from":null,"to":"+998"}]`; string(got) != want {
			t.Errorf("changed %s, want %s", got, want)
		}
		of.After = next
		page, next = read(hr(5), of)
		got, _ = json.Marshal(page[0].Fields)
		if want := `[{"name":"age","from":null,"to":12345678901234567},{"name":"name","from":null,"to":"Nodira"},{"name":"password","from":null,"to":"[secret]"}]`; len(page) != 1 || next != "" || string(got) != want {
			t.Errorf("made %s, want %s; next %q", got, want, next)
		}
		for _, ctx := range []context.Context{hr(6), system()} {
			theirs, _ := read(ctx, audit.Of{OrganizationID: 6, Object: "employee:1"})
			if len(theirs) != 0 {
				t.Errorf("another organization has %+v", theirs)
			}
		}
		if foreign, _ := read(hr(6), audit.Of{OrganizationID: 5, Object: "employee:1"}); len(foreign) != 0 {
			t.Errorf("another organization sees %+v", foreign)
		}
		if all, _ := read(system(), audit.Of{OrganizationID: 5, Object: "employee:1"}); len(all) != 3 {
			t.Errorf("the operator sees %d", len(all))
		}
		err = d.Read(hr(5), func(ctx context.Context, tx db.Tx) error {
			_, _, err := l.History(ctx, tx, audit.Of{OrganizationID: 5, Object: "employee:1", After: "x"})
			return err
		})
		if !errors.Is(err, db.ErrCursor) {
			t.Errorf("a cursor from elsewhere: %v", err)
		}
	})
}

// Names are those of users whom the reader may see.
func TestAHistoryNamesTheOwnPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)})
		err := d.Write(actor.With(context.Background(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
			_, organizations := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at) VALUES (5, 'A', 'A', ?0, ?0), (6, 'B', 'B', ?0, ?0)`, time.Now()).Exec(ctx)
			_, users := tx.Raw(`INSERT INTO users (id, organization_id, name, username, password, role, created_at, updated_at) VALUES (7, 5, 'Kadrlar', 'hr7', 'x', 'HR', ?0, ?0)`, time.Now()).Exec(ctx)
			return errors.Join(organizations, users)
		})
		if err != nil {
			t.Fatal(err)
		}
		for organization, want := range map[int64]string{5: "Kadrlar", 6: ""} {
			var changes []audit.Change
			err := d.Write(hr(organization), func(ctx context.Context, tx db.Tx) error {
				return l.Write(ctx, tx, audit.Entry{Action: "made", Object: "employee:1"})
			})
			if err == nil {
				err = d.Read(hr(organization), func(ctx context.Context, tx db.Tx) error {
					changes, _, err = l.History(ctx, tx, audit.Of{OrganizationID: organization, Object: "employee:1"})
					return err
				})
			}
			if err != nil || len(changes) != 1 || changes[0].Name != want {
				t.Errorf("organization %d reads %+v (%v), want the name %q", organization, changes, err, want)
			}
		}
	})
}
