package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

// listed are the user names of a list, in its order.
func listed(t *testing.T, s *service, query string) string {
	t.Helper()
	var names []string
	for _, u := range gridtest.All(t, admin(), s.users(), query) {
		names = append(names, u.Username)
	}
	return strings.Join(names, " ")
}

func TestListSaysWhenUsersSignedInLast(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		early, late := newUser(t, s, 1, "HR", "early"), newUser(t, s, 2, "GUARD", "late")
		newUser(t, s, 1, "HR", "never")
		signIn(t, s, "early")
		clock.pass(time.Hour)
		signIn(t, s, "late")
		signIn(t, s, "late")
		if got := listed(t, s, "sort=-lastSignInAt"); got != "late early never" {
			t.Errorf("by the last sign-in: %s", got)
		}
		if got := listed(t, s, "lastSignInAt.from=2026-11-02T12:30:00Z"); got != "late" {
			t.Errorf("since half past twelve: %s", got)
		}
		if got := listed(t, s, "sessions.from=2"); got != "late" {
			t.Errorf("with two sign-ins: %s", got)
		}
		if got := listed(t, s, "sort=-sessions&limit=1"); got != "late early never" {
			t.Errorf("by sign-ins: %s", got)
		}
		for _, u := range gridtest.All(t, admin(), s.users(), "") {
			want := map[string]string{"early": "12:00 1", "late": "13:00 2", "never": "00:00 0"}[u.Username]
			if got := fmt.Sprint(u.LastSignInAt.Format("15:04"), " ", u.Sessions); got != want {
				t.Errorf("%s signed in %s, want %s", u.Username, got, want)
			}
		}
		if theirs := gridtest.All(t, keyOfOrganization(2), s.users(), ""); len(theirs) != 1 || theirs[0].ID != late.ID || theirs[0].Sessions != 2 {
			t.Errorf("the other organization sees %+v", theirs)
		}
		// Long after, the sign-ins have ended, and the last one of each is still known.
		clock.pass(100 * 24 * time.Hour)
		if err := s.sweep(admin()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM sessions"); n != 2 {
			t.Errorf("%d sign-ins are left, want the last one of two users", n)
		}
		if got := listed(t, s, "sort=lastSignInAt"); got != "never early late" {
			t.Errorf("long after: %s", got)
		}
		if got := gridtest.All(t, admin(), s.users(), fmt.Sprint("id=", early.ID))[0]; got.Sessions != 0 || got.LastSignInAt.IsZero() {
			t.Errorf("long after: %+v", got)
		}
	})
}

func TestHistoryOfAUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1")
		newUser(t, s, 1, "HR", "hr1")
		if _, err := s.assign(admin(), u.ID, []int64{1, 2}); err != nil {
			t.Fatal(err)
		}
		must := true
		if _, err := s.updateUser(admin(), u.ID, userInput{Name: text("Botir"), Password: text("Another1!x"), MustChangePassword: &must}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.updateUser(admin(), u.ID, userInput{Password: text("Another2!x")}); err != nil { // and nothing else
			t.Fatal(err)
		}
		if attempt(s, "lead1", "wrong") == nil {
			t.Fatal("a wrong password passed")
		}
		signIn(t, s, "hr1")
		page, err := s.getHistory(admin(), historyRequest{ID: u.ID})
		if err != nil || page.Next != "" {
			t.Fatalf("%v %+v", err, page)
		}
		var got []string
		for _, i := range page.Items {
			line := strings.TrimPrefix(i.Action, "user.") + " " + i.Reason
			for _, c := range i.Changes {
				line += fmt.Sprintf("[%s %s>%s]", c.Field, c.Before, strings.ReplaceAll(c.After, " ", ""))
			}
			got = append(got, strings.TrimSpace(line))
			if i.Actor == "" || i.At.IsZero() {
				t.Errorf("says not who or when: %+v", i)
			}
		}
		want := []string{
			"sign_in_failed password", "password_set", `updated [mustChangePassword >"[secret]"][name "Name of lead1">"Botir"]`, "password_set",
			"departments_assigned [departmentIds >[1,2]]", "created",
		}
		if !slices.Equal(got, want) {
			t.Errorf("history is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		first, err := s.getHistory(admin(), historyRequest{ID: u.ID, Limit: 2})
		if err != nil || len(first.Items) != 2 || first.Next == "" {
			t.Fatalf("first page: %+v, %v", first, err)
		}
		rest, err := s.getHistory(admin(), historyRequest{ID: u.ID, After: first.Next})
		if err != nil || len(rest.Items) != 4 || rest.Items[0].ID == first.Items[1].ID {
			t.Errorf("next page: %+v, %v", rest, err)
		}
		if _, err := s.getHistory(admin(), historyRequest{ID: u.ID, After: "x"}); !errors.Is(err, db.ErrCursor) {
			t.Errorf("a bad cursor: %v", err)
		}
		if _, err := s.getHistory(keyOfOrganization(2), historyRequest{ID: u.ID}); !errors.Is(err, errUserUnknown) {
			t.Errorf("another organization: %v", err)
		}
	})
}

func TestSignInsAreListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		one := newUser(t, s, 1, "HR", "hr1")
		newUser(t, s, 2, "HR", "hr2")
		if _, err := s.signIn(context.Background(), visit{username: "hr1", password: password, ip: "192.0.2.1", agent: "Desk/1"}); err != nil {
			t.Fatal(err)
		}
		clock.pass(time.Hour)
		signIn(t, s, "hr2")
		if attempt(s, "hr2", "wrong") == nil {
			t.Fatal("a wrong password passed")
		}
		yes, no := true, false
		for name, c := range map[string]struct {
			as   context.Context
			in   signInsRequest
			want string
		}{
			"all":                  {admin(), signInsRequest{}, "hr2 sign_in_failed, hr2 signed_in, hr1 signed_in"},
			"refused":              {admin(), signInsRequest{Failed: &yes}, "hr2 sign_in_failed"},
			"not refused":          {admin(), signInsRequest{Failed: &no}, "hr2 signed_in, hr1 signed_in"},
			"of one":               {admin(), signInsRequest{UserID: one.ID}, "hr1 signed_in"},
			"one":                  {admin(), signInsRequest{Limit: 1}, "hr2 sign_in_failed"},
			"another organization": {keyOfOrganization(1), signInsRequest{}, "hr1 signed_in"},
		} {
			page, err := s.getSignIns(c.as, c.in)
			var got []string
			for _, i := range page.Items {
				got = append(got, i.Username+" "+strings.TrimPrefix(i.Action, "user."))
			}
			if all := strings.Join(got, ", "); err != nil || all != c.want {
				t.Errorf("%s: %s, %v, want %s", name, all, err, c.want)
			}
		}
		page, err := s.getSignIns(admin(), signInsRequest{UserID: one.ID})
		if i := page.Items[0]; err != nil || i.UserAgent != "Desk/1" || i.Method != byPassword || i.Name != "Name of hr1" || i.OrganizationID != 1 {
			t.Errorf("a sign-in is %+v, %v", i, err)
		}
	})
}

// The audit is of wall-clock time, so a range of it is tried by itself.
func TestAuditIsReadByTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		count := func(q audit.Query) (n int) {
			q.Object, q.Limit = userObject(u.ID), 10
			err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
				rows, err := s.audit.Read(ctx, tx, q)
				n = len(rows)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		s.audit.Missed(keyOfOrganization(2), (*userRow)(nil), u.ID, "user", "user.read") // a violation is nobody's history
		now := time.Now()
		for name, c := range map[string]struct {
			q    audit.Query
			want int
		}{
			"always":      {audit.Query{}, 1},
			"this hour":   {audit.Query{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, 1},
			"before":      {audit.Query{To: now.Add(-time.Hour)}, 0},
			"after":       {audit.Query{From: now.Add(time.Hour)}, 0},
			"of a deed":   {audit.Query{Actions: []string{"user.created"}}, 1},
			"of another":  {audit.Query{Actions: []string{"user.updated"}}, 0},
			"after all":   {audit.Query{After: id.UUID{1}}, 0},
			"before long": {audit.Query{After: id.New()}, 1},
		} {
			if got := count(c.q); got != c.want {
				t.Errorf("%s: %d entries, want %d", name, got, c.want)
			}
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		a, b := newUser(t, s, 0, "ADMIN", "root"), newUser(t, s, 0, "ADMIN", "other")
		as := func(u userRow) context.Context { return actor.With(context.Background(), actorOf(u)) }
		var wait sync.WaitGroup
		var errs [2]error
		for i, pair := range [][2]userRow{{a, b}, {b, a}} {
			wait.Go(func() { errs[i] = s.deactivateUser(as(pair[0]), pair[1].ID) })
		}
		wait.Wait()
		if n := counted(t, d, "SELECT count(*) FROM users WHERE role = 'ADMIN' AND is_active"); n != 1 {
			t.Errorf("%d administrators are left: %v", n, errs)
		}
		if !errors.Is(errors.Join(errs[:]...), errLastAdmin) {
			t.Errorf("each put the other off: %v", errs)
		}
		if identity.WriteUsers.Roles != actor.Admin {
			t.Error("not only administrators write users: the check is not enough any more")
		}
	})
}
