package policy

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// prefixesV1 are where v1's clients look: under the prefix of its last version, and under the one before.
var prefixesV1 = []string{"/api/v1/policies", "/api/policies"}

// routesV1 serves v1's clients. What they change is changed as by any other: it makes versions and roll-outs.
func (s *service) routesV1(r httpx.Router) {
	for _, path := range prefixesV1 {
		r.GET(path, rule.Read, httpx.Handle(http.StatusOK, db.Together(s.store.db, s.getPoliciesV1)), httpx.Lenient(), httpx.Doc("Policies, a page at a time"))
		r.GET(path+"/:id", rule.Read, httpx.Handle(http.StatusOK, s.getPolicyV1), httpx.Doc("One policy, with its people and its options"))
		r.POST(path, rule.Write, httpx.Handle(http.StatusCreated, s.postPolicyV1), httpx.Doc("Make a policy"))
		r.PUT(path+"/:id", rule.Write, httpx.Handle(http.StatusOK, s.putPolicyV1), httpx.Doc("Change what is given of a policy: a new version, to all gateways"))
		r.DELETE(path+"/:id", rule.Write, silent(s.remove), httpx.Doc("Delete a policy that nobody has"))
		s.groupRoutesV1(r, path+"/groups")
		s.resourceRoutesV1(r, path+"/resources")
		s.optionRoutesV1(r, path)
	}
}

// silent answers as v1 did after it had deleted something: 200, and no body.
func silent(remove func(ctx context.Context, id int64) error) httpx.Handler {
	return httpx.Raw(func(c *echo.Context) error {
		id, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			var f fault.Fields
			f.Add("id", "not_a_number", nil)
			return f.Err()
		}
		if err := remove(c.Request().Context(), id); err != nil {
			return inWordsV1(err)
		}
		return c.NoContent(http.StatusOK)
	})
}

// inWordsV1 gives v1's status to what v1 found wrong with a request where we see a conflict.
func inWordsV1(err error) error {
	for _, known := range []*fault.Error{errGroupInUse, errOptionExists, errResourceExists, errResourceInUse, errAllInGroup} {
		if errors.Is(err, known) {
			f := *fault.Of(err)
			f.Kind = fault.Invalid
			return &f
		}
	}
	return err
}

// oneOf is the organization of what the actor makes. v1 had groups and resources of nobody: an actor of no organization names
// one, but for where there is only one.
func (s *service) oneOf(ctx context.Context, named *int64) (int64, error) {
	a, _ := actor.From(ctx)
	switch {
	case a.OrganizationID != 0:
		return 0, nil // its own, whichever it names
	case named != nil:
		return *named, nil
	}
	all, err := s.index.All(ctx)
	if err == nil && len(all) == 1 {
		return all[0].ID, nil
	}
	return 0, err
}

// newestFirst is v1's usual order of these lists.
func newestFirst(l httpx.ListV1) httpx.ListV1 {
	if l.Sort == "" {
		l.Sort, l.Desc = "createdAt", true
	}
	return l
}

// policyV1 is a policy in v1's shape.
type policyV1 struct {
	ID                    int64        `json:"id"`
	OrganizationID        int64        `json:"organizationId"`
	Title                 string       `json:"title"`
	IsActiveWindowEnabled bool         `json:"isActiveWindowEnabled"`
	IsScreenshotEnabled   bool         `json:"isScreenshotEnabled"`
	IsVisitedSitesEnabled bool         `json:"isVisitedSitesEnabled"`
	IsDefault             bool         `json:"isDefault"`
	ScreenshotInterval    *int64       `json:"screenshotInterval" doc:"seconds"`
	ScreenshotIsGrayscale *bool        `json:"screenshotIsGrayscale"`
	ScreenshotCaptureAll  *bool        `json:"screenshotCaptureAll"`
	IsActive              bool         `json:"isActive"`
	CreatedAt             httpx.TimeV1 `json:"createdAt"`
	UpdatedAt             httpx.TimeV1 `json:"updatedAt"`
}

func (p policyRow) v1() policyV1 {
	return policyV1{
		p.ID, p.OrganizationID, p.Title, p.ActiveWindow, p.Screenshot, p.VisitedSites, p.IsDefault, p.ScreenshotInterval, p.ScreenshotGrayscale,
		p.ScreenshotAll, p.IsActive, httpx.TimeV1(p.CreatedAt), httpx.TimeV1(p.UpdatedAt),
	}
}

type policyItemV1 struct {
	policyV1
	Count struct {
		Employees int `json:"employees"`
	} `json:"_count"`
	Options      []optionV1     `json:"options"`
	Organization organizationV1 `json:"organization"`
}

type organizationV1 struct {
	ID        int64  `json:"id"`
	FullName  string `json:"fullName"`
	ShortName string `json:"shortName"`
}

// policySortsV1 are v1's names of columns, with our names of those that we call otherwise.
var policySortsV1 = map[string]string{
	"id": "id", "organizationId": "organizationId", "title": "title", "isActiveWindowEnabled": "activeWindow", "isScreenshotEnabled": "screenshot",
	"isVisitedSitesEnabled": "visitedSites", "isDefault": "isDefault", "screenshotInterval": "screenshotInterval",
	"screenshotIsGrayscale": "screenshotIsGrayscale", "screenshotCaptureAll": "screenshotCaptureAll", "isActive": "isActive",
	"createdAt": "createdAt", "updatedAt": "updatedAt",
}

