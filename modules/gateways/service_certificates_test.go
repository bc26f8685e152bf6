package gateways

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/secret"
)

// noPapers is where nobody has certificates.
type noPapers struct{}

func (noPapers) Ready(context.Context) error { return cert.ErrUnavailable }
func (noPapers) Issue(context.Context, db.Tx, cert.Request) (cert.Issued, error) {
	return cert.Issued{}, cert.ErrUnavailable
}
func (noPapers) Revoke(context.Context, db.Tx, cert.Kind, int64, string, time.Time) error { return nil }
func (noPapers) Lasting(context.Context, db.Tx, *tls.ConnectionState) (bool, error) {
	return false, nil
}
func (noPapers) KeyOf(context.Context, string, string) (int64, error) { return 0, cert.ErrRefused }
func (noPapers) Presented(*tls.ConnectionState) (cert.Holder, bool, error) {
	return cert.Holder{}, false, nil
}
func (noPapers) Required() bool { return false }

// papers issues to anybody and notes it, and says what is shown.
type papers struct {
	asked          []cert.Request // and granted
	revoked        []cert.Holder
	ends           []time.Time // of revoked
	lasting        bool        // of what is shown
	holder         cert.Holder // zero: nothing is shown
	required       bool
	ready, refuses error
}

func (p *papers) Ready(context.Context) error { return p.ready }
func (p *papers) Required() bool              { return p.required }

func (p *papers) Issue(_ context.Context, _ db.Tx, r cert.Request) (cert.Issued, error) {
	if r.CSR == "bad" {
		return cert.Issued{}, cert.ErrRequest
	}
	p.asked = append(p.asked, r)
	return cert.Issued{Certificate: "certificate", Authorities: "authorities"}, nil
}

func (p *papers) Revoke(_ context.Context, _ db.Tx, kind cert.Kind, organization int64, subject string, at time.Time) error {
	p.revoked, p.ends = append(p.revoked, cert.Holder{Kind: kind, OrganizationID: organization, Subject: subject}), append(p.ends, at)
	return nil
}

func (p *papers) Lasting(_ context.Context, _ db.Tx, c *tls.ConnectionState) (bool, error) {
	return c != nil && p.lasting, nil
}

// KeyOf knows the certificate 0a of PC-1's.
func (p *papers) KeyOf(_ context.Context, uid, serial string) (int64, error) {
	if uid != "PC-1" || serial != "0a" {
		return 0, cert.ErrRefused
	}
	return 2, nil
}

func (p *papers) Presented(*tls.ConnectionState) (cert.Holder, bool, error) {
	return p.holder, p.holder != cert.Holder{} && p.refuses == nil, p.refuses
}

// certifying is an office with papers.
func certifying(d *db.DB) (office, *papers) {
	o, p := newOffice(d), &papers{}
	o.service.authority, o.service.verifier = p, p
	return o, p
}

func TestAGatewayIsKnownByWhatItShows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o, p := certifying(d)
		mine, theirs := register(t, o, 1, "GW-A"), register(t, o, 2, "GW-B")
		shut := register(t, o, 1, "GW-C")
		if err := o.revoke(operator(), shut.gateway.ID); err != nil {
			t.Fatal(err)
		}
		of := func(e enrolled) cert.Holder {
			return cert.Holder{Kind: cert.Gateway, OrganizationID: e.gateway.OrganizationID, Subject: e.gateway.ID.String()}
		}
		for name, c := range map[string]struct {
			shown    cert.Holder
			key      string
			required bool
			refuses  error
			want     enrolled // zero: nobody
			err      error
		}{
			"nothing":                    {},
			"nothing, required":          {required: true},
			"a key":                      {key: mine.key, want: mine},
			"a key, required":            {key: mine.key, required: true, err: cert.ErrRequired},
			"a certificate":              {shown: of(mine), required: true, want: mine},
			"both":                       {shown: of(mine), key: mine.key, required: true, want: mine},
			"another's key":              {shown: of(mine), key: theirs.key, err: cert.ErrRefused},
			"a key that is none":         {shown: of(mine), key: "sgw_x", err: errKeyRefused},
			"another organization's":     {shown: cert.Holder{Kind: cert.Gateway, OrganizationID: 2, Subject: mine.gateway.ID.String()}, err: cert.ErrRefused},
			"of no gateway":              {shown: cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: "x"}, err: cert.ErrRefused},
			"of a gateway that is shut":  {shown: of(shut), err: cert.ErrRefused},
			"an agent's":                 {shown: cert.Holder{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1"}},
			"an agent's with a key":      {shown: cert.Holder{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1"}, key: mine.key, err: cert.ErrRefused},
			"revoked, with a good key":   {shown: of(mine), key: mine.key, refuses: cert.ErrRefused, err: cert.ErrRefused},
			"a certificate, not for all": {shown: of(theirs), want: theirs},
		} {
			p.holder, p.required, p.refuses = c.shown, c.required, c.refuses
			for range 2 { // from the database, and from memory
				a, known, err := o.identify(context.Background(), nil, c.key)
				if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || known != (c.want.key != "") {
					t.Errorf("%s: %+v %v %v", name, a, known, err)
				}
				if known && (a.Role != actor.Gateway || a.ID != actorPrefix+c.want.gateway.ID.String() || a.OrganizationID != c.want.gateway.OrganizationID) {
					t.Errorf("%s: is %+v", name, a)
				}
			}
		}
	})
}

