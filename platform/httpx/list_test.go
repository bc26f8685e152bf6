package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

type kept struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// keptList has two pages of one row each; searched for "broken" it fails, at the first page or later.
func keptList() grid.List[kept] {
	id := grid.Column{Name: "id", Kind: grid.ID, SQL: "id"}
	return grid.List[kept]{
		Name: "kept", Title: "grid.search", Sort: "name", ID: id,
		Columns: []grid.Column{
			id, {Name: "name", Kind: grid.Folded, SQL: "name", Search: true}, {Name: "createdAt", Kind: grid.Time, SQL: "at"},
			{Name: "isActive", Kind: grid.Bool, SQL: "x", Only: grid.Filter}, {Name: "version", Kind: grid.Enum, SQL: "x", Values: []string{"a", "b"}, Only: grid.Filter},
			{Name: "lastSeenAt", Kind: grid.Number, SQL: "x", Only: grid.Filter}, {Name: "organizationId", Kind: grid.UUID, SQL: "x", Only: grid.Filter, Doc: "whose"},
		},
		Read: func(_ context.Context, q grid.Query) ([]kept, db.Found, error) {
			l := q.SQL()
			if l.Keys && (len(l.Where) == 0 || l.Where[0][0].Value != "broken") {
				return nil, db.Found{Keys: []int64{1, 2}}, nil
			}
			if len(l.Where) > 0 && l.Where[0][0].Value == "broken" {
				return nil, db.Found{}, errors.New("no rows today")
			}
			if len(l.Where) > 0 && l.Where[0][0].Op == db.In {
				return []kept{{1, "A", noon()}, {2, "=B", noon()}}, db.Found{}, nil
			}
			return []kept{{1, "A", noon()}}, db.Found{Next: "more", Total: 2}, nil
		},
	}
}

func TestAListHasPagesAndAnExport(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	httpx.List(s.Router("kept", []string{"/api/v2/kept"}), "/api/v2/kept", read, keptList(), httpx.Doc("What is kept"))
	s.SetZones(func(ctx context.Context) (*time.Location, error) {
		if a, _ := actor.From(ctx); a.OrganizationID == 9 {
			return nil, errors.New("no zone")
		}
		return time.FixedZone("Asia/Tashkent", 5*3600), nil
	})
	lost := &actor.Actor{Role: actor.HR, ID: "user:9", OrganizationID: 9}
	const path = "/api/v2/kept"
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "page", As: admin, Path: path + "?createdAt.from=2026-01-01T00:00:00Z", Status: 200, Contains: []string{`{"items":[{"id":1,"name":"A","createdAt":"2026-03-04T12:00:00Z"}],"next":"more","total":2}`}},
		httptestx.Scenario{Name: "wrong", As: admin, Path: path + "?sort=size", Status: 400, Header: map[string]string{"Accept-Language": "en"}, Contains: []string{`"field":"sort","code":"not_one_of","message":"This must be one of: id, name, createdAt"`}},
		httptestx.Scenario{Name: "broken query", As: admin, Path: path + "?q=%zz", Status: 400, Contains: []string{`"malformed"`}},
		httptestx.Scenario{Name: "not for guards", As: guard, Path: path, Status: 403},
		httptestx.Scenario{Name: "no export for guards", As: guard, Path: path + "/export", Status: 403},
		httptestx.Scenario{Name: "export", As: admin, Path: path + "/export?name=b", Status: 200, Golden: "export"},
		httptestx.Scenario{Name: "broken export", As: admin, Path: path + "/export?q=broken", Status: 500, Contains: []string{`"code":"internal"`}, Excludes: []string{"Qidiruv"}},
		httptestx.Scenario{Name: "broken workbook", As: admin, Path: path + "/export?q=broken&format=xlsx", Status: 500, Contains: []string{`"code":"internal"`}},
		httptestx.Scenario{Name: "broken query of an export", As: admin, Path: path + "/export?q=%zz", Status: 400},
		httptestx.Scenario{Name: "no zone", As: lost, Path: path + "/export", Status: 500},
	)
}

func TestABrokenListIsNoRoute(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "cannot be sorted by nothing") {
			t.Errorf("panics with %q", text)
		}
	}()
	l := keptList()
	l.Sort = "nothing"
	httpx.List(s.Router("kept", []string{"/api/v2/kept"}), "/api/v2/kept", read, l)
}

// Whoever reads an export slowly keeps one place of four, and nobody waits for it.
func TestASlowReaderStopsNobodysExport(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	const path = "/api/v2/slow"
	begun, end := make(chan struct{}), make(chan struct{})
	slow := keptList()
	slow.Read = func(context.Context, grid.Query) ([]kept, db.Found, error) {
		begun <- struct{}{}
		<-end
		return nil, db.Found{Keys: []int64{}}, nil
	}
	r := s.Router("lists", []string{path, "/api/v2/kept"})
	httpx.List(r, path, read, slow)
	httpx.List(r, "/api/v2/kept", read, keptList())
	person := func(n int) *actor.Actor {
		return &actor.Actor{Role: actor.HR, ID: fmt.Sprint("user:", n), OrganizationID: 1}
	}
	busy := func(who *actor.Actor) httptestx.Scenario {
		return httptestx.Scenario{
			As: who, Path: "/api/v2/kept/export", Status: 429, Header: map[string]string{"Accept-Language": "en"},
			Contains: []string{`"code":"exports_running"`, "Another export is still running"},
		}
	}
	var readers sync.WaitGroup
	start := func(n int) {
		readers.Go(func() {
			httptestx.Run(t, s, httptestx.Scenario{Name: fmt.Sprint("reader ", n), As: person(n), Path: path + "/export", Status: 200})
		})
		<-begun
	}
	start(1)
	mine, fifth := busy(person(1)), busy(person(5))
	mine.Name, fifth.Name = "a second one of mine", "a fifth one"
	other := httptestx.Scenario{Name: "somebody else's", As: person(2), Path: "/api/v2/kept/export", Status: 200}
	httptestx.Run(t, s, mine, other)
	for n := 2; n <= 4; n++ {
		start(n)
	}
	httptestx.Run(t, s, fifth)
	close(end)
	readers.Wait()
	other.Name = "mine, afterwards"
	other.As = person(1)
	httptestx.Run(t, s, other)
}
