package certificates

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/jsonfile"
	"github.com/staff-control/staff-control/platform/keypair"
)

const (
	// askAuthorities is how often it asks for authorities while its certificate does.
	askAuthorities = time.Hour
	// tryAgain is the wait after a failure.
	tryAgain = 10 * time.Second
	timeout  = 30 * time.Second
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 4 << 20
)

type service struct {
	cfg   Config
	path  string
	files keypair.Files
	log   *slog.Logger
	now   func() time.Time
	cloud gateway.Cloud
	self  gateway.Self

	wake     chan struct{} // holds a token when the listener's own certificate was revoked
	changing sync.Mutex
	seen     atomic.Pointer[state]
}

func newService(cfg Config, data string, log *slog.Logger, now func() time.Time, cloud gateway.Cloud, self gateway.Self) *service {
	s := &service{
		cfg: cfg, path: filepath.Join(data, "certificates.json"), files: keypair.Files{Dir: data, Name: "listener"}, log: log, now: now, cloud: cloud, self: self,
		wake: make(chan struct{}, 1),
	}
	s.seen.Store(s.newState(known{}, nil))
	return s
}

// open takes what is on the disk.
func (s *service) open() {
	var k known
	if err := jsonfile.Read(s.path, &k); err != nil {
		s.log.Warn("what is known of certificates is unreadable and is fetched anew", "error", err)
	}
	server, err := s.files.Read()
	if err != nil {
		s.log.Warn("the listener's certificate cannot be used, and another is fetched", "error", err)
	}
	s.seen.Store(s.newState(k, server))
}

// change replaces what is known, here and on the disk.
func (s *service) change(do func(next *state)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	next := *s.seen.Load()
	before := next.known
	do(&next)
	s.seen.Store(s.newState(next.known, next.server))
	if before.Authorities == next.Authorities && slices.Equal(before.Revoked, next.Revoked) {
		return nil
	}
	return jsonfile.Write(s.path, next.known)
}

// renewals keeps the listener in a certificate that is not near its end, until ctx ends.
func (s *service) renewals(ctx context.Context) error {
	for s.cloud.Enrolled(ctx) {
		wait, err := s.renew(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the listener for agents gets no new certificate", "error", err)
			wait = spread(tryAgain)
		}
		if !s.rest(ctx, wait) {
			break
		}
	}
	return nil
}

// rest waits until it is time to look again, and reports whether ctx is still on.
func (s *service) rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// renew gets a certificate if it is time, else the authorities, and returns how long that does.
func (s *service) renew(ctx context.Context) (wait time.Duration, err error) {
	if st := s.seen.Load(); st.server != nil && !st.revoked[cert.Serial(st.server.Leaf)] {
		c := st.server
		if left := keypair.RenewAt(c.Leaf).Sub(s.now()); left > 0 {
			return min(left, spread(askAuthorities)), s.learn(ctx)
		}
	}
	csr, err := s.files.Request(s.cfg.names())
	if err != nil {
		return 0, err
	}
	var issued cert.Issued
	if err := s.ask(ctx, http.MethodPost, "/v2/gateway/listener-certificate", map[string]string{"csr": csr}, &issued); err != nil {
		return 0, err
	}
	pair, err := s.files.Keep(issued.Certificate)
	if err != nil {
		return 0, err
	}
	s.log.InfoContext(ctx, "the listener for agents has a certificate", "until", pair.Leaf.NotAfter)
	return spread(askAuthorities), s.change(func(next *state) { next.server, next.Authorities = pair, issued.Authorities })
}

// learn asks for the authorities: what a new one has issued must be believed in time.
func (s *service) learn(ctx context.Context) error {
	var authorities text
	if err := s.ask(ctx, http.MethodGet, "/v2/pki/authorities", nil, &authorities); err != nil {
		return err
	}
	if len(parse(string(authorities))) == 0 {
		return errors.New("the answer has no authorities")
	}
	return s.change(func(next *state) { next.Authorities = string(authorities) })
}

// revocations keeps up with what is revoked, until ctx ends. While agent-api is away, what is known counts.
func (s *service) revocations(ctx context.Context) error {
	for s.cloud.Enrolled(ctx) {
		wait := spread(s.cfg.Interval)
		var got struct {
			Items []string `json:"items"`
		}
		err := s.ask(ctx, http.MethodGet, "/v2/gateway/revoked", nil, &got)
		if err == nil {
			slices.Sort(got.Items)
			err = s.change(func(next *state) { next.Revoked = got.Items })
			s.wakeIfRevoked()
		}
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "what was revoked is not known anew", "error", err)
			wait = spread(tryAgain)
		}
		if !sleep(ctx, wait) {
			break
		}
	}
	return nil
}

// wakeIfRevoked has the listener's own certificate renewed if it was revoked, or will be: a new key of the gateway's ends it.
func (s *service) wakeIfRevoked() {
	if st := s.seen.Load(); st.server == nil || !st.revoked[cert.Serial(st.server.Leaf)] {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ForAgent asks agent-api for a certificate of the computer's.
func (s *service) ForAgent(ctx context.Context, computerUID, csr string, by cert.Origin) (issued cert.Issued, err error) {
	if s.cloud.GatewayID() == "" {
		return issued, cert.ErrUnavailable.After(tryAgain)
	}
	err = s.ask(ctx, http.MethodPost, "/v2/gateway/agent-certificate", map[string]string{"computerUid": computerUID, "csr": csr, "key": by.Key, "serial": by.Serial}, &issued)
	var r *refusal
	switch {
	case err == nil:
		return issued, nil
	case errors.As(err, &r) && r.code == identity.ErrKeyInvalid.Code:
		return issued, identity.ErrKeyInvalid.Wrap(err)
	case errors.As(err, &r) && (r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge):
		return issued, cert.ErrRequest.Wrap(err)
	case errors.As(err, &r) && r.status == http.StatusTooManyRequests:
		return issued, cert.ErrTooMany.After(time.Hour).Wrap(err)
	}
	return issued, cert.ErrUnavailable.After(tryAgain).Wrap(err)
}

// refusal is an answer that is not the one hoped for.
type refusal struct {
	status int
	code   string
}

func (r *refusal) Error() string { return fmt.Sprintf("agent-api answers %d %s", r.status, r.code) }

// text takes an answer that is no JSON.
type text string

// ask asks agent-api.
func (s *service) ask(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.cloud.URL()+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.cloud.Client().Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		var said struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(answer, &said) // it may be a proxy's page
		return &refusal{resp.StatusCode, said.Code}
	}
	if t, is := out.(*text); is {
		*t = text(answer)
		return nil
	}
	return json.Unmarshal(answer, out)
}

// parse returns the certificates of a text.
func parse(authorities string) (all []*x509.Certificate) {
	rest := []byte(authorities)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && c.IsCA {
			all = append(all, c)
		}
	}
}

// spread shortens a wait by up to a fifth, so that gateways do not all ask at one moment.
func spread(d time.Duration) time.Duration { return d - rand.N(d/5) }

// sleep waits, and reports whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
