package db_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// A database of time series that is away when the process starts is no fault; what is committed outlives its death.
func TestSeriesComeAndGo(t *testing.T) {
	t.Parallel()
	server := dbtest.Server(t)
	address := server.URL("staff_app")
	server.Stop()
	d, err := db.OpenSeries(address, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	put := func() error {
		return d.Write(of(1), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Bulk(ctx, windows(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)))
			return err
		})
	}
	if err := put(); !errors.Is(err, db.ErrUnavailable) || !db.Away(err) {
		t.Errorf("a write to what is away: %v", err)
	}
	if got := d.Engine(); got != (db.Engine{Name: db.TimescaleDB}) {
		t.Errorf("before it has answered it is %v", got)
	}
	server.Start()
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if got := d.Engine(); got.Name != db.PostgreSQL || got.Version == "" {
		t.Errorf("once it has answered it is %v", got)
	}
	server.Kill()
	if err := put(); !db.Away(err) {
		t.Errorf("a write to what was killed: %v", err)
	}
	server.Start()
	deadline := time.Now().Add(20 * time.Second) // broken connections of the pool go one by one
	for err = put(); err != nil && time.Now().Before(deadline); err = put() {
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := rowsOf(t, of(1), d, "active_windows"); n != 2 {
		t.Errorf("%d rows, want the one before the death and the one after", n)
	}
}

// Who waits for what is away waits no longer for waiting together.
func TestManyWaitForWhatIsAwayAtOnce(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d, err := db.OpenSeries("postgres://staff_app@"+silent.Addr().String()+"/x?sslmode=disable", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const many = 12
	began := time.Now()
	done := make(chan error, many)
	for range many {
		go func() { done <- d.Ping(context.Background()) }()
	}
	for range many {
		if err := <-done; !db.Away(err) {
			t.Errorf("it is %v", err)
		}
	}
	if took := time.Since(began); took > 15*time.Second { // one by one it would take 36 s
		t.Errorf("it took %s", took)
	}
}
