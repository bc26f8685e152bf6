package uplink

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"

	"github.com/staff-control/staff-control/platform/jsonfile"
)

// card is what the gateway knows of itself, in <data>/gateway.json, readable by its owner alone.
type card struct {
	Serial         string `json:"serial"`
	GatewayID      string `json:"gatewayId,omitempty"`
	APIKey         string `json:"apiKey,omitempty"`
	OrganizationID int64  `json:"organizationId,omitempty"`
	// Made is true for a serial that we made ourselves and may make again.
	Made bool `json:"serialMade,omitempty"`
	// CertifiedBy is the hash of the key with which the certificate was obtained: with another key it is time for the next.
	CertifiedBy string `json:"certifiedBy,omitempty"`
	// Authorities, PEM, are believed of the host that they came from.
	Authorities   string `json:"authorities,omitempty"`
	AuthoritiesOf string `json:"authoritiesOf,omitempty"`
}

func (c card) enrolled() bool { return c.GatewayID != "" && c.APIKey != "" }

const cardName = "gateway.json"

// readCard returns the zero card if there is none yet.
func readCard(data string) (c card, err error) {
	err = jsonfile.Read(filepath.Join(data, cardName), &c)
	return c, err
}

func (c card) save(data string) error { return jsonfile.Write(filepath.Join(data, cardName), c) }

func madeSerial() string {
	b := make([]byte, 6)
	rand.Read(b)
	return "GW-" + hex.EncodeToString(b)
}
