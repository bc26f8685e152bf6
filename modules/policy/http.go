package policy

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/api/v2/policies"

func (s *service) routes(r httpx.Router) {
	one := prefix + "/:id"
	httpx.List(r, prefix, rule.Read, s.list(), httpx.Doc("Policies: what agents report of the people under them, and what of that is kept."))
	r.POST(prefix, rule.Write, httpx.Handle(http.StatusCreated, s.postPolicy), httpx.Doc("Make a policy. Nobody has it until it is assigned."))
	r.GET(one, rule.Read, httpx.Handle(http.StatusOK, s.getPolicy), httpx.Doc("One policy: its newest content, and that in force where it is another."))
	r.PUT(one, rule.Write, httpx.Handle(http.StatusOK, s.putPolicy), httpx.Doc("Change a policy, whole. Another content is a new version, which goes to all gateways at once, or to so many percent of them."))
	r.DELETE(one, rule.Write, httpx.Handle(http.StatusNoContent, s.deletePolicy), httpx.Doc("Delete a policy that nobody has."))
	r.GET(one+"/versions", rule.Read, httpx.Handle(http.StatusOK, s.getVersions), httpx.Doc("The versions of a policy, the newest first."))
	r.GET(one+"/content", rule.Read, httpx.Handle(http.StatusOK, s.getContent), httpx.Doc("One version whole; without a number the newest."))
	r.GET(one+"/diff", rule.Read, httpx.Handle(http.StatusOK, s.getDiff), httpx.Doc("How two versions differ: as a JSON Patch (RFC 6902), and field by field."))
	r.GET(one+"/changes", rule.Read, httpx.Handle(http.StatusOK, s.getChanges), httpx.Doc("Who changed what, the latest first."))
	r.POST(one+"/rollback", rule.Write, httpx.Handle(http.StatusOK, s.postRollback), httpx.Doc("Make a new version of what the policy was at an old one."))
	r.GET(one+"/rollouts", rule.Read, httpx.Handle(http.StatusOK, s.getRollouts), httpx.Doc("How far the last versions have come, the newest first."))
	r.POST(one+"/rollout/advance", rule.Write, httpx.Handle(http.StatusOK, s.postAdvance), httpx.Doc("Bring the newest version to more gateways."))
	r.POST(one+"/rollout/stop", rule.Write, httpx.Handle(http.StatusOK, s.postStop), httpx.Doc("Stop the newest version, and bring back everywhere what was in force before it."))
	r.POST(one+"/default", rule.Write, httpx.Handle(http.StatusNoContent, s.postDefault), httpx.Doc("Make it the policy of everybody who has no other."))
	r.GET(one+"/assignments", rule.Read, httpx.Handle(http.StatusOK, s.getAssignments), httpx.Doc("To whom a policy is assigned."))
	r.POST(one+"/assignments", rule.Write, httpx.Handle(http.StatusNoContent, s.postAssignments), httpx.Doc("Assign a policy to employees and departments."))
	r.POST(prefix+"/unassign", rule.Write, httpx.Handle(http.StatusNoContent, s.postUnassign), httpx.Doc("Take their own policies away from employees and departments: they have those above them."))
	r.DELETE(prefix+"/default", rule.Write, httpx.Handle(http.StatusNoContent, s.deleteDefault), httpx.Doc("Have no default: of people without a policy everything is kept."))
	r.GET(prefix+"/effective", rule.Read, httpx.Handle(http.StatusOK, s.getEffective), httpx.Doc("Which policy an employee has, and where it comes from."))
	s.routesOfGroups(r)
}

// policyItem is a policy in the list.
type policyItem struct {
	ID                int64     `json:"id"`
	OrganizationID    int64     `json:"organizationId"`
	Title             string    `json:"title"`
	IsDefault         bool      `json:"isDefault"`
	IsActive          bool      `json:"isActive"`
	Revision          int64     `json:"revision" doc:"to be sent along with a change"`
	Version           int64     `json:"version" doc:"the newest; 0: the policy was written into the database and has none yet"`
	ReleasedVersion   int64     `json:"releasedVersion" doc:"in force where the newest has not come yet"`
	ActiveWindows     bool      `json:"activeWindows"`
	VisitedSites      bool      `json:"visitedSites"`
	Screenshots       bool      `json:"screenshots"`
	ScreenshotSeconds int64     `json:"screenshotSeconds"`
	Employees         int       `json:"employees" doc:"who were given it themselves"`
	Departments       int       `json:"departments"`
	CreatedAt         time.Time `json:"createdAt"`
	UpdatedAt         time.Time `json:"updatedAt"`
}

