package computers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
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
			if err := s.see(agent(1), seen, now(noon)); err != nil {
				t.Fatal(err)
			}
		}
		// An old report that comes late changes nothing.
		if err := s.see(agent(1), []computer.Sighting{{ComputerUID: "PC-19", UserSID: "S-29", At: noon.Add(-time.Hour)}}, now(noon)); err != nil {
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
		whole := computer.Details{UID: "PC-1", Name: "Бухгалтерия", OS: "Windows 11", IPAddress: "10.0.0.7", MACAddress: "00:11", AgentVersion: "2.0", At: noon}
		first, err := s.register(agent(1), whole, now(noon))
		if err != nil {
			t.Fatal(err)
		}
		later := noon.Add(time.Hour)
		second, err := s.register(agent(1), computer.Details{UID: "PC-1", OS: "Windows 12", At: later}, now(later))
		if err != nil {
			t.Fatal(err)
		}
		want := first.contract()
		want.OS, want.UpdatedAt = "Windows 12", later
		if got := second.contract(); got != want {
			t.Errorf("computer\n got %+v\nwant %+v", got, want)
		}
		if text(second.AgentVersion) != "2.0" || !second.LastSeenAt.Equal(later) || second.Search != "pc-1 бухгалтерия pc 1 buxgalteriya" {
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
		if got := again.contract(); got != wantUser || again.Search != "s-1 corp aziza азиза s 1 corp aziza aziza" {
			t.Errorf("user\n got %+v %q\nwant %+v", got, again.Search, wantUser)
		}
	})
}

func TestComputersAreCalledWhatTheyTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		s := newOffice(d).service
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
		s, m := store{d}, &Module{service: newOffice(d).service}
		for uid, name := range map[string]string{"PC_1": "100% kassa", "PC-2": "КАССА!", "PCX1": "1000 kassa"} {
			if _, err := s.register(agent(1), computer.Details{UID: uid, Name: name}, now(noon)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.registerUser(agent(1), computer.UserDetails{SID: "S-" + uid, Username: name}, noon); err != nil {
				t.Fatal(err)
			}
		}
		for search, want := range map[string][]string{
			"pc_1": {"PC_1"}, "100%": {"PC_1"}, "%": {"PC_1"}, "_": {"PC_1"}, "КАССА!": {"PC-2"}, "!": {"PC-2"}, "1": {"PCX1", "PC_1"}, "kassa": {"PCX1", "PC_1", "PC-2"}, "касса": {"PCX1", "PC_1", "PC-2"}, "nobody": nil,
		} {
			var uids, sids []string
			for _, c := range gridtest.All(t, hr(1), m.computers(), "search="+url.QueryEscape(search)) {
				uids = append(uids, c.ComputerUID)
			}
			for _, u := range gridtest.All(t, hr(1), m.users(), "q="+url.QueryEscape(search)) {
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
		s, m, theirs := store{d}, &Module{service: o.service}, hr(2)
		in := func(do func(ctx context.Context, tx db.Tx) error) error { return d.Write(theirs, do) }
		checks := map[string]func() error{
			"computers": func() error {
				rows, err := gridtest.Walk(theirs, m.computers(), "sort=users,-gatewayName&q=p")
				return nothing(len(rows), err)
			},
			"users": func() error { // by now it has users of its own
				rows, err := gridtest.Walk(theirs, m.users(), "sort=employeeName,-computers&linked=true")
				return nothing(len(rows), err)
			},
			"periodsOf": func() error {
				rows, err := s.periodsOf(theirs, []int64{11}, time.Time{}, time.Time{})
				return nothing(len(rows), err)
			},
			"periodsBehind": func() error {
				rows, err := s.periodsBehind(theirs, []string{"S-1"}, noon, noon)
				return nothing(len(rows), err)
			},
			"computersOf": func() error {
				found, err := s.computersOf(theirs, []int64{user})
				return nothing(len(found), err)
			},
			"seats": func() error { // by now it may have such a computer of its own
				seats, err := s.seats(theirs, noon)
				for _, seat := range seats {
					if seat.EmployeeID != 0 {
						return fmt.Errorf("shows %+v", seat)
					}
				}
				return err
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
			"dropLink": func() error {
				return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { return s.dropLink(ctx, tx, link) }))
			},
			"reopenLink": func() error {
				return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { return s.reopenLink(ctx, tx, link) }))
			},
			"addLink": func() error { // the user is not theirs, whoever the employee is
				l := linkRow{UserID: user, EmployeeID: 21, CreatedAt: noon}
				return wants(db.ErrMissingReference, in(func(ctx context.Context, tx db.Tx) error { return s.addLink(ctx, tx, &l) }))
			},
			"see": func() error { // makes rows of its own
				return s.see(as(actor.Agent, 2), []computer.Sighting{{ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(time.Hour)}}, now(noon))
			},
			"register": func() error {
				_, err := s.register(theirs, computer.Details{UID: "PC-1", Name: "theirs"}, now(noon))
				return err
			},
			"registerUser": func() error {
				_, err := s.registerUser(theirs, computer.UserDetails{SID: "S-1", Name: "theirs"}, noon)
				return err
			},
		}
		maps.Copy(checks, stateChecks(s, theirs, in))
		maps.Copy(checks, checksV1(s, theirs, in, userRow{Owned: db.Owned{OrganizationID: 1}, ID: user, SID: "S-1", CreatedAt: noon, UpdatedAt: noon}, computerID(t, o, 1, "PC-1")))
		dbtest.Tenants(t, checks)
		for _, table := range []string{"computers", "computer_users", "users_on_computers"} {
			if n := counted(t, d, "SELECT count(*) FROM "+table+" WHERE organization_id = 1"); n != 1 {
				t.Errorf("organization 1 has %d rows in %s", n, table)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM computers WHERE organization_id = 1 AND name = '' AND last_seen_at = ?", noon); n != 1 {
			t.Error("organization 2 has changed a computer of organization 1")
		}
		if r := named(t, o, 1, "PC-1"); r.State != offline || r.StateReason != gatewayOffline || r.MergedInto != nil {
			t.Errorf("organization 2 has changed the state of a computer of organization 1: %+v", r)
		}
		if n := counted(t, d, "SELECT count(*) FROM computer_states WHERE organization_id = 1"); n != 1 {
			t.Errorf("organization 1 has %d states", n)
		}
		if got := periods(t, o.service, 11); len(got) != 1 || !got[0].Until.IsZero() {
			t.Errorf("the link of organization 1 is %+v", got)
		}
	})
}

