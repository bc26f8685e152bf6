package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, env []string, args ...string) (code int, out, fault string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, append(env, "STAFF_DATA="+t.TempDir()), streams{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args       []string
		code       int
		out, fault string
	}{
		{[]string{"version"}, ok, "staff-control dev (commit unknown, built unknown)\n", ""},
		{[]string{"--help"}, ok, "apikey create", ""},
		{[]string{"config", "example"}, ok, "batch_size:", ""},
		{[]string{"--set", "buffer.max_size=2GB", "config"}, ok, "buffer.max_size", ""},
		{[]string{"--role=gateway", "--set=uplink.url=https://agent-api.example.uz", "--check-config"}, ok, "the settings are right", ""},
		{[]string{"--role=gateway", "--check-config"}, wrong, "", "uplink.url: must be set in role gateway, is empty"},
		{[]string{"gateway", "--check-config"}, wrong, "", "uplink.url: must be set in role gateway, is empty"},
		{[]string{"--check-config", "gateway"}, wrong, "", "uplink.url: must be set in role gateway, is empty"},
		{[]string{"gateway", "--check-config", "--set", "uplink.url=https://agent-api.example.uz"}, ok, "the settings are right", ""},
		{[]string{"gateway", "check-config", "--role=dashboard"}, ok, "the settings are right", ""},
		{[]string{"--check-config"}, ok, "the settings are right", ""},
		{[]string{"check-config"}, ok, "the settings are right", ""},
		{[]string{"--help"}, ok, "--check-config", ""},
		{[]string{"--help"}, ok, "gateway --test-connection", ""},
		{[]string{"--help"}, ok, "user set-password USERNAME", ""},
		{[]string{"gateway"}, wrong, "", "no such command: gateway"},
		{[]string{"gateway", "update"}, failed, "", "usage: gateway update --from-file"},
		{[]string{"update", "--from-file", "/nowhere"}, failed, "", "slots are not known"},
		{[]string{"--set", "updater.slots=/nowhere", "gateway", "update", "--from-file=/nowhere"}, failed, "", "open /nowhere"},
		{[]string{"migrate", "--check-config"}, wrong, "", "no such command: migrate check-config"},
		{[]string{"gateway", "--test-connection", "--role=gateway", "--set=uplink.url=http://127.0.0.1:1"}, failed, "FAILED", "refused"},
		{[]string{"--test-connection", "gateway", "--role=gateway", "--set=uplink.url=http://127.0.0.1:1"}, failed, "FAILED", "refused"},
		{[]string{"gateway", "test-connection", "--role=gateway", "--set=uplink.url=http://127.0.0.1:1"}, failed, "FAILED", "refused"},
		{[]string{"user", "set-password", "nobody"}, failed, "", "There is no such user"},
		{[]string{"user"}, failed, "", "usage: user set-password USERNAME"},
		{[]string{"--role=gateway", "config"}, wrong, "uplink.url", "uplink.url: must be set"},
		{[]string{"--role=doorman"}, wrong, "", "role: must be all, or some of gateway, agent-api and dashboard"},
		{[]string{"--rolle=all"}, wrong, "", "no such flag: --rolle"},
		{[]string{"--set"}, wrong, "", "flag --set needs a value"},
		{[]string{"dance"}, failed + 1, "", "no such command: dance"},
		{[]string{"apikey", "create", "--type", "PIRATE"}, failed, "", "type: "},
		{[]string{"--role=gateway", "--set=uplink.url=http://127.0.0.1:1", "--test-connection"}, failed, "FAILED", "refused"},
		{[]string{"migrate"}, ok, "", ""},
		{[]string{"--role=dashboard", "check"}, ok, "GET    /api/v2/gateways", ""},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			code, out, fault := start(t, nil, c.args...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(fault, c.fault) {
				t.Errorf("exit %d, want %d\nout: %s\nerr: %s", code, c.code, out, fault)
			}
		})
	}
}

func TestTheConnectionOfOneHostIsTriedWhereItIs(t *testing.T) {
	t.Parallel()
	code, out, fault := start(t, []string{"STAFF_AGENT_API__LISTEN=127.0.0.1:1"}, "--test-connection")
	if code != failed || !strings.Contains(out+fault, "127.0.0.1:1: connect") {
		t.Errorf("exit %d: %s%s", code, out, fault)
	}
}

func TestHealthAsksTheRunningProcess(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health/ready" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	env := []string{"STAFF_ROLE=dashboard", "STAFF_DASHBOARD__LISTEN=" + strings.TrimPrefix(server.URL, "http://")}
	if code, _, fault := start(t, env, "health"); code != ok {
		t.Errorf("exit %d: %s", code, fault)
	}
	status = http.StatusServiceUnavailable
	if code, _, fault := start(t, env, "health"); code != failed || !strings.Contains(fault, fmt.Sprint(status)) {
		t.Errorf("exit %d: %s", code, fault)
	}
}

func TestSystemdIsToldHowTheProcessIs(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "notify")
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var out bytes.Buffer
	go func() {
		env := []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=100000", "STAFF_DATA=" + t.TempDir(), "STAFF_GATEWAY__LISTEN=" + address}
		ended <- run(ctx, []string{"--role=gateway", "--set=uplink.url=http://127.0.0.1:1"}, env, streams{out: &out, err: &out})
	}()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := hear(t, heard); got != want {
			t.Fatalf("systemd hears %q, want %q", got, want)
		}
	}
	stop()
	last := hear(t, heard)
	for last == "WATCHDOG=1" {
		last = hear(t, heard)
	}
	if code := <-ended; code != ok || last != "STOPPING=1" {
		t.Errorf("exit %d, the last word is %q\n%s", code, last, &out)
	}
}

func hear(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatalf("systemd hears nothing: %v", err)
	}
	return string(b[:n])
}

func TestATakenPortIsSaid(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	code, _, fault := start(t, []string{"STAFF_DASHBOARD__LISTEN=" + strings.TrimPrefix(server.URL, "http://")}, "--role=dashboard")
	if code != failed || !strings.Contains(fault, "dashboard.listen: ") {
		t.Errorf("exit %d: %s", code, fault)
	}
}
