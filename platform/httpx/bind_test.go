package httpx_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/id"
)

// level is a type that reads itself.
type level int

func (l *level) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "level-%d", (*int)(l))
	return err
}

type everything struct {
	On     bool              `json:"on"`
	Map    map[string]int    `json:"map"`
	UID    *id.UUID          `json:"uid"`
	Level  level             `json:"level"`
	Inner  []struct{ N int } `json:"inner"`
	Levels []level           `json:"-" query:"level"`
	Sizes  []int             `json:"-" query:"size"`
	Bare   string
}

func TestEveryTypeHasItsRefusal(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	r := s.Router("x", []string{"/x"})
	r.POST("/x", actor.Public, takes[everything]())
	r.POST("/x/lenient", actor.Public, takes[everything](), httpx.Lenient())
	r.POST("/x/list", actor.Public, httpx.Handle(200, func(_ context.Context, in []int) (int, error) { return len(in), nil }))
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "wrong", Status: 400, Golden: "wrong_everything", Path: "/x?level=level-1&level=7&size=1&size=x",
			Body: `{"on":"yes","map":[],"uid":"7","level":"7","inner":[{"N":"x"}],"Bare":1}`},
		httptestx.Scenario{Name: "wrong query", Method: "POST", Status: 400, Golden: "wrong_lists", Path: "/x?level=level-1&level=7&size=1&size=x"},
		httptestx.Scenario{Name: "inner", Status: 400, Path: "/x", Body: `{"inner":[{"N":1,"M":2}]}`, Contains: []string{`"inner.M"`, "unknown_field"}},
		httptestx.Scenario{Name: "right", Status: 200, Path: "/x?level=level-1&level=level-2&size=1&size=2",
			Body: `{"on":true,"map":{"a":1},"uid":"0192d3b4-0000-7000-8000-000000000001","level":"level-7","inner":[{"N":1}],"bare":""}`},
		httptestx.Scenario{Name: "broken query", Status: 400, Path: "/x?%zz", Body: `{}`, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "lenient", Status: 200, Path: "/x/lenient?more=1", Body: `{"more":1,"levels":[1]}`},
		httptestx.Scenario{Name: "lenient type", Status: 400, Path: "/x/lenient", Body: `{"more":1,"on":1}`, Contains: []string{"not_a_boolean"}},
		httptestx.Scenario{Name: "list", Status: 200, Path: "/x/list", Body: `[1,2]`, Contains: []string{"2"}},
		httptestx.Scenario{Name: "no list", Status: 400, Path: "/x/list", Body: `{}`, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "list of others", Status: 400, Path: "/x/list", Body: `["a"]`, Contains: []string{"VALIDATION_ERROR"}},
	)
}

// stamped has times wherever a body may have them.
type stamped struct {
	At    time.Time   `json:"at"`
	Ended *time.Time  `json:"ended,omitempty"`
	Steps []step      `json:"steps,omitempty"`
	Marks []time.Time `json:"marks,omitempty"`
	From  time.Time   `json:"-" query:"from"`
	Until *time.Time  `json:"-" query:"until"`
	embedded
}

type embedded struct{ Inner struct{ Since *time.Time } }

type step struct {
	At   time.Time `json:"at"`
	Tags []string  `json:"tags,omitempty"`
}

func TestTimesThatNoDatabaseKeepsAreRefused(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	r := s.Router("x", []string{"/x"})
	r.POST("/x", actor.Public, takes[stamped]())
	r.POST("/x/lenient", actor.Public, takes[stamped](), httpx.Lenient())
	refused := func(path, body, field string) httptestx.Scenario {
		return httptestx.Scenario{Name: path + body, Path: path, Method: "POST", Body: body, Status: 400, Contains: []string{`"field":"` + field + `","code":"not_a_time"`}}
	}
	const early, late = "0000-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"
	httptestx.Run(t, s,
		refused("/x?from="+early, "", "from"),
		refused("/x?until="+late, "", "until"),
		refused("/x", `{"at":"`+early+`"}`, "at"),
		refused("/x", `{"ended":"`+late+`"}`, "ended"),
		refused("/x", `{"steps":[{},{"at":"`+early+`"}]}`, "steps[1].at"),
		refused("/x", `{"marks":["`+late+`"]}`, "marks[0]"),
		refused("/x", `{"Inner":{"Since":"`+early+`"}}`, "Inner.Since"),
		refused("/x/lenient", `{"at":"0001-01-01T00:00:00+05:00"}`, "at"),
		httptestx.Scenario{Name: "kept", Status: 200, Path: "/x?from=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z",
			Body: `{"at":"9999-12-31T23:59:59Z","ended":"0001-01-01T00:00:00Z","steps":[{"at":"2026-11-02T12:00:00+05:00","tags":["a"]}],"marks":["2026-11-02T12:00:00Z"]}`},
	)
}

func TestAnswerThatCannotBeEncodedIsAFault(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Handle(200, func(context.Context, struct{}) (float64, error) {
		return math.NaN(), nil
	}))
	httptestx.Run(t, s, httptestx.Scenario{Name: "NaN", Path: "/x", Status: 500, Contains: []string{"INTERNAL_ERROR"}})
}

func TestAbortIsNoPanic(t *testing.T) {
	t.Parallel()
	s, logged := newServer(t)
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Raw(func(*echo.Context) error { panic(http.ErrAbortHandler) }))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
		if strings.Contains(logged.String(), "stack") {
			t.Error("it is logged as a panic")
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
}

func TestRouteHasItsOwnBodyTimeout(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	s.Router("x", []string{"/x"}).POST("/x", actor.Public, takes[everything](), httpx.BodyTimeout(10*time.Millisecond))
	conn, in := serve(t, s).dial(t)
	if status, _ := say(t, conn, in, post("/x", 100, "{")); status != http.StatusRequestTimeout {
		t.Errorf("status is %d, want 408", status)
	}
}

func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	c, err := i18n.New("uz", httpx.Messages)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	for code, want := range map[string]string{
		"invalid":   "Ma'lumot validatsiyasida xatolik",
		"forbidden": "Ushbu ma'lumotga kirish huquqi yo'q",
		"database":  "Ma'lumot saqlashda vaqtinchalik muammo",
	} {
		if got := c.Text("uz", code, nil); got != want {
			t.Errorf("%s is %q, want the design document's %q", code, got, want)
		}
	}
}
