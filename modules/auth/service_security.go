package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// The types of security events, as v1 named them.
const (
	eventInvalidKey   = "INVALID_API_KEY"
	eventRate         = "RATE_LIMIT_EXCEEDED"
	eventSuspicious   = "SUSPICIOUS_ACTIVITY"
	eventUnauthorized = "UNAUTHORIZED_ACCESS"
	eventBlocked      = "IP_BLOCKED"
)

const (
	// system is who v1 said had blocked an address.
	system = "System"
	// flushEvery is how long an event may wait to be written.
	flushEvery = 2 * time.Second
	// maxEvents is how many events are kept at most, and looked at for statistics.
	maxEvents = 100_000
	// sweepStep is how many old events one transaction deletes.
	sweepStep = 5000
	// maxNetworks is how many addresses a key may name, and how many an organization may list or block.
	maxNetworks  = 100
	maxAddresses = 10_000
	maxText      = 500
)

var (
	blockedByItself = &refusal{kind: eventSuspicious, name: "reason", reason: "too many security events", severity: 9}
	blockedByHand   = &refusal{kind: eventBlocked, name: "reason", severity: 8}
)

// run writes what the guard has gathered, until ctx ends.
func (g *guard) run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := g.flush(ctx); err != nil && ctx.Err() == nil {
				g.log.WarnContext(ctx, "security events could not be written and wait", "error", err)
			}
		}
	}
}

// flush writes what has been gathered, or keeps it for the next time. If an organization is gone, what was gathered of it
// is nobody's, and the rest is written all the same.
func (g *guard) flush(ctx context.Context) error {
	all := g.take()
	err := g.write(ctx, all)
	if !errors.Is(err, db.ErrMissingReference) {
		return err
	}
	var faults []error
	for organization, part := range all.parts() {
		err := g.write(ctx, *part)
		if errors.Is(err, db.ErrMissingReference) {
			g.log.WarnContext(ctx, "security events dropped", "organization", organization, "error", err)
			continue
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// write writes in one transaction. What the database may take later is kept for the next flush.
func (g *guard) write(ctx context.Context, all gathered) error {
	if all.empty() {
		return nil
	}
	now := g.now().UTC()
	err := g.store.db.Write(asSystem(ctx), func(ctx context.Context, tx db.Tx) error {
		if err := g.store.writeEvents(ctx, tx, slices.Collect(maps.Values(all.events))); err != nil {
			return err
		}
		for _, row := range all.bars {
			if err := g.store.block(ctx, tx, &row); err != nil {
				return err
			}
		}
		if len(all.used) == 0 {
			return nil
		}
		return g.store.touchKeys(ctx, tx, slices.Collect(maps.Keys(all.used)), now, now.Add(-touchEvery))
	})
	switch {
	case errors.Is(err, db.ErrMissingReference):
	case err != nil:
		g.restore(all)
	case len(all.bars) > 0:
		g.forget()
	}
	return err
}

// sweepSecurity deletes events that are too old or too many, in steps that keep nobody waiting, and ended blocks.
func (s *service) sweepSecurity(ctx context.Context) error {
	ctx = asSystem(ctx)
	until := s.time().Add(-s.cfg.KeepEvents)
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		edge, err := s.store.edge(ctx, tx, maxEvents)
		if edge.After(until) {
			until = edge
		}
		return err
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			n, err := s.store.sweepEvents(ctx, tx, until, sweepStep)
			more = n == sweepStep
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.sweepBlocks(ctx, tx, s.time()) })
}

// eventInput is an event that a client tells of.
type eventInput struct {
	EventType     string         `json:"eventType"`
	IPAddress     string         `json:"ipAddress"`
	UserAgent     string         `json:"userAgent"`
	RequestPath   string         `json:"requestPath,omitempty"`
	RequestMethod string         `json:"requestMethod,omitempty"`
	Details       map[string]any `json:"details,omitempty"`
	Severity      int            `json:"severity,omitempty"`
}

func (in *eventInput) check() (netip.Addr, error) {
	var f fault.Fields
	f.Text("eventType", in.EventType, 1, 50)
	for name, text := range map[string]string{
		"eventType": in.EventType, "userAgent": in.UserAgent, "requestPath": in.RequestPath, "requestMethod": in.RequestMethod, "details": fmt.Sprint(in.Details),
	} {
		if !db.KeepsText(text) {
			f.Add(name, "not_text", nil)
		}
		if name != "eventType" {
			f.Text(name, text, 0, 4*maxText)
		}
	}
	from := addressOf(in.IPAddress)
	if !from.IsValid() {
		f.Add("ipAddress", codeAddress, nil)
	}
	if in.Severity == 0 {
		in.Severity = 5
	}
	if in.Severity < 1 {
		f.Add("severity", "below_min", fault.Params{"Min": 1})
	}
	if in.Severity > 10 {
		f.Add("severity", "above_max", fault.Params{"Max": 10})
	}
	return from, f.Err()
}

// report writes an event down that a client tells of.
func (s *service) report(ctx context.Context, in eventInput) error {
	from, err := in.check()
	if err != nil {
		return err
	}
	now := s.time()
	rows := []eventRow{{
		ID: id.New(), EventType: in.EventType, IPAddress: from.String(), UserAgent: in.UserAgent, RequestPath: in.RequestPath,
		RequestMethod: in.RequestMethod, Severity: in.Severity, Details: in.Details, Times: 1, FirstAt: now, LastAt: now,
	}}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.writeEvents(ctx, tx, rows) })
}

