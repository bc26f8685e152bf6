package pki

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/kernel"
)

const usage = `ca show              print the authorities that gateways and agents have to trust, PEM
  ca renew [--now]        add an authority: it issues after pki.rotation_overlap, and the one before ends when what it issued
                          has; --now: at once, and what the one before issued ends now`

// command is ca.
func (m *Module) command(ctx context.Context, h *kernel.CommandHost, args []string) error {
	s := m.service
	switch {
	case len(args) == 1 && args[0] == "show":
		if err := s.Ready(ctx); err != nil && len(s.seen.Load().authorities) == 0 {
			return err
		}
		return s.show(h)
	case len(args) > 0 && args[0] == "renew":
		flags := flag.NewFlagSet("ca renew", flag.ContinueOnError)
		flags.SetOutput(h.Out)
		atOnce := flags.Bool("now", false, "the authorities before end now")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if err := s.addAuthority(ctx, *atOnce); err != nil {
			return err
		}
		return s.show(h)
	}
	return errors.New("usage:\n  " + usage)
}

// addAuthority renews by an operator's hand.
func (s *service) addAuthority(ctx context.Context, atOnce bool) error {
	if s.cfg.CACert != "" {
		return errOwn
	}
	s.making.Lock()
	defer s.making.Unlock()
	ctx = asSystem(ctx)
	overlap := s.cfg.RotationOverlap
	if err := s.read(ctx); err != nil {
		return err
	}
	if atOnce || len(s.seen.Load().authorities) == 0 {
		overlap = 0
	}
	if err := s.makeAuthority(ctx, overlap, atOnce); err != nil {
		return err
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.audit.Write(ctx, tx, audit.Entry{Action: "pki.renew_authority", Permission: cert.Write, Object: "authority", After: map[string]any{"now": atOnce}})
	})
}

// show prints each authority, with what people compare.
func (s *service) show(h *kernel.CommandHost) error {
	now := s.clock()
	st := s.seen.Load()
	for _, a := range st.authorities {
		state := "trusted until " + a.until.UTC().Format(time.DateOnly)
		switch {
		case a == st.issuer(now):
			state = "issues; " + state
		case a.key != nil && now.Before(a.issuesFrom):
			state = "issues from " + a.issuesFrom.UTC().Format(time.DateTime) + "; " + state
		}
		key := sha256.Sum256(a.certificate.RawSubjectPublicKeyInfo)
		if _, err := fmt.Fprintf(h.Out, "# %s\n# %s\n# SHA-256 of its key: %x\n%s", a.certificate.Subject.CommonName, state, key, a.pem()); err != nil {
			return err
		}
	}
	return nil
}