func itemOf(p policyRow, employees, departments int) policyItem {
	i := policyItem{
		ID: p.ID, OrganizationID: p.OrganizationID, Title: p.Title, IsDefault: p.IsDefault, IsActive: p.IsActive, Revision: p.Revision,
		Version: p.Latest, ReleasedVersion: p.Released, ActiveWindows: p.ActiveWindow, VisitedSites: p.VisitedSites, Screenshots: p.Screenshot,
		Employees: employees, Departments: departments, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
	if p.ScreenshotInterval != nil {
		i.ScreenshotSeconds = *p.ScreenshotInterval
	}
	return i
}

func (s *service) list() grid.List[policyItem] {
	return grid.List[policyItem]{
		Name: "policies", Title: "policy.list", Columns: policyColumns, Sort: "title", ID: idOfPolicy, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) ([]policyItem, db.Found, error) {
			rows, found, err := s.store.list(ctx, q.SQL())
			if err != nil {
				return nil, found, err
			}
			ids := grid.Items(rows, func(p policyRow) int64 { return p.ID })
			employees, departments, err := s.store.holders(ctx, ids)
			return grid.Items(rows, func(p policyRow) policyItem { return itemOf(p, employees[p.ID], departments[p.ID]) }), found, err
		},
	}
}

// policyResponse is a policy with what it says.
type policyResponse struct {
	policyItem
	Content  rule.Policy      `json:"content" doc:"the newest"`
	InForce  *rule.Policy     `json:"inForce,omitempty" doc:"where the newest has not come yet, if that is another"`
	Rollout  *rolloutResponse `json:"rollout,omitempty" doc:"of the newest, if it is under way"`
	Checksum string           `json:"checksum"`
}

func (s *service) show(ctx context.Context, policyID int64) (out policyResponse, err error) {
	ctx, row, err := s.enter(ctx, "read", policyID)
	if err != nil {
		return out, err
	}
	employees, departments, err := s.store.holders(ctx, []int64{policyID})
	if err != nil {
		return out, err
	}
	out.policyItem = itemOf(row, employees[policyID], departments[policyID])
	if row.Latest == 0 {
		out.Content, err = row.content(nil)
		return out, err
	}
	v, err := s.version(ctx, policyID, row.Latest)
	if err != nil {
		return out, err
	}
	out.Checksum = v.Checksum
	if out.Content, err = v.content(); err != nil {
		return out, err
	}
	if row.Released != row.Latest {
		if v, err = s.version(ctx, policyID, row.Released); err != nil {
			return out, err
		}
		c, err := v.content()
		if err != nil {
			return out, err
		}
		out.InForce = &c
	}
	rollouts, err := s.rolloutsOf(ctx, policyID, 1)
	if err == nil && len(rollouts) > 0 && rollouts[0].State == running {
		out.Rollout = &rollouts[0]
	}
	return out, err
}

type createRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	input
}

func (s *service) postPolicy(ctx context.Context, in createRequest) (policyResponse, error) {
	row, err := s.create(ctx, in.OrganizationID, in.input)
	if err != nil {
		return policyResponse{}, err
	}
	return s.show(ctx, row.ID)
}

type idRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) getPolicy(ctx context.Context, in idRequest) (policyResponse, error) {
	return s.show(ctx, in.ID)
}

type updateRequest struct {
	ID       int64 `path:"id" json:"-"`
	Revision int64 `json:"revision" doc:"of the policy that you changed; 409 if it is another by now"`
	input
}

func (s *service) putPolicy(ctx context.Context, in updateRequest) (policyResponse, error) {
	if _, err := s.update(ctx, in.ID, in.Revision, in.input); err != nil {
		return policyResponse{}, err
	}
	return s.show(ctx, in.ID)
}

func (s *service) deletePolicy(ctx context.Context, in idRequest) (struct{}, error) {
	return struct{}{}, s.remove(ctx, in.ID)
}

