package db

import "context"

// Part is how many rows one step of InParts touches at most: SQLite has one writer, and requests wait for it.
const Part = 5000

// Affected is what a statement says of the rows that it touched.
type Affected interface{ RowsAffected() (int64, error) }

// InParts repeats a statement that touches at most Part rows, each time in a transaction of its own, until it finds
// fewer. It returns how many it touched in all.
func (d *DB) InParts(ctx context.Context, part func(context.Context, Tx) (Affected, error)) (touched int64, err error) {
	for n := int64(Part); n == Part; touched += n {
		err := d.Write(ctx, func(ctx context.Context, tx Tx) error {
			res, err := part(ctx, tx)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil {
			return touched, err
		}
	}
	return touched, nil
}
