package visitors

import (
	"encoding/json"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

// newServerV1 has visitors of two organizations and their codes, with v1's ids and more or less its data.
func newServerV1(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	server := newServer(t, d)
	fill(t, d)
	for _, v := range []struct {
		id, creator  int64
		organization any
		first, last  string
	}{
		{1, 2, 1, "Барно", "Mehmonov1"}, {2, 3, 1, "Davron", "Mehmonov2"}, {3, 5, 2, "Ezoza", "Mehmonov3"}, {4, 1, nil, "Foziljon", "Mehmonov4"},
		{5, 2, 1, "Anvar", "Mehmonov5"}, {150, 2, 1, "E", "F"}, {200, 2, 1, "C", "D"}, {241, 1, nil, "Mehmon", "Yangi"}, {242, 2, 1, "A", "B"},
	} {
		write(t, d, `INSERT INTO visitors (id, organization_id, first_name, last_name, name_search, phone, passport_number, pinfl, birthday, creator_id, created_at, updated_at)
			VALUES (?1, ?2, ?3, ?4, ?5, '+998932000037', 'AB0000001', '30000000000001', '1961-02-11', ?6, ?0, ?0)`,
			noon, v.id, v.organization, v.first, v.last, fold.Name(v.last+" "+v.first), v.creator)
	}
	for _, c := range []struct {
		id, visitor  int64
		organization any
		kind, code   string
		active       bool
	}{
		{1, 1, 1, multiple, "VC000001", true}, {2, 2, 1, oneTime, "VC000002", true}, {3, 3, 2, multiple, "VC000003", true},
		{5, 5, 1, oneTime, "VC000005", false}, {200, 200, 1, oneTime, "VC000200", true}, {221, 241, nil, oneTime, "A9A8AC4E", true},
	} {
		write(t, d, `INSERT INTO onetime_codes (id, organization_id, visitor_id, code_type, code, start_date, end_date, max_uses, is_active, created_at)
			VALUES (?1, ?2, ?3, ?4, ?5, '2025-09-05 05:00:00+00:00', '2099-01-01 00:00:00+00:00', ?6, ?7, ?0)`,
			noon, c.id, c.organization, c.visitor, c.kind, c.code, orNull(int64(len("MULTIPLE")-len(c.kind))), c.active)
	}
	write(t, d, `UPDATE visitors SET host_id = 1 WHERE id = 200`)
	write(t, d, `INSERT INTO devices (organization_id, name, ip_address, entry_type, created_at, updated_at) VALUES (1, 'Device 001', '10.10.0.1', 'BOTH', ?0, ?0)`, noon)
	write(t, d, `INSERT INTO passes (organization_id, event_key, action_time, device_id, visitor_id, visitor_type, entry_type, direction_by, action_type, action_result, action_mode, granted, payload, source, received_at)
		VALUES (1, 'k', ?0, 1, 1, 'VISITOR', 'ENTER', 'device', 'ONE_TIME_ID', 'SUCCESS', 'ONLINE', TRUE, '{}', 't', ?0)`, noon)
	return server
}

func TestV1sVisitorsAreAnsweredAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		admin, hr, lead, guard, other := who(admin()), who(hr()), who(lead()), who(guard()), who(other())
		for _, prefix := range []string{"/api/v1", "/api"} {
			visitors, codes := prefix+"/visitors", prefix+"/onetime-codes"
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "one visitor", As: hr, Path: visitors + "/1", Status: 200, Golden: "v1-visitor"},
				httptestx.Scenario{Name: "for a guard", As: guard, Path: visitors + "/1", Status: 200, Golden: "v1-guard"},
				httptestx.Scenario{Name: "whose creator nobody here sees", As: guard, Path: visitors, Status: 200, Contains: []string{`"total":6,"page":1`, `"passportNumber":null`, `"pinfl":null`}, Excludes: []string{"AB0000001", "30000000000001"}},
				httptestx.Scenario{Name: "all", As: admin, Path: visitors, Status: 200, Contains: []string{`"total":9`, "AB0000001"}},
				httptestx.Scenario{Name: "another organization's", As: hr, Path: visitors + "/3", Status: 404, Contains: []string{`"code":"Not Found","message":"Visitor not found"`}},
				httptestx.Scenario{Name: "another organization's for a guard", As: guard, Path: visitors + "/3", Status: 404},
				httptestx.Scenario{Name: "nobody's", As: hr, Path: visitors + "/4", Status: 404},
				httptestx.Scenario{Name: "not a lead's", As: lead, Path: visitors + "/1", Status: 403, Contains: []string{`"code":"Forbidden","message":"Access denied to this visitor"`}},
				httptestx.Scenario{Name: "not there for a lead", As: lead, Path: visitors + "/77", Status: 404},
				httptestx.Scenario{Name: "an id too large", As: admin, Path: visitors + "/99999999999999999999", Status: 400},
				httptestx.Scenario{Name: "passes", As: hr, Path: visitors + "/1/entry-logs?limit=5", Status: 200, Contains: []string{`"name":"Device 001","gate":null`, `"page":1,"total":1,"limit":5`, `"message":"Entry logs`}},
				httptestx.Scenario{Name: "actions", As: hr, Path: visitors + "/1/actions", Status: 200, Contains: []string{`"ipAddress":"10.10.0.1"`, `"firstName":"Барно"`}},
				httptestx.Scenario{Name: "valid", As: hr, Path: visitors + "/validate-code/VC000001", Status: 200, Contains: []string{`"message":"Code validated successfully"`}},
				httptestx.Scenario{Name: "another organization's code", As: hr, Path: visitors + "/validate-code/VC000003", Status: 404, Contains: []string{"Invalid or expired visitor code"}},
				httptestx.Scenario{Name: "in small letters", As: hr, Path: visitors + "/validate-code/vc000001", Status: 404},
				httptestx.Scenario{Name: "not valid", As: guard, Path: codes + "/validate/VC000005", Status: 400, Contains: []string{`"code":"Bad Request"`}},
				httptestx.Scenario{Name: "end before start", As: hr, Path: visitors + "/5/generate-code", Body: `{"codeType":"ONETIME","startDate":"2025-10-01T09:00:00Z","endDate":"2020-01-01T00:00:00Z"}`, Status: 400, Contains: []string{"Validation failed: endDate: "}},
				httptestx.Scenario{Name: "another organization's code is not withdrawn", As: hr, Method: "PUT", Path: visitors + "/codes/3/deactivate", Status: 404, Contains: []string{"Visitor code not found"}},
				httptestx.Scenario{Name: "has been here", As: hr, Method: "DELETE", Path: visitors + "/1", Status: 403},
				httptestx.Scenario{Name: "v1 knows no host", As: hr, Path: visitors, Body: `{"firstName":"A","lastName":"B","hostId":1}`, Status: 400},
				httptestx.Scenario{Name: "active codes", As: guard, Path: visitors + "/active-codes", Status: 200, Contains: []string{"VC000001", "VC000002"}, Excludes: []string{"VC000003", "VC000005"}},
				httptestx.Scenario{Name: "active codes of a lead's guests", As: lead, Path: visitors + "/active-codes", Status: 200, Contains: []string{"VC000200"}, Excludes: []string{"VC000001"}},
				httptestx.Scenario{Name: "a lead's guest", As: lead, Path: visitors + "/200", Status: 200},
				httptestx.Scenario{Name: "a lead's guests", As: lead, Path: visitors, Status: 200, Contains: []string{`"total":1,`}},
				httptestx.Scenario{Name: "expired codes", As: guard, Path: codes + "/expired", Status: 200, Contains: []string{"VC000005"}, Excludes: []string{"VC000001"}},
				httptestx.Scenario{Name: "codes found by the visitor", As: guard, Path: codes + "?search=barno&isActive=true", Status: 200, Contains: []string{`"total":1`, "VC000001"}},
				httptestx.Scenario{Name: "codes found by the code", As: guard, Path: codes + "?search=vc000002&sort=code&order=asc", Status: 200, Contains: []string{`"total":1`}},
				httptestx.Scenario{Name: "signs are no wildcards", As: guard, Path: codes + "?search=%25", Status: 200, Contains: []string{`"total":0`}},
				httptestx.Scenario{Name: "sorted by nothing", As: guard, Path: codes + "?sort=nope", Status: 400},
				httptestx.Scenario{Name: "another tenant's code", As: other, Path: codes + "/1", Status: 404},
				httptestx.Scenario{Name: "another tenant's visitor's codes", As: other, Path: codes + "/visitor/1", Status: 404},
				httptestx.Scenario{Name: "a code for nobody", As: hr, Path: codes, Body: `{}`, Status: 400, Contains: []string{"visitorId: ", "code: "}},
				httptestx.Scenario{Name: "moved to another", As: hr, Method: "PUT", Path: codes + "/1", Body: `{"visitorId":2}`, Status: 400},
				httptestx.Scenario{Name: "not moved", As: hr, Method: "PUT", Path: codes + "/1", Body: `{"visitorId":1}`, Status: 200},
				httptestx.Scenario{Name: "no such code", As: hr, Method: "PUT", Path: codes + "/99", Body: `{"visitorId":1}`, Status: 404},
				httptestx.Scenario{Name: "withdrawn", As: hr, Method: "POST", Path: codes + "/2/deactivate", Status: 201, Contains: []string{`"isActive":false`}},
				httptestx.Scenario{Name: "in force again", As: hr, Method: "POST", Path: codes + "/2/activate", Status: 201, Contains: []string{`"isActive":true`}},
			)
		}
	})
}

