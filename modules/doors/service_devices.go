package doors

import (
	"context"
	"encoding/base64"
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
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	maxName    = 100
	maxDetails = 10_000
	maxPort    = 65_535
)

// sealPurpose is what the key that seals passwords of devices is derived for.
const sealPurpose = "passwords of devices"

// seal closes the password with which the server signs in at the device.
func (s *service) seal(row *deviceRow, password string) error {
	row.Sealed = ""
	if password == "" {
		return nil
	}
	key, err := s.secret.Derive(sealPurpose)
	if err != nil {
		return err
	}
	sealed, err := secret.Seal(key, []byte(password), fmt.Sprintf("device %d", row.ID))
	row.Sealed = base64.StdEncoding.EncodeToString(sealed)
	return err
}

// What a device may be, as v1 named it.
var (
	entryTypes  = []string{"ENTER", "EXIT", "BOTH"}
	deviceTypes = []string{"FACE", "CARD", "CAR", "QR", "ACCESS_CONTROL", "BIOMETRIC", "OTHER"}
)

// deviceInput is what a caller may say of a device; what is absent stays.
type deviceInput struct {
	Name         *string `json:"name,omitempty"`
	IPAddress    *string `json:"ipAddress,omitempty"`
	EntryType    *string `json:"entryType,omitempty" enum:"ENTER,EXIT,BOTH"`
	SerialNumber *string `json:"serialNumber,omitempty"`
	Type         *string `json:"type,omitempty" enum:"FACE,CARD,CAR,QR,ACCESS_CONTROL,BIOMETRIC,OTHER"`
	IsActive     *bool   `json:"isActive,omitempty"`
	GateID       *int64  `json:"gateId,omitempty" doc:"where it hangs; 0 takes it away"`
	Port         *int64  `json:"port,omitempty" doc:"0 takes it away"`
	Login        *string `json:"login,omitempty" doc:"who signs in at the device"`
	Password     *string `json:"password,omitempty" doc:"is kept sealed and never answered; an empty one forgets it"`
	Details      *string `json:"additionalDetails,omitempty"`
}

func (in deviceInput) apply(row *deviceRow) error {
	for to, text := range map[*string]*string{
		&row.Name: in.Name, &row.IPAddress: in.IPAddress, &row.EntryType: in.EntryType, &row.SerialNumber: in.SerialNumber, &row.Type: in.Type,
		&row.Login: in.Login, &row.Details: in.Details,
	} {
		if text != nil {
			*to = strings.TrimSpace(*text)
		}
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	if in.GateID != nil {
		row.GateID = *in.GateID
	}
	if in.Port != nil {
		row.Port = *in.Port
	}
	var f fault.Fields
	f.Text("name", row.Name, 1, maxName)
	f.Text("serialNumber", row.SerialNumber, 0, maxText)
	f.Text("login", row.Login, 0, maxText)
	f.Text("additionalDetails", row.Details, 0, maxDetails)
	if in.Password != nil {
		f.Text("password", *in.Password, 0, maxText)
	}
	if row.Port < 0 || row.Port > maxPort {
		f.Add("port", "above_max", fault.Params{"Max": maxPort})
	}
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
		if err := errors.Join(s.free(ctx, tx, row), s.hangs(ctx, tx, row)); err != nil {
			return err
		}
		if err := s.store.addDevice(ctx, tx, &row); err != nil {
			return err
		}
		if in.Password != nil { // it is sealed for this device's id
			if err := s.seal(&row, *in.Password); err != nil {
				return err
			}
			if err := s.store.changeDevice(ctx, tx, &row); err != nil {
				return err
			}
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

// hangs refuses a gate that is not the organization's.
func (s *service) hangs(ctx context.Context, tx db.Tx, row deviceRow) error {
	if row.GateID == 0 {
		return nil
	}
	gate, err := s.store.gate(ctx, tx, row.GateID)
	if errors.Is(err, db.ErrNotFound) || err == nil && gate.OrganizationID != row.OrganizationID {
		var f fault.Fields
		f.Add("gateId", "unknown_reference", nil)
		return f.Err()
	}
	return err
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
		if row.GateID != before.GateID {
			if err := s.hangs(ctx, tx, row); err != nil {
				return err
			}
		}
		if in.Password != nil {
			if err := s.seal(&row, *in.Password); err != nil {
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

// remove deletes a device that has reported nothing, and makes one inactive that has. It returns whether it deleted.
func (s *service) remove(ctx context.Context, id int64) (deleted bool, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.device(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := tx.Serialize(ctx, fmt.Sprintf("doors %d", row.OrganizationID)); err != nil { // a report may be on its way
			return err
		}
		reported, err := s.store.reported(ctx, tx, row)
		if err != nil {
			return err
		}
		before := row
		if deleted = !reported; deleted {
			if err := s.store.removeDevice(ctx, tx, row); err != nil {
				return err
			}
			return s.audit.Write(ctx, tx, entry("device.deleted", row, recordOf(before), nil))
		}
		row.IsActive, row.UpdatedAt = false, s.clock()
		if err := s.store.changeDevice(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("device.updated", row, recordOf(before), recordOf(row)))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*deviceRow)(nil), id, "device", "device.delete")
		return false, errDeviceUnknown.Wrap(err)
	}
	return deleted, err
}

func entry(action string, row deviceRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: pass.WriteDevices, Object: fmt.Sprintf("device:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}
