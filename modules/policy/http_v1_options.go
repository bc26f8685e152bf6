package policy

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) optionRoutesV1(r httpx.Router, path string) {
	options := path + "/options"
	one := options + "/:id"
	r.GET(options, rule.Read, httpx.Handle(http.StatusOK, s.getOptionsV1), httpx.Lenient(), httpx.Doc("Which groups are part of which policies, a page at a time"))
	r.GET(one, rule.Read, httpx.Handle(http.StatusOK, s.getOptionV1), httpx.Doc("One option"))
	r.POST(options, rule.Write, httpx.Handle(http.StatusCreated, s.postOptionV1), httpx.Doc("Make a group part of a policy, which gets a new version"))
	r.POST(options+"/bulk", rule.Write, httpx.Handle(http.StatusCreated, s.postOptionsV1), httpx.Doc("Make groups part of a policy; those that are it are skipped"))
	r.PUT(one, rule.Write, httpx.Handle(http.StatusOK, s.putOptionV1), httpx.Doc("Change what is given of an option; its policy gets a new version"))
	r.DELETE(one, rule.Write, silent(s.removeOption), httpx.Doc("Take a group out of a policy, which gets a new version"))
	r.GET(options+"/policy/:id", rule.Read, httpx.Handle(http.StatusOK, s.getOptionsOfPolicyV1), httpx.Doc("The options of a policy, the newest first"))
	r.GET(options+"/group/:id", rule.Read, httpx.Handle(http.StatusOK, s.getOptionsOfGroupV1), httpx.Doc("The options of a group, the newest first"))
	r.POST(path+"/website", rule.Write, httpx.Handle(http.StatusCreated, s.postWebsite), httpx.Doc("Put sites into a policy, in a group that is made if it is not there; the policies that have the group get new versions"))
}

// optionV1 is how a group counts under a policy, in v1's shape.
type optionV1 struct {
	ID        int64        `json:"id"`
	PolicyID  int64        `json:"policyId"`
	GroupID   int64        `json:"groupId"`
	Type      string       `json:"type" enum:"WEBSITE,ACTIVE_WINDOW" doc:"is kept; what counts is the group's"`
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
	UpdatedAt httpx.TimeV1 `json:"updatedAt"`
}

func (o optionRow) v1() optionV1 {
	return optionV1{o.ID, o.PolicyID, o.GroupID, o.Type, o.IsActive, httpx.TimeV1(o.CreatedAt), httpx.TimeV1(o.UpdatedAt)}
}

type policyTitleV1 struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
}

// policyOptionV1 is an option with its policy, groupOptionV1 one with its group, optionItemV1 one with both.
type (
	policyOptionV1 struct {
		optionV1
		Policy policyTitleV1 `json:"policy"`
	}
	groupOptionV1 struct {
		optionV1
		Group groupNameV1 `json:"group"`
	}
	optionItemV1 struct {
		policyOptionV1
		Group groupNameV1 `json:"group"`
	}
)

var optionSortsV1 = []string{"id", "policyId", "groupId", "type", "isActive", "createdAt", "updatedAt"}

func (s *service) getOptionsV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[optionItemV1], err error) {
	l, err := in.List(ctx, optionSortsV1...)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.optionsV1(ctx, newestFirst(l))
	if err != nil {
		return page, err
	}
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	titles, err := s.titles(ctx)
	if err != nil {
		return page, err
	}
	groups, err := s.groupsByID(ctx)
	for _, o := range rows {
		page.Data = append(page.Data, optionItemV1{policyOptionV1{o.v1(), policyTitleV1{o.PolicyID, titles[o.PolicyID]}}, groups[o.GroupID].nameV1()})
	}
	return page, err
}

// titles are those of the policies that the actor sees.
func (s *service) titles(ctx context.Context) (map[int64]string, error) {
	of := map[int64]string{}
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.policies(ctx, tx)
		for _, p := range rows {
			of[p.ID] = p.Title
		}
		return err
	})
	return of, err
}

