package visitors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
)

// service decides who may visit, and who sees and changes that.
type service struct {
	store   store
	staff   employee.Directory
	tree    organization.Tree
	index   organization.Index
	audit   *audit.Log
	now     func() time.Time
	newCode func() string
}

// sight is whose visitors are seen: all of the organization's, or those of some employees.
type sight struct {
	all   bool
	hosts []int64
	// organization narrows it unless it is 0.
	organization int64
}

// sight is the whole organization, but for a department lead the guests of the departments' people.
func (s *service) sight(ctx context.Context) (sight, error) {
	a, _ := actor.From(ctx)
	if a.Role != actor.DepartmentLead {
		return sight{all: true}, nil
	}
	hosts, err := s.staff.InDepartments(ctx, a.DepartmentIDs)
	return sight{hosts: hosts}, err
}

// time is the present as both databases keep it.
func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// ByIDs returns the visitors of ids.
func (s *service) ByIDs(ctx context.Context, ids []int64) (map[int64]visitor.Visitor, error) {
	found := map[int64]visitor.Visitor{}
	for part := range slices.Chunk(ids, db.MaxIDs) {
		rows, err := s.store.byIDs(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[row.ID] = visitor.Visitor{ID: row.ID, Name: nameOf(row)}
		}
	}
	return found, nil
}

func (s *service) get(ctx context.Context, id int64) (row visitorRow, err error) {
	v, err := s.sight(ctx)
	if err != nil {
		return row, err
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.byID(ctx, tx, v, id)
		return err
	})
	return row, s.faultOf(ctx, "read", id, err)
}

// create adds a visitor.
func (s *service) create(ctx context.Context, in visitorInput) (visitorRow, error) {
	a, _ := actor.From(ctx)
	row := visitorRow{IsActive: true, CreatorID: a.UserID, CreatedAt: s.time(), UpdatedAt: s.time()}
	if err := in.apply(&row); err != nil {
		return row, err
	}
	var err error
	if row.OrganizationID, err = s.home(ctx, in); err != nil {
		return row, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insert(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("visitor.created", visitor.Create, row, nil, recordOf(row)))
	})
	return row, s.faultOf(ctx, "create", 0, err)
}

// home is the organization of a new visitor: the host's, or the one that is named, or the writer's, or the only one there is. Else it
// has to be named.
func (s *service) home(ctx context.Context, in visitorInput) (*int64, error) {
	a, _ := actor.From(ctx)
	home := in.OrganizationID
	if home == nil && a.OrganizationID != 0 {
		home = &a.OrganizationID
	}
	if in.HostID != nil && *in.HostID != 0 {
		host, err := s.host(ctx, *in.HostID)
		if err != nil {
			return nil, err
		}
		if home != nil && *home != host.OrganizationID {
			return nil, refuse("hostId", "unknown_reference")
		}
		return &host.OrganizationID, nil
	}
	if home != nil {
		_, err := s.tree.ByID(ctx, *home)
		if errors.Is(err, organization.ErrUnknown) {
			return nil, refuse("organizationId", "unknown_reference")
		}
		return home, err
	}
	all, err := s.index.All(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, refuse("organizationId", "required")
	}
	return &all[0].ID, nil
}

// host returns the employee who is visited, or the refusal of that field.
func (s *service) host(ctx context.Context, id int64) (employee.Employee, error) {
	host, err := s.staff.ByID(ctx, id)
	if errors.Is(err, employee.ErrUnknown) {
		return host, refuse("hostId", "unknown_reference")
	}
	return host, err
}

func (s *service) update(ctx context.Context, id int64, in visitorInput) (row visitorRow, err error) {
	if in.OrganizationID != nil {
		return row, refuse("organizationId", "unknown_field")
	}
	var host employee.Employee
	if in.HostID != nil && *in.HostID != 0 { // before the transaction, which must not wait for another of this pool
		if host, err = s.host(ctx, *in.HostID); err != nil {
			return row, err
		}
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.byID(ctx, tx, sight{all: true}, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if host.ID != 0 && (row.OrganizationID == nil || host.OrganizationID != *row.OrganizationID) {
			return errOtherOrganization
		}
		row.UpdatedAt = s.time()
		if err := s.store.update(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("visitor.updated", visitor.Write, row, recordOf(before), recordOf(row)))
	})
	return row, s.faultOf(ctx, "update", id, err)
}

