package certificates

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

const path = "/v2/agent/certificate"

// without are the routes by which an agent gets its first certificate.
var without = [...]string{path, "/v2/agent/enroll", "/staffcontrol.agent.v1.Control/Enroll"}

func (s *service) routes(r httpx.Router) {
	r.POST(path, activity.Report, httpx.Handle(http.StatusOK, s.certificate), httpx.BodyLimit(64<<10), httpx.Lenient(),
		httpx.Doc("Get a certificate of the agent's computer, for a PKCS #10 request, or the next one."))
}

type certificateRequest struct {
	ComputerUID string `json:"computerUid"`
	CSR         string `json:"csr" doc:"PKCS #10, PEM"`
}

// Validate wants a computer and a request.
func (r *certificateRequest) Validate() error {
	var f fault.Fields
	switch {
	case strings.TrimSpace(r.ComputerUID) == "":
		f.Add("computerUid", "required", nil)
	case len(r.ComputerUID) > activity.MaxUID:
		f.Add("computerUid", "too_long", fault.Params{"Max": activity.MaxUID})
	}
	if r.CSR == "" {
		f.Add("csr", "required", nil)
	}
	return f.Err()
}

func (s *service) certificate(ctx context.Context, in certificateRequest) (cert.Issued, error) {
	if err := agent.Check(ctx, in.ComputerUID); err != nil {
		return cert.Issued{}, err
	}
	return s.ForAgent(ctx, in.ComputerUID, in.CSR, origin(ctx))
}

// origin is by what ctx's agent is known: a certificate if it has shown one, whatever else it has come with.
func origin(ctx context.Context) cert.Origin {
	if c := httpx.Request(ctx).TLS; c != nil && len(c.PeerCertificates) > 0 {
		return cert.Origin{Serial: cert.Serial(c.PeerCertificates[0])}
	}
	a, _ := actor.From(ctx)
	return cert.Origin{Key: a.Key}
}

// ours reports whether a certificate is good for the path: all that agents ask for, where what they say is kept to their
// computer.
func ours(path string) bool {
	return slices.ContainsFunc([]string{"/v2/agent/", "/api/agent/", "/staffcontrol.agent.v1."}, func(p string) bool { return strings.HasPrefix(path, p) })
}

// authenticate knows agents by their certificates, and refuses those without where they have to have one.
func (s *service) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	h, shown, err := s.presented(r.TLS)
	switch {
	case err != nil:
		return actor.Actor{}, false, cert.ErrRefused.Wrap(err)
	case shown && ours(r.URL.Path):
		return agent.Of(h.OrganizationID, h.Subject), true, nil
	case s.cfg.Require && !slices.Contains(without[:], httpx.Pattern(ctx)):
		return actor.Actor{}, false, cert.ErrRequired
	}
	return actor.Actor{}, false, nil
}
