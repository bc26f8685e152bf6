package employees

import (
	"context"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) credentialRoutes(r httpx.Router) {
	const path = "/api/v2/employees/:id/credentials"
	r.GET(path, employee.Write, httpx.Handle(200, s.getCredentials), httpx.Doc("The cards and cars of an employee"))
	r.POST(path, employee.Write, httpx.Handle(201, s.postCredential), httpx.Doc("Give an employee a card or a car"))
	r.DELETE(path+"/:credential_id", employee.Write, httpx.Handle(204, s.deleteCredential), httpx.Doc("Take a card or a car away from an employee"))
}

// credentialResponse is what an employee shows at a door, in v1's shape too.
type credentialResponse struct {
	ID                int64        `json:"id"`
	EmployeeID        int64        `json:"employeeId"`
	Code              string       `json:"code"`
	Type              string       `json:"type" enum:"PHOTO,CARD,CAR,QR,PERSONAL_CODE,ONE_TIME_ID,USER"`
	Model             string       `json:"model,omitempty"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          bool         `json:"isActive"`
	CreatedAt         httpx.TimeV1 `json:"createdAt"`
	UpdatedAt         httpx.TimeV1 `json:"updatedAt"`
}

func asCredential(c credentialRow) credentialResponse {
	return credentialResponse{
		ID: c.ID, EmployeeID: c.EmployeeID, Code: c.Code, Type: c.Type, Model: c.Model, AdditionalDetails: httpx.NullV1(c.AdditionalDetails),
		IsActive: c.IsActive, CreatedAt: httpx.TimeV1(c.CreatedAt), UpdatedAt: httpx.TimeV1(c.UpdatedAt),
	}
}

func (s *service) getCredentials(ctx context.Context, in employeeRequest) (page httpx.Page[credentialResponse], err error) {
	rows, err := s.credentials(ctx, in.ID)
	for _, row := range rows {
		page.Items = append(page.Items, asCredential(row))
	}
	return page, err
}

type credentialRequest struct {
	ID int64 `path:"id" json:"-"`
	credentialInput
}

func (s *service) postCredential(ctx context.Context, in credentialRequest) (credentialResponse, error) {
	row, err := s.equip(ctx, in.ID, in.credentialInput)
	return asCredential(row), err
}

type withdrawal struct {
	ID           int64 `path:"id" json:"-"`
	CredentialID int64 `path:"credential_id" json:"-"`
}

func (s *service) deleteCredential(ctx context.Context, in withdrawal) (struct{}, error) {
	return struct{}{}, s.withdraw(ctx, in.ID, in.CredentialID)
}