type optionResponseV1 struct {
	optionV1
	Policy optionPolicyV1 `json:"policy"`
	Group  groupNameV1    `json:"group"`
}

type optionPolicyV1 struct {
	policyTitleV1
	OrganizationID int64 `json:"organizationId"`
}

func (s *service) getOptionV1(ctx context.Context, in idRequest) (out optionResponseV1, err error) {
	ctx, row, err := s.enterOption(ctx, "read", in.ID)
	if err != nil {
		return out, err
	}
	titles, err := s.titles(ctx)
	if err != nil {
		return out, err
	}
	groups, err := s.groupsByID(ctx)
	policy := optionPolicyV1{policyTitleV1{row.PolicyID, titles[row.PolicyID]}, row.OrganizationID}
	return optionResponseV1{row.v1(), policy, groups[row.GroupID].nameV1()}, err
}

// optionsAndGroups returns the options of a policy, the oldest first, and the groups.
func (s *service) optionsAndGroups(ctx context.Context, policyID int64) (options []optionRow, groups map[int64]groupRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		options, err = s.store.allOptions(ctx, tx, []int64{policyID})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(options)
	groups, err = s.groupsByID(ctx)
	return options, groups, err
}

func (s *service) getOptionsOfPolicyV1(ctx context.Context, in idRequest) ([]groupOptionV1, error) {
	ctx, _, err := s.enter(ctx, "read", in.ID)
	if err != nil {
		return nil, err
	}
	options, groups, err := s.optionsAndGroups(ctx, in.ID)
	list := []groupOptionV1{}
	for _, o := range slices.Backward(options) {
		list = append(list, groupOptionV1{o.v1(), groups[o.GroupID].nameV1()})
	}
	return list, err
}

func (s *service) getOptionsOfGroupV1(ctx context.Context, in idRequest) ([]policyOptionV1, error) {
	ctx, _, _, err := s.enterGroup(ctx, "read", in.ID)
	if err != nil {
		return nil, err
	}
	return s.optionsOfGroup(ctx, in.ID)
}

// optionsOfGroup returns the options of a group with their policies, the newest first.
func (s *service) optionsOfGroup(ctx context.Context, groupID int64) ([]policyOptionV1, error) {
	list := []policyOptionV1{}
	titles, err := s.titles(ctx)
	if err != nil {
		return list, err
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := s.store.optionsFor(ctx, tx, []int64{groupID})
		for _, o := range rows {
			list = append(list, policyOptionV1{o.v1(), policyTitleV1{o.PolicyID, titles[o.PolicyID]}})
		}
		return err
	})
	return list, err
}

// checkType wants one of v1's types of options.
func checkType(f *fault.Fields, kind string) {
	types := []string{optionTypes[rule.Website], optionTypes[rule.Application]}
	if !slices.Contains(types, kind) {
		f.Add("type", "not_one_of", fault.Params{"Values": strings.Join(types, ", ")})
	}
}

type createOptionV1 struct {
	PolicyID *int64 `json:"policyId"`
	GroupID  *int64 `json:"groupId"`
	Type     string `json:"type" enum:"WEBSITE,ACTIVE_WINDOW"`
	IsActive *bool  `json:"isActive,omitempty" doc:"true if not given"`
}

// Validate wants a policy, a group and a type.
func (o *createOptionV1) Validate() error {
	var f fault.Fields
	if o.PolicyID == nil {
		f.Add("policyId", "required", nil)
	}
	if o.GroupID == nil {
		f.Add("groupId", "required", nil)
	}
	checkType(&f, o.Type)
	return f.Err()
}

func (s *service) postOptionV1(ctx context.Context, in createOptionV1) (out optionV1, err error) {
	made, err := s.addOptions(ctx, *in.PolicyID, []int64{*in.GroupID}, in.Type, in.IsActive == nil || *in.IsActive)
	if err != nil {
		return out, inWordsV1(err)
	}
	return made[0].v1(), nil
}

type createOptionsV1 struct {
	PolicyID *int64  `json:"policyId"`
	GroupIDs []int64 `json:"groupIds"`
	Type     string  `json:"type" enum:"WEBSITE,ACTIVE_WINDOW"`
}

