package commands

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

// balance shares connections out among the addresses in turn, and returns the address to connect to.
func balance(t testing.TB, addresses ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for n := 0; ; n++ {
			from, err := ln.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addresses[n%len(addresses)])
			if err != nil {
				from.Close()
				continue
			}
			go pass(from, to)
			go pass(to, from)
		}
	}()
	return "http://" + ln.Addr().String()
}

func pass(from, to net.Conn) {
	io.Copy(to, from)
	from.Close()
	to.Close()
}

// Three processes on one database behind a balancer. What is ordered in any of them reaches the gateway's socket in
// another within a second, and a gateway that comes by another way has one socket still.
func TestACommandOfAnyProcessReachesTheSocketInAnother(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t, "staff_app")
	var replicas []replica
	var addresses []string
	var p *pulse
	var ids [3]id.UUID
	for n := range 3 {
		d, err := db.Open(context.Background(), url, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		if n == 0 {
			ids = populate(t, d)
			p = newPulse(ids)
		}
		replicas = append(replicas, serve(t, d, p, "commands.sweep_interval=1m", "commands.lease=1m"))
		addresses = append(addresses, replicas[n].url[len("http://"):])
	}
	door := balance(t, addresses...)
	const many = 12
	clients := map[id.UUID]*client{}
	for range many {
		gatewayID := newGateway(t, replicas[0].office.store.db, 1, id.New().String())
		p.set(func() { p.of[gatewayID] = 1 })
		clients[gatewayID] = dial(t, door, gatewayID.String())
	}
	for _, r := range replicas {
		until(t, "each process holds its share", func() bool { return len(r.module.hub.all()) == many/3 })
	}
	var all sync.WaitGroup
	for gatewayID, c := range clients {
		all.Go(func() {
			for n := range replicas {
				began := time.Now()
				ordered := replicas[n].office.order(t, gatewayID, nil)
				if got := c.command(command.SyncDevices); got.ID != ordered {
					t.Errorf("%s came, want %s", got.ID, ordered)
				}
				if took := time.Since(began); took > 5*time.Second { // a second, on a machine that does nothing else
					t.Errorf("it took %s", took)
				}
				c.emit(command.EventAck, command.Ack{CommandID: ordered, Status: command.Completed})
				c.waitFor(command.EventAckReceived)
			}
		})
	}
	all.Wait()
	for gatewayID, c := range clients {
		dial(t, door, gatewayID.String())
		c.ends(ws.Code(command.CloseReplaced))
	}
}
