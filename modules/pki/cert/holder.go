package cert

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Holder is whom a certificate names.
type Holder struct {
	Kind           Kind
	OrganizationID int64 // 0 of a Server
	Subject        string
}

// scheme begins the name of a holder, which stands in its certificate as a URI.
const scheme = "urn:staff-control:"

// maxURI bounds a name: no certificate of ours has a longer one.
const maxURI = 2 << 10

// URI is the holder's name in a certificate.
func (h Holder) URI() *url.URL {
	opaque := fmt.Sprintf("staff-control:%s:%d:%s", h.Kind, h.OrganizationID, url.PathEscape(h.Subject))
	return &url.URL{Scheme: "urn", Opaque: opaque}
}

// HolderOf reads whom a certificate names; ok is false for a certificate that is none of ours.
func HolderOf(c *x509.Certificate) (h Holder, ok bool) {
	if len(c.URIs) != 1 {
		return h, false
	}
	text := c.URIs[0].String()
	rest, ours := strings.CutPrefix(text, scheme)
	parts := strings.SplitN(rest, ":", 3)
	if !ours || len(text) > maxURI || len(parts) != 3 {
		return h, false
	}
	organization, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || organization < 0 {
		return h, false
	}
	subject, err := url.PathUnescape(parts[2])
	if err != nil || subject == "" {
		return h, false
	}
	h = Holder{Kind(parts[0]), organization, subject}
	return h, h.URI().String() == text
}

// Serial is a certificate's number as it is written everywhere.
func Serial(c *x509.Certificate) string { return hex.EncodeToString(c.SerialNumber.Bytes()) }
