package computers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestSightingsOfOneBatchAreFewRowsEach(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		s := store{d}
		// 30 users who each work on 20 computers, more than one statement holds.
		var seen []computer.Sighting
		for i := range 600 {
			seen = append(seen, computer.Sighting{
				ComputerUID: fmt.Sprintf("PC-%02d", i%20), UserSID: fmt.Sprintf("S-%02d", i/20), At: noon.Add(time.Duration(i) * time.Second),
			})
		}
		seen = append(seen, computer.Sighting{ComputerUID: "PC-ALONE", At: noon})
		for range 2 {
			if err := s.see(agent(1), seen, noon); err != nil {
				t.Fatal(err)
			}
		}
		// An old report that comes late changes nothing.
		if err := s.see(agent(1), []computer.Sighting{{ComputerUID: "PC-19", UserSID: "S-29", At: noon.Add(-time.Hour)}}, noon); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"computers": 21, "computer_users": 30, "users_on_computers": 600} {
			if got := counted(t, d, "SELECT count(*) FROM "+table+" WHERE organization_id = 1"); got != want {
				t.Errorf("%s has %d rows, want %d", table, got, want)
			}
		}
		newest := noon.Add(599 * time.Second)
		for _, table := range []string{"computers", "users_on_computers"} {
			if got := counted(t, d, "SELECT count(*) FROM "+table+" WHERE last_seen_at = ?", newest); got != 1 {
				t.Errorf("%d rows of %s were last seen at %v, want 1", got, table, newest)
			}
		}
	})
}

func TestRegistrationKeepsWhatItDoesNotTell(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		s := store{d}
		whole := computer.Details{UID: "PC-1", Name: "Бухгалтерия", OS: "Windows 11", IPAddress: "10.0.0.7", MACAddress: "00:11", AgentVersion: "2.0"}
		first, err := s.register(agent(1), whole, noon)
		if err != nil {
			t.Fatal(err)
		}
		later := noon.Add(time.Hour)
		second, err := s.register(agent(1), computer.Details{UID: "PC-1", OS: "Windows 12"}, later)
		if err != nil {
			t.Fatal(err)
		}
		want := first.contract()
		want.OS, want.UpdatedAt = "Windows 12", later
		if got := second.contract(); got != want {
			t.Errorf("computer\n got %+v\nwant %+v", got, want)
		}
		if text(second.AgentVersion) != "2.0" || !second.LastSeenAt.Equal(later) || second.Search != "pc-1 бухгалтерия" {
			t.Errorf("computer is %+v", second)
		}
		u, err := s.registerUser(agent(1), computer.UserDetails{SID: "S-1", Name: "Азиза", Domain: "CORP", Username: "aziza", Admin: true}, noon)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.registerUser(agent(1), computer.UserDetails{SID: "S-1", InDomain: true}, later)
		if err != nil {
			t.Fatal(err)
		}
		wantUser := u.contract()
		wantUser.Admin, wantUser.InDomain, wantUser.UpdatedAt = false, true, later
		if got := again.contract(); got != wantUser || again.Search != "s-1 corp aziza азиза" {
			t.Errorf("user\n got %+v %q\nwant %+v", got, again.Search, wantUser)
		}
	})
}

func TestComputersAreCalledWhatTheyTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		s := newService(store{d}, nil, nil, time.Now)
		asked := []string{"PC-9", "PC-2"}
		for i := range maxRows + 10 { // more than one statement holds
			asked = append(asked, fmt.Sprintf("PC-X%d", i))
		}
		for uid, name := range map[string]string{"PC-1": "Qabulxona", "PC-2": "", "PC-3": "Ombor"} {
			if _, err := s.Register(agent(1), computer.Details{UID: uid, Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		asked = append(asked, "PC-1")
		if got, err := s.NamesOf(agent(1), asked); err != nil || fmt.Sprint(got) != "map[PC-1:Qabulxona]" {
			t.Errorf("names are %v (%v)", got, err)
		}
		if got, err := s.NamesOf(agent(2), asked); err != nil || len(got) != 0 {
			t.Errorf("the other organization sees %v (%v)", got, err)
		}
	})
}