// listEvents returns the newest events of the actor's organization, with what this process has not written yet.
func (s *service) listEvents(ctx context.Context, kind string, limit int) (rows []eventRow, err error) {
	if err := s.guard.flush(ctx); err != nil {
		return nil, err
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.store.events(ctx, tx, kind, limit)
		return err
	})
	return rows, err
}

// stats are v1's numbers of security events.
type stats struct {
	TotalRequests         int            `json:"totalRequests"`
	BlockedRequests       int            `json:"blockedRequests"`
	RateLimitedRequests   int            `json:"rateLimitedRequests"`
	InvalidAPIKeyAttempts int            `json:"invalidApiKeyAttempts"`
	UniqueIPAddresses     int            `json:"uniqueIpAddresses"`
	TopBlockedIPs         []hostStats    `json:"topBlockedIps"`
	EventsByType          map[string]int `json:"eventsByType"`
	HourlyDistribution    []hourStats    `json:"hourlyDistribution"`
}

type hostStats struct {
	IP       string `json:"ip"`
	Count    int    `json:"count"`
	LastSeen isoV1  `json:"lastSeen"`
}

type hourStats struct {
	Hour     int `json:"hour"`
	Requests int `json:"requests"`
	Blocked  int `json:"blocked"`
}

// statsSince counts the events of the actor's organization since a time.
func (s *service) statsSince(ctx context.Context, since time.Time) (stats, error) {
	if err := s.guard.flush(ctx); err != nil {
		return stats{}, err
	}
	var rows []eventRow
	err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		rows, err = s.store.eventsSince(ctx, tx, since)
		return err
	})
	return statsOf(rows), err
}

// statsOf adds up events, of which the newest come first.
func statsOf(rows []eventRow) stats {
	out := stats{EventsByType: map[string]int{}, HourlyDistribution: make([]hourStats, 24), TopBlockedIPs: []hostStats{}}
	hosts := map[string]*hostStats{}
	for i := range out.HourlyDistribution {
		out.HourlyDistribution[i].Hour = i
	}
	for _, row := range rows {
		out.TotalRequests += row.Times
		out.EventsByType[row.EventType] += row.Times
		hour := &out.HourlyDistribution[row.LastAt.UTC().Hour()]
		hour.Requests += row.Times
		if row.EventType == eventBlocked {
			hour.Blocked += row.Times
		}
		h := hosts[row.IPAddress]
		if h == nil {
			h = &hostStats{IP: row.IPAddress, LastSeen: isoV1(row.LastAt)}
			hosts[row.IPAddress] = h
		}
		h.Count += row.Times
	}
	out.BlockedRequests, out.RateLimitedRequests = out.EventsByType[eventBlocked], out.EventsByType[eventRate]
	out.InvalidAPIKeyAttempts, out.UniqueIPAddresses = out.EventsByType[eventInvalidKey], len(hosts)
	for _, h := range hosts {
		out.TopBlockedIPs = append(out.TopBlockedIPs, *h)
	}
	slices.SortFunc(out.TopBlockedIPs, func(a, b hostStats) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.IP, b.IP))
	})
	out.TopBlockedIPs = out.TopBlockedIPs[:min(len(out.TopBlockedIPs), 10)]
	return out
}

// state is what v1's health said.
type state struct {
	keys, whitelisted, blocked, events int64
}

func (s *service) securityState(ctx context.Context) (out state, err error) {
	if err := s.guard.flush(ctx); err != nil {
		return out, err
	}
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if out.keys, err = s.store.countKeys(ctx, tx, s.time()); err != nil {
			return err
		}
		list, err := s.store.whitelist(ctx, tx)
		if err != nil {
			return err
		}
		blocks, err := s.store.blocks(ctx, tx, s.time())
		if err != nil {
			return err
		}
		recent, err := s.store.events(ctx, tx, "", 100)
		out.whitelisted, out.blocked, out.events = int64(len(list)), int64(len(addresses(blocks))), int64(len(recent))
		return err
	})
	return out, err
}

// addresses are those of blocks, each once.
func addresses(rows []blockRow) []string {
	list := []string{}
	for _, b := range rows {
		if !slices.Contains(list, b.Address) {
			list = append(list, b.Address)
		}
	}
	return list
}

func securityEntry(action, object string, before, after any) audit.Entry {
	return audit.Entry{Action: action, Permission: identity.WriteSecurity, Object: object, Before: before, After: after}
}

// network reads the address that a client names.
func network(field, text string) (netip.Prefix, error) {
	n, ok := parseNetwork(text)
	if !ok {
		var f fault.Fields
		f.Add(field, codeAddress, nil)
		return n, f.Err()
	}
	return n, nil
}

// clip cuts a text that only describes.
func clip(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
	for i := range text {
		if i >= maxText {
			return text[:i]
		}
	}
	return text
}