// stateChecks are those of the store's methods of states and merges. Computer PC-1 of organization 1 is offline because of its gateway.
func stateChecks(s store, theirs context.Context, in func(func(ctx context.Context, tx db.Tx) error) error) map[string]func() error {
	var mine computerRow
	err := s.db.Write(hr(1), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Update(&mine).Set("state = ?", offline).Set("state_reason = ?", gatewayOffline).Set("gateway_id = ?", gatewayID).
			Where("?TableAlias.computer_uid = ?", "PC-1").Returning("?Columns").Exec(ctx)
		return err
	})
	c, q := now(noon.Add(time.Hour)), view{sight: sight{all: true}, now: noon}
	missing := func(do func(ctx context.Context, tx db.Tx) error) func() error {
		return func() error { return wants(db.ErrNotFound, in(do)) }
	}
	rows := func(n int, err error) error { return nothing(n, err) }
	foreign := toldRow{"PC-1", stateRow{ComputerID: mine.ID, At: noon, Until: noon, State: online}}
	foreign.OrganizationID = 2
	foreign.identify(noon)
	return map[string]func() error{
		"lockComputer": missing(func(ctx context.Context, tx db.Tx) error { _, err := s.lockComputer(ctx, tx, mine.ID); return err }),
		"mergeAlone":   missing(func(ctx context.Context, tx db.Tx) error { return s.mergeAlone(ctx, tx, mine.ID) }),
		"lockTarget":   missing(func(ctx context.Context, tx db.Tx) error { _, err := s.lockTarget(ctx, tx, mine.ID); return err }),
		"merge":        missing(func(ctx context.Context, tx db.Tx) error { return s.merge(ctx, tx, mine, mine.ID+1, c) }),
		"split": missing(func(ctx context.Context, tx db.Tx) error {
			merged := mine
			merged.MergedInto = &mine.ID
			return s.split(ctx, tx, merged, c)
		}),
		"regroup":    missing(func(ctx context.Context, tx db.Tx) error { return s.regroup(ctx, tx, mine.ID, c) }),
		"settleAnew": missing(func(ctx context.Context, tx db.Tx) error { return s.settleAnew(ctx, tx, mine.ID, c) }),
		"settle": func() error {
			return in(func(ctx context.Context, tx db.Tx) error { return s.settle(ctx, tx, []computerRow{mine}, c) })
		},
		"timelines": func() error {
			return in(func(ctx context.Context, tx db.Tx) error {
				lines, err := s.timelines(ctx, tx, []computerRow{mine}, c)
				return rows(len(lines[mine.ID].turns), err)
			})
		},
		"older": func() error {
			return in(func(ctx context.Context, tx db.Tx) error {
				return onlyTheirs(s.older(ctx, tx, []int64{mine.ID}, noon.Add(time.Hour)))
			})
		},
		"recent": func() error {
			return in(func(ctx context.Context, tx db.Tx) error {
				found, err := s.recent(ctx, tx, []computerRow{mine}, noon.Add(-time.Hour))
				return rows(len(found), err)
			})
		},
		"lose": func() error { return wants(db.ErrNotFound, s.lose(theirs, mine.ID, noContact, c)) },
		"heardOf": func() error {
			return in(func(ctx context.Context, tx db.Tx) error { return s.heardOf(ctx, tx, mine.ID) })
		},
		"mergedInto": func() error {
			uids, err := s.mergedInto(theirs, "PC-1")
			return rows(len(uids), err)
		},
		"alike":    func() error { return onlyTheirs(s.alike(theirs, q)) },
		"silent":   func() error { return onlyTheirs(s.silent(theirs, noon.Add(time.Hour), 0, 10)) },
		"computer": func() error { _, err := s.computer(theirs, mine.ID, q); return wants(db.ErrNotFound, err) },
		"usersOn": func() error {
			users, err := s.usersOn(theirs, []int64{mine.ID}, q)
			return rows(len(users), err)
		},
		"standing": func() error { return onlyTheirs(s.standing(theirs, []string{"PC-1"})) },
		"runs": func() error {
			found, err := s.runs(theirs, []string{"PC-1"}, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
			for _, r := range found { // some are their own
				if r.OrganizationID != 2 {
					return fmt.Errorf("shows %+v", r)
				}
			}
			return err
		},
		"states": func() error {
			return in(func(ctx context.Context, tx db.Tx) error {
				found, err := s.states(ctx, tx, mine, 10)
				return rows(len(found), err)
			})
		},
		"gatewaysBlamed": func() error { ids, err := s.gatewaysBlamed(theirs); return rows(len(ids), err) },
		"clearGateways": func() error { // what it would change is counted afterwards
			return s.clearGateways(theirs, []id.UUID{gatewayID}, noon)
		},
		"forgetStates": func() error {
			n, err := s.forgetStates(theirs, noon.Add(time.Hour))
			return rows(int(n), err)
		},
		"report": func() error { return errors.Join(err, s.report(theirs, []toldRow{foreign}, c)) }, // makes rows of its own
		"tell": func() error {
			return wants(db.ErrMissingReference, in(func(ctx context.Context, tx db.Tx) error {
				row := foreign
				row.ID = id.New()
				return s.tell(ctx, tx, []toldRow{row}, map[string]computerRow{"PC-1": mine}, c)
			}))
		},
		"rise": func() error {
			return wants(db.ErrForeign, in(func(ctx context.Context, tx db.Tx) error {
				return s.rise(ctx, tx, map[string]computerRow{"PC-1": mine}, []computer.Sighting{{ComputerUID: "PC-1", At: c.at}}, c)
			}))
		},
	}
}

// onlyTheirs is an error if a read has shown a row of another organization than 2.
func onlyTheirs(rows []computerRow, err error) error {
	return nothing(len(slices.DeleteFunc(rows, func(r computerRow) bool { return r.OrganizationID == 2 })), err)
}

// now is a contact with an agent itself.
func now(at time.Time) contact { return contact{at: at, silence: 10 * time.Minute} }

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
