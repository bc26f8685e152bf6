package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

type count int64

func (c count) RowsAffected() (int64, error) { return int64(c), nil }

// A statement is repeated as long as it finds a full part, and stops at its first error.
func TestInPartsGoesOnUntilThereIsLessThanAPart(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		finds []int64
		err   error
		want  int64
	}{
		"nothing":        {finds: []int64{0}},
		"less than one":  {finds: []int64{7}, want: 7},
		"exactly one":    {finds: []int64{db.Part, 0}, want: db.Part},
		"two and a rest": {finds: []int64{db.Part, db.Part, 3}, want: 2*db.Part + 3},
		"an error":       {finds: []int64{db.Part}, err: broken, want: db.Part},
	} {
		n, err := d.InParts(system(), func(context.Context, db.Tx) (db.Affected, error) {
			if len(c.finds) == 0 {
				return nil, broken
			}
			found := c.finds[0]
			c.finds = c.finds[1:]
			return count(found), nil
		})
		if n != c.want || !errors.Is(err, c.err) || len(c.finds) != 0 {
			t.Errorf("%s: touched %d, %v, %d parts left; want %d, %v", name, n, err, len(c.finds), c.want, c.err)
		}
	}
}