func TestEnrolmentAndRevocationOfCertificates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o, p := certifying(d)
		token := newToken(t, o, 1, time.Hour, 10)
		enrol := func(csr string) (enrolled, error) { return o.enrol(context.Background(), token, "GW-001", "", "", csr) }
		if _, err := enrol("bad"); !errors.Is(err, cert.ErrRequest) || counted(t, d, "SELECT count(*) FROM gateway_instances") != 0 {
			t.Errorf("with a bad request: %v", err)
		}
		e, err := enrol("good")
		if err != nil || e.issued.Certificate != "certificate" || len(p.asked) != 1 || p.asked[0].Subject != e.gateway.ID.String() {
			t.Fatalf("%+v, %v", e, err)
		}
		p.revoked = nil
		if again, err := enrol(""); err != nil || again.issued.Certificate != "" || len(p.revoked) != 2 {
			t.Errorf("again, without a request: %+v, revoked are %v, %v", again.issued, p.revoked, err)
		}
		p.revoked = nil
		if err := o.revoke(operator(), e.gateway.ID); err != nil || len(p.revoked) != 2 || p.revoked[0].OrganizationID != 1 {
			t.Errorf("shut out: revoked are %v, %v", p.revoked, err)
		}
		p.ready = cert.ErrUnavailable
		if e, err := o.enrol(context.Background(), token, "GW-002", "", "", "good"); err != nil || e.issued.Certificate != "" {
			t.Errorf("where none can be issued: %+v, %v", e.issued, err)
		}
		p.required = true
		if _, err := o.enrol(context.Background(), token, "GW-003", "", "", "good"); !errors.Is(err, cert.ErrUnavailable) {
			t.Errorf("where none can be issued and one is required: %v", err)
		}
	})
}

// After its key was replaced a gateway shows what it was given since. Whoever stole the old key, or got a certificate by it,
// gets nothing that outlives the overlap.
func TestWhatAStolenKeyBringsAfterARotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o, p := certifying(d)
		e := register(t, o, 1, "GW-A")
		key, until, err := o.rotate(admin(1), e.gateway.ID, gateway.Write, nil)
		if err != nil || len(p.revoked) != 2 || p.revoked[0].Subject != e.gateway.ID.String() || !p.ends[0].Equal(until) || !p.ends[1].Equal(until) {
			t.Fatalf("a rotation ends %v at %v, %v", p.revoked, p.ends, err)
		}
		if h := o.beat(t, e, report{}, key); h.newKey != "" { // the gateway has got it
			t.Error("another key that nobody asked for")
		}
		old, conn := secret.Hash(e.key), &tls.ConnectionState{}
		for name, c := range map[string]struct {
			with    proof
			lasting bool
			want    error
		}{
			"the new key":                                 {with: proof{key: secret.Hash(key)}},
			"the new key, over the old certificate":       {with: proof{key: secret.Hash(key), conn: conn}},
			"a certificate given since":                   {with: proof{conn: conn}, lasting: true},
			"the old key, over a certificate given since": {with: proof{key: old, conn: conn}, lasting: true},
			"the old key":                                 {with: proof{key: old}, want: errRotated},
			"the old certificate":                         {with: proof{conn: conn}, want: errRotated},
			"the old key, over the old certificate":       {with: proof{key: old, conn: conn}, want: errRotated},
			"nothing":                                     {want: errRotated},
		} {
			p.lasting = c.lasting
			for _, kind := range []cert.Kind{cert.Gateway, cert.Listener, cert.Agent} {
				p.asked = nil
				_, err := o.issue(e.as(), c.with, cert.Request{Kind: kind, Subject: "PC-1"})
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || (len(p.asked) == 1) != (c.want == nil) {
					t.Errorf("%s, for a certificate of kind %s: %v", name, kind, err)
				}
			}
			if c.want == nil {
				continue
			}
			if key, _, err := o.rotate(e.as(), e.gateway.ID, gateway.Deliver, &c.with); !errors.Is(err, c.want) {
				t.Errorf("%s, for the next key: %q, %v", name, key, err)
			}
		}
		if h := o.beat(t, e, report{}, e.key); h.newKey != "" {
			t.Error("a heartbeat with the old key brings the new one, though that has been shown")
		}
		o.knows(t, key)
		p.lasting = true
		if next, _, err := o.rotate(e.as(), e.gateway.ID, gateway.Deliver, &proof{conn: conn}); err != nil || o.knows(t, next).ID == "" {
			t.Errorf("by a certificate given since: %v", err)
		}
		if err := o.revoke(operator(), e.gateway.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.issue(e.as(), proof{conn: conn}, cert.Request{Kind: cert.Gateway}); !errors.Is(err, errKeyRefused) {
			t.Errorf("when it is shut out: %v", err)
		}
	})
}

