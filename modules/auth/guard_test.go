package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

var stranger = netip.MustParseAddr("192.0.2.1")

// tries returns what a key gets from an address.
func tries(s *service, key string, from netip.Addr) error {
	_, err := s.guard.admit(context.Background(), showing{key: key, from: from, agent: "test/1", path: "/api/x", method: "GET"})
	return err
}

// gone is a database that answers no more.
func gone(t *testing.T) store {
	t.Helper()
	d := dbtest.SQLite(t)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return store{d}
}

func TestANewKeyIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		other, _ := another(t, d, clock)
		if err := tries(s, "nobody's", stranger); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Fatal(err)
		}
		_, key := newKey(t, other, 1, "AGENT") // by another process
		if err := tries(s, key, stranger); err != nil {
			t.Errorf("a new key: %v", err)
		}
		for i := range maxLookups + 1 { // somebody asks for so many that the database is spared
			_ = tries(s, fmt.Sprint("guess ", i), netip.MustParseAddr("127.0.0.1"))
		}
		_, key = newKey(t, other, 1, "AGENT")
		if err := tries(s, key, stranger); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Errorf("a new key beside many guesses: %v", err)
		}
		clock.pass(snapshotLife)
		if err := tries(s, key, stranger); err != nil {
			t.Errorf("two seconds later: %v", err)
		}
		revoked, _ := newKey(t, other, 1, "AGENT")
		if err := other.revokeKey(admin(), revoked.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ByHash(context.Background(), revoked.Hash); !errors.Is(err, identity.ErrKeyInvalid) {
			t.Errorf("a revoked key: %v", err)
		}
	})
}

func TestKnownKeysOutliveTheDatabaseForAMinute(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.SQLite(t))
	_, key := newKey(t, s, 1, "AGENT")
	if err := tries(s, key, stranger); err != nil {
		t.Fatal(err)
	}
	hostile := netip.MustParseAddr("192.0.2.66")
	for range s.cfg.BlockAfter {
		_ = tries(s, "unknown", hostile)
	}
	s.guard.store = gone(t)
	for i := range 1000 { // of which the database hears nothing
		if err := tries(s, fmt.Sprint("guess ", i), hostile); !errors.Is(err, errBlocked) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	clock.pass(staleLife - time.Second)
	if err := tries(s, key, stranger); err != nil {
		t.Errorf("within a minute: %v", err)
	}
	if err := tries(s, "unknown", stranger); err == nil || errors.Is(err, identity.ErrKeyInvalid) {
		t.Errorf("of an unknown key it cannot be said that it is none: %v", err)
	}
	clock.pass(time.Second)
	if err := tries(s, key, stranger); err == nil || errors.Is(err, identity.ErrKeyInvalid) {
		t.Errorf("after a minute: %v", err)
	}
}

func TestWhatCouldNotBeWrittenWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		_, key := newKey(t, s, 1, "AGENT")
		for range s.cfg.BlockAfter {
			_ = tries(s, "unknown", stranger)
		}
		if err := tries(s, key, stranger); err != nil {
			t.Fatal(err)
		}
		there := s.guard.store
		s.guard.store = gone(t)
		for range 2 {
			if err := s.guard.flush(context.Background()); err == nil {
				t.Fatal("written to nowhere")
			}
		}
		s.guard.store = there
		_ = tries(s, "unknown", stranger)
		if err := s.guard.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			"SELECT sum(times) FROM security_events WHERE event_type = 'INVALID_API_KEY'":     s.cfg.BlockAfter,
			"SELECT sum(times) FROM security_events WHERE event_type = 'UNAUTHORIZED_ACCESS'": 1,
			"SELECT count(*) FROM blocked_addresses WHERE is_automatic":                       1,
			"SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL":                    1,
		} {
			if got := counted(t, d, query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	})
}

// An organization may go while events of it wait. They go too, and those of others are not held up for ever.
func TestEventsOfNobodyAreDropped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		_, key := newKey(t, s, 1, "AGENT")
		if err := tries(s, key, stranger); err != nil {
			t.Fatal(err)
		}
		for _, organization := range []int64{0, 1, 2, 99} {
			s.guard.note(incident{organization: organization, from: stranger, why: refusedExpired}, noon)
			s.guard.bar(blockRow{MaybeOwned: ownedBy(organization), Address: "192.0.2.1", IsAutomatic: true, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)})
		}
		for range 2 { // the second has nothing left to write
			if err := s.guard.flush(context.Background()); err != nil || !s.guard.take().empty() {
				t.Error(err)
			}
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM security_events":                         3,
			"SELECT count(*) FROM blocked_addresses":                       3,
			"SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL": 1,
		} {
			if got := counted(t, d, query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	})
}

