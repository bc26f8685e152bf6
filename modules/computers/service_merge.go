package computers

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

// byID returns a computer that the actor may see; action says for what.
func (s *service) byID(ctx context.Context, computerID int64, action string) (r computerRow, err error) {
	v, err := s.look(ctx)
	if err != nil {
		return r, err
	}
	r, err = s.store.computer(ctx, computerID, v)
	return r, s.missed(ctx, err, action, computerID)
}

// missed makes of a row that was not found that there is no such computer, and notes which are another organization's.
func (s *service) missed(ctx context.Context, err error, action string, computerIDs ...int64) error {
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	for _, i := range computerIDs {
		s.audit.Missed(ctx, (*computerRow)(nil), i, "computer", action)
	}
	return errUnknown.Wrap(err)
}

// Merged returns the uids of the computers that were merged into this one.
func (s *service) Merged(ctx context.Context, uid string) ([]string, error) {
	return s.store.mergedInto(ctx, uid)
}

// merge says that the computer is the target, set up anew. A target that is merged itself stands for its own.
func (s *service) merge(ctx context.Context, computerID, into int64) error {
	const action = "computers.merge"
	err := s.alter(ctx, computerID, action, func(ctx context.Context, tx db.Tx, r computerRow) (string, error) {
		target, err := s.store.lockTarget(ctx, tx, into)
		switch {
		case err != nil:
			return "", err
		case target.OrganizationID != r.OrganizationID: // an operator sees both, and yet they have nothing to do with each other
			return "", errUnknown
		case target.ID == r.target():
			return "", errSame
		}
		return target.UID, s.store.merge(ctx, tx, r, target.ID, s.contact(ctx))
	})
	return s.missed(ctx, err, action, computerID, into)
}

// split undoes a merge.
func (s *service) split(ctx context.Context, computerID int64) error {
	const action = "computers.split"
	err := s.alter(ctx, computerID, action, func(ctx context.Context, tx db.Tx, r computerRow) (string, error) {
		if r.MergedInto == nil {
			return "", errNotMerged
		}
		return "", s.store.split(ctx, tx, r, s.contact(ctx))
	})
	return s.missed(ctx, err, action, computerID)
}

// merging is one change of what a computer is merged into; it returns the uid of that.
type merging func(ctx context.Context, tx db.Tx, r computerRow) (string, error)

// alter runs it with its line in the audit.
func (s *service) alter(ctx context.Context, computerID int64, action string, do merging) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.mergeAlone(ctx, tx, computerID); err != nil {
			return err
		}
		r, err := s.store.lockComputer(ctx, tx, computerID)
		if err != nil {
			return err
		}
		target, err := do(ctx, tx, r)
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			OrganizationID: r.OrganizationID, Action: action, Permission: computer.Link, Object: "computer:" + r.UID,
			Before: r.MergedInto, After: target,
		})
	})
}

// The reasons for which computers look like one.
const (
	sameMAC  = "mac"
	sameName = "name"
)

// alike are computers of one organization that may be one machine, the newest first.
type alike struct {
	reason    string
	computers []computerRow
}

// duplicates returns the computers that look like one, those first that were heard of last.
func (s *service) duplicates(ctx context.Context) ([]alike, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.alike(ctx, v)
	return findAlike(rows), err
}

type likeness struct {
	organizationID int64
	reason, text   string
}

// findAlike groups computers by address and by name. A group by name that an address has found already is left out.
func findAlike(rows []computerRow) (groups []alike) {
	newestFirst := func(a, b computerRow) int {
		return cmp.Or(b.heard().Compare(a.heard()), cmp.Compare(b.ID, a.ID))
	}
	slices.SortFunc(rows, newestFirst)
	by := map[likeness][]computerRow{}
	var order []likeness
	for _, r := range rows {
		for _, l := range []likeness{{r.OrganizationID, sameMAC, machineMAC(text(r.MACAddress))}, {r.OrganizationID, sameName, machineName(r.Name)}} {
			if l.text == "" {
				continue
			}
			if by[l] == nil {
				order = append(order, l)
			}
			by[l] = append(by[l], r)
		}
	}
	for _, l := range order {
		same := by[l]
		if len(same) > 1 && (l.reason == sameMAC || !oneMAC(same)) {
			groups = append(groups, alike{l.reason, same})
		}
	}
	return groups
}

// oneMAC reports whether all computers have the same address.
func oneMAC(rows []computerRow) bool {
	first := machineMAC(text(rows[0].MACAddress))
	return first != "" && !slices.ContainsFunc(rows, func(r computerRow) bool { return machineMAC(text(r.MACAddress)) != first })
}

// machineName is a name by which a machine may be known, the case folded.
func machineName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "localhost" {
		return ""
	}
	return name
}

// machineMAC is an address by which a machine may be known, in one spelling; empty for none, and for those that many
// machines have.
func machineMAC(text string) string {
	mac, err := net.ParseMAC(strings.TrimSpace(text))
	if err != nil || len(mac) != 6 || mac[0]&1 == 1 { // of a group, as the broadcast address
		return ""
	}
	name := mac.String()
	if slices.ContainsFunc(sharedMACs[:], func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return ""
	}
	return name
}

// sharedMACs begin the addresses that software gives to its adapters, the same on every machine.
var sharedMACs = [...]string{
	"00:00:00:00:00:",   // none, Teredo and ISATAP
	"00:05:9a:3c:7",     // Cisco AnyConnect
	"00:09:0f:fe:00:",   // FortiClient
	"00:09:0f:aa:00:",   // FortiClient
	"00:1c:42:00:00:",   // Parallels, on the host
	"00:50:56:c0:00:",   // VMware, on the host
	"02:00:4c:4f:4f:50", // Microsoft's loopback adapter
	"02:05:85:7f:eb:80", // Pulse Secure
	"02:42:",            // Docker
	"02:50:41:00:00:01", // Palo Alto GlobalProtect
	"0a:00:27:00:00:",   // VirtualBox, on the host
	"20:41:53:59:4e:ff", // Windows' RAS
	"50:50:54:50:30:30", // Windows' PPTP
}
