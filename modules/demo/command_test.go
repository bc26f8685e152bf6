package demo

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
)

func TestTheCommandSaysWhatItDidOrWhatIsWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		m := New()
		m.settle, m.files = 0, &shelf{}
		m.now = func() time.Time { return noon }
		run := func(args ...string) (string, error) {
			var out bytes.Buffer
			err := m.command(context.Background(), &kernel.CommandHost{DB: d, Series: d, Log: slog.New(slog.DiscardHandler), Out: &out}, args)
			return out.String(), err
		}
		for words, want := range map[string]string{
			"--employees 3":  "between 20 and 2000",
			"--speed -1":     "between 0 and 1000000",
			"--days 0":       "between 1 and 365",
			"everything":     "too much",
			"remove at once": "too much",
			"remove":         "demo.none",
			"--no-such":      "not defined",
		} {
			if _, err := run(strings.Fields(words)...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("demo %s: %v, want %q", words, err, want)
			}
		}
		if _, _, err := s.claim(context.Background(), asked(1)); err != nil {
			t.Fatal(err)
		}
		if out, err := run("remove"); err != nil || !strings.Contains(out, "removed from organization [1]: 0 rows") {
			t.Errorf("demo remove: %q, %v", out, err)
		}
	})
}
