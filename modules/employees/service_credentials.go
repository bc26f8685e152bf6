package employees

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The kinds of what an employee shows at a door that people give out.
const (
	card = "CARD"
	car  = "CAR"
)

// credentialInput is what is given to an employee.
type credentialInput struct {
	Type              string `json:"type" enum:"CARD,CAR"`
	Code              string `json:"code" doc:"the number of the card or of the car"`
	Model             string `json:"model,omitempty" doc:"of a car"`
	AdditionalDetails string `json:"additionalDetails,omitempty"`
}

func (in credentialInput) row() (row credentialRow, err error) {
	row = credentialRow{
		Type: in.Type, Code: strings.TrimSpace(in.Code), Model: strings.TrimSpace(in.Model),
		AdditionalDetails: strings.TrimSpace(in.AdditionalDetails), IsActive: true,
	}
	var f fault.Fields
	if row.Type != card && row.Type != car {
		f.Add("type", "not_one_of", fault.Params{"Values": "CARD, CAR"})
	}
	f.Text("code", row.Code, 1, maxName)
	f.Text("model", row.Model, 0, maxName)
	f.Text("additionalDetails", row.AdditionalDetails, 0, maxNote)
	return row, f.Err()
}

// equip gives an employee a card or a car. What is somebody's already is nobody else's.
func (s *service) equip(ctx context.Context, id int64, in credentialInput) (credentialRow, error) {
	row, err := in.row()
	if err != nil {
		return row, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		whose, err := s.store.byID(ctx, tx, sightOf(ctx), id)
		if err != nil {
			return err
		}
		return s.hand(ctx, tx, whose, &row)
	})
	if errors.Is(err, db.ErrConflict) {
		return row, errCredentialTaken.Wrap(err)
	}
	return row, s.faultOf(ctx, "equip", id, err)
}

// hand gives a card or a car to an employee, and keeps who did it.
func (s *service) hand(ctx context.Context, tx db.Tx, whose employeeRow, row *credentialRow) error {
	row.OrganizationID, row.EmployeeID, row.CreatedAt, row.UpdatedAt = whose.OrganizationID, whose.ID, s.time(), s.time()
	if err := s.store.addCredential(ctx, tx, row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, credentialEntry("employee.credential_given", *row, nil, asCredential(*row)))
}

// withdraw takes a card or a car away from its employee.
func (s *service) withdraw(ctx context.Context, employeeID, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.byID(ctx, tx, sightOf(ctx), employeeID); err != nil {
			return err
		}
		row, err := s.store.credential(ctx, tx, employeeID, id)
		if err != nil {
			return err
		}
		if err := s.store.dropCredential(ctx, tx, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, credentialEntry("employee.credential_withdrawn", row, asCredential(row), nil))
	})
	return s.faultOf(ctx, "withdraw", employeeID, err)
}

// credentials returns what an employee shows at doors.
func (s *service) credentials(ctx context.Context, id int64) (rows []credentialRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.byID(ctx, tx, sightOf(ctx), id); err != nil {
			return err
		}
		rows, err = s.store.credentials(ctx, tx, id)
		return err
	})
	return rows, s.faultOf(ctx, "read", id, err)
}

// ByCards returns the holders of cards.
func (s *service) ByCards(ctx context.Context, numbers []string) (map[string]employee.Employee, error) {
	forms := map[string][]string{} // by number, the number itself first
	var all []string
	for _, n := range numbers {
		if _, known := forms[n]; !known {
			forms[n] = cardForms(n)
			all = append(all, forms[n]...)
		}
	}
	cards := map[string]int64{}
	var holders []int64
	for part := range slices.Chunk(all, db.MaxIDs) {
		rows, err := s.store.cards(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			cards[row.Code] = row.EmployeeID
			holders = append(holders, row.EmployeeID)
		}
	}
	people, err := s.ByIDs(ctx, holders)
	found := map[string]employee.Employee{}
	for n, forms := range forms {
		for _, form := range forms {
			if e, known := people[cards[form]]; known {
				found[n] = e
				break
			}
		}
	}
	return found, err
}

// cardForms are the ways to write a card's number, the given one first: as a number, and as it is printed, with eight or ten
// digits.
func cardForms(number string) []string {
	forms := []string{number}
	bare := strings.TrimLeft(number, "0")
	if bare == "" || strings.Trim(bare, "0123456789") != "" {
		return forms
	}
	for _, width := range []int{len(bare), 8, 10} {
		if form := strings.Repeat("0", max(width-len(bare), 0)) + bare; !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
}

func credentialEntry(action string, row credentialRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: employee.Write, Object: fmt.Sprintf("employee:%d", row.EmployeeID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}
