package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// terminal is one at a door; entry is its direction as the dashboard's interface names it.
type terminal struct{ name, address, entry string }

// The terminals: one each way at the gate, and one at the store by which people go both ways.
var terminals = []terminal{
	{"Asosiy kirish", "10.20.0.11", "ENTER"},
	{"Asosiy chiqish", "10.20.0.12", "EXIT"},
	{"Ombor eshigi", "10.20.0.13", "BOTH"},
}

// openDoors enters the terminals, and finds out by what ids the people are known to them.
func (m *maker) openDoors(ctx context.Context) error {
	known, err := m.known(ctx, "/api/v2/devices")
	if err != nil {
		return err
	}
	for _, t := range terminals {
		in := map[string]any{"organizationId": m.row.OrganizationID, "name": t.name, "ipAddress": t.address, "entryType": t.entry, "type": "FACE"}
		if _, err := m.enter(ctx, "/api/v2/devices", known[t.name], in); err != nil {
			return err
		}
	}
	m.staffIDs, err = m.known(ctx, "/api/v2/employees")
	return err
}

// passing is one pass, or a refused try.
type passing struct {
	at      time.Time
	door    terminal
	refused bool
}

// walked is how long it takes from the gate to the computer.
const walked = 3 * time.Minute

// passings are the person's of a day: in, out, mostly a lunch elsewhere, and now and then a face that is not known at once.
func passings(p person, d day) (all []passing) {
	in, out := terminals[0], terminals[1]
	if p.department.shift.name == storage.name {
		in, out = terminals[2], terminals[2]
	}
	luck := luckOf(p, d)
	come := d.come.Add(-walked)
	if luck%11 == 0 {
		all = append(all, passing{come.Add(-20 * time.Second), in, true})
	}
	all = append(all, passing{come, in, false})
	if luck%5 > 1 && !d.lunch.IsZero() {
		all = append(all, passing{d.lunch.Add(walked), out, false}, passing{d.back.Add(-walked), in, false})
	}
	return append(all, passing{d.leave.Add(walked), out, false})
}

// luckOf is the same for the same person's same day, and leaves the numbers alone by which the day was made.
func luckOf(p person, d day) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, p.number, d.come.Format(time.DateOnly)) // never fails
	return h.Sum32()
}

// pass has the terminals report the passes of who was at a door in (after, until].
func (m *maker) pass(ctx context.Context, p person, d day, after, until time.Time) error {
	employee, known := m.staffIDs[p.name]
	if !known || !p.linked {
		return nil
	}
	ctx = asOrganization(ctx, m.row.OrganizationID)
	for _, one := range passings(p, d) {
		if !one.at.After(after) || one.at.After(until) || m.now().Sub(one.at) > pictured {
			continue
		}
		report, err := json.Marshal(map[string]any{
			"deviceIp": one.door.address, "timestamp": one.at.UTC(), "actionType": "FACE_RECOGNITION", "accessGranted": !one.refused,
			"personInfo": map[string]any{"employeeId": fmt.Sprint(employee.ID), "name": p.name},
		})
		if err != nil {
			return err
		}
		if _, err := m.terminals.Action(ctx, report); err != nil {
			return fmt.Errorf("report a pass: %w", err)
		}
	}
	return nil
}