func TestSearchTakesSignsAsTheyAre(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		s := store{d}
		for uid, name := range map[string]string{"PC_1": "100% kassa", "PC-2": "КАССА!", "PCX1": "1000 kassa"} {
			if _, err := s.register(agent(1), computer.Details{UID: uid, Name: name}, noon); err != nil {
				t.Fatal(err)
			}
			if _, err := s.registerUser(agent(1), computer.UserDetails{SID: "S-" + uid, Username: name}, noon); err != nil {
				t.Fatal(err)
			}
		}
		for search, want := range map[string][]string{
			"pc_1": {"PC_1"}, "100%": {"PC_1"}, "%": {"PC_1"}, "_": {"PC_1"}, "касса": {"PC-2"}, "!": {"PC-2"}, "1": {"PCX1", "PC_1"}, "kassa": {"PCX1", "PC_1"}, "nobody": nil,
		} {
			q := listQuery{search: search, limit: 10, sight: sight{all: true}, now: noon}
			found, err := s.computers(hr(1), q)
			if err != nil {
				t.Fatal(err)
			}
			var uids []string
			for _, c := range found {
				uids = append(uids, c.UID)
			}
			users, err := s.users(hr(1), q)
			if err != nil {
				t.Fatal(err)
			}
			var sids []string
			for _, u := range users {
				sids = append(sids, strings.TrimPrefix(u.SID, "S-"))
			}
			slices.Sort(uids)
			slices.Sort(sids)
			slices.Sort(want)
			if !slices.Equal(uids, want) || !slices.Equal(sids, want) {
				t.Errorf("%q finds computers %v and users %v, want %v", search, uids, sids, want)
			}
		}
	})
}

// Each method of the store, called by organization 2, does nothing to organization 1 and shows nothing of it.
func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		user := userID(t, o.service, 1, "S-1")
		linkAt(t, o.service, user, 11, nil)
		var link linkRow
		err := d.Read(hr(1), func(ctx context.Context, tx db.Tx) error { return tx.Select(&link).Scan(ctx) })
		if err != nil {
			t.Fatal(err)
		}
		s, theirs := store{d}, hr(2)
		all := listQuery{limit: 10, sight: sight{all: true}, now: noon}
		in := func(do func(ctx context.Context, tx db.Tx) error) error { return d.Write(theirs, do) }
		checks := map[string]func() error{
			"computers": func() error { rows, err := s.computers(theirs, all); return nothing(len(rows), err) },
			"users": func() error { // by now it has users of its own
				rows, err := s.users(theirs, all)
				own := func(r linkedUser) bool { return r.OrganizationID == 2 }
				return nothing(len(slices.DeleteFunc(rows, own)), err)
			},
			"periods": func() error {
				rows, err := s.periods(theirs, time.Time{}, time.Time{}, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
				return nothing(len(rows), err)
			},
			"periodsOf": func() error {
				rows, err := s.periodsOf(theirs, []int64{11}, time.Time{}, time.Time{})
				return nothing(len(rows), err)
			},
			"periodsOn": func() error {
				rows, err := s.periodsOn(theirs, []string{"PC-1"}, noon, noon)
				return nothing(len(rows), err)
			},
			"computersOf": func() error {
				found, err := s.computersOf(theirs, []int64{user})
				return nothing(len(found), err)
			},
			"lockUser": func() error {
				return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { _, err := s.lockUser(ctx, tx, user); return err }))
			},
			"names": func() error { // by now it may have a computer of that uid
				found, err := s.names(theirs, []string{"PC-1"})
				if name := found["PC-1"]; name != "" && name != "theirs" {
					return fmt.Errorf("finds %q", name)
				}
				return err
			},
			"links": func() error {
				return in(func(ctx context.Context, tx db.Tx) error {
					rows, err := s.links(ctx, tx, user)
					return nothing(len(rows), err)
				})
			},
			"endLink": func() error {
				return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { return s.endLink(ctx, tx, link, noon) }))
			},
			"addLink": func() error { // the user is not theirs, whoever the employee is
				l := linkRow{UserID: user, EmployeeID: 21, CreatedAt: noon}
				return wants(db.ErrMissingReference, in(func(ctx context.Context, tx db.Tx) error { return s.addLink(ctx, tx, &l) }))
			},
			"see": func() error { // makes rows of its own
				return s.see(as(actor.Agent, 2), []computer.Sighting{{ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(time.Hour)}}, noon)
			},
			"register": func() error {
				_, err := s.register(theirs, computer.Details{UID: "PC-1", Name: "theirs"}, noon)
				return err
			},
			"registerUser": func() error {
				_, err := s.registerUser(theirs, computer.UserDetails{SID: "S-1", Name: "theirs"}, noon)
				return err
			},
		}
		dbtest.Tenants(t, checks)
		for _, table := range []string{"computers", "computer_users", "users_on_computers"} {
			if n := counted(t, d, "SELECT count(*) FROM "+table+" WHERE organization_id = 1"); n != 1 {
				t.Errorf("organization 1 has %d rows in %s", n, table)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM computers WHERE organization_id = 1 AND name = '' AND last_seen_at = ?", noon); n != 1 {
			t.Error("organization 2 has changed a computer of organization 1")
		}
		if got := periods(t, o.service, 11); len(got) != 1 || !got[0].Until.IsZero() {
			t.Errorf("the link of organization 1 is %+v", got)
		}
	})
}

// nothing is an error if a read has shown anything.
func nothing(n int, err error) error {
	if err == nil && n != 0 {
		return fmt.Errorf("shows %d rows", n)
	}
	return err
}

// wants is an error if err is not the wanted one.
func wants(want, err error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("error %v, want %v", err, want)
	}
	return nil
}
