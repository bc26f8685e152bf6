package modules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

const (
	// shortLife is the shortest life of an order that a person may choose.
	shortLife = 10 * time.Second
	// absence is for how long a gateway is away, so that short orders run out meanwhile.
	absence = shortLife + 2*time.Second
	// underWay bounds how late after its expiry an order may be begun that was sent before: a gateway counts an order's life
	// from its arrival, for its clock may be anything.
	underWay = time.Second
)

// Twenty gateways on three processes of agent-api behind a balancer, on a PostgreSQL of their own. Lines are cut,
// processes and the database are killed, gateways are away for a while, and the dashboard orders all the time. In the end
// no order is lost, none was carried out twice, none after its expiry, and each gateway's were in their order.
func TestChaosOnTheControlChannel(t *testing.T) {
	t.Parallel()
	chaos(t, absence, 1)
}

func chaos(t *testing.T, lasts time.Duration, outages int) {
	t.Helper()
	const gateways = 20
	c := &calamity{cluster: dbtest.Server(t)}
	s := newSite(t, "DATABASE_URL="+c.cluster.URL("staff_app"), "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40), "STAFF_AUTH__ACCESS_LIFE=1h",
		"STAFF_COMMANDS__LEASE=2s", "STAFF_COMMANDS__SWEEP_INTERVAL=500ms", "STAFF_COMMANDS__CHECK_INTERVAL=2s", "STAFF_COMMANDS__MAX_ATTEMPTS=20")
	addresses := s.replicas(t, c, 3)
	s.spawn(t, "--role=dashboard")
	ready(t, s.dashboard)
	s.signIn(t)
	c.balancer = newBalancer(t, addresses...)
	c.stations = s.stationed(t, gateways, "http://"+c.balancer.ln.Addr().String())

	ordering, enough := context.WithCancel(t.Context())
	orders := make(chan map[string]bool)
	go func() { orders <- s.orderAtRandom(ordering, c.stations) }()
	c.strike(t, lasts, outages)
	enough()
	confirmed := <-orders
	ready(t, s.dashboard)
	all := s.allOrders(t)
	t.Logf("%d orders were confirmed, there are %d", len(confirmed), len(all))
	if len(confirmed) < 5*gateways {
		t.Fatal("nothing was tried")
	}
	for id := range confirmed {
		if _, there := all[id]; !there {
			t.Errorf("order %s was confirmed and is lost", id)
		}
	}
	checkEnds(t, all, c.stations)
	checkStations(t, all, c.stations)
}

// calamity is what can happen to the control channel, and to whom.
type calamity struct {
	cluster  *dbtest.Cluster
	replicas []*process
	balancer *balancer
	stations []*station
}

// replicas are several processes of agent-api; it returns their addresses.
func (s *site) replicas(t *testing.T, c *calamity, n int) []string {
	t.Helper()
	addresses := freeAddresses(t, n)
	for _, a := range addresses {
		c.replicas = append(c.replicas, s.spawn(t, "--role=agent-api", "--set", "agent_api.listen="+a))
	}
	for _, a := range addresses {
		ready(t, "http://"+a)
	}
	return addresses
}

// stationed are new gateways of the first organization. Each fifth begins with its line down.
func (s *site) stationed(t *testing.T, n int, url string) (all []*station) {
	t.Helper()
	for i := range n {
		status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways", map[string]string{"Authorization": "Bearer " + s.token},
			map[string]any{"serial": fmt.Sprintf("STATION-%d", i), "organizationId": 1})
		var made struct{ GatewayID, APIKey string }
		if status != http.StatusCreated || json.Unmarshal(answer, &made) != nil {
			t.Fatalf("register: %d %s", status, answer)
		}
		o := newStation(made.GatewayID, made.APIKey, url)
		if i%5 == 0 {
			o.leave()
		}
		o.run(t)
		all = append(all, o)
	}
	return all
}

// strike has the worst happen, for as long as it lasts: each 200 ms or so a calamity, and the database killed now and then.
// Those who are away come back after their absence, others go then.
func (c *calamity) strike(t *testing.T, lasts time.Duration, outages int) {
	t.Helper()
	each := lasts / time.Duration(outages+1)
	began := time.Now()
	outage, change := began.Add(each), began.Add(absence)
	kills, cuts, killed := 0, 0, 0
	for past := time.Duration(0); past < lasts; past = time.Since(began) {
		pause(t, rand.N(400*time.Millisecond))
		if rand.IntN(3) == 0 {
			victim := c.replicas[rand.IntN(len(c.replicas))]
			victim.kill(t)
			pause(t, rand.N(200*time.Millisecond))
			victim.start(t)
			kills++
		} else {
			c.balancer.cut(0.3)
			cuts++
		}
		if now := time.Now(); now.After(outage) && killed < outages {
			c.cluster.Kill()
			pause(t, rand.N(time.Second))
			c.cluster.Start()
			outage, killed = now.Add(each), killed+1
		}
		if now := time.Now(); now.After(change) {
			c.change()
			change = now.Add(absence)
		}
	}
	for _, o := range c.stations {
		o.comeBack()
	}
	t.Logf("processes were killed %d times, the database %d, lines cut %d", kills, killed, cuts)
}

