package organizations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/i18n"
)

const (
	maxName = 100
	maxText = 500
	maxNote = 2000
)

// service decides who may have which organizations and departments, and keeps the tree whole.
type service struct {
	store     store
	audit     *audit.Log
	log       *slog.Logger
	now       func() time.Time
	snapshots snapshots
}

// time is the present as both databases keep it.
func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// first makes the organization that a new database begins with.
func (s *service) first(ctx context.Context, name string) error {
	ctx = actor.With(ctx, actor.System("first organization"))
	row := organizationRow{FullName: name, ShortName: name, Language: "uz", Zone: "Asia/Tashkent", IsActive: true}
	row.CreatedAt, row.UpdatedAt = s.time(), s.time()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		some, err := s.store.any(ctx, tx)
		if err != nil || some {
			return err
		}
		if err := s.store.insertOrganization(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, organizationEntry("organization.created", row.ID, nil, asOrganization(row)))
	})
	if errors.Is(err, db.ErrConflict) { // another replica was faster
		return nil
	}
	return err
}

func (s *service) organization(ctx context.Context, id int64) (row organizationRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.organization(ctx, tx, id)
		return err
	})
	return row, s.organizationFault(ctx, "read", id, err)
}

func (s *service) create(ctx context.Context, in organizationInput) (organizationRow, error) {
	row := organizationRow{Language: "uz", Zone: "Asia/Tashkent", IsActive: true}
	if err := in.apply(&row); err != nil {
		return row, err
	}
	row.CreatedAt, row.UpdatedAt = s.time(), s.time()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insertOrganization(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, organizationEntry("organization.created", row.ID, nil, asOrganization(row)))
	})
	s.snapshots.forget()
	return row, s.organizationFault(ctx, "create", 0, err)
}

func (s *service) update(ctx context.Context, id int64, in organizationInput) (row organizationRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.organization(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		if err := s.store.updateOrganization(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, organizationEntry("organization.updated", id, asOrganization(before), asOrganization(row)))
	})
	s.snapshots.forget()
	return row, s.organizationFault(ctx, "update", id, err)
}

// remove deletes an organization to which nothing refers; another it only makes inactive.
func (s *service) remove(ctx context.Context, id int64) (deleted bool, err error) {
	defer s.snapshots.forget()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.organization(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.deleteOrganization(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, organizationEntry("organization.deleted", id, asOrganization(before), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		off := false
		_, err = s.update(ctx, id, organizationInput{IsActive: &off})
		return false, err
	}
	return err == nil, s.organizationFault(ctx, "delete", id, err)
}

// organizationFault says what an error of the store means to the asker.
func (s *service) organizationFault(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*organizationRow)(nil), id, "organization", "organization."+action)
		return organization.ErrUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errNameTaken.Wrap(err)
	case errors.Is(err, db.ErrForeign):
		return errOperator.Wrap(err)
	}
	return err
}

// organizationInput is what a caller may say of an organization; what is absent stays.
type organizationInput struct {
	FullName          *string `json:"fullName,omitempty"`
	ShortName         *string `json:"shortName,omitempty"`
	Address           *string `json:"address,omitempty"`
	Phone             *string `json:"phone,omitempty"`
	Email             *string `json:"email,omitempty"`
	AdditionalDetails *string `json:"additionalDetails,omitempty"`
	Language          *string `json:"language,omitempty" enum:"uz,uz-Cyrl,ru,en"`
	Zone              *string `json:"zone,omitempty" doc:"of its days, as in Asia/Tashkent"`
	IsActive          *bool   `json:"isActive,omitempty"`
}

func (in organizationInput) apply(row *organizationRow) error {
	setText(&row.FullName, in.FullName)
	setText(&row.ShortName, in.ShortName)
	setText(&row.Address, in.Address)
	setText(&row.Phone, in.Phone)
	setText(&row.Email, in.Email)
	setText(&row.AdditionalDetails, in.AdditionalDetails)
	setText(&row.Language, in.Language)
	setText(&row.Zone, in.Zone)
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	var f fault.Fields
	checkPlace(&f, row.FullName, row.ShortName, row.Address, row.Phone, row.Email, row.AdditionalDetails)
	if !slices.Contains(i18n.Languages(), row.Language) {
		f.Add("language", "not_one_of", fault.Params{"Values": i18n.Languages()})
	}
	if _, err := time.LoadLocation(row.Zone); err != nil || row.Zone == "" || row.Zone == "Local" {
		f.Add("zone", codeZone, nil)
	}
	return f.Err()
}

// setText sets a text without the space around it.
func setText(to, value *string) {
	if value != nil {
		*to = strings.TrimSpace(*value)
	}
}

// checkPlace checks what organizations and departments have alike.
func checkPlace(f *fault.Fields, fullName, shortName, address, phone, email, details string) {
	f.Text("fullName", fullName, 1, maxName)
	f.Text("shortName", shortName, 1, maxName)
	f.Text("address", address, 0, maxText)
	f.Text("phone", phone, 0, maxText)
	f.Text("email", email, 0, maxText)
	f.Email("email", email)
	f.Text("additionalDetails", details, 0, maxNote)
}

func organizationEntry(action string, id int64, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: organization.Write, Object: fmt.Sprintf("organization:%d", id), OrganizationID: id,
		Before: before, After: after,
	}
}
