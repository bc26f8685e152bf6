package visitors

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	_ "github.com/prometheus/client_golang/prometheus/testutil"
	_ "github.com/uptrace/bun" // want "SQL belongs in"

	_ "github.com/staff-control/staff-control/modules/employees" // want "modules/employees/<noun>"
	_ "github.com/staff-control/staff-control/modules/employees/employee/employeetest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func TestMain(m *testing.M) {
	counted = 2 // want "package variable counted"
	_ = actor.With(context.Background(), actor.System(http.MethodGet+os.Getenv("A")+time.Now().String()))
	httpx.New(httpx.Options{}) // want "httpx.New only in the kernel"
	time.Sleep(1)              // want "time.Sleep only under"
	os.Exit(m.Run())
}
