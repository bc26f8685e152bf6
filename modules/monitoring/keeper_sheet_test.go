package monitoring

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

func TestSheetsThatAreNone(t *testing.T) {
	t.Parallel()
	const ids = "2026-07-25T00:00:00Z,00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002,PC,S"
	const head = "datetime,id,agent_id,computer_uid,user_sid"
	for text, want := range map[string]string{
		"":                                "EOF",
		head + ",surprise\n":              "surprise",
		"datetime,id,agent_id,user_sid\n": "it has no computer_uid",
		head + ",duration_seconds\n" + ids + ",x\n":            "line 2: duration_seconds",
		head + "\n" + ids + ",more\n":                          "wrong number of fields",
		head + "\n" + strings.Replace(ids, "Z", "", 1) + "\n":  "datetime",
		head + "\n" + strings.Replace(ids, "-", "?", 5) + "\n": "datetime",
	} {
		var err error
		for _, e := range readSheet(activity.IdlePeriod, strings.NewReader(text)) {
			err = errors.Join(err, e)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for rows, err := range readSheet(activity.IdlePeriod, strings.NewReader(head+"\n"+ids+"\n")) { // an older program's
		if err != nil || len(rows) != 1 || rows[0].ComputerUID != "PC" || rows[0].DurationSeconds != 0 {
			t.Errorf("%+v: %v", rows, err)
		}
	}
}

// FuzzSheet puts any text into a row, writes it and reads it.
func FuzzSheet(f *testing.F) {
	for _, text := range hard {
		f.Add(text, int64(60))
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		in := row{Datetime: noon, Title: text, URL: text, ProcessName: text, UserSID: text, DurationSeconds: seconds}
		var sheet bytes.Buffer
		out := newSheetWriter(activity.ActiveWindow, &sheet)
		if err := errors.Join(out.write([]row{in}), out.flush()); err != nil {
			t.Fatal(err)
		}
		for rows, err := range readSheet(activity.ActiveWindow, &sheet) {
			if err != nil || len(rows) != 1 || rows[0] != in {
				t.Fatalf("%+v became %+v: %v", in, rows, err)
			}
		}
	})
}
