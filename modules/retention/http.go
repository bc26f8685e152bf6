package retention

import (
	"context"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/retention/keep"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

const prefix = "/api/v2/retention"

func (s *service) routes(r httpx.Router) {
	r.GET(prefix+"/rules", keep.Read, httpx.Handle(http.StatusOK, s.getRules), httpx.Doc("How long what is kept. Without an organization, the defaults."))
	r.PUT(prefix+"/rules", keep.Write, httpx.Handle(http.StatusOK, s.putRule), httpx.Doc("Say how long a resource is kept: an organization's own, or the default"))
	r.DELETE(prefix+"/rules/:id", keep.Write, httpx.Handle(http.StatusNoContent, s.deleteRule), httpx.Doc("Take an organization's own rule away, so that the default is its rule"))
	r.POST(prefix+"/preview", keep.Read, httpx.Handle(http.StatusOK, s.postPreview), httpx.Doc("What a run at this moment would take away. Nothing is changed."))
	r.GET(prefix+"/status", keep.Read, httpx.Handle(http.StatusOK, s.getStatus), httpx.Doc("Whether the rules are carried out now, and when they were and will be"))
	httpx.List(r, prefix+"/runs", keep.Read, s.runs(), httpx.Doc("What was taken away, by kind and day; the latest first."))
	httpx.List(r, prefix+"/holds", keep.Read, s.holds(), httpx.Doc("What stays whatever the rules say; the latest first."))
	r.POST(prefix+"/holds", keep.Write, httpx.Handle(http.StatusCreated, s.postHold), httpx.Doc("Keep something whatever the rules say"))
	r.DELETE(prefix+"/holds/:id", keep.Write, httpx.Handle(http.StatusNoContent, s.deleteHold), httpx.Doc("Release a hold"))
}

type organizationRequest struct {
	OrganizationID int64 `query:"organizationId"`
}

func (s *service) getRules(ctx context.Context, in organizationRequest) (page httpx.Page[ruleResponse], err error) {
	organization, err := s.home(ctx, in.OrganizationID)
	if err != nil {
		return page, err
	}
	page.Items, err = s.list(ctx, organization)
	return page, err
}

func (s *service) putRule(ctx context.Context, in ruleInput) (ruleResponse, error) {
	organization, err := s.home(ctx, in.OrganizationID)
	if err != nil {
		return ruleResponse{}, err
	}
	return s.setRule(ctx, organization, in)
}

type idRequest struct {
	ID id.UUID `path:"id" json:"-"`
}

func (s *service) deleteRule(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.inherit(ctx, in.ID)
}

type previewRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
}

type previewResponse struct {
	At    time.Time  `json:"at"`
	Kinds []kindPlan `json:"kinds"`
}

func (s *service) postPreview(ctx context.Context, in previewRequest) (out previewResponse, err error) {
	if ctx, err = s.one(ctx, in.OrganizationID); err != nil {
		return out, err
	}
	out.At = s.clock()
	out.Kinds, err = s.preview(ctx, out.At)
	return out, err
}

type statusResponse struct {
	Running   bool       `json:"running"`
	LastRunAt *time.Time `json:"lastRunAt,omitempty" doc:"when all rules were last carried out to the end"`
	NextRunAt time.Time  `json:"nextRunAt"`
	Failed    int64      `json:"failed" doc:"days that an error keeps from being finished"`
}

func (s *service) getStatus(ctx context.Context, _ struct{}) (out statusResponse, err error) {
	now := s.clock()
	state, err := s.store.state(ctx)
	if err != nil {
		return out, err
	}
	s.measured(state)
	out = statusResponse{
		Running: state.Holder != "" && state.HeldUntil != nil && state.HeldUntil.After(now), LastRunAt: state.RanAt, NextRunAt: next(now),
	}
	out.Failed, err = s.store.failed(ctx)
	return out, err
}

type runResponse struct {
	ID             id.UUID    `json:"id"`
	OrganizationID int64      `json:"organizationId"`
	Kind           string     `json:"kind"`
	Day            string     `json:"day"`
	Action         string     `json:"action" enum:"delete,archive"`
	State          string     `json:"state" enum:"begun,archived,removed,finished"`
	Rows           int64      `json:"rows"`
	Files          int64      `json:"files"`
	Bytes          int64      `json:"bytes" doc:"of the files"`
	ArchivePath    string     `json:"archivePath,omitempty"`
	ArchiveSHA256  string     `json:"archiveSha256,omitempty"`
	StartedAt      time.Time  `json:"startedAt"`
	FinishedAt     *time.Time `json:"finishedAt,omitempty"`
	Error          string     `json:"error,omitempty"`
}

func asRun(r runRow) runResponse {
	return runResponse{
		ID: r.ID, OrganizationID: r.OrganizationID, Kind: r.Kind, Day: r.Day.UTC().Format(time.DateOnly), Action: r.Action, State: r.State,
		Rows: r.Rows, Files: r.Files, Bytes: r.Bytes, ArchivePath: r.ArchivePath, ArchiveSHA256: r.ArchiveSHA256,
		StartedAt: r.StartedAt.UTC(), FinishedAt: r.FinishedAt, Error: r.Error,
	}
}

func (s *service) runs() grid.List[runResponse] {
	return grid.List[runResponse]{
		Name: "retention-runs", Title: "retention.runs", Columns: runColumns(), Sort: "-startedAt", ID: idOfRun,
		Read: func(ctx context.Context, q grid.Query) ([]runResponse, db.Found, error) {
			rows, found, err := s.store.runsPage(ctx, q.SQL())
			return grid.Items(rows, asRun), found, err
		},
	}
}

func (s *service) holds() grid.List[holdResponse] {
	return grid.List[holdResponse]{
		Name: "retention-holds", Title: "retention.holds", Columns: holdColumns(), Sort: "-createdAt", ID: idOfHold,
		Read: func(ctx context.Context, q grid.Query) ([]holdResponse, db.Found, error) {
			now := s.clock()
			rows, found, err := s.store.holdsPage(ctx, q.Bind("active", now).SQL())
			return grid.Items(rows, func(h holdRow) holdResponse { return asHold(h, now) }), found, err
		},
	}
}

func (s *service) postHold(ctx context.Context, in holdInput) (out holdResponse, err error) {
	row, err := in.row()
	if err != nil {
		return out, err
	}
	if ctx, err = s.one(ctx, in.OrganizationID); err != nil {
		return out, err
	}
	return s.addHold(ctx, row)
}

func (s *service) deleteHold(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.release(ctx, in.ID)
}
