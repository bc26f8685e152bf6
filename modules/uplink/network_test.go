package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/config"
)

// What fills a batch while it waits for the interval sends it at once, by rows or by bytes.
func TestABatchThatFillsWhileItWaitsGoesAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *Config){
		"rows": func(c *Config) { c.BatchSize = 30 },
		"bytes": func(c *Config) {
			c.BatchBytes = config.Bytes(60 * len(`{"type":"active_window","key":"k10","title":"t"}`))
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, m, u := bubble(t, func(c *Config) { c.Interval = 5 * time.Second; change(c) })
			stop := start(t, u)
			pass(10 * time.Second)
			m.add(backlog.Agent, 10)
			pass(time.Second)
			m.add(backlog.Agent, 15)
			pass(time.Second)
			if n := len(a.to(ingest)); n != 0 {
				t.Errorf("%s: %d batches before one is full", name, n)
			}
			m.add(backlog.Agent, 8)
			pass(time.Second)
			if sent := a.to(ingest); len(sent) != 1 || len(sent[0].seqs) < 30 {
				t.Errorf("%s: sent %+v, want one full batch at once", name, sent)
			}
			stop()
		})
	}
}

func TestWhyTheServerIsNotReachedIsOneWord(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"http_401":    fmt.Errorf("beat: %w", &refusal{status: 401, text: "secret"}),
		"timeout":     &url.Error{Op: "Post", URL: "https://u:p@host", Err: context.DeadlineExceeded},
		"name":        &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}},
		"connection":  &net.OpError{Op: "dial", Err: errors.New("refused")},
		"certificate": &url.Error{Err: &tls.CertificateVerificationError{Err: x509.HostnameError{}}},
		"answer":      errors.New("the answer 200 does not confirm the batch"),
	} {
		if got := class(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}

func TestAHeartbeatSaysHowTheNetworkIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		stop := start(t, u)
		pass(time.Minute)
		a.on(always(ingest, 503))
		m.add(backlog.Agent, 1)
		pass(5 * time.Minute)
		stop()
		first, last := a.beats[0].NetworkStatus, a.beats[len(a.beats)-1].NetworkStatus
		if first.Tries != 0 || first.LastError != "" || first.ClockOffsetMS != nil {
			t.Errorf("the first heartbeat says %+v", first)
		}
		if last.State != offline || last.Tries < maxRetries || last.LastError != "http_503" || last.LastErrorAt.IsZero() || last.ClockOffsetMS == nil {
			t.Errorf("the last heartbeat says %+v", last)
		}
	})
}
