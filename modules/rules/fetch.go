package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/staff-control/staff-control/modules/policy/rule"
)

// maxBundle bounds what is read of an answer: whoever answers is not always who was asked.
const maxBundle = 64 << 20

// fetch returns the bundle that agent-api has for this gateway; nil if it is the one that is known.
func (s *service) fetch(ctx context.Context, known *book) (*book, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	gatewayID := s.cloud.GatewayID()
	if gatewayID == "" {
		return nil, errUnfetched.Wrap(errors.New("the gateway is not enrolled"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cloud.URL()+"/v2/gateway/policies/"+url.PathEscape(gatewayID), nil)
	if err != nil {
		return nil, errUnfetched.Wrap(err)
	}
	req.Header.Set("Accept", "application/json")
	if known != nil {
		req.Header.Set("If-None-Match", `"`+known.sum+`"`)
	}
	resp, err := s.cloud.Client().Do(req)
	if err != nil {
		return nil, errUnfetched.Wrap(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && known != nil:
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		return nil, errUnfetched.Wrap(fmt.Errorf("answered %s", resp.Status))
	}
	return s.read(resp, known)
}

// read verifies an answer.
func (s *service) read(resp *http.Response, known *book) (*book, error) {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBundle+1))
	if err != nil {
		return nil, errUnfetched.Wrap(err)
	}
	if len(text) > maxBundle {
		return nil, rule.ErrBundle.Wrap(fmt.Errorf("the answer is longer than %d bytes", maxBundle))
	}
	fresh, err := newBook(text)
	if err != nil {
		return nil, err
	}
	// A proxy that compresses makes tags weak.
	if tag := strings.Trim(strings.TrimPrefix(resp.Header.Get("ETag"), "W/"), `"`); tag != fresh.sum {
		return nil, rule.ErrChecksum.Wrap(fmt.Errorf("the answer's tag is %q", tag))
	}
	if is := s.self.OrganizationID(); is != 0 && fresh.bundle.OrganizationID != is {
		return nil, rule.ErrBundle.Wrap(fmt.Errorf("it is organization %d's, not %d's", fresh.bundle.OrganizationID, is))
	}
	if known != nil && fresh.sum == known.sum {
		return nil, nil
	}
	fresh.fetchedAt = s.now().UTC()
	return fresh, nil
}
