package policy

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

// routesOfGateways are what gateways ask of agent-api.
func (s *service) routesOfGateways(r httpx.Router) {
	r.GET("/v2/gateway/policies/:id", gateway.Deliver, httpx.Raw(s.getBundle), httpx.Gives[rule.Bundle](http.StatusOK), httpx.Or[struct{}](http.StatusNotModified), httpx.Doc("All that the gateway works by. The id is its own; the ETag is the SHA-256 of the answer's canonical JSON (RFC 8785)."))
}

// getBundle answers with the caller's bundle, or that it has it.
func (s *service) getBundle(c *echo.Context) error {
	ctx := c.Request().Context()
	a, _ := actor.From(ctx)
	gatewayID, err := id.Parse(c.Param("id"))
	if err != nil || a.ID != "gateway:"+gatewayID.String() {
		if err == nil {
			s.audit.Missed(ctx, (*gatewayRow)(nil), gatewayID, "policy", "policy.bundle")
		}
		return errBundleUnknown
	}
	snap, err := s.fetch(ctx)
	if err != nil {
		return err
	}
	made, err := snap.of(gatewayID)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("ETag", made.etag)
	h.Set("Cache-Control", "private, no-cache")
	if matches(c.Request().Header.Get("If-None-Match"), made.etag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, "application/json", made.body)
}

// matches reports whether a client has what the tag stands for.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}