func (s *service) getPoliciesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[policyItemV1], err error) {
	l, err := in.List(ctx, sorted(policySortsV1)...)
	if err != nil {
		return page, err
	}
	l = newestFirst(l)
	l.Sort = policySortsV1[l.Sort]
	rows, total, err := s.store.policiesV1(ctx, l)
	if err != nil {
		return page, err
	}
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	ids := make([]int64, len(rows))
	for i, p := range rows {
		ids[i] = p.ID
	}
	options, err := s.optionsOf(ctx, ids...)
	if err != nil {
		return page, err
	}
	employees, _, err := s.store.holders(ctx, ids)
	for _, p := range rows {
		item := policyItemV1{policyV1: p.v1(), Options: options[p.ID], Organization: organizationV1{p.OrganizationID, p.FullName, p.ShortName}}
		item.Count.Employees = employees[p.ID]
		page.Data = append(page.Data, item)
	}
	return page, err
}

// optionsOf returns the options of policies in v1's shape, the oldest first.
func (s *service) optionsOf(ctx context.Context, policyIDs ...int64) (map[int64][]optionV1, error) {
	of := map[int64][]optionV1{}
	for _, p := range policyIDs {
		of[p] = []optionV1{}
	}
	var rows []optionRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		rows, err = s.store.allOptions(ctx, tx, policyIDs)
		return err
	})
	for i := range rows {
		o := rows[len(rows)-1-i]
		of[o.PolicyID] = append(of[o.PolicyID], o.v1())
	}
	return of, err
}

type policyResponseV1 struct {
	policyV1
	Employees []holderV1      `json:"employees"`
	Options   []policyGroupV1 `json:"options"`
}

type holderV1 struct {
	ID         int64        `json:"id"`
	Name       string       `json:"name"`
	Department departmentV1 `json:"department"`
}

type departmentV1 struct {
	ID             int64  `json:"id"`
	FullName       string `json:"fullName"`
	OrganizationID int64  `json:"organizationId"`
}

// policyGroupV1 is an option as it stands in its policy.
type policyGroupV1 struct {
	ID        int64        `json:"id"`
	Group     groupV1      `json:"group"`
	Type      string       `json:"type" enum:"WEBSITE,ACTIVE_WINDOW"`
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
	UpdatedAt httpx.TimeV1 `json:"updatedAt"`
}

func (s *service) getPolicyV1(ctx context.Context, in idRequest) (out policyResponseV1, err error) {
	ctx, row, err := s.enter(ctx, "read", in.ID)
	if err != nil {
		return out, err
	}
	out.policyV1 = row.v1()
	if out.Employees, err = s.holdersV1(ctx, in.ID); err != nil {
		return out, err
	}
	options, groups, err := s.optionsAndGroups(ctx, in.ID)
	out.Options = []policyGroupV1{}
	for _, o := range options {
		out.Options = append(out.Options, policyGroupV1{o.ID, groups[o.GroupID].v1(), o.Type, o.IsActive, httpx.TimeV1(o.CreatedAt), httpx.TimeV1(o.UpdatedAt)})
	}
	return out, err
}

// holdersV1 are the employees who were given a policy: at most so many as an assignment may name.
func (s *service) holdersV1(ctx context.Context, policyID int64) ([]holderV1, error) {
	list := []holderV1{}
	departments := map[int64]departmentV1{}
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		_, rows, err := s.staff.Holders(ctx, tx, policyID, maxHolders)
		for _, e := range rows {
			list = append(list, holderV1{ID: e.ID, Name: e.Name, Department: departmentV1{ID: e.DepartmentID}})
		}
		return err
	})
	if err != nil {
		return list, err
	}
	for i := range list { // after the transaction, which must not wait for another of this pool
		d := &list[i].Department
		known, seen := departments[d.ID]
		if !seen {
			found, err := s.tree.Department(ctx, d.ID)
			if err != nil {
				return list, err
			}
			known = departmentV1{found.ID, found.Name, found.OrganizationID}
			departments[d.ID] = known
		}
		*d = known
	}
	return list, nil
}

// policyInputV1 is what v1's clients say of a policy.
type policyInputV1 struct {
	Title                 *string `json:"title,omitempty"`
	IsActiveWindowEnabled *bool   `json:"isActiveWindowEnabled,omitempty"`
	IsScreenshotEnabled   *bool   `json:"isScreenshotEnabled,omitempty"`
	IsVisitedSitesEnabled *bool   `json:"isVisitedSitesEnabled,omitempty"`
	OrganizationID        *int64  `json:"organizationId,omitempty" doc:"for an actor of no organization; a policy does not move"`
	ScreenshotInterval    *int64  `json:"screenshotInterval,omitempty" doc:"seconds; required with isScreenshotEnabled"`
	ScreenshotIsGrayscale *bool   `json:"screenshotIsGrayscale,omitempty" doc:"required with isScreenshotEnabled"`
	ScreenshotCaptureAll  *bool   `json:"screenshotCaptureAll,omitempty" doc:"required with isScreenshotEnabled"`
	IsActive              *bool   `json:"isActive,omitempty"`
}

