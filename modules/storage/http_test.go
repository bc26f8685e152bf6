package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func newServer(t *testing.T, d *db.DB, set ...string) *httpx.Server {
	t.Helper()
	return kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d, Set: set}, New(),
		kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[alert.Log](kernel.Dashboard, alarms{}))
}

var (
	operator = &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	ours     = &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	other    = &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
	jpeg     = map[string]string{"Content-Type": "image/jpeg"}
)

// idOf is the id of the organization's file of the path.
func idOf(t *testing.T, d *db.DB, path string) string {
	t.Helper()
	row, err := store{d}.byPath(hr(1), path)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID.String()
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	addOrganizations(t, d)
	server := newServer(t, d)
	upload := files + "?path=profiles/7.jpg&kind=profile"
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "none yet", As: ours, Path: files, Status: 200, Contains: []string{`{"items":[],"next":""}`}},
		httptestx.Scenario{Name: "nothing used", As: ours, Path: prefix + "/usage", Status: 200, Contains: []string{`{"files":0,"bytes":0,"byKind":[]}`}},
		httptestx.Scenario{Name: "upload", As: ours, Path: upload + "&metadata=%7B%22employee%22%3A%227%22%7D", Body: "picture", Header: jpeg, Status: 201, Golden: "file", Mask: []string{"id", "createdAt"}},
		httptestx.Scenario{Name: "again", As: ours, Path: upload, Body: "picture", Header: jpeg, Status: 201},
		httptestx.Scenario{Name: "another", As: ours, Path: upload, Body: "another", Header: jpeg, Status: 409, Contains: []string{"storage.exists"}},
		httptestx.Scenario{Name: "a page", As: ours, Path: files + "?path=credentials/x.html&kind=credential", Body: "<script>", Header: map[string]string{"Content-Type": "text/html"}, Status: 201},
		httptestx.Scenario{Name: "all wrong", As: ours, Path: files + "?path=..&kind=screenshot&metadata=x&organization=x", Body: "x", Status: 400, Contains: []string{"kind", "metadata", "organization"}},
		httptestx.Scenario{Name: "bad path", As: ours, Path: files + "?path=profiles/..&kind=profile", Body: "x", Status: 400, Contains: []string{"storage.path"}},
		httptestx.Scenario{Name: "where screenshots are", As: ours, Path: files + "?path=screenshots/2026/11/23/x.jpg&kind=profile", Body: "x", Status: 400, Contains: []string{"storage.home", "profiles/"}},
		httptestx.Scenario{Name: "where archives are", As: ours, Path: files + "?path=archives/active_window/2026/11/23.csv.zst&kind=credential", Body: "x", Status: 400, Contains: []string{"storage.home", "credentials/"}},
		httptestx.Scenario{Name: "another kind's", As: ours, Path: files + "?path=credentials/7.jpg&kind=profile", Body: "x", Status: 400, Contains: []string{"storage.home"}},
		httptestx.Scenario{Name: "nearly a number", As: operator, Path: upload + "&organization=2,000", Body: "x", Status: 400, Contains: []string{"not_a_number"}},
		httptestx.Scenario{Name: "operator names none", As: operator, Path: upload, Body: "x", Status: 400, Contains: []string{"organization"}},
		httptestx.Scenario{Name: "operator", As: operator, Path: upload + "&organization=2", Body: "x", Header: jpeg, Status: 201, Contains: []string{`"organizationId":2`}},
		httptestx.Scenario{Name: "to another organization", As: ours, Path: upload + "&organization=2", Body: "x", Status: 404, Contains: []string{"organizations.unknown"}},
		httptestx.Scenario{Name: "listed", As: ours, Path: files + "?prefix=profiles/&kind=profile", Status: 200, Contains: []string{`"path":"profiles/7.jpg"`, `"size":7`, `"metadata":{"employee":"7"}`}, Excludes: []string{"x.html"}},
		httptestx.Scenario{Name: "paged", As: ours, Path: files + "?limit=1", Status: 200, Contains: []string{`"next":"W`}},
		httptestx.Scenario{Name: "bad cursor", As: ours, Path: files + "?after=x", Status: 400},
		httptestx.Scenario{Name: "operator lists", As: operator, Path: files + "?organization=2", Status: 200, Contains: []string{`"organizationId":2`}, Excludes: []string{`"organizationId":1`}},
		httptestx.Scenario{Name: "of another organization", As: other, Path: files + "?organization=1", Status: 404},
		httptestx.Scenario{Name: "used", As: operator, Path: prefix + "/usage?organization=1", Status: 200, Contains: []string{`"files":2,"bytes":15`}},
		httptestx.Scenario{Name: "no such id", As: ours, Path: files + "/x/content", Status: 404},
		httptestx.Scenario{Name: "no token", Path: signed, Status: 403, Contains: []string{"storage.link"}},
	)
	id := idOf(t, d, "profiles/7.jpg")
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "one", As: ours, Path: files + "/" + id, Status: 200, Contains: []string{`"sha256":"`, id}},
		httptestx.Scenario{Name: "download", As: ours, Path: files + "/" + id + "/content", Status: 200, Contains: []string{"picture"}},
		httptestx.Scenario{Name: "operator downloads", As: operator, Path: files + "/" + id + "/content", Status: 200, Contains: []string{"picture"}},
		httptestx.Scenario{Name: "another's", As: other, Path: files + "/" + id, Status: 404, Contains: []string{"storage.unknown"}},
		httptestx.Scenario{Name: "download another's", As: other, Path: files + "/" + id + "/content", Status: 404, Excludes: []string{"picture"}},
		httptestx.Scenario{Name: "link another's", As: other, Method: "POST", Path: files + "/" + id + "/url", Body: `{}`, Status: 404},
		httptestx.Scenario{Name: "delete another's", As: other, Method: "DELETE", Path: files + "/" + id, Status: 404},
		httptestx.Scenario{Name: "for too long", As: ours, Path: files + "/" + id + "/url", Body: `{"expiresInSeconds":604801}`, Status: 400, Contains: []string{"604"}},
		httptestx.Scenario{Name: "for ever", As: ours, Path: files + "/" + id + "/url", Body: `{"expiresInSeconds":9223372036854775807}`, Status: 400},
		httptestx.Scenario{Name: "for no time", As: ours, Path: files + "/" + id + "/url", Body: `{"expiresInSeconds":-1}`, Status: 400},
		httptestx.Scenario{Name: "link", As: ours, Path: files + "/" + id + "/url", Body: `{"expiresInSeconds":60}`, Status: 200, Contains: []string{`"url":"` + signed, "expiresAt"}},
		httptestx.Scenario{Name: "delete", As: ours, Method: "DELETE", Path: files + "/" + id, Status: 204},
		httptestx.Scenario{Name: "deleted", As: ours, Path: files + "/" + id, Status: 404, Contains: []string{"storage.unknown"}},
		httptestx.Scenario{Name: "deleted already", As: ours, Method: "DELETE", Path: files + "/" + id, Status: 404},
	)
	want := []string{"file.uploaded", "file.uploaded", "file.uploaded", "file.uploaded", "file.downloaded", "file.downloaded", "file.read", "file.download", "file.link", "file.delete", "file.linked", "file.deleted"}
	if got := audited(t, d); !reflect.DeepEqual(got, want) {
		t.Errorf("written down is %q, want %q", got, want)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	addOrganizations(t, d)
	httptestx.Run(t, newServer(t, d, "storage.max_upload=10"),
		httptestx.Scenario{Name: "ten", As: ours, Path: files + "?path=profiles/a&kind=profile", Body: "0123456789", Status: 201},
		httptestx.Scenario{Name: "eleven", As: ours, Path: files + "?path=profiles/b&kind=profile", Body: "0123456789x", Status: 413},
		httptestx.Scenario{Name: "eleven, not said", As: ours, Path: files + "?path=profiles/b&kind=profile", Body: struct{ io.Reader }{bytes.NewReader([]byte("0123456789x"))}, Status: 413},
		httptestx.Scenario{Name: "one file", As: ours, Path: prefix + "/usage", Status: 200, Contains: []string{`"files":1`}},
	)
}

