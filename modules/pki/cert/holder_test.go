package cert_test

import (
	"crypto/x509"
	"net/url"
	"testing"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

func TestAHolderIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, h := range []cert.Holder{
		{Kind: cert.Gateway, OrganizationID: 1, Subject: "0192f3a1-7c00-7000-8000-000000000001"},
		{Kind: cert.Agent, OrganizationID: 1 << 60, Subject: "PC:1/2?a=b#c%41 Бухгалтерия"},
		{Kind: cert.Server, Subject: "agent-api"},
	} {
		u, err := url.Parse(h.URI().String())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := cert.HolderOf(&x509.Certificate{URIs: []*url.URL{u}}); !ok || got != h {
			t.Errorf("%+v is read as %+v, %v", h, got, ok)
		}
	}
}

func TestACertificateOfAnotherFormNamesNobody(t *testing.T) {
	t.Parallel()
	one := "urn:staff-control:gateway:1:a"
	for name, texts := range map[string][]string{
		"none": nil, "two": {one, one}, "another scheme": {"spiffe://staff-control/gateway/1/a"}, "no subject": {"urn:staff-control:gateway:1:"},
		"no number": {"urn:staff-control:gateway:x:a"}, "negative": {"urn:staff-control:gateway:-1:a"}, "another spelling": {"urn:staff-control:gateway:01:a"},
		"escaped for nothing": {"urn:staff-control:gateway:1:%61"}, "short": {"urn:staff-control:gateway"},
	} {
		c := &x509.Certificate{}
		for _, text := range texts {
			u, err := url.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			c.URIs = append(c.URIs, u)
		}
		if h, ok := cert.HolderOf(c); ok {
			t.Errorf("%s: names %+v", name, h)
		}
	}
}
