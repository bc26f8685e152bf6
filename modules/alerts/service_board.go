package alerts

import (
	"context"

	"github.com/staff-control/staff-control/modules/alerts/alert"
)

// Open returns the newest open alerts; see alert.Board.
func (s *service) Open(ctx context.Context, most int) ([]alert.Alert, error) {
	rows, err := s.store.open(ctx, most)
	if err != nil {
		return nil, err
	}
	list := make([]alert.Alert, len(rows))
	for i, r := range rows {
		list[i] = alert.Alert{ID: r.ID, Kind: r.Kind, Severity: alert.Severity(r.Severity), At: r.At.UTC(), Subject: r.Subject, Details: r.Details}
	}
	return list, nil
}