// change has those who were away come back and others go.
func (c *calamity) change() {
	for _, o := range c.stations {
		switch {
		case o.isAbsent():
			o.comeBack()
		case rand.IntN(5) == 0:
			o.leave()
		}
	}
}

// orderAtRandom orders until ctx ends, and returns the ids of what was confirmed. Half of it has the shortest life.
func (s *site) orderAtRandom(ctx context.Context, stations []*station) map[string]bool {
	confirmed := map[string]bool{}
	for ctx.Err() == nil {
		body := map[string]any{"gatewayId": stations[rand.IntN(len(stations))].id, "type": "restart_agent"}
		if rand.IntN(2) == 0 {
			body["lifeSeconds"] = shortLife.Seconds()
		}
		status, answer, err := send(http.MethodPost, s.dashboard+"/api/v2/commands", map[string]string{"Authorization": "Bearer " + s.token}, body)
		var made struct{ ID string }
		if err == nil && status == http.StatusCreated && json.Unmarshal(answer, &made) == nil {
			confirmed[made.ID] = true
		}
	}
	return confirmed
}

// orderRow is what the dashboard says of an order.
type orderRow struct {
	ID, GatewayID, Status, Code  string
	CreatedAt, SentAt, ExpiresAt time.Time
	Deliveries                   int
}

func (o orderRow) short() bool { return o.ExpiresAt.Sub(o.CreatedAt) <= shortLife }

// allOrders waits until all have come to their ends, and returns them by their ids.
func (s *site) allOrders(t *testing.T) map[string]orderRow {
	t.Helper()
	var page struct {
		Items []orderRow
		Next  string
	}
	within(t, 2*time.Minute, "all orders have ended", func() bool {
		open := 0
		for _, status := range []string{"pending", "sent"} {
			page.Items = nil
			s.get(t, "/api/v2/commands?limit=1&status="+status, &page)
			open += len(page.Items)
		}
		return open == 0
	})
	all, after := map[string]orderRow{}, ""
	for {
		page.Items, page.Next = nil, ""
		s.get(t, "/api/v2/commands?limit=200&after="+after, &page)
		for _, o := range page.Items {
			all[o.ID] = o
		}
		if after = page.Next; after == "" {
			return all
		}
	}
}

// checkEnds looks whether the orders came to the right ends: whatever had the time was carried out.
func checkEnds(t *testing.T, all map[string]orderRow, stations []*station) {
	t.Helper()
	done, ends, again := map[string]bool{}, map[string]int{}, 0
	for _, o := range stations {
		o.mu.Lock()
		for id := range o.done {
			done[id] = true
		}
		o.mu.Unlock()
	}
	for _, o := range all {
		end := strings.TrimSpace(o.Status + " " + o.Code)
		ends[end]++
		again += max(o.Deliveries-1, 0)
		switch {
		case end == "completed" && done[o.ID]:
		case o.short() && end == "expired expired":
		case o.short() && end == "failed expired" && !done[o.ID]: // it ran out on its way
		default:
			t.Errorf("order %s (short: %v) ended %s, carried out: %v", o.ID, o.short(), end, done[o.ID])
		}
		if !o.SentAt.Before(o.ExpiresAt) {
			t.Errorf("order %s was sent %s after its expiry", o.ID, o.SentAt.Sub(o.ExpiresAt))
		}
	}
	t.Logf("they ended: %v; %d deliveries were repeated", ends, again)
	if ends["expired expired"] == 0 || again == 0 {
		t.Error("nothing ran out, or nothing was repeated: nothing was tried")
	}
}

// checkStations looks whether gateways did what they were ordered, once, in time and in its order.
func checkStations(t *testing.T, all map[string]orderRow, stations []*station) {
	t.Helper()
	for _, o := range stations {
		o.mu.Lock()
		defer o.mu.Unlock()
		var before orderRow
		for _, id := range o.order {
			row, times := all[id], o.done[id]
			switch late := times[0].Sub(row.ExpiresAt); {
			case row.GatewayID != o.id:
				t.Errorf("order %s of gateway %q was carried out by %s", id, row.GatewayID, o.id)
			case len(times) > 1:
				t.Errorf("order %s was carried out %d times", id, len(times))
			case late > underWay:
				t.Errorf("order %s was carried out %s after its expiry", id, late)
			case row.CreatedAt.Before(before.CreatedAt):
				t.Errorf("order %s was carried out after the younger %s", id, before.ID)
			}
			before = row
		}
	}
}
