package visitors

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// codeInput is what a caller may say of a code; what is absent stays.
type codeInput struct {
	CodeType          *string    `json:"codeType,omitempty" enum:"ONETIME,MULTIPLE"`
	StartDate         *time.Time `json:"startDate,omitempty"`
	EndDate           *time.Time `json:"endDate,omitempty"`
	MaxUses           *int64     `json:"maxUses,omitempty" doc:"of a MULTIPLE code; 0 for no bound"`
	AdditionalDetails *string    `json:"additionalDetails,omitempty"`
	IsActive          *bool      `json:"isActive,omitempty"`
	// Code is for v1's clients, who may choose their own.
	Code *string `json:"-"`
}

const (
	maxCode = 50
	// tries is how often a code is drawn again that there is already.
	tries = 8
)

// randomCode is v1's: eight hexadecimal digits.
func randomCode() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToUpper(hex.EncodeToString(b[:]))
}

func (in codeInput) apply(row *codeRow) error {
	var f fault.Fields
	setText(&row.CodeType, in.CodeType)
	setText(&row.AdditionalDetails, in.AdditionalDetails)
	setText(&row.Code, in.Code)
	setTime(&row.StartDate, in.StartDate)
	setTime(&row.EndDate, in.EndDate)
	if in.MaxUses != nil {
		row.MaxUses = *in.MaxUses
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	switch row.CodeType {
	case oneTime:
		if row.MaxUses > 1 {
			f.Add("maxUses", "not_one_of", fault.Params{"Values": "1"})
		}
		row.MaxUses = 1
	case multiple:
		if row.MaxUses < 0 || row.MaxUses > 0 && row.MaxUses < row.Uses {
			f.Add("maxUses", "visitors.too_few", fault.Params{"Min": row.Uses})
		}
	default:
		f.Add("codeType", "not_one_of", fault.Params{"Values": oneTime + ", " + multiple})
	}
	if row.StartDate.IsZero() {
		f.Add("startDate", "required", nil)
	}
	if row.EndDate.IsZero() {
		f.Add("endDate", "required", nil)
	} else if !row.EndDate.After(row.StartDate) {
		f.Add("endDate", codeOrder, nil)
	}
	if in.Code != nil {
		f.Text("code", row.Code, 1, maxCode)
	}
	f.Text("additionalDetails", row.AdditionalDetails, 0, maxNote)
	return f.Err()
}

func setTime(to, value *time.Time) {
	if value != nil {
		*to = value.UTC().Truncate(time.Microsecond)
	}
}

// give makes a code for a visitor.
func (s *service) give(ctx context.Context, visitorID int64, in codeInput) (row codeRow, v visitorRow, err error) {
	a, _ := actor.From(ctx)
	row = codeRow{VisitorID: visitorID, IsActive: true, CreatorID: a.UserID, CreatedAt: s.time()}
	if err := in.apply(&row); err != nil {
		return row, v, err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if v, err = s.store.byID(ctx, tx, sight{all: true}, visitorID); err != nil {
			return err
		}
		if !v.IsActive {
			return visitor.ErrInactive
		}
		row.OrganizationID = v.OrganizationID
		if err := s.draw(ctx, tx, &row); err != nil {
			return err
		}
		if err := s.store.insertCode(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, codeEntry("visitor.code_given", row, nil, asCode(row, v, s.time())))
	})
	if errors.Is(err, db.ErrConflict) {
		err = errCodeTaken.Wrap(err)
	}
	return row, v, s.faultOf(ctx, "read", visitorID, err)
}

// draw gives the row a code that no other has, unless it has one.
func (s *service) draw(ctx context.Context, tx db.Tx, row *codeRow) error {
	chosen := row.Code != ""
	for range tries {
		if !chosen {
			row.Code = s.newCode()
		}
		taken, err := s.store.codeTaken(ctx, tx, *row)
		if err != nil || !taken {
			return err
		}
		if chosen {
			break
		}
	}
	return errCodeTaken
}

