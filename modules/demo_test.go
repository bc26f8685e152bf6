package modules_test

import (
	"io/fs"
	"path/filepath"
	"testing"
	"time"
)

// The company comes to be through the real interfaces of a running server, and one command takes it away.
func TestADemoCompanyIsAtWorkAndIsRemovedWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.serve(t, "role=all", "demo.employees=20", "demo.days=2", "demo.dashboard="+s.dashboard, "demo.gateway="+s.gateway)
	ready(t, s.dashboard, s.gateway)
	s.signIn(t)
	var companies struct {
		Items []struct {
			OrganizationID int64     `json:"organizationId"`
			SentUntil      time.Time `json:"sentUntil"`
		} `json:"items"`
	}
	within(t, 2*time.Minute, "the company's past is there", func() bool {
		s.get(t, "/api/v2/demo", &companies)
		return len(companies.Items) == 1 && time.Since(companies.Items[0].SentUntil) < time.Minute
	})
	windows := len(s.rows(t, "active-windows", ""))
	if people, linked := s.count(t, "/api/v2/employees"), s.count(t, "/api/v2/computers/users?linked=true"); people != 20 || linked != 20 || windows < 1000 {
		t.Errorf("%d people, %d of the Windows users are linked, %d windows", people, linked, windows)
	}
	until(t, "guests are inside, and others expected", func() bool {
		var today struct{ Inside, Expected int }
		s.get(t, "/api/v2/visitors/today", &today)
		return today.Inside == 3 && today.Expected == 3
	})
	if doors, passes := s.count(t, "/api/v2/devices"), s.count(t, "/api/v2/passes"); doors != 3 || passes == 0 {
		t.Errorf("%d doors, through which go %d", doors, passes)
	}
	stop()
	s.serve(t, "role=all", "demo.employees=20", "demo.dashboard="+s.dashboard, "demo.gateway="+s.gateway)
	ready(t, s.dashboard, s.gateway)
	until(t, "the company goes on after a restart", func() bool {
		before := companies.Items[0].SentUntil
		s.get(t, "/api/v2/demo", &companies)
		return companies.Items[0].SentUntil.After(before)
	})
	until(t, "pictures are in the gallery", func() bool { return len(s.gallery(t)) >= 20 })
	s.command(t, "demo", "remove")
	if left := filesBelow(t, filepath.Join(s.data, "files")); len(s.gallery(t)) != 0 || len(left) != 0 {
		t.Errorf("after its removal %d pictures are in the gallery, on the disk %v", len(s.gallery(t)), left)
	}
	s.get(t, "/api/v2/demo", &companies)
	if n := len(s.rows(t, "active-windows", "")); n != 0 || s.count(t, "/api/v2/employees") != 0 || s.count(t, "/api/v2/visitors") != 0 || s.count(t, "/api/v2/passes") != 0 || s.count(t, "/api/v2/departments") != 0 || len(companies.Items) != 0 {
		t.Errorf("after its removal there are %d windows, and of companies %+v", n, companies.Items)
	}
}

// filesBelow are the names of all files in a directory.
func filesBelow(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// count is how many items a list of the dashboard has on its first page.
func (s *site) count(t testing.TB, path string) int {
	t.Helper()
	var page struct{ Items []struct{} }
	s.get(t, path, &page)
	return len(page.Items)
}