type versionResponse struct {
	Version         string       `json:"version"`
	Checksum        string       `json:"checksum" doc:"SHA-256 of the content's canonical JSON (RFC 8785)"`
	RequiresRestart bool         `json:"requiresRestart"`
	ReleasedAt      time.Time    `json:"releasedAt"`
	ReleasedBy      string       `json:"releasedBy"`
	Content         *rule.Policy `json:"content,omitempty"`
}

func versionOf(v versionRow) versionResponse {
	return versionResponse{Version: v.Version, Checksum: v.Checksum, RequiresRestart: v.RequiresRestart, ReleasedAt: v.ReleasedAt.UTC(), ReleasedBy: v.ReleasedBy}
}

type pageRequest struct {
	ID    int64  `path:"id" json:"-"`
	Limit int    `query:"limit"`
	After string `query:"after"`
}

func (s *service) getVersions(ctx context.Context, in pageRequest) (page httpx.Page[versionResponse], err error) {
	var before int64
	if in.After != "" {
		if err := db.ParseCursor(in.After, &before); err != nil {
			return page, err
		}
	}
	if ctx, _, err = s.enter(ctx, "read", in.ID); err != nil {
		return page, err
	}
	limit := db.Limit(in.Limit)
	rows, err := s.store.versions(ctx, in.ID, before, limit)
	if err != nil {
		return page, err
	}
	rows, page.Next = db.NextPage(rows, limit, func(v versionRow) []any { return []any{v.number()} })
	page.Items = grid.Items(rows, versionOf)
	return page, nil
}

type versionRequest struct {
	ID      int64 `path:"id" json:"-"`
	Version int64 `query:"version"`
}

func (s *service) getContent(ctx context.Context, in versionRequest) (out versionResponse, err error) {
	v, err := s.version(ctx, in.ID, in.Version)
	if err != nil {
		return out, err
	}
	c, err := v.content()
	out = versionOf(v)
	out.Content = &c
	return out, err
}

type diffRequest struct {
	ID   int64 `path:"id" json:"-"`
	From int64 `query:"from"`
	To   int64 `query:"to" doc:"the newest if not given"`
}

// Validate wants a version to begin with.
func (r *diffRequest) Validate() error {
	var f fault.Fields
	inRange(&f, "from", r.From, 1, 1<<53)
	inRange(&f, "to", r.To, 0, 1<<53)
	return f.Err()
}

type diffResponse struct {
	Patch   json.RawMessage `json:"patch"`
	Changes []fieldChange   `json:"changes"`
}

func (s *service) getDiff(ctx context.Context, in diffRequest) (diffResponse, error) {
	patch, changes, err := s.compared(ctx, in.ID, in.From, in.To)
	return diffResponse{patch, append([]fieldChange{}, changes...)}, err
}

type changeResponse struct {
	Type      string          `json:"type" enum:"create,update,delete,rollback"`
	Version   string          `json:"version" doc:"the version that it made, or on which it was done"`
	ChangedBy string          `json:"changedBy"`
	At        time.Time       `json:"at"`
	Changeset json.RawMessage `json:"changeset" doc:"a JSON Patch (RFC 6902)"`
}

func (s *service) getChanges(ctx context.Context, in pageRequest) (page httpx.Page[changeResponse], err error) {
	rows, next, err := s.changesOf(ctx, in)
	page.Next = next
	page.Items = grid.Items(rows, func(c changeRow) changeResponse {
		return changeResponse{c.Type, c.Version, c.ChangedBy, c.CreatedAt.UTC(), c.Changeset}
	})
	return page, err
}

type rollbackRequest struct {
	ID       int64  `path:"id" json:"-"`
	Revision int64  `json:"revision"`
	Version  string `json:"version"`
	stage
}

// Validate wants a version.
func (r *rollbackRequest) Validate() error {
	var f fault.Fields
	if n, err := strconv.ParseInt(r.Version, 10, 64); err != nil || n < 1 {
		f.Add("version", "wrong_format", nil)
	}
	r.check(&f)
	return f.Err()
}

func (s *service) postRollback(ctx context.Context, in rollbackRequest) (policyResponse, error) {
	to, err := strconv.ParseInt(in.Version, 10, 64)
	if err == nil {
		_, err = s.rollBack(ctx, in.ID, in.Revision, to, in.stage)
	}
	if err != nil {
		return policyResponse{}, err
	}
	return s.show(ctx, in.ID)
}