// changeCode changes a code that was given.
func (s *service) changeCode(ctx context.Context, id int64, in codeInput) (row codeRow, v visitorRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, v, err = s.codeAndVisitor(ctx, tx, id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if row.IsActive {
			if taken, err := s.store.codeTaken(ctx, tx, row); err != nil || taken {
				return errors.Join(err, errCodeTaken)
			}
		}
		if err := s.store.updateCode(ctx, tx, &row); err != nil {
			return err
		}
		now := s.time()
		return s.audit.Write(ctx, tx, codeEntry("visitor.code_changed", row, asCode(before, v, now), asCode(row, v, now)))
	})
	if errors.Is(err, db.ErrConflict) {
		err = errCodeTaken.Wrap(err)
	}
	return row, v, s.codeFault(ctx, "change_code", id, err)
}

// removeCode deletes a code that was never used.
func (s *service) removeCode(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, v, err := s.codeAndVisitor(ctx, tx, id)
		if err != nil {
			return err
		}
		if row.Uses > 0 {
			return errCodeKept
		}
		if err := s.store.removeCode(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, codeEntry("visitor.code_deleted", row, asCode(row, v, s.time()), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		err = errCodeKept.Wrap(err)
	}
	return s.codeFault(ctx, "delete_code", id, err)
}

// code returns a code with its visitor.
func (s *service) code(ctx context.Context, id int64) (row codeRow, v visitorRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, v, err = s.codeAndVisitor(ctx, tx, id)
		return err
	})
	return row, v, s.codeFault(ctx, "read_code", id, err)
}

func (s *service) codeAndVisitor(ctx context.Context, tx db.Tx, id int64) (row codeRow, v visitorRow, err error) {
	if row, err = s.store.codeByID(ctx, tx, id); err != nil {
		return row, v, err
	}
	v, err = s.store.byID(ctx, tx, sight{all: true}, row.VisitorID)
	return row, v, err
}

// validate finds the code that somebody shows, to anybody of the organization, and says whether it lets in now. It uses
// nothing up.
func (s *service) validate(ctx context.Context, shown string) (row codeRow, v visitorRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.shownBy(ctx, tx, shown); err != nil {
			return err
		}
		if v, err = s.store.byID(ctx, tx, sight{all: true}, row.VisitorID); err != nil {
			return err
		}
		return usable(row, v, s.time())
	})
	return row, v, err
}

// shownBy finds the code that somebody shows, and says of one that is not to be found whether there was one.
func (s *service) shownBy(ctx context.Context, tx db.Tx, text string) (row codeRow, err error) {
	if row, err = s.store.codeByText(ctx, tx, text); !errors.Is(err, db.ErrNotFound) {
		return row, err
	}
	withdrawn, failed := s.store.withdrawn(ctx, tx, text)
	switch {
	case failed != nil:
		return row, failed
	case withdrawn:
		return row, visitor.ErrCodeWithdrawn
	}
	return row, visitor.ErrCodeUnknown
}

// usable says whether the code lets its visitor in at the time.
func usable(row codeRow, v visitorRow, at time.Time) error {
	switch {
	case !row.IsActive:
		return visitor.ErrCodeWithdrawn
	case !v.IsActive:
		return visitor.ErrInactive
	case row.MaxUses > 0 && row.Uses >= row.MaxUses:
		return visitor.ErrCodeUsed
	case at.Before(row.StartDate):
		return visitor.ErrCodeEarly
	case at.After(row.EndDate):
		return visitor.ErrCodeExpired
	}
	return nil
}

// use takes one use of the code away. Of two who do so at once, one is told that it is used.
func (s *service) use(ctx context.Context, tx db.Tx, row codeRow, at time.Time) error {
	err := s.store.use(ctx, tx, row.ID, at)
	if errors.Is(err, db.ErrNotFound) {
		return visitor.ErrCodeUsed // and nothing of a row that is not there, which would mean something else to callers
	}
	return err
}

func codeEntry(action string, row codeRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: visitor.Write, Object: fmt.Sprintf("visitor_code:%d", row.ID),
		OrganizationID: number(row.OrganizationID), Before: before, After: after,
	}
}

func (s *service) codeFault(ctx context.Context, action string, id int64, err error) error {
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	s.audit.Missed(ctx, (*codeRow)(nil), id, "visitor_code", "visitor."+action)
	return visitor.ErrCodeUnknown.Wrap(err)
}
