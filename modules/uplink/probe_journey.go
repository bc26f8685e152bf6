package uplink

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// journey notes how far a request comes.
type journey struct {
	now func() time.Time

	mu    sync.Mutex
	began time.Time
	stage stage
}

// stage is how far it has come.
type stage struct {
	addresses       []string
	connected       string
	took            time.Duration
	handshakes      int // begun
	tls             *tls.ConnectionState
	dnsErr, dialErr error
	tlsErr          error
}

// seen is what was noted until now.
func (j *journey) seen() stage {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stage
}

func (j *journey) note(change func(*stage)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.stage)
}

// trace is what the transport calls, from goroutines of its own.
func (j *journey) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSDone: func(d httptrace.DNSDoneInfo) {
			j.note(func(s *stage) { s.addresses, s.dnsErr = texts(d.Addrs), d.Err })
		},
		ConnectStart: func(_, _ string) { j.note(func(*stage) { j.began = j.now() }) },
		ConnectDone: func(_, address string, err error) {
			j.note(func(s *stage) {
				if err != nil {
					s.dialErr = err
					return
				}
				s.connected, s.took = address, j.now().Sub(j.began)
			})
		},
		TLSHandshakeStart: func() { j.note(func(s *stage) { s.handshakes++ }) },
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			j.note(func(s *stage) {
				if s.tls, s.tlsErr = &state, err; err != nil {
					s.tls = nil
				}
			})
		},
	}
}

func texts(addresses []net.IPAddr) (all []string) {
	for _, a := range addresses {
		all = append(all, a.String())
	}
	return all
}