// remove deletes a visitor who has never been here, with the codes; another is only not let in any more, unless hard.
func (s *service) remove(ctx context.Context, id int64, hard error) (deleted bool, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.byID(ctx, tx, sight{all: true}, id)
		if err != nil {
			return err
		}
		been, err := s.store.hasBeen(ctx, tx, id)
		if err != nil {
			return err
		}
		if been && hard != nil {
			return hard
		}
		if !been {
			deleted = true
			if err := s.store.remove(ctx, tx, id); err != nil {
				return err
			}
			return s.audit.Write(ctx, tx, entry("visitor.deleted", visitor.Write, row, recordOf(row), nil))
		}
		before := row
		row.IsActive, row.UpdatedAt = false, s.time()
		if err := s.store.update(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("visitor.deactivated", visitor.Write, row, recordOf(before), recordOf(row)))
	})
	return deleted && err == nil, s.faultOf(ctx, "delete", id, err)
}

// visitorInput is what a caller may say of a visitor; what is absent stays.
type visitorInput struct {
	OrganizationID    *int64  `json:"organizationId,omitempty" doc:"for those who see several; not to be changed"`
	FirstName         *string `json:"firstName,omitempty"`
	LastName          *string `json:"lastName,omitempty"`
	MiddleName        *string `json:"middleName,omitempty"`
	Birthday          *string `json:"birthday,omitempty" doc:"as in 1990-01-31"`
	Phone             *string `json:"phone,omitempty"`
	PassportNumber    *string `json:"passportNumber,omitempty"`
	PINFL             *string `json:"pinfl,omitempty" doc:"14 digits"`
	WorkPlace         *string `json:"workPlace,omitempty"`
	AdditionalDetails *string `json:"additionalDetails,omitempty"`
	HostID            *int64  `json:"hostId,omitempty" doc:"the employee who is visited; 0 for nobody"`
	IsActive          *bool   `json:"isActive,omitempty"`
}

// check finds what v1 let pass.
func (in visitorInput) check() error {
	var f fault.Fields
	if d := in.Birthday; d != nil && *d != "" {
		if _, err := time.Parse(time.DateOnly, *d); err != nil {
			f.Add("birthday", codeDate, nil)
		}
	}
	if p := in.PINFL; p != nil && *p != "" && (len(*p) != maxPINFL || strings.Trim(*p, "0123456789") != "") {
		f.Add("pinfl", codeDigits, fault.Params{"Count": maxPINFL})
	}
	return f.Err()
}

// The bounds of texts, as v1 had them where it had some.
const (
	maxName     = 100
	maxPhone    = 20
	maxPassport = 50
	maxPINFL    = 14
	maxPlace    = 200
	maxNote     = 2000
)

func (in visitorInput) apply(row *visitorRow) error {
	var f fault.Fields
	for _, t := range []struct {
		name     string
		to, from *string
		min, max int
	}{
		{"firstName", &row.FirstName, in.FirstName, 1, maxName}, {"lastName", &row.LastName, in.LastName, 1, maxName},
		{"middleName", &row.MiddleName, in.MiddleName, 0, maxName}, {"birthday", &row.Birthday, in.Birthday, 0, maxName},
		{"phone", &row.Phone, in.Phone, 0, maxPhone}, {"passportNumber", &row.PassportNumber, in.PassportNumber, 0, maxPassport},
		{"pinfl", &row.PINFL, in.PINFL, 0, maxPINFL}, {"workPlace", &row.WorkPlace, in.WorkPlace, 0, maxPlace},
		{"additionalDetails", &row.AdditionalDetails, in.AdditionalDetails, 0, maxNote},
	} {
		setText(t.to, t.from)
		f.Text(t.name, *t.to, t.min, t.max)
	}
	if in.HostID != nil {
		row.HostID = *in.HostID
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	row.NameSearch = fold.Name(nameOf(*row))
	return f.Err()
}

func nameOf(v visitorRow) string {
	return strings.Join(strings.Fields(v.LastName+" "+v.FirstName+" "+v.MiddleName), " ")
}

// setText sets a text without the space around it.
func setText(to, value *string) {
	if value != nil {
		*to = strings.TrimSpace(*value)
	}
}

// refuse is the refusal of one field.
func refuse(field, code string) error {
	var f fault.Fields
	f.Add(field, code, nil)
	return f.Err()
}

func entry(action string, p actor.Permission, row visitorRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: p, Object: fmt.Sprintf("visitor:%d", row.ID),
		OrganizationID: number(row.OrganizationID), Before: before, After: after,
	}
}

// number is 0 where there is none.
func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// faultOf says what an error of the store means to the asker.
func (s *service) faultOf(ctx context.Context, action string, id int64, err error) error {
	if errors.Is(err, db.ErrMissingReference) && (action == "create" || action == "update") {
		return refuse("hostId", "unknown_reference") // it was there a moment ago
	}
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	s.audit.Missed(ctx, (*visitorRow)(nil), id, "visitor", "visitor."+action)
	return visitor.ErrUnknown.Wrap(err)
}