// over is a policy with what is given instead of what it was.
func (p *policyInputV1) over(in input) (input, error) {
	override(&in.Title, p.Title)
	override(&in.ScreenshotSeconds, p.ScreenshotInterval)
	override(&in.ScreenshotGrayscale, p.ScreenshotIsGrayscale)
	override(&in.ScreenshotAll, p.ScreenshotCaptureAll)
	for to, given := range map[**bool]*bool{
		&in.ActiveWindows: p.IsActiveWindowEnabled, &in.Screenshots: p.IsScreenshotEnabled, &in.VisitedSites: p.IsVisitedSitesEnabled, &in.IsActive: p.IsActive,
	} {
		if given != nil {
			*to = given
		}
	}
	return in, namedV1(in.Validate())
}

func override[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

// namedV1 gives the fields of a refused policy the names that v1's clients know.
func namedV1(err error) error {
	var wrong *fault.Error
	if !errors.As(err, &wrong) || len(wrong.Details) == 0 {
		return err
	}
	named := *wrong
	named.Details = nil
	for _, d := range wrong.Details {
		d.Field = fieldsV1.Replace(d.Field)
		named.Details = append(named.Details, d)
	}
	return &named
}

var fieldsV1 = strings.NewReplacer(
	"activeWindows", "isActiveWindowEnabled", "visitedSites", "isVisitedSitesEnabled", "screenshotSeconds", "screenshotInterval",
	"screenshotGrayscale", "screenshotIsGrayscale", "screenshotAll", "screenshotCaptureAll", "screenshots", "isScreenshotEnabled",
)

type createPolicyV1 struct{ policyInputV1 }

// Validate wants what v1 wanted.
func (p *createPolicyV1) Validate() error {
	var f fault.Fields
	need := func(field string, given bool) {
		if !given {
			f.Add(field, "required", nil)
		}
	}
	need("title", p.Title != nil)
	need("isActiveWindowEnabled", p.IsActiveWindowEnabled != nil)
	need("isScreenshotEnabled", p.IsScreenshotEnabled != nil)
	need("isVisitedSitesEnabled", p.IsVisitedSitesEnabled != nil)
	if p.IsScreenshotEnabled != nil && *p.IsScreenshotEnabled {
		need("screenshotInterval", p.ScreenshotInterval != nil)
		need("screenshotIsGrayscale", p.ScreenshotIsGrayscale != nil)
		need("screenshotCaptureAll", p.ScreenshotCaptureAll != nil)
	}
	return f.Err()
}

func (s *service) postPolicyV1(ctx context.Context, in createPolicyV1) (out policyV1, err error) {
	wanted, err := in.over(input{})
	if err != nil {
		return out, err
	}
	organizationID, err := s.oneOf(ctx, in.OrganizationID)
	if err != nil {
		return out, err
	}
	row, err := s.create(ctx, organizationID, wanted)
	return row.v1(), namedV1(err)
}

type updatePolicyV1 struct {
	ID int64 `path:"id" json:"-"`
	policyInputV1
}

type updatedPolicyV1 struct {
	ID        int64        `json:"id"`
	Title     string       `json:"title"`
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
	UpdatedAt httpx.TimeV1 `json:"updatedAt"`
}

func (s *service) putPolicyV1(ctx context.Context, in updatePolicyV1) (out updatedPolicyV1, err error) {
	row, err := s.modify(ctx, in.ID, func(ctx context.Context, tx db.Tx, row policyRow) (input, error) {
		if a, _ := actor.From(ctx); in.OrganizationID != nil && *in.OrganizationID != a.OrganizationID {
			var f fault.Fields
			f.Add("organizationId", codeStays, nil)
			return input{}, f.Err()
		}
		is, err := s.inputOf(ctx, tx, row)
		if err != nil {
			return is, err
		}
		return in.over(is)
	})
	return updatedPolicyV1{row.ID, row.Title, row.IsActive, httpx.TimeV1(row.CreatedAt), httpx.TimeV1(row.UpdatedAt)}, namedV1(err)
}

// inputOf is what a caller would say who wants a policy as it is.
func (s *service) inputOf(ctx context.Context, tx db.Tx, row policyRow) (in input, err error) {
	c, err := s.contentOf(ctx, tx, row)
	in = input{
		Title: row.Title, IsActive: &row.IsActive, ActiveWindows: &c.ActiveWindows, VisitedSites: &c.VisitedSites, Screenshots: &c.Screenshots,
		ScreenshotSeconds: c.ScreenshotSeconds, ScreenshotGrayscale: c.ScreenshotGrayscale, ScreenshotAll: c.ScreenshotAll,
		Hours: c.Hours, Exclude: c.Exclude,
	}
	for _, g := range c.Groups {
		in.Groups = append(in.Groups, choice{g.ID, g.Category})
	}
	return in, err
}
