package schedules

import (
	"strings"

	"github.com/staff-control/staff-control/platform/fault"
)

const (
	maxName  = 100
	maxGrace = 240
)

// input is what a caller may say of a schedule; what is absent stays.
type input struct {
	Name         *string  `json:"name,omitempty"`
	Days         *[]int64 `json:"days,omitempty" doc:"on which a shift begins, 1 is Monday and 7 Sunday"`
	Start        *string  `json:"start,omitempty" doc:"as in 09:00, on the organization's clocks"`
	End          *string  `json:"end,omitempty" doc:"on the next day where it is not after the start"`
	BreakStart   *string  `json:"breakStart,omitempty" doc:"empty: no break"`
	BreakEnd     *string  `json:"breakEnd,omitempty" doc:"empty: no break"`
	GraceMinutes *int64   `json:"graceMinutes,omitempty" doc:"how much after the start is not late yet"`
	IsDefault    *bool    `json:"isDefault,omitempty" doc:"for departments that have none, nor any above them"`
	Holidays     *bool    `json:"keepsHolidays,omitempty" doc:"true if not given; false: work that goes on whatever the calendar says"`
}

func (in input) apply(row *scheduleRow) error {
	var f fault.Fields
	if in.Name != nil {
		row.Name = strings.TrimSpace(*in.Name)
	}
	f.Text("name", row.Name, 1, maxName)
	in.applyDays(row, &f)
	isNew := row.ID == 0
	setTime(&f, "start", &row.Start, in.Start, isNew)
	setTime(&f, "end", &row.End, in.End, isNew)
	setBreak(&f, "breakStart", &row.BreakStart, in.BreakStart)
	setBreak(&f, "breakEnd", &row.BreakEnd, in.BreakEnd)
	if in.GraceMinutes != nil {
		row.GraceMinutes = *in.GraceMinutes
	}
	if row.GraceMinutes < 0 || row.GraceMinutes > maxGrace {
		f.Add("graceMinutes", codeGrace, fault.Params{"Max": maxGrace})
	}
	if in.IsDefault != nil {
		row.IsDefault = *in.IsDefault
	}
	if in.Holidays != nil {
		row.KeepsHolidays = *in.Holidays
	}
	if len(f) == 0 && !row.breakFits() {
		f.Add("breakStart", codeOutsideShift, nil)
	}
	return f.Err()
}

func (in input) applyDays(row *scheduleRow, f *fault.Fields) {
	if in.Days == nil {
		if row.Days == 0 {
			f.Add("days", "required", nil)
		}
		return
	}
	row.Days = 0
	for _, d := range *in.Days {
		if d < 1 || d > 7 || row.Days&dayBit(d) != 0 {
			f.Add("days", codeDays, nil)
			return
		}
		row.Days |= dayBit(d)
	}
	if row.Days == 0 {
		f.Add("days", codeDays, nil)
	}
}

func setTime(f *fault.Fields, field string, to *int64, text *string, required bool) {
	if text == nil {
		if required {
			f.Add(field, "required", nil)
		}
		return
	}
	minute, ok := clockTime(*text)
	if !ok {
		f.Add(field, codeNotATime, nil)
		return
	}
	*to = minute
}

func setBreak(f *fault.Fields, field string, to **int64, text *string) {
	switch {
	case text == nil:
	case *text == "":
		*to = nil
	default:
		var minute int64
		setTime(f, field, &minute, text, false)
		*to = &minute
	}
}

// breakFits reports whether the break is whole, or none, and inside the shift.
func (w scheduleRow) breakFits() bool {
	if w.BreakStart == nil || w.BreakEnd == nil {
		return w.BreakStart == nil && w.BreakEnd == nil
	}
	from, to := w.offset(*w.BreakStart), w.offset(*w.BreakEnd)
	return from < to && to <= w.length()
}