// What has no organization nobody who receives visitors would see.
func TestV1sVisitorsHaveAnOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServer(t, d)
		fill(t, d)
		operator, hr := who(admin()), who(hr())
		for _, path := range []string{"/api/v1/visitors", "/api/visitors"} {
			body := func(more string) string { return `{"firstName":"A","lastName":"B"` + more + `}` }
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "in one of two", As: operator, Path: path, Body: body(""), Status: 400, Contains: []string{`{"success":false,"error":{"code":"HTTP_EXCEPTION","message":"Validation failed: organizationId: `}},
				httptestx.Scenario{Name: "in the other", As: operator, Path: path, Body: body(`,"organizationId":2`), Status: 201},
				httptestx.Scenario{Name: "in none that there is", As: operator, Path: path, Body: body(`,"organizationId":99`), Status: 400, Contains: []string{"organizationId: "}},
				httptestx.Scenario{Name: "in one's own", As: hr, Path: path, Body: body(""), Status: 201},
				httptestx.Scenario{Name: "in another's", As: hr, Path: path, Body: body(`,"organizationId":2`), Status: 400, Contains: []string{"organizationId: "}},
			)
		}
		if n := counted(t, d, "SELECT count(*) FROM visitors WHERE first_name = 'A' AND last_name = 'B' AND organization_id = 2"); n != 2 {
			t.Errorf("%d are in the other", n)
		}
	})
}

// The picture that v1 had as a place holder is of the data beside it.
func TestAGeneratedCodeHasItsPicture(t *testing.T) {
	t.Parallel()
	httptestx.Run(t, newServerV1(t, dbtest.SQLite(t)), httptestx.Scenario{
		Name: "generate", As: who(hr()), Path: "/api/v1/visitors/5/generate-code", Status: 201, Golden: "v1-code",
		Mask:     []string{"id", "codeId", "code", "qrCode", "createdAt"},
		Body:     `{"codeType":"ONETIME","startDate":"2025-10-01T09:00:00Z","endDate":"2099-10-01T18:00:00.500Z"}`,
		Contains: []string{`"qrCode":"data:image/png;base64,iVBOR`},
	})
	data := qrOf(codeRow{ID: 1, Code: "A9A8AC4E", CodeType: oneTime, StartDate: noon, EndDate: noon}, visitorRow{ID: 2, FirstName: "A", LastName: "B"})
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"visitorId":2,"codeId":1,"code":"A9A8AC4E","visitorName":"A B","validFrom":"2026-11-02T07:00:00.000Z","validTo":"2026-11-02T07:00:00.000Z","codeType":"ONETIME"}`; string(text) != want {
		t.Errorf("the picture says %s", text)
	}
}
