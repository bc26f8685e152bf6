package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/keypair"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// lookAgain is how often the authorities are asked for, and a certificate that cannot be had.
	lookAgain = time.Hour
	// tryAgain is the wait after a failure that may be over soon.
	tryAgain = time.Minute
)

// errNoCertificates is said by an agent-api that gives none.
var errNoCertificates = errors.New("agent-api gives no certificates")

// certifies reports whether the gateway may have a certificate: only over HTTPS is it known who gives it, and shown.
func (u *uplink) certifies() bool { return strings.HasPrefix(strings.ToLower(u.cfg.URL), "https://") }

// files are where the gateway's certificate and its key are: gateway.crt and gateway.key.
func files(data string) keypair.Files { return keypair.Files{Dir: data, Name: "gateway"} }

// openCertificate takes what is on the disk. Whatever is wrong with it, the gateway may do without.
func (u *uplink) openCertificate(self card) {
	if !u.certifies() {
		return
	}
	if err := u.client.way.open(self, u.data); err != nil {
		u.log.Warn("the gateway's certificate cannot be used", "error", err)
	}
}

// open takes the certificate of the data directory, and the authorities, if they are of the host that is asked.
func (w *way) open(self card, data string) error {
	var faults []error
	if self.Authorities != "" && self.AuthoritiesOf == hostOf(w.cfg.URL) {
		faults = append(faults, w.believe(self.Authorities))
	}
	pair, err := files(data).Read()
	if pair != nil {
		faults = append(faults, w.wear(pair))
	}
	return errors.Join(append(faults, err)...)
}

// certified keeps what agent-api has issued by the key, and uses it from now on.
func (u *uplink) certified(ctx context.Context, issued cert.Issued, key string) error {
	if issued.Certificate == "" {
		return errNoCertificates
	}
	if err := u.believed(issued.Authorities); err != nil {
		return err
	}
	pair, err := files(u.data).Keep(issued.Certificate)
	if err != nil {
		return fmt.Errorf("keep the certificate: %w", err)
	}
	if err := u.client.way.wear(pair); err != nil {
		return err
	}
	u.log.InfoContext(ctx, "the gateway has a certificate", "until", pair.Leaf.NotAfter)
	u.reopen()
	return u.amend(func(c *card) { c.CertifiedBy = secret.Hash(key) })
}

// reopen has those come again who opened what stays open with what the gateway showed before.
func (u *uplink) reopen() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.rekeyed)
	u.rekeyed = make(chan struct{})
}

// believed keeps the authorities, if they are others than before.
func (u *uplink) believed(authorities string) error {
	if authorities == u.card().Authorities && u.card().AuthoritiesOf == hostOf(u.cfg.URL) {
		return nil
	}
	if err := u.client.way.believe(authorities); err != nil {
		return err
	}
	return u.amend(func(c *card) { c.Authorities, c.AuthoritiesOf = authorities, hostOf(u.cfg.URL) })
}

// certify has the gateway hold a certificate, and renew it in time, until ctx ends.
func (u *uplink) certify(ctx context.Context) {
	if !u.certifies() {
		return
	}
	for ctx.Err() == nil {
		u.client.way.showAgain()
		rekeyed := u.Rekeyed() // before it is looked whether the certificate is of the key
		wait := u.untilRenewal()
		if wait <= 0 {
			wait = u.renewed(ctx)
		}
		if !sleepUntil(ctx, min(wait, spread(lookAgain)), rekeyed) {
			return
		}
		if err := u.askAuthorities(ctx); err != nil && ctx.Err() == nil {
			u.log.DebugContext(ctx, "the authorities of certificates are not known anew", "error", err)
		}
	}
}

// sleepUntil is sleep that ends early when the channel is closed.
func sleepUntil(ctx context.Context, d time.Duration, closed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closed:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// renewed gets a new certificate and returns how long to wait then.
func (u *uplink) renewed(ctx context.Context) time.Duration {
	err := u.renew(ctx)
	var r *refusal
	switch {
	case err == nil:
		return max(u.untilRenewal(), tryAgain)
	case ctx.Err() != nil:
		return 0
	case errors.Is(err, errNoCertificates):
		u.log.DebugContext(ctx, "the gateway has no certificate", "error", err)
		return spread(lookAgain)
	case errors.As(err, &r) && (r.code == cert.ErrRequired.Code || r.code == cert.ErrRefused.Code) && u.cfg.Token != "":
		if _, again := u.introduce(ctx); again == nil {
			return tryAgain
		} else {
			err = fmt.Errorf("%w; enrol again: %w", err, again)
		}
	}
	u.log.WarnContext(ctx, "the gateway gets no new certificate", "error", err)
	return spread(tryAgain)
}

// renew asks for a certificate, with the present one if there is one.
func (u *uplink) renew(ctx context.Context) error {
	csr, err := files(u.data).Request(nil, nil)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"csr": csr})
	if err != nil {
		return err
	}
	key := u.card().APIKey
	a, err := u.client.do(ctx, request{method: http.MethodPost, path: "/v2/gateway/certificate", key: key, body: body})
	if err != nil {
		return err
	}
	if a.status == http.StatusNotFound {
		return errNoCertificates
	}
	if a.status/100 != 2 {
		return said(a)
	}
	issued, err := decode[cert.Issued](a)
	if err != nil {
		return err
	}
	return u.certified(ctx, issued, key)
}

// untilRenewal is how long the certificate does. One that was obtained with a key before the present one ends with the overlap
// of the keys, and one that agent-api has refused is of no use.
func (u *uplink) untilRenewal() time.Duration {
	c, self := u.client.way.own.Load(), u.card()
	if c == nil || u.client.way.hides(c) || self.CertifiedBy != secret.Hash(self.APIKey) {
		return 0
	}
	return keypair.RenewAt(c.Leaf).Sub(u.now())
}

// askAuthorities learns of new authorities before they issue what is shown here.
func (u *uplink) askAuthorities(ctx context.Context) error {
	a, err := u.client.do(ctx, request{method: http.MethodGet, path: "/v2/pki/authorities"})
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return said(a)
	}
	return u.believed(string(a.body))
}