// Screenshots have a door of their own, which asks for a reason; archives go by the rules of retention.
func TestWhatTheSystemKeepsIsNotReachedHere(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	server := newServer(t, d)
	o := newOffice(t, d)
	for _, k := range []file.Kind{file.Screenshot, file.Archive} {
		mustPut(t, o, hr(1), file.New{Path: string(k), Kind: k}, "content")
	}
	mustPut(t, o, hr(1), file.New{Path: "archived", Kind: file.Archive, Metadata: map[string]string{file.Was: string(file.Screenshot)}}, "content")
	shot, archive, archived := files+"/"+idOf(t, d, "screenshot"), files+"/"+idOf(t, d, "archive"), files+"/"+idOf(t, d, "archived")
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "screenshot", As: ours, Path: shot + "/content", Status: 403, Contains: []string{"storage.guarded"}},
		httptestx.Scenario{Name: "screenshot for the operator", As: operator, Path: shot + "/content", Status: 403},
		httptestx.Scenario{Name: "its address", As: ours, Path: shot + "/url", Body: `{}`, Status: 403},
		httptestx.Scenario{Name: "archived", As: ours, Path: archived + "/content", Status: 403},
		httptestx.Scenario{Name: "address of an archived one", As: ours, Path: archived + "/url", Body: `{}`, Status: 403},
		httptestx.Scenario{Name: "delete an archived one", As: ours, Method: "DELETE", Path: archived, Status: 403},
		httptestx.Scenario{Name: "delete it", As: ours, Method: "DELETE", Path: shot, Status: 403},
		httptestx.Scenario{Name: "delete an archive", As: ours, Method: "DELETE", Path: archive, Status: 403},
		httptestx.Scenario{Name: "upload an archive", As: ours, Path: files + "?path=b&kind=archive", Body: "x", Status: 400},
		httptestx.Scenario{Name: "whose content is elsewhere", As: ours, Path: archive + "/content", Status: 410, Contains: []string{"storage.lost"}},
	)
}

