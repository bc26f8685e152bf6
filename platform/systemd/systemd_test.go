package systemd

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// manager is systemd's side of the socket.
type manager struct{ *net.UnixConn }

func listen(t *testing.T) (m manager, socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return manager{conn}, socket
}

func (m manager) hears(t *testing.T, want string) {
	t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := m.Read(b)
	if err != nil || string(b[:n]) != want {
		t.Fatalf("systemd hears %q (%v), want %q", b[:n], err, want)
	}
}

func TestTheEnvironmentSaysWhetherSystemdListens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		want *Notifier
	}{
		"by hand":              {[]string{"HOME=/root"}, nil},
		"watchdog without ear": {[]string{"WATCHDOG_USEC=5"}, nil},
		"ready only":           {[]string{"NOTIFY_SOCKET=/run/n"}, &Notifier{socket: "/run/n"}},
		"with watchdog":        {[]string{"NOTIFY_SOCKET=@n", "WATCHDOG_USEC=2000000", "WATCHDOG_PID=7"}, &Notifier{"@n", 2 * time.Second}},
		"somebody else's":      {[]string{"WATCHDOG_PID=8", "NOTIFY_SOCKET=@n", "WATCHDOG_USEC=2000000"}, &Notifier{socket: "@n"}},
		"no number":            {[]string{"NOTIFY_SOCKET=@n", "WATCHDOG_USEC=soon"}, &Notifier{socket: "@n"}},
	} {
		got := New(c.env, 7)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAProcessIsReadyOnceItAnswers(t *testing.T) {
	t.Parallel()
	m, socket := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	asked := 0
	go func() {
		ended <- (&Notifier{socket: socket}).Run(ctx, func(context.Context) error {
			if asked++; asked < 3 {
				return errors.New("not yet")
			}
			return nil
		})
	}()
	m.hears(t, "READY=1")
	stop()
	m.hears(t, "STOPPING=1")
	if err := <-ended; err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestAProcessThatDoesNotAnswerGivesNoSignOfLife(t *testing.T) {
	t.Parallel()
	m, socket := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	var stuck atomic.Bool
	stuckAsked := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- (&Notifier{socket, 20 * time.Millisecond}).Run(ctx, func(context.Context) error {
			if !stuck.Load() {
				return nil
			}
			select {
			case stuckAsked <- struct{}{}:
			default:
			}
			return errors.New("stuck")
		})
	}()
	m.hears(t, "READY=1")
	m.hears(t, "WATCHDOG=1")
	m.hears(t, "WATCHDOG=1")
	stuck.Store(true)
	<-stuckAsked // what was said before is in the socket by now
	said := m.pending(t)
	<-stuckAsked
	<-stuckAsked
	if more := m.pending(t); more != 0 {
		t.Errorf("%d signs of life after %d, while stuck", more, said)
	}
	stop()
	m.hears(t, "STOPPING=1")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// pending takes what is in the socket and returns how many messages that were.
func (m manager) pending(t *testing.T) (n int) {
	t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 100); ; n++ {
		if _, err := m.Read(b); err != nil {
			return n
		}
	}
}

func TestAProcessThatNeverAnswersIsNeverReady(t *testing.T) {
	t.Parallel()
	m, socket := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	if err := (&Notifier{socket, time.Minute}).Run(ctx, func(context.Context) error { stop(); return errors.New("no") }); err != nil {
		t.Error(err)
	}
	m.hears(t, "STOPPING=1")
}

func TestWithoutSystemdNothingIsSaid(t *testing.T) {
	t.Parallel()
	var n *Notifier
	if err := n.Run(t.Context(), func(context.Context) error { t.Error("asked"); return nil }); err != nil {
		t.Error(err)
	}
}

func TestASocketThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	n := &Notifier{filepath.Join(t.TempDir(), "gone"), time.Minute}
	if err := n.Run(t.Context(), func(context.Context) error { return nil }); err == nil {
		t.Error("no error")
	}
}

func TestASocketThatGoesAwayEndsTheWatch(t *testing.T) {
	t.Parallel()
	m, socket := listen(t)
	asked := 0
	err := (&Notifier{socket, 2 * time.Millisecond}).Run(t.Context(), func(context.Context) error {
		if asked++; asked == 2 {
			m.Close()
		}
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
}
