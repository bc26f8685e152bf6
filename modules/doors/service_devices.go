package doors

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

const maxName = 100

// What a device may be, as v1 named it.
var (
	entryTypes  = []string{"ENTER", "EXIT", "BOTH"}
	deviceTypes = []string{"FACE", "CARD", "CAR", "QR", "ACCESS_CONTROL", "BIOMETRIC", "OTHER"}
)

// deviceInput is what a caller may say of a device; what is absent stays. How to sign in at it comes with talking to it.
type deviceInput struct {
	Name         *string `json:"name,omitempty"`
	IPAddress    *string `json:"ipAddress,omitempty"`
	EntryType    *string `json:"entryType,omitempty" enum:"ENTER,EXIT,BOTH"`
	SerialNumber *string `json:"serialNumber,omitempty"`
	Type         *string `json:"type,omitempty" enum:"FACE,CARD,CAR,QR,ACCESS_CONTROL,BIOMETRIC,OTHER"`
	IsActive     *bool   `json:"isActive,omitempty"`
}

func (in deviceInput) apply(row *deviceRow) error {
	for to, text := range map[*string]*string{
		&row.Name: in.Name, &row.IPAddress: in.IPAddress, &row.EntryType: in.EntryType, &row.SerialNumber: in.SerialNumber, &row.Type: in.Type,
	} {
		if text != nil {
			*to = strings.TrimSpace(*text)
		}
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	var f fault.Fields
	f.Text("name", row.Name, 1, maxName)
	f.Text("serialNumber", row.SerialNumber, 0, maxText)
	oneOf(&f, "entryType", row.EntryType, entryTypes)
	if row.Type != "" {
		oneOf(&f, "type", row.Type, deviceTypes)
	}
	if ip, err := netip.ParseAddr(row.IPAddress); err == nil {
		row.IPAddress = ip.Unmap().String()
	} else if row.IPAddress == "" {
		f.Add("ipAddress", "required", nil)
	} else {
		f.Add("ipAddress", "doors.not_an_address", nil)
	}
	return f.Err()
}

func oneOf(f *fault.Fields, field, value string, values []string) {
	switch {
	case value == "":
		f.Add(field, "required", nil)
	case !slices.Contains(values, value):
		f.Add(field, "not_one_of", fault.Params{"Values": strings.Join(values, ", ")})
	}
}

// create adds a device to the actor's organization, or for an operator to the one that it names.
func (s *service) create(ctx context.Context, organization int64, in deviceInput) (deviceRow, error) {
	a, _ := actor.From(ctx)
	if organization == 0 {
		organization = a.OrganizationID
	}
	row := deviceRow{IsActive: true, CreatedAt: s.clock(), UpdatedAt: s.clock()}
	row.OrganizationID = organization
	var f fault.Fields
	if organization == 0 {
		f.Add("organizationId", "required", nil)
	}
	if err := in.apply(&row); err != nil {
		f = append(f, fault.Of(err).Details...)
	}
	if err := f.Err(); err != nil {
		return row, err
	}
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.free(ctx, tx, row); err != nil {
			return err
		}
		if err := s.store.addDevice(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.knows(ctx, tx, deviceRow{}, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("device.created", row, nil, recordOf(row)))
	})
	if errors.Is(err, db.ErrMissingReference) || errors.Is(err, db.ErrForeign) {
		f.Add("organizationId", "unknown_reference", nil)
		return row, f.Err()
	}
	return row, err
}

// free refuses an address that another device of the organization has: reports are told apart by it.
func (s *service) free(ctx context.Context, tx db.Tx, row deviceRow) error {
	if err := tx.Serialize(ctx, fmt.Sprintf("doors %d", row.OrganizationID)); err != nil {
		return err
	}
	taken, err := s.store.addressTaken(ctx, tx, row)
	if err != nil || !taken {
		return err
	}
	var f fault.Fields
	f.Add("ipAddress", "taken", nil)
	return f.Err()
}

func (s *service) update(ctx context.Context, id int64, in deviceInput) (row deviceRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.device(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if row.IPAddress != before.IPAddress { // what v1 left doubled may stay so
			if err := s.free(ctx, tx, row); err != nil {
				return err
			}
		}
		row.UpdatedAt = s.clock()
		if err := s.store.changeDevice(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.knows(ctx, tx, before, row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("device.updated", row, recordOf(before), recordOf(row)))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*deviceRow)(nil), id, "device", "device.update")
		return row, errDeviceUnknown.Wrap(err)
	}
	return row, err
}

func entry(action string, row deviceRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: pass.WriteDevices, Object: fmt.Sprintf("device:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}