// Validate wants a policy, groups and a type.
func (o *createOptionsV1) Validate() error {
	var f fault.Fields
	if o.PolicyID == nil {
		f.Add("policyId", "required", nil)
	}
	switch {
	case len(o.GroupIDs) == 0:
		f.Add("groupIds", "required", nil)
	case len(o.GroupIDs) > maxGroups:
		f.Add("groupIds", codeTooMany, fault.Params{"Max": maxGroups})
	}
	checkType(&f, o.Type)
	return f.Err()
}

func (s *service) postOptionsV1(ctx context.Context, in createOptionsV1) (out bulkV1, err error) {
	made, err := s.addOptions(ctx, *in.PolicyID, in.GroupIDs, in.Type, true)
	if f := fault.Of(err); f != nil && f.Is(errGroupUnknown) {
		wrong := *f
		wrong.Kind = fault.Invalid // as in v1, where only the policy is what was asked for
		err = &wrong
	}
	return bulkV1{len(made), len(in.GroupIDs) - len(made)}, inWordsV1(err)
}

type updateOptionV1 struct {
	ID       int64   `path:"id" json:"-"`
	PolicyID *int64  `json:"policyId,omitempty"`
	GroupID  *int64  `json:"groupId,omitempty"`
	Type     *string `json:"type,omitempty" enum:"WEBSITE,ACTIVE_WINDOW"`
	IsActive *bool   `json:"isActive,omitempty"`
}

// Validate looks at the type, if one is given.
func (o *updateOptionV1) Validate() error {
	var f fault.Fields
	if o.Type != nil {
		checkType(&f, *o.Type)
	}
	return f.Err()
}

func (s *service) putOptionV1(ctx context.Context, in updateOptionV1) (optionV1, error) {
	row, err := s.changeOption(ctx, in.ID, func(row *optionRow) {
		override(&row.PolicyID, in.PolicyID)
		override(&row.GroupID, in.GroupID)
		override(&row.Type, in.Type)
		override(&row.IsActive, in.IsActive)
	})
	return row.v1(), inWordsV1(err)
}

// websiteRequest puts sites into a policy: v1's specification names the route and gives no shape.
type websiteRequest struct {
	PolicyID *int64   `json:"policyId"`
	Name     string   `json:"name" doc:"of the group of sites; it is made if there is none"`
	Websites []string `json:"websites" doc:"hosts"`
	Category string   `json:"category,omitempty" enum:"productive,neutral,unproductive" doc:"as before, or neutral, if not given"`
}

// Validate returns all that is wrong and can be seen without the database.
func (w *websiteRequest) Validate() error {
	var f fault.Fields
	if w.PolicyID == nil {
		f.Add("policyId", "required", nil)
	}
	w.Name, w.Websites = strings.TrimSpace(w.Name), tidyList(w.Websites, true)
	checkName(&f, "name", w.Name)
	if len(w.Websites) == 0 {
		f.Add("websites", "required", nil)
	}
	checkValues(&f, "websites", rule.Website, w.Websites)
	categories := []string{rule.Productive, rule.Neutral, rule.Unproductive}
	if w.Category != "" && !slices.Contains(categories, w.Category) {
		f.Add("category", "not_one_of", fault.Params{"Values": strings.Join(categories, ", ")})
	}
	return f.Err()
}

type websiteResponse struct {
	groupOptionV1
	Category string `json:"category" enum:"productive,neutral,unproductive"`
	Added    int    `json:"added" doc:"sites that are new in the group"`
}

func (s *service) postWebsite(ctx context.Context, in websiteRequest) (out websiteResponse, err error) {
	group := groupInput{Name: in.Name, Type: rule.Website, Values: in.Websites}
	option, added, err := s.addSites(ctx, *in.PolicyID, group, in.Category)
	if err != nil {
		return out, err
	}
	_, row, _, err := s.enterGroup(ctx, "read", option.GroupID)
	return websiteResponse{groupOptionV1{option.v1(), row.nameV1()}, option.Category, added}, err
}
