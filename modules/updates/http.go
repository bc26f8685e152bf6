package updates

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/httpx"
)

const (
	manifestPath = "/v2/gateway/update-manifest"
	packagesPath = "/v2/gateway/packages"
	releasesPath = "/api/v2/releases"
)

// routesOfGateways are what gateways ask of agent-api.
func (s *service) routesOfGateways(r httpx.Router) {
	r.GET(manifestPath, gateway.Deliver, httpx.Handle(http.StatusOK, s.getManifest), httpx.Lenient(),
		httpx.Doc("The newest release of the channel for the architecture, or the version that is asked for. The package's signature is in it."))
	r.GET(packagesPath+"/:version/:name", gateway.Deliver, httpx.Raw(s.getPackage), httpx.GivesRanges("application/gzip"), httpx.Doc("A release's archive; ranges of it can be asked for."))
}

// routesOfPeople are what people ask of the dashboard.
func (s *service) routesOfPeople(r httpx.Router) {
	r.GET(releasesPath, gateway.Read, httpx.Handle(http.StatusOK, s.getReleases), httpx.Doc("The releases for gateways, the newest first."))
}

type manifestRequest struct {
	Channel string `query:"channel" doc:"the setting updates.channel if it is not said"`
	Arch    string `query:"arch" doc:"amd64 if it is not said"`
	Version string `query:"version" doc:"the newest if it is not said"`
	From    string `query:"from" doc:"the version that runs: releases that need a newer one first are passed over"`
}

func (s *service) getManifest(ctx context.Context, in manifestRequest) (m update.Manifest, err error) {
	if in.Channel == "" {
		in.Channel = s.cfg.Channel
	}
	if in.Arch == "" {
		in.Arch = "amd64"
	}
	one, err := s.releases.find(ctx, wanted{in.Channel, in.Arch, in.Version, in.From})
	if err != nil {
		return m, err
	}
	base := packagesPath
	if s.cfg.URL != "" {
		base = s.cfg.URL
	}
	return s.releases.manifest(one, in.Arch, base)
}

func (s *service) getPackage(c *echo.Context) error {
	f, p, err := s.releases.content(c.Param("version"), c.Param("name"))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return update.ErrNone.Wrap(fmt.Errorf("%s is no file: %w", p.File, err))
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("ETag", `"`+p.SHA256+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	return httpx.SendFile(c, time.Time{}, f)
}

// releaseResponse is a release as people see it.
type releaseResponse struct {
	Version    string    `json:"version"`
	Channel    string    `json:"channel"`
	MinVersion string    `json:"minVersion,omitempty"`
	ReleasedAt time.Time `json:"releasedAt,omitzero"`
	Archs      []string  `json:"archs"`
}

type releasesResponse struct {
	Items []releaseResponse `json:"items"`
}

func (s *service) getReleases(ctx context.Context, _ struct{}) (out releasesResponse, err error) {
	found, err := s.releases.all(ctx)
	out.Items = make([]releaseResponse, len(found))
	for i, one := range found {
		out.Items[i] = releaseResponse{one.Version, one.Channel, one.MinVersion, one.ReleasedAt, slices.Sorted(maps.Keys(one.Packages))}
	}
	return out, err
}
