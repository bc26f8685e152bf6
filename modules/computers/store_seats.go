package computers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
)

// Seats returns who sits where; see computer.Seats.
func (s *service) Seats(ctx context.Context) ([]computer.Seat, error) {
	return s.store.seats(ctx, s.clock())
}

// seats reads users, computers and pairs one after the other: a join of all of them is slower on both databases.
func (s store) seats(ctx context.Context, now time.Time) (list []computer.Seat, err error) {
	var users []linkedUser
	var computers []computerRow
	var pairs []pairRow
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		err := tx.Select(&users).Column("u.id", "u.sid").ColumnExpr("l.employee_id").
			Join("LEFT JOIN computer_user_links AS l ON l.organization_id = u.organization_id AND l.computer_user_id = u.id AND "+holds, now, now).
			Order("u.id").Scan(ctx)
		if err != nil {
			return err
		}
		if err := tx.Select(&computers).Column("c.id", "c.computer_uid").Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&pairs).Column("p.computer_user_id", "p.computer_id").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	return seatsOf(users, computers, pairs), nil
}

func seatsOf(users []linkedUser, computers []computerRow, pairs []pairRow) (list []computer.Seat) {
	uids, seats := make(map[int64]string, len(computers)), make(map[int64]computer.Seat, len(users))
	for _, c := range computers {
		uids[c.ID] = c.UID
	}
	for _, u := range users {
		seat := computer.Seat{UserSID: u.SID}
		if u.EmployeeID != nil {
			seat.EmployeeID = *u.EmployeeID
		}
		seats[u.ID] = seat
	}
	taken, seated := map[int64]bool{}, map[int64]bool{}
	for _, p := range pairs {
		seat := seats[p.UserID]
		seat.ComputerUID = uids[p.ComputerID]
		taken[p.ComputerID], seated[p.UserID] = true, true
		list = append(list, seat)
	}
	for id, uid := range uids {
		if !taken[id] {
			list = append(list, computer.Seat{ComputerUID: uid})
		}
	}
	for id, seat := range seats {
		if !seated[id] {
			list = append(list, seat)
		}
	}
	slices.SortFunc(list, func(a, b computer.Seat) int {
		return cmp.Or(cmp.Compare(a.ComputerUID, b.ComputerUID), cmp.Compare(a.UserSID, b.UserSID))
	})
	return list
}
