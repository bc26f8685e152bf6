package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

const enrolLine = "enroll"

var errNoToken = errors.New("the gateway is not enrolled: uplink.token is empty")

// enrol makes the gateway known to agent-api, once in its life. It reports whether it has a key; it tries until
// it has, or ctx ends: meanwhile the buffer takes what comes.
func (u *uplink) enrol(ctx context.Context) bool {
	for !u.card().enrolled() {
		wait, err := u.introduce(ctx)
		if err == nil {
			u.link.up(ctx, enrolLine)
			break
		}
		if ctx.Err() != nil {
			return false
		}
		tries := u.link.down(ctx, enrolLine, err)
		if !sleep(ctx, max(spread(delay(tries-1)), wait)) {
			return false
		}
	}
	return true
}

// introduce asks once.
func (u *uplink) introduce(ctx context.Context) (wait time.Duration, err error) {
	self, err := u.named()
	if err != nil {
		return 0, err
	}
	token := u.cfg.Token.Reveal()
	if token == "" {
		return 0, errNoToken
	}
	asked := map[string]string{"token": token, "serial": self.Serial, "name": u.cfg.Name, "version": u.version}
	if u.certifies() {
		if asked["csr"], err = files(u.data).Request(nil, nil); err != nil {
			return 0, err
		}
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return 0, err
	}
	a, err := u.client.do(ctx, request{method: http.MethodPost, path: "/v2/gateway/enroll", body: body})
	if err != nil {
		return 0, err
	}
	if a.status == http.StatusConflict && self.Made {
		// Our own serial is taken: its answer was lost, or chance. Another one costs nothing.
		self.Serial = madeSerial()
		return a.retryAfter, errors.Join(said(a), u.become(self))
	}
	if a.status/100 != 2 {
		return a.retryAfter, fmt.Errorf("enrol as %s: %w", self.Serial, said(a))
	}
	return a.retryAfter, u.enrolled(ctx, self, a)
}

// named gives the gateway its serial: the settings', or one of its own, kept from the first start on.
func (u *uplink) named() (card, error) {
	self := u.card()
	switch {
	case u.cfg.Serial != "":
		self.Serial, self.Made = u.cfg.Serial, false
		return self, nil
	case self.Serial != "":
		return self, nil
	}
	self.Serial, self.Made = madeSerial(), true
	return self, u.become(self)
}

// enrolled keeps what the server has given.
func (u *uplink) enrolled(ctx context.Context, self card, a answer) error {
	got, err := decode[struct {
		GatewayID      string `json:"gatewayId"`
		APIKey         string `json:"apiKey"`
		OrganizationID int64  `json:"organizationId"`
		cert.Issued
	}](a)
	if err != nil {
		return err
	}
	if got.GatewayID == "" || got.APIKey == "" {
		return fmt.Errorf("the answer %d gives no key", a.status)
	}
	err = u.amend(func(c *card) {
		c.Serial, c.Made = self.Serial, self.Made
		c.GatewayID, c.APIKey, c.OrganizationID = got.GatewayID, got.APIKey, got.OrganizationID
	})
	if err != nil {
		return err
	}
	u.log.InfoContext(ctx, "the gateway is enrolled", "gateway", got.GatewayID, "organization", got.OrganizationID, "serial", self.Serial)
	if !u.certifies() {
		return nil
	}
	if err := u.certified(ctx, got.Issued, got.APIKey); err != nil && !errors.Is(err, errNoCertificates) {
		u.log.WarnContext(ctx, "the gateway is enrolled without a certificate", "error", err) // it asks again
	}
	return nil
}

// checkOrganization refuses to deliver to another organization than the settings name.
func checkOrganization(c card, cfg Config) error {
	if c.enrolled() && cfg.OrganizationID != 0 && c.OrganizationID != 0 && c.OrganizationID != cfg.OrganizationID {
		return fmt.Errorf("the gateway is enrolled in organization %d, uplink.organization_id is %d", c.OrganizationID, cfg.OrganizationID)
	}
	return nil
}