// A gateway whose new key was lost on its way gets another with the old one, as long as nobody has come with the new one.
func TestALostKeyIsAskedForAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o, _ := certifying(d)
	e := register(t, o, 1, "GW-A")
	for range 3 {
		if _, _, err := o.rotate(e.as(), e.gateway.ID, gateway.Deliver, &proof{key: secret.Hash(e.key)}); err != nil {
			t.Fatal(err)
		}
	}
	if o.beat(t, e, report{}, e.key).newKey == "" {
		t.Error("a heartbeat brings none")
	}
}

func TestAnAgentsCertificateIsOfItsKey(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o, _ := certifying(d)
	e := register(t, o, 1, "GW-A")
	for name, c := range map[string]struct {
		by   cert.Origin
		want int64
	}{
		"a key": {cert.Origin{Key: "aa"}, 1}, "a certificate": {cert.Origin{Serial: "0a"}, 2}, "another organization's key": {cert.Origin{Key: "cc"}, 0},
		"a terminal's key": {cert.Origin{Key: "dd"}, 0}, "no key": {cert.Origin{Key: "ee"}, 0}, "no certificate": {cert.Origin{Serial: "0b"}, 0}, "nothing": {cert.Origin{}, 0},
	} {
		k, err := o.agentKey(e.as(), "PC-1", c.by)
		if k.ID != c.want || errors.Is(err, identity.ErrKeyInvalid) != (c.want == 0) {
			t.Errorf("%s: %d, %v", name, k.ID, err)
		}
	}
}

func TestRoutesOfCertificates(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o, p := certifying(d)
	e := register(t, o, 1, "GW-A")
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: d}, New(), kerneltest.Provide[alert.Log](kernel.AgentAPI, o.raised),
		kerneltest.Provide[identity.KeyList](kernel.AgentAPI, keys), kerneltest.Provide[identity.Keys](kernel.AgentAPI, keys),
		kerneltest.Provide[cert.Authority](kernel.AgentAPI, p), kerneltest.Provide[cert.Verifier](kernel.AgentAPI, noPapers{}),
		kerneltest.Provide[identity.Secret](kernel.AgentAPI, identitytest.Secret("the server's secret")))
	of := func(path, body, key string) string {
		t.Helper()
		w := ask(server, http.MethodPost, path, body, key)
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	const own, listeners, agents = "/v2/gateway/certificate", "/v2/gateway/listener-certificate", "/v2/gateway/agent-certificate"
	for _, c := range []struct{ name, path, body, want string }{
		{"its own", own, `{"csr":"good"}`, `200 {"certificate":"certificate"`},
		{"its listener's", listeners, `{"csr":"good"}`, `200 {"certificate":"certificate"`},
		{"an agent's, by a key", agents, `{"csr":"good","computerUid":"PC-1","key":"bb"}`, `200 {"certificate":"certificate"`},
		{"an agent's, by a certificate", agents, `{"csr":"good","computerUid":"PC-1","serial":"0a"}`, `200 {"certificate":"certificate"`},
		{"an agent's, by a key that is none", agents, `{"csr":"good","computerUid":"PC-1","key":"cc"}`, "auth.key_invalid"},
		{"an agent's, by nothing", agents, `{"csr":"good","computerUid":"PC-1"}`, `"field":"key"`},
		{"no request", own, `{}`, `"field":"csr"`},
		{"a request that is none", own, `{"csr":"bad"}`, "pki.request_bad"},
		{"a huge one", own, `{"csr":"` + strings.Repeat("x", maxCertified) + `"}`, "413"},
		{"no computer", agents, `{"csr":"good","computerUid":" ","key":"aa"}`, `"field":"computerUid"`},
		{"a computer of a long name", agents, `{"csr":"good","key":"aa","computerUid":"` + strings.Repeat("x", 256) + `"}`, "too_long"},
		{"a name that cannot be kept", agents, `{"csr":"good","key":"aa","computerUid":"a\u0000b"}`, "wrong_format"},
	} {
		if got := of(c.path, c.body, e.key); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := of(own, `{"csr":"good"}`, ""); !strings.HasPrefix(got, "401") {
		t.Errorf("nobody: %s", got)
	}
	want := []cert.Request{
		{Kind: cert.Gateway, OrganizationID: 1, Subject: e.gateway.ID.String(), CSR: "good"}, {Kind: cert.Listener, OrganizationID: 1, Subject: e.gateway.ID.String(), CSR: "good"},
		{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1", CSR: "good", KeyID: 2, Until: noon.AddDate(1, 0, 0)},
		{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1", CSR: "good", KeyID: 2, Until: noon.AddDate(1, 0, 0)},
	}
	if !slices.Equal(p.asked, want) {
		t.Errorf("asked for are %+v", p.asked)
	}
	if _, _, err := o.rotate(operator(), e.gateway.ID, gateway.Write, nil); err != nil {
		t.Fatal(err)
	}
	if got := of(own, `{"csr":"good"}`, e.key); !strings.Contains(got, "409") || !strings.Contains(got, "gateways.key_rotated") {
		t.Errorf("with the key before: %s", got)
	}
}
