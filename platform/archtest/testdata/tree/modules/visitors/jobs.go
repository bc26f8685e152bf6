package visitors

import (
	"context"
	"fmt"
	stdlog "log"
	"net/url"
	"os"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/jobs"
)

var counted, listed = 0, map[string]int{}

var settings struct{ size int }

func init() { // want "no init()"
	counted = 1 // want "package variable counted is assigned"
}

type service struct{ now func() time.Time }

func (service) init() {}

func expire(ctx context.Context) {
	counted++               // want "package variable counted"
	listed["a"] = 1         // want "package variable listed"
	delete(listed, "a")     // want "package variable listed"
	settings.size = 1       // want "package variable settings"
	elsewhere += 2          // want "package variable elsewhere"
	for counted = range 3 { // want "package variable counted"
	}
	url.Default = nil // want "a variable of package net/url is assigned"
	counted := counted
	counted++
	jobs.Enqueue(func() { fmt.Println(time.Now()) }) // want "fmt.Println only in main.go" "time.Now is not called"
	_ = service{now: time.Now}
	_ = actor.System("expire")          // want "actor.System only where archtest lists it"
	_, _ = os.Getenv("A"), os.Environ() // want "os.Getenv only in main.go" "os.Environ only in main.go"
	_ = context.Background()            // want "context.Background only in main.go"
	_ = context.TODO()                  // want "context.TODO only in main.go"
	time.Sleep(1)                       // want "time.Sleep only under testing/synctest"
	stdlog.Fatal("x")                   // want "log.Fatal only in main.go"
	os.Exit(1)                          //nolint:all // want "os.Exit only in main.go" "no //nolint"
	//lint:ignore U1000 because // want "no //lint"
}

func shadows(os, fmt, time service) {
	os.Exit(1)
	fmt.Println()
	time.Now()
}
