package uplink

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

// subjectSelf is the subject of an alert about this gateway, which need not know its id when it raises it.
const subjectSelf = "gateway"

// uplink delivers what the buffer holds and speaks for the gateway.
type uplink struct {
	cfg     Config
	data    string
	version string
	log     *slog.Logger
	now     func() time.Time
	backlog backlog.Log
	outbox  alert.Outbox
	client  *client
	packer  *packer
	link    *link
	resume  *resume
	keys    *keys
	metrics *metrics
	host    host
	cloud   cloud
	ready   chan struct{} // closed once the gateway is enrolled where it should be
	others  others

	changing sync.Mutex // held from reading the card until it is on the disk
	mu       sync.Mutex
	self     card
	rekeyed  chan struct{} // closed when self has another key
}

// parts are what an uplink is made of.
type parts struct {
	cfg     Config
	data    string
	version string
	log     *slog.Logger
	now     func() time.Time
	backlog backlog.Log
	outbox  alert.Outbox
	alerts  alert.Log
}

func newUplink(p parts) (*uplink, error) {
	self, err := readCard(p.data)
	if err != nil {
		return nil, err
	}
	c, err := newClient(p.cfg, p.version, p.now)
	if err != nil {
		return nil, err
	}
	pack, err := newPacker(p.cfg.Compression)
	if err != nil {
		return nil, err
	}
	u := &uplink{
		cfg: p.cfg, data: p.data, version: p.version, log: p.log, now: p.now, backlog: p.backlog, outbox: p.outbox,
		client: c, packer: pack, link: newLink(p.log, p.alerts, p.now, self.enrolled()), resume: openResume(p.data, p.log),
		metrics: newMetrics(), host: host{data: p.data}, self: self, ready: make(chan struct{}), rekeyed: make(chan struct{}),
	}
	u.openCertificate(self)
	u.cloud = cloud{u, u.ClientTo("")}
	u.keys = openKeys(u)
	return u, nil
}

// card is what the gateway knows of itself now.
func (u *uplink) card() card {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.self
}

// OrganizationID is the organization that the gateway is enrolled in; 0 until it is.
func (u *uplink) OrganizationID() int64 { return u.card().OrganizationID }

// become takes a new card, once it is on the disk.
func (u *uplink) become(c card) error {
	if err := c.save(u.data); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.self.APIKey != c.APIKey {
		close(u.rekeyed)
		u.rekeyed = make(chan struct{})
	}
	u.self = c
	return nil
}

// amend changes the card as it is now, and keeps it.
func (u *uplink) amend(change func(*card)) error {
	u.changing.Lock()
	defer u.changing.Unlock()
	c := u.card()
	change(&c)
	return u.become(c)
}

// run enrols, then delivers, beats and fetches keys until ctx ends.
func (u *uplink) run(ctx context.Context) error {
	defer u.client.http.CloseIdleConnections()
	if !u.enrol(ctx) {
		return nil
	}
	if err := checkOrganization(u.card(), u.cfg); err != nil {
		return err
	}
	close(u.ready)
	var loops sync.WaitGroup
	defer loops.Wait()
	var wakes []chan struct{}
	for _, stream := range backlog.Streams {
		d := newDrainer(u, stream)
		wakes = append(wakes, d.wake)
		loops.Go(func() { d.run(ctx) })
	}
	loops.Go(func() { u.beat(ctx) })
	loops.Go(func() { u.keys.run(ctx) })
	loops.Go(func() { u.certify(ctx) })
	for ctx.Err() == nil {
		u.backlog.Wait(ctx)
		for _, wake := range wakes {
			offer(wake)
		}
	}
	return nil
}

// offer puts a token where there is none.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
