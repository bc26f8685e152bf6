package visitors

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// codeRoutesV1 serves what v1 wrote for codes and never mounted.
func (s *service) codeRoutesV1(r httpx.Router, path string) {
	r.GET(path, visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getCodesV1), httpx.Lenient(), httpx.Doc("Codes, a page at a time, the newest first"))
	r.GET(path+"/active", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getActiveV1), httpx.Doc("Codes that let in now"))
	r.GET(path+"/expired", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getExpiredV1), httpx.Doc("Codes that let in no more"))
	r.GET(path+"/validate/:code", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getValidateV1), httpx.Doc("Whose the code is, if it lets in now; it is not used up"))
	r.GET(path+"/visitor/:visitorId", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getCodesOfV1), httpx.Doc("A visitor's codes"))
	r.GET(path+"/:id", visitor.ReadCodes, httpx.Handle(http.StatusOK, s.getCodeV1), httpx.Doc("One code"))
	r.POST(path, visitor.Write, httpx.Handle(http.StatusCreated, s.postOwnCodeV1), httpx.Doc("Give a visitor a code that the caller chose"))
	r.PUT(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.putCodeV1), httpx.Doc("Change a code"))
	r.DELETE(path+"/:id", visitor.Write, httpx.Handle(http.StatusOK, s.deleteCodeV1), httpx.Doc("Delete a code that was never used"))
	r.POST(path+"/:id/activate", visitor.Write, httpx.Handle(http.StatusCreated, s.activateV1(true)), httpx.Doc("Put a code in force again"))
	r.POST(path+"/:id/deactivate", visitor.Write, httpx.Handle(http.StatusCreated, s.activateV1(false)), httpx.Doc("Withdraw a code"))
}

// periodV1 is what all of v1's answers say of a code.
type periodV1 struct {
	ID        int64        `json:"id"`
	CodeType  string       `json:"codeType"`
	Code      string       `json:"code"`
	StartDate httpx.TimeV1 `json:"startDate"`
	EndDate   httpx.TimeV1 `json:"endDate"`
}

func asPeriodV1(c codeRow) periodV1 {
	return periodV1{c.ID, c.CodeType, c.Code, httpx.TimeV1(c.StartDate), httpx.TimeV1(c.EndDate)}
}

