package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

// service takes batches of gateways to where events are kept, and keeps the gateways' positions up to date.
// It has no table of its own.
type service struct {
	cfg      Config
	sink     activity.Sink
	gateways gateway.Registry
	names    computer.Names
	pictures shot.Taker
	fleet    gateway.Fleet
	flight   flight
	// inflating has room for the decoders that work at one time, each of which may hold a window of 8 MiB.
	inflating chan struct{}
	// writing has room for the batches that are stored at one time.
	writing chan struct{}
	metrics metrics
	now     func() time.Time
}

func newService(cfg Config, sink activity.Sink, gateways gateway.Registry, m metrics, now func() time.Time) *service {
	s := &service{cfg: cfg, sink: sink, gateways: gateways, metrics: m, now: now}
	s.flight.limit = int64(cfg.InFlight)
	s.inflating, s.writing = make(chan struct{}, maxInflating), make(chan struct{}, cfg.Writers)
	return s
}

// answer is what a gateway reads of a batch.
type answer struct {
	Success           bool      `json:"success"`
	DuplicateDetected bool      `json:"duplicateDetected"`
	TimescaleStatus   string    `json:"timescaleStatus"`
	Accepted          int       `json:"accepted"`
	Duplicates        int       `json:"duplicates"`
	Quarantined       int       `json:"quarantined"`
	ServerTime        time.Time `json:"serverTime"`
}

// deliver stores a batch and then moves the gateway's position. If it dies in between, the gateway sends the batch
// again: its token is known then, and the position moves.
func (s *service) deliver(ctx context.Context, doc document, headerToken string) (answer, error) {
	caller, err := callingGateway(ctx)
	if err != nil {
		return answer{}, err
	}
	token, err := s.check(doc, caller, headerToken)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		httpx.SetHeader(ctx, "X-Idempotency-Token", token)
	}
	b := activity.Batch{Token: token, Events: doc.events}
	if !doc.sentAt.IsZero() {
		b.Skew = doc.sentAt.Sub(s.now())
	}
	var r activity.Receipt
	if len(doc.events) > 0 {
		if r, err = s.put(ctx, b); err != nil {
			return answer{}, err
		}
	}
	if err := s.advance(ctx, caller, doc); err != nil {
		return answer{}, err
	}
	if r.Fallback {
		httpx.SetHeader(ctx, "X-Fallback-Mode", "true")
	}
	s.metrics.count(doc.events, r)
	return s.answer(r, len(doc.events)), nil
}

// put stores the batch when it is its turn.
func (s *service) put(ctx context.Context, b activity.Batch) (activity.Receipt, error) {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return activity.Receipt{}, ctx.Err()
	}
	began := s.now()
	r, err := s.sink.Put(ctx, b)
	if err == nil {
		s.tellWrite(ctx, s.now().Sub(began))
	}
	return r, err
}

func (s *service) answer(r activity.Receipt, events int) answer {
	a := answer{
		Success: true, DuplicateDetected: r.Duplicate, TimescaleStatus: "success",
		Accepted: r.Stored, Duplicates: r.Known, Quarantined: r.Quarantined, ServerTime: s.now().UTC(),
	}
	if r.Duplicate {
		a.Duplicates = events
	}
	if r.Fallback {
		a.TimescaleStatus = "fallback"
	}
	return a
}

// callingGateway reads the gateway's id out of the actor's.
func callingGateway(ctx context.Context) (id.UUID, error) {
	a, _ := actor.From(ctx)
	return id.Parse(strings.TrimPrefix(a.ID, "gateway:"))
}

// maxToken bounds what is stored of a batch's token.
const maxToken = 200

// check refuses a batch in another gateway's name, and one whose two tokens differ. It returns the token.
func (s *service) check(doc document, caller id.UUID, headerToken string) (string, error) {
	var faults fault.Fields
	if doc.gatewayID != "" {
		named, err := id.Parse(doc.gatewayID)
		if err != nil {
			faults.Add("gatewayId", "not_an_id", nil)
		} else if named != caller {
			return "", errOtherGateway
		}
	}
	token := doc.token
	if token == "" {
		token = headerToken
	}
	if headerToken != "" && headerToken != token {
		return "", errTokenMismatch
	}
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		faults.Add("idempotencyToken", codeBadToken, nil)
	}
	return token, faults.Err()
}

// advance tells which positions are safe now. A batch without an epoch has none.
func (s *service) advance(ctx context.Context, caller id.UUID, doc document) error {
	if doc.epoch == "" || len(doc.seqs)+len(doc.dropped) == 0 {
		return nil
	}
	err := s.gateways.Advance(ctx, caller, gateway.Delivery{
		Epoch: doc.epoch, Stream: doc.stream, Stored: runs(doc.seqs), Dropped: doc.dropped, Until: doc.until,
		Agents: agents(doc.events), Names: s.names,
	})
	if errors.Is(err, db.ErrInvalid) {
		return errUnstorable.Wrap(err) // or the gateway would send it for ever
	}
	if versions := policies(doc.events); err == nil && len(versions) > 0 {
		return s.fleet.PoliciesApplied(ctx, caller, versions)
	}
	return err
}

// policies are the versions of policies that agents say they work by, by their computers.
func policies(events []activity.Event) map[string]string {
	versions := map[string]string{}
	for i := range events {
		e := &events[i]
		if version := e.Details[activity.DetailPolicyVersion]; e.Kind == activity.AgentState && version != "" && e.ComputerUID != "" {
			versions[e.ComputerUID] = version
		}
	}
	return versions
}

// agents are the computers whose events these are; those of one computer mostly follow each other.
func agents(events []activity.Event) (uids []string) {
	for i := range events {
		if i == 0 || events[i].ComputerUID != events[i-1].ComputerUID {
			uids = append(uids, events[i].ComputerUID)
		}
	}
	return uids
}

// runs makes ranges of positions, in order.
func runs(seqs []int64) []gateway.Range {
	if !slices.IsSorted(seqs) {
		slices.Sort(seqs)
	}
	var out []gateway.Range
	for _, n := range seqs {
		if last := len(out) - 1; last >= 0 && n <= out[last].Last+1 {
			out[last].Last = n
			continue
		}
		out = append(out, gateway.Range{First: n, Last: n})
	}
	return out
}
