// Package systemd tells the service manager that started the process how the process is.
package systemd

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"
)

// startEvery is how often a process that starts is asked whether it serves.
const startEvery = 100 * time.Millisecond

// Notifier speaks to systemd. Nil speaks to nobody.
type Notifier struct {
	socket string
	// watchdog is how long systemd waits for a sign of life before it starts the process anew; 0 is for ever.
	watchdog time.Duration
}

// New reads what systemd put into the environment of process pid; nil if it did not start it, or wants to hear nothing.
func New(env []string, pid int) *Notifier {
	n := &Notifier{}
	meant := true
	for _, v := range env {
		switch name, value, _ := strings.Cut(v, "="); name {
		case "NOTIFY_SOCKET":
			n.socket = value
		case "WATCHDOG_PID":
			meant = value == strconv.Itoa(pid)
		case "WATCHDOG_USEC":
			if us, err := strconv.ParseInt(value, 10, 64); err == nil && us > 0 {
				n.watchdog = time.Duration(us) * time.Microsecond
			}
		}
	}
	if n.socket == "" {
		return nil
	}
	if !meant {
		n.watchdog = 0
	}
	return n
}

// Run says that the process is ready once alive has no error, gives a sign of life for as long as that stays so, and
// says that it stops when ctx ends. Whoever is asked and does not answer gets no sign of life.
func (n *Notifier) Run(ctx context.Context, alive func(context.Context) error) error {
	if n == nil {
		return nil
	}
	if err := n.await(ctx, alive); err != nil {
		return err
	}
	if n.watchdog > 0 {
		return n.watch(ctx, alive)
	}
	<-ctx.Done()
	return n.tell("STOPPING=1")
}

func (n *Notifier) await(ctx context.Context, alive func(context.Context) error) error {
	ticker := time.NewTicker(startEvery)
	defer ticker.Stop()
	for alive(ctx) != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	return n.tell("READY=1")
}

// watch gives two signs of life in the time in which systemd wants one.
func (n *Notifier) watch(ctx context.Context, alive func(context.Context) error) error {
	ticker := time.NewTicker(n.watchdog / 2)
	defer ticker.Stop()
	for {
		if alive(ctx) == nil {
			if err := n.tell("WATCHDOG=1"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return n.tell("STOPPING=1")
		case <-ticker.C:
		}
	}
}

// tell sends one message; systemd does not answer.
func (n *Notifier) tell(text string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte(text))
	return errors.Join(err, conn.Close())
}