// ask asks the server as nobody.
func ask(s *httpx.Server, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestAddressesGiveTheFileToAnybody(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	addOrganizations(t, d)
	server := newServer(t, d)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "picture", As: ours, Path: files + "?path=profiles/a.jpg&kind=profile", Body: "picture", Header: jpeg, Status: 201},
		httptestx.Scenario{Name: "page", As: ours, Path: files + "?path=profiles/a.html&kind=profile", Body: "<script>", Header: map[string]string{"Content-Type": "text/html"}, Status: 201},
	)
	for path, want := range map[string]string{"profiles/a.jpg": `inline; filename=a.`, "profiles/a.html": `attachment; filename=a.`} {
		link := linkOf(t, server, idOf(t, d, path))
		w := ask(server, link)
		h := w.Header()
		if w.Code != 200 || !strings.HasPrefix(h.Get("Content-Disposition"), want) || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Cache-Control") != "private, no-store" || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("%s: %d %v %s", path, w.Code, h, w.Body)
		}
		if w := ask(server, link[:len(link)-1]); w.Code != 403 {
			t.Errorf("an address without its end gives %d %s", w.Code, w.Body)
		}
	}
	link := linkOf(t, server, idOf(t, d, "profiles/a.jpg"))
	httptestx.Run(t, server, httptestx.Scenario{Name: "delete", As: ours, Method: "DELETE", Path: files + "/" + idOf(t, d, "profiles/a.jpg"), Status: 204})
	if w := ask(server, link); w.Code != 404 || strings.Contains(w.Body.String(), "picture") {
		t.Errorf("the address of a deleted file gives %d %s", w.Code, w.Body)
	}
}

// linkOf asks for the file's address as its HR.
func linkOf(t *testing.T, s *httpx.Server, id string) string {
	t.Helper()
	s.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		return *ours, r.Header.Get("X-As") == "ours", nil
	})
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, files+"/"+id+"/url", strings.NewReader("{}"))
	r.Header.Set("X-As", "ours")
	r.Header.Set("Content-Type", "application/json")
	s.ServeHTTP(w, r)
	var answer urlResponse
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.URL == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return answer.URL
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	server := newServer(t, dbtest.SQLite(t))
	const id = "/0192f0aa-0000-7000-8000-00000000000a"
	var scenarios []httptestx.Scenario
	for _, route := range []struct{ method, path string }{
		{"GET", prefix + "/usage"}, {"GET", files}, {"POST", files}, {"GET", files + id}, {"GET", files + id + "/content"}, {"POST", files + id + "/url"}, {"DELETE", files + id},
	} {
		for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent} {
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: &actor.Actor{Role: role, ID: "test", OrganizationID: 1}, Method: route.method, Path: route.path, Status: 403, Contains: []string{"ACCESS_DENIED"}}
			if role&(actor.Admin|actor.HR) != 0 {
				sc.Status, sc.Contains, sc.Excludes = 0, nil, []string{"ACCESS_DENIED", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
		scenarios = append(scenarios, httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, "nobody"), Method: route.method, Path: route.path, Status: 401})
	}
	httptestx.Run(t, server, scenarios...)
}
