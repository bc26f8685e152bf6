package auth

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestAddressesAreBlockedListedAndLetInAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		server := build(t, kernel.Dashboard, kerneltest.Options{DB: d, Set: []string{"auth.admin_password=admin", "auth.token_key=0123456789abcdef0123456789abcdef"}})
		who := func(role actor.Role, organization int64) *actor.Actor {
			return &actor.Actor{Role: role, ID: "user:7", UserID: 7, OrganizationID: organization}
		}
		one, other, operator := who(actor.Admin, 1), who(actor.Admin, 2), who(actor.Admin, 0)
		const path = "/api/v2/security/addresses"
		body := func(address, more string) string {
			return fmt.Sprintf(`{"ipAddress":"%s","reason":" scans "%s}`, address, more)
		}
		soon := `,"expiresAt":"2099-01-01T00:00:00Z"`
		theirs := `,"organizationId":2`
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "none", As: one, Path: path, Status: 200, Contains: []string{`{"items":[],"next":""}`}},
			httptestx.Scenario{Name: "block", As: one, Path: path, Body: body("10.9.0.7", soon), Status: 201, Contains: []string{
				`{"organizationId":1,"ipAddress":"10.9.0.7","reason":"scans","isAutomatic":false,`, `"expiresAt":"2099-01-01T00:00:00Z"`,
			}},
			httptestx.Scenario{Name: "a network for ever", As: one, Path: path, Body: body("10.8.0.9/16", ""), Status: 201, Contains: []string{`"ipAddress":"10.8.0.0/16"`}, Excludes: []string{"expiresAt"}},
			httptestx.Scenario{Name: "in another organization", As: one, Path: path, Body: body("10.9.0.8", theirs), Status: 400, Contains: []string{`"field":"organizationId","code":"unknown_reference"`}},
			httptestx.Scenario{Name: "nowhere", As: operator, Path: path, Body: body("10.9.0.8", ""), Status: 400, Contains: []string{`"field":"organizationId","code":"required"`}},
			httptestx.Scenario{Name: "in nothing", As: operator, Path: path, Body: body("10.9.0.8", `,"organizationId":999`), Status: 400, Contains: []string{"unknown_reference"}},
			httptestx.Scenario{Name: "by an operator", As: operator, Path: path, Body: body("10.9.0.7", theirs), Status: 201, Contains: []string{`"organizationId":2`}},
			httptestx.Scenario{Name: "no address", As: one, Path: path, Body: body("10.9.0", ""), Status: 400, Contains: []string{`"field":"ipAddress"`}},
			httptestx.Scenario{Name: "oneself", As: one, Path: path, Body: body("192.0.2.0/24", ""), Status: 400, Contains: []string{`"field":"ipAddress","code":"` + codeOwnAddress}},
			httptestx.Scenario{Name: "without a reason", As: one, Path: path, Body: `{"ipAddress":"10.9.0.9","reason":" "}`, Status: 400, Contains: []string{`"field":"reason"`}},
			httptestx.Scenario{Name: "until yesterday", As: one, Path: path, Body: body("10.9.0.9", `,"expiresAt":"2000-01-01T00:00:00Z"`), Status: 400, Contains: []string{`"field":"expiresAt"`}},
			httptestx.Scenario{Name: "by HR", As: who(actor.HR, 1), Path: path, Body: body("10.9.0.9", ""), Status: 403},
			httptestx.Scenario{Name: "list", As: one, Path: path, Status: 200, Contains: []string{"10.8.0.0/16", "10.9.0.7"}, Excludes: []string{`"organizationId":2`}},
			httptestx.Scenario{Name: "the other's", As: other, Path: path, Status: 200, Contains: []string{"10.9.0.7"}, Excludes: []string{"10.8.0.0"}},
			httptestx.Scenario{Name: "the operator's", As: operator, Path: path + "?organizationId=2", Status: 200, Contains: []string{"10.9.0.7"}, Excludes: []string{"10.8.0.0"}},
			httptestx.Scenario{Name: "events", As: one, Path: "/api/v2/security/events?eventType=IP_BLOCKED&q=10.8", Status: 200, Contains: []string{`"total":1`, `"eventType":"IP_BLOCKED","ipAddress":"10.8.0.0/16"`}},
			httptestx.Scenario{Name: "events of the other", As: other, Path: "/api/v2/security/events", Status: 200, Contains: []string{`"total":1`, "10.9.0.7"}},
			httptestx.Scenario{Name: "let the other's in", As: one, Method: "DELETE", Path: path + "?ipAddress=10.9.0.7&organizationId=2", Status: 204},
			httptestx.Scenario{Name: "let in", As: one, Method: "DELETE", Path: path + "?ipAddress=10.9.0.7", Status: 204},
			httptestx.Scenario{Name: "once more", As: one, Method: "DELETE", Path: path + "?ipAddress=10.9.0.7", Status: 204},
			httptestx.Scenario{Name: "let nothing in", As: one, Method: "DELETE", Path: path + "?ipAddress=x", Status: 400, Contains: []string{`"field":"ipAddress"`}},
			httptestx.Scenario{Name: "is let in", As: one, Path: path, Status: 200, Excludes: []string{"10.9.0.7"}},
			httptestx.Scenario{Name: "the other's is not", As: other, Path: path, Status: 200, Contains: []string{"10.9.0.7"}},
			httptestx.Scenario{Name: "bad cursor", As: one, Path: path + "?after=x", Status: 400},
		)
	})
}

// Pages of blocks meet nowhere and leave out none, also of blocks of the same time.
func TestBlocksAreListedPageByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		s, two, now := store{d}, []int64{1, 2}, time.Now().UTC().Truncate(time.Microsecond)
		ctx := admin()
		err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			for i := range 10 {
				row := blockRow{Address: fmt.Sprintf("10.0.0.%d", i/2), Reason: "r", CreatedAt: now.Add(time.Duration(i/4) * time.Second)}
				row.OrganizationID = &two[i%2]
				if err := s.block(ctx, tx, &row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		var after blockPlace
		for page := 0; page < 4; page++ {
			var rows []blockRow
			err := d.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
				rows, err = s.blocksPage(ctx, tx, now, 0, after, 3)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range rows {
				seen[fmt.Sprint(b.Address, b.organization())] = true
				after = blockPlace{b.CreatedAt, b.Address, b.organization()}
			}
		}
		if len(seen) != 10 {
			t.Errorf("%d of 10 blocks: %v", len(seen), seen)
		}
	})
}