type codeV1 struct {
	periodV1
	VisitorID         int64        `json:"visitorId"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          bool         `json:"isActive"`
	CreatedAt         httpx.TimeV1 `json:"createdAt"`
}

func asCodeV1(c codeRow) codeV1 {
	return codeV1{asPeriodV1(c), c.VisitorID, orNull(c.AdditionalDetails), c.IsActive, httpx.TimeV1(c.CreatedAt)}
}

type listedCodeV1 struct {
	codeV1
	Visitor guestV1 `json:"visitor"`
}

type guestV1 struct {
	nameV1
	WorkPlace *string `json:"workPlace"`
}

func (s *service) listedV1(ctx context.Context, rows []codeRow) ([]listedCodeV1, error) {
	people, err := s.store.byIDs(ctx, visitorsOf(rows))
	all := make([]listedCodeV1, len(rows))
	for i, c := range rows {
		v := people[c.VisitorID]
		all[i] = listedCodeV1{asCodeV1(c), guestV1{nameV1{v.ID, v.FirstName, v.LastName}, orNull(v.WorkPlace)}}
	}
	return all, err
}

func (s *service) getCodesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[listedCodeV1], err error) {
	l, err := in.List(ctx, codeSortsV1...)
	if err != nil {
		return page, err
	}
	if l.Sort == "" {
		l.Sort, l.Desc = "createdAt", true
	} else if in.Order == nil {
		l.Desc = true
	}
	rows, total, err := s.store.codesV1(ctx, l)
	if err != nil {
		return page, err
	}
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	page.Data, err = s.listedV1(ctx, rows)
	return page, err
}

func (s *service) getActiveV1(ctx context.Context, _ struct{}) ([]listedCodeV1, error) {
	return s.getStandingV1(ctx, true)
}

func (s *service) getExpiredV1(ctx context.Context, _ struct{}) ([]listedCodeV1, error) {
	return s.getStandingV1(ctx, false)
}

func (s *service) getStandingV1(ctx context.Context, inForce bool) ([]listedCodeV1, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.standingV1(ctx, v, inForce, s.time())
	if err != nil {
		return nil, err
	}
	return s.listedV1(ctx, rows)
}

type shownCodeV1 struct {
	Code string `path:"code"`
}

type validV1 struct {
	periodV1
	Visitor struct {
		nameV1
		MiddleName *string `json:"middleName"`
		Phone      *string `json:"phone"`
		WorkPlace  *string `json:"workPlace"`
	} `json:"visitor"`
}

func (s *service) getValidV1(ctx context.Context, in shownCodeV1) (out httpx.Said[validV1], err error) {
	c, v, err := s.validate(ctx, in.Code)
	if unusable(err) {
		err = errCodeInvalidV1.Wrap(err)
	}
	whole := validV1{periodV1: asPeriodV1(c)}
	whole.Visitor.nameV1 = nameV1{v.ID, v.FirstName, v.LastName}
	whole.Visitor.MiddleName, whole.Visitor.Phone, whole.Visitor.WorkPlace = orNull(v.MiddleName), orNull(v.Phone), orNull(v.WorkPlace)
	return said(whole, "Code validated successfully"), err
}

// unusable reports whether the error is of a code that does not let in.
func unusable(err error) bool {
	for _, known := range []error{visitor.ErrCodeUnknown, visitor.ErrCodeWithdrawn, visitor.ErrCodeEarly, visitor.ErrCodeExpired, visitor.ErrCodeUsed, visitor.ErrInactive} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

type validateV1 struct {
	Valid   bool     `json:"valid"`
	Code    periodV1 `json:"code"`
	Visitor struct {
		ID int64 `json:"id"`
	} `json:"visitor"`
}

func (s *service) getValidateV1(ctx context.Context, in shownCodeV1) (out validateV1, err error) {
	c, v, err := s.validate(ctx, in.Code)
	if unusable(err) {
		err = errCodeUnusableV1.Wrap(err)
	}
	out = validateV1{Valid: true, Code: asPeriodV1(c)}
	out.Visitor.ID = v.ID
	return out, err
}

type codeOfV1 struct {
	codeV1
	Visitor nameV1 `json:"visitor"`
}

type visitorIDV1 struct {
	ID int64 `path:"visitorId"`
}

func (s *service) getCodesOfV1(ctx context.Context, in visitorIDV1) ([]codeOfV1, error) {
	v, err := s.get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	codes, err := s.store.codesOf(ctx, []int64{in.ID})
	all := make([]codeOfV1, len(codes[in.ID]))
	for i, c := range codes[in.ID] {
		all[i] = codeOfV1{asCodeV1(c), nameV1{v.ID, v.FirstName, v.LastName}}
	}
	return all, err
}

type oneCodeV1 struct {
	codeV1
	Visitor struct {
		nameV1
		MiddleName *string `json:"middleName"`
		WorkPlace  *string `json:"workPlace"`
		Phone      *string `json:"phone"`
		Creator    userV1  `json:"creator"`
	} `json:"visitor"`
}

type userV1 struct {
	ID       int64   `json:"id"`
	Name     *string `json:"name"`
	Username *string `json:"username"`
}

func (s *service) getCodeV1(ctx context.Context, in idV1) (out oneCodeV1, err error) {
	c, v, err := s.code(ctx, in.ID)
	if err != nil {
		return out, codeFaultV1(err)
	}
	users, err := s.store.users(ctx, []int64{v.CreatorID})
	out.codeV1 = asCodeV1(c)
	out.Visitor.nameV1 = nameV1{v.ID, v.FirstName, v.LastName}
	out.Visitor.MiddleName, out.Visitor.WorkPlace, out.Visitor.Phone = orNull(v.MiddleName), orNull(v.WorkPlace), orNull(v.Phone)
	out.Visitor.Creator.ID = v.CreatorID
	if u, seen := users[v.CreatorID]; seen {
		out.Visitor.Creator.Name, out.Visitor.Creator.Username = &u.Name, &u.Username
	}
	return out, err
}

// codeFaultV1 puts what was wrong with a code into v1's words.
func codeFaultV1(err error) error {
	switch {
	case errors.Is(err, visitor.ErrCodeUnknown):
		return errCodeNotFoundV1.Wrap(err)
	case errors.Is(err, errCodeTaken):
		return errCodeTakenV1.Wrap(err)
	}
	return err
}

type generateV1 struct {
	idV1
	CodeType          *string    `json:"codeType,omitempty" enum:"ONETIME,MULTIPLE"`
	StartDate         *time.Time `json:"startDate,omitempty"`
	EndDate           *time.Time `json:"endDate,omitempty"`
	AdditionalDetails *string    `json:"additionalDetails,omitempty"`
}

type generatedV1 struct {
	periodV1
	IsActive  bool         `json:"isActive"`
	CreatedAt httpx.TimeV1 `json:"createdAt"`
	Visitor   nameV1       `json:"visitor"`
	QRCode    string       `json:"qrCode" doc:"a PNG as a data URL"`
	QRData    qrData       `json:"qrData"`
}

func (s *service) postCodeV1(ctx context.Context, in generateV1) (out httpx.Said[generatedV1], err error) {
	c, v, err := s.give(ctx, in.ID, codeInput{CodeType: in.CodeType, StartDate: in.StartDate, EndDate: in.EndDate, AdditionalDetails: in.AdditionalDetails})
	if err != nil {
		return out, err
	}
	whole := generatedV1{
		periodV1: asPeriodV1(c), IsActive: c.IsActive, CreatedAt: httpx.TimeV1(c.CreatedAt), Visitor: nameV1{v.ID, v.FirstName, v.LastName}, QRData: qrOf(c, v),
	}
	picture, err := whole.QRData.picture()
	whole.QRCode = "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
	return said(whole, "Code generated successfully"), err
}

type codeIDV1 struct {
	ID int64 `path:"codeId"`
}

type deactivatedV1 struct {
	ID       int64  `json:"id"`
	Code     string `json:"code"`
	IsActive bool   `json:"isActive"`
}

func (s *service) putDeactivateV1(ctx context.Context, in codeIDV1) (out httpx.Said[deactivatedV1], err error) {
	off := false
	c, _, err := s.changeCode(ctx, in.ID, codeInput{IsActive: &off})
	return said(deactivatedV1{c.ID, c.Code, c.IsActive}, "Code deactivated successfully"), codeFaultV1(err)
}

type ownCodeV1 struct {
	CodeType          *string    `json:"codeType,omitempty" enum:"ONETIME,MULTIPLE"`
	Code              *string    `json:"code,omitempty"`
	StartDate         *time.Time `json:"startDate,omitempty"`
	EndDate           *time.Time `json:"endDate,omitempty"`
	AdditionalDetails *string    `json:"additionalDetails,omitempty"`
	IsActive          *bool      `json:"isActive,omitempty"`
}

func (in ownCodeV1) input() codeInput {
	return codeInput{
		CodeType: in.CodeType, Code: in.Code, StartDate: in.StartDate, EndDate: in.EndDate,
		AdditionalDetails: in.AdditionalDetails, IsActive: in.IsActive,
	}
}

type newOwnCodeV1 struct {
	VisitorID int64 `json:"visitorId"`
	ownCodeV1
}

func (s *service) postOwnCodeV1(ctx context.Context, in newOwnCodeV1) (out codeV1, err error) {
	var f fault.Fields
	if in.VisitorID == 0 {
		f.Add("visitorId", "required", nil)
	}
	if in.Code == nil {
		f.Add("code", "required", nil)
	}
	if err := f.Err(); err != nil {
		return out, err
	}
	c, _, err := s.give(ctx, in.VisitorID, in.input())
	return asCodeV1(c), codeFaultV1(err)
}

type putCodeV1 struct {
	idV1
	ownCodeV1
	VisitorID *int64 `json:"visitorId,omitempty" doc:"not to be changed"`
}

func (s *service) putCodeV1(ctx context.Context, in putCodeV1) (codeV1, error) {
	if in.VisitorID != nil {
		c, _, err := s.code(ctx, in.ID)
		if err != nil {
			return codeV1{}, codeFaultV1(err)
		}
		if c.VisitorID != *in.VisitorID {
			return codeV1{}, refuse("visitorId", "visitors.not_to_change")
		}
	}
	c, _, err := s.changeCode(ctx, in.ID, in.input())
	return asCodeV1(c), codeFaultV1(err)
}

func (s *service) deleteCodeV1(ctx context.Context, in idV1) (*struct{}, error) {
	return nil, codeFaultV1(s.removeCode(ctx, in.ID))
}

func (s *service) activateV1(active bool) func(context.Context, idV1) (codeV1, error) {
	return func(ctx context.Context, in idV1) (codeV1, error) {
		c, _, err := s.changeCode(ctx, in.ID, codeInput{IsActive: &active})
		return asCodeV1(c), codeFaultV1(err)
	}
}