// Nobody takes back, not even for a moment, what another organization's refusals have blocked.
func TestABlockOfAnotherOrganizationIsNotTakenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		_, _ = newKey(t, s, 1, "AGENT")
		_, _ = newKey(t, s, 2, "AGENT")
		for range s.cfg.BlockAfter {
			_ = tries(s, "unknown", stranger)
		}
		if err := s.unblockAddress(keyOfOrganization(2), stranger.String()); err != nil {
			t.Fatal(err)
		}
		if !s.guard.isBarred(&snapshot{}, stranger, noon) {
			t.Error("the block is forgotten")
		}
		if err := s.unblockAddress(admin(), stranger.String()); err != nil || s.guard.isBarred(&snapshot{}, stranger, noon) {
			t.Errorf("still blocked after the operator took it back: %v", err)
		}
	})
}

func TestTheLoopEndsWithItsContext(t *testing.T) {
	t.Parallel()
	lost := gone(t)
	synctest.Test(t, func(t *testing.T) {
		s := newGuard(lost, &Config{}, discard(), time.Now)
		s.note(incident{from: stranger, why: refusedUnknown}, time.Now())
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.run(ctx) }()
		time.Sleep(2*flushEvery + time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Counting takes no more memory than there is room for, whoever comes.
func TestCountingIsBounded(t *testing.T) {
	t.Parallel()
	var r rates
	for i := range 3 * maxWindows {
		r.use(rateKey{int64(i), hostOf(stranger)}, 5, noon)
	}
	if len(r.windows) > maxWindows || len(r.before) > maxWindows {
		t.Errorf("%d and %d windows", len(r.windows), len(r.before))
	}
	for i := range 10 {
		if rest, _ := r.use(rateKey{7, hostOf(stranger)}, 5, noon); rest != max(4-i, -1) {
			t.Errorf("use %d leaves %d", i, rest)
		}
	}
	dropped := 0
	rec := newRecorder(func() { dropped++ })
	for i := range 3 * maxHosts {
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		rec.note(incident{from: from, why: refusedUnknown}, noon)
		rec.tally(tallyKey{1, hostOf(from)}, 10, noon)
	}
	if len(rec.rows) > maxMinuteRows || len(rec.changed) > maxMinuteRows || len(rec.tallies) > maxHosts || len(rec.before) > maxHosts {
		t.Errorf("%d rows, %d tallies and %d", len(rec.rows), len(rec.tallies), len(rec.before))
	}
	if dropped != 3*maxHosts-maxMinuteRows {
		t.Errorf("%d dropped", dropped)
	}
	for range 2 * maxMinuteRows {
		rec.bar(blockRow{})
	}
	rec.restore(rec.take())
	if len(rec.bars) != maxMinuteRows {
		t.Errorf("%d blocks wait", len(rec.bars))
	}
}

// Many clients at once, of whom most are hostile: those whose keys are in force notice nothing.
func TestGoodClientsAmongHostileOnes(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.SQLite(t))
	_, key := newKey(t, s, 1, "AGENT")
	_, limited, err := s.createKey(admin(), keyInput{OrganizationID: 1, Type: "AGENT", RateLimit: 3})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for i := range 300 {
				_ = tries(s, fmt.Sprint("guess ", n, i), stranger)
				_ = tries(s, limited, stranger)
			}
		})
	}
	for range 4 {
		wait.Go(func() {
			for i := range 300 {
				if err := tries(s, key, stranger); err != nil {
					t.Errorf("use %d: %v", i, err)
					return
				}
				if i%100 == 0 {
					if err := s.guard.flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
}

func TestAClientsNameNeverHoldsItsKey(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"curl/8": "curl/8", "agent KEY-1 x": "", "Bearer sk_agent_abcdefgh12": "Bearer ***", "x sk_agent_abcdefgh12": "x [key]", "a\xffb": "ab",
	} {
		if got := named(agent, "KEY-1"); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
	if got := clip(string(make([]byte, 5000)) + "x"); got != "x" {
		t.Errorf("NULs are %q", got)
	}
	long := ""
	for range maxText {
		long += "шшш"
	}
	if got := clip(long); len(got) > maxText || len(got) < maxText-4 {
		t.Errorf("cut to %d bytes", len(got))
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", " 10.0.0.1 ": "10.0.0.1", "10.0.0.7/8": "10.0.0.0/8", "::ffff:10.0.0.1": "10.0.0.1", "fe80::1%eth0": "fe80::1",
		"2001:db8::7/32": "2001:db8::/32", "0.0.0.0/0": "0.0.0.0/0", "10.0.0.1/32": "10.0.0.1",
		"": "", "x": "", "10.0.0": "", "10.0.0.0/33": "", "::ffff:10.0.0.0/104": "", "10.0.0.1:80": "",
	} {
		n, ok := parseNetwork(text)
		got := ""
		if ok {
			got = networkText(n)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	var none *networks
	if none.holds(stranger, noon) || (&networks{}).holds(netip.Addr{}, noon) {
		t.Error("nothing holds something")
	}
	var all networks
	all.add(netip.MustParsePrefix("0.0.0.0/0"), noon)
	if !all.holds(stranger, noon.Add(-1)) || all.holds(stranger, noon) || all.holds(netip.MustParseAddr("::1"), noon.Add(-1)) {
		t.Error("the whole of IPv4, until noon")
	}
	all.prune(noon)
	if len(all.until) != 0 {
		t.Error("what has ended is still there")
	}
}
